"""A few frames with the real renderer."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from simpang_twin import backdrop, encode, film, scenario, simulate
from simpang_twin.boxes import measure

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"
FRAMES = range(3)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> tuple[scenario.Scenario, Path, Path]:
    """Three drawn frames of the short scenario: (scenario, run folder, work folder)."""
    folder = tmp_path_factory.mktemp("run")
    plan = scenario.load(MINI)
    simulate.simulate(plan, folder)
    work = folder / "work"
    film.film(folder, plan.cameras[0], work, FRAMES, 1, lambda: None)
    return plan, folder, work


def test_boxes_hold_what_was_drawn(shot: tuple[scenario.Scenario, Path, Path]) -> None:
    """Inside every large box most pixels differ from the empty junction; far outside all boxes almost none do."""
    _, _, work = shot
    empty = backdrop.load(film.backdrop_path(work)).image
    boxes = np.load(film.boxes_path(work, 0))
    changed = np.abs(cv2.imread(str(film.picture_path(work, 0))).astype(float) - empty).max(axis=2) > 12
    near = np.zeros(changed.shape, bool)
    for _, x0, y0, x1, y1, occluded, _ in boxes:
        x0, y0, x1, y1 = map(int, (x0, y0, x1, y1))
        if occluded < 0.1 and y1 - y0 > 15:
            assert changed[y0:y1, x0:x1].mean() > 0.5
        margin = 2 * (y1 - y0) + 4  # cast shadows
        near[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin] = True
    assert len(boxes) >= 3
    signals = np.zeros_like(near)
    signals[:260, :110] = signals[:280, 470:] = True  # poles and lamps of the signal
    assert (changed & ~near & ~signals).sum() < 40  # a few far vehicles are too small for a box


def test_drawing_resumes(shot: tuple[scenario.Scenario, Path, Path]) -> None:
    """Finished frames are kept: only a deleted one is drawn again, and it comes out the same."""
    plan, folder, work = shot
    before = film.picture_path(work, 1).read_bytes()
    film.picture_path(work, 1).unlink()
    drawn: list[int] = []

    film.film(folder, plan.cameras[0], work, FRAMES, 1, lambda: drawn.append(1))

    assert len(drawn) == 1
    assert film.picture_path(work, 1).read_bytes() == before


def test_clip_has_exact_time_stamps(shot: tuple[scenario.Scenario, Path, Path], tmp_path: Path) -> None:
    """The encoded frames lie 1/12.5 s = 80 ms apart, the first at 0."""
    plan, _, work = shot
    clip = tmp_path / "mini.mp4"

    encode.encode(work, FRAMES, plan, plan.cameras[0], clip, lambda: None)

    with av.open(str(clip)) as video:
        times = [float(f.pts * f.time_base) for f in video.decode(video=0)]
    assert times == pytest.approx([0.0, 0.08, 0.16])


def test_occlusion_is_the_hidden_share_of_the_outline() -> None:
    """A body of 10 x 10 px whose left 4 columns show a nearer body is 40 % hidden, and its box is what is left."""
    code = np.zeros((20, 20), np.int32)
    code[5:15, 5:15] = 1
    code[5:15, 5:9] = 2
    square = np.array([[5.0, 5.0], [14.0, 5.0], [14.0, 14.0], [5.0, 14.0]])

    boxes = measure(code, [square, square[:, :] - [1, 0]], [50.0, 20.0])

    assert boxes[0, 1:6] == pytest.approx([9, 5, 15, 15, 0.4])
    assert boxes[1, 5] == 0.0
