"""Meshes: closed, facing outward, and as large as the simulation believes."""

import numpy as np
import pytest
from simpang_twin.fleet import FLEET, Model
from simpang_twin.garage import mesh_of
from simpang_twin.mesh import SLIM, WHEEL, Mesh, body_ring


def volume_m3(mesh: Mesh) -> float:
    """Volume by the divergence theorem; positive only when all faces look outward."""
    p = mesh.vertices()[:, :3].astype(np.float64).reshape(-1, 3, 3)
    return float(np.einsum("ij,ij->i", p[:, 0], np.cross(p[:, 1], p[:, 2])).sum() / 6)


def test_box_faces_outward() -> None:
    """A box of 2 x 3 x 4 m has 24 m3 and not -24."""
    mesh = Mesh()
    mesh.box((-1, -1, 0), (1, 2, 4), (1, 1, 1))
    assert volume_m3(mesh) == pytest.approx(24.0)


def test_loft_of_body_rings_faces_outward() -> None:
    """Two rings of 2 x 1 m with 0.1 m cut corners, 3 m apart: (2·1 − 4·0.1²/2)·3 = 5.94 m3."""
    mesh = Mesh()
    mesh.loft([body_ring(y, 1.0, 0.0, 1.0, 0.1) for y in (0.0, 3.0)], (1, 1, 1))
    assert volume_m3(mesh) == pytest.approx(5.94)


def test_hull_is_closed_and_faces_outward() -> None:
    """Twelve points on circles of 1 m radius, 2 m apart: 12/2·sin 30°·1·1 = 3 m2, times 2 m = 6 m3."""
    mesh = Mesh()
    mesh.hull([(y, 1.0, 0.0, 2.0) for y in (0.0, 1.0, 2.0)], (1, 1, 1), square=1.0)
    assert volume_m3(mesh) == pytest.approx(6.0)


def test_a_wheels_sides_say_where_the_hub_is_and_how_large_the_wheel_is() -> None:
    """A slim wheel of 0.3 m: kind 2 + 0.3 = 2.3 in the blue, hub at (0.5, 0.5), rim's edge 0.5 from there."""
    mesh = Mesh()
    mesh.wheel((0.0, 1.0, 0.3), 0.3, 0.1, SLIM)
    v = mesh.vertices()
    rim = v[np.abs(v[:, 9] - WHEEL) < 0.01]

    assert rim[:, 8] == pytest.approx(2.3)
    away = np.hypot(rim[:, 6] - 0.5, rim[:, 7] - 0.5)
    hub = np.hypot(rim[:, 1] - 1.0, rim[:, 2] - 0.3) < 1e-4
    assert away[hub] == pytest.approx(0.0, abs=1e-6)
    assert away[~hub] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("model", FLEET, ids=lambda m: m.name)
def test_model_is_as_large_as_simulated(model: Model) -> None:
    """Drawn and simulated length agree within 0.2 m (mirrors stand out), height within 0.25 m; wheels on the road."""
    p = mesh_of(model.name, 5).vertices()[:, :3]
    length, height = np.ptp(p[:, 1]), p[:, 2].max()
    assert length == pytest.approx(model.length_m, abs=0.2)
    assert height == pytest.approx(model.height_m, abs=0.25)
    assert abs(p[:, 2].min()) < 0.03


def test_same_id_looks_the_same() -> None:
    """A vehicle's colours depend on its id alone."""
    assert np.array_equal(mesh_of("mpv", 12).vertices(), mesh_of("mpv", 12).vertices())
