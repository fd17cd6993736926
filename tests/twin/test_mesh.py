"""Meshes: closed, facing outward, and as large as the simulation believes."""

import numpy as np
import pytest
from simpang_twin.fleet import FLEET, Model
from simpang_twin.garage import mesh_of
from simpang_twin.mesh import Mesh, body_ring


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
