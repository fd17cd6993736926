"""Faults and moves of a camera: in the file, in the picture, in the truth."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from simpang_twin import backdrop, encode, faults, film, light, scenario, simulate
from simpang_twin.camera import pinhole
from simpang_twin.conditions import Fault, Light, Move
from simpang_twin.poses import poses
from simpang_twin.stage import Stage

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"


def plan_with(**camera: Any) -> scenario.Scenario:
    """The short scenario (12.5 fps, 6 s) with a camera of 320x180 and these settings."""
    plan = scenario.load(MINI)
    small = {"width_px": 320, "height_px": 180, "focal_px": 437.0}
    return plan.model_copy(update={"cameras": (plan.cameras[0].model_copy(update=small | camera),)})


def encoded(plan: scenario.Scenario, folder: Path, count: int) -> dict[int, np.ndarray[Any, Any]]:
    """Grey pictures with a bar that moves, encoded and decoded: picture by time in milliseconds."""
    for k in range(count):
        picture = np.full((180, 320, 3), 110, np.uint8)
        picture[60:120, 10 * k : 10 * k + 40] = 230
        cv2.imwrite(str(film.picture_path(folder, k)), picture)
    clip = folder / "clip.mp4"
    encode.encode(folder, range(count), plan, plan.cameras[0], clip, lambda: None)
    with av.open(str(clip)) as video:
        return {round(f.time * 1000): f.to_ndarray(format="bgr24") for f in video.decode(video=0)}


def test_dropped_frames_leave_gaps_in_the_time_stamps(tmp_path: Path) -> None:
    """All frames of [0.16 s, 0.32 s) are dropped: 0, 80, 320, 400 ms remain of six frames, and the truth says which."""
    plan = plan_with(faults=(Fault(type="dropped", from_s=0.16, to_s=0.32),))

    assert sorted(encoded(plan, tmp_path, 6)) == [0, 80, 320, 400]
    assert faults.dropped_frames(plan, plan.cameras[0]) == {2, 3}


def test_a_share_of_dropped_frames_is_the_same_every_time() -> None:
    """30 % of 75 frames: 22 in the mean, and the same ones again."""
    plan = plan_with(faults=(Fault(type="dropped", from_s=0, share=0.3),))
    first = faults.dropped_frames(plan, plan.cameras[0])
    assert 12 <= len(first) <= 33
    assert first == faults.dropped_frames(plan, plan.cameras[0])


def test_a_frozen_stream_repeats_one_picture_while_time_goes_on(tmp_path: Path) -> None:
    """From 0.16 s on the pictures stay the one of 0.16 s, clock and noise included; before and after they move."""
    plan = plan_with(bitrate_kbps=4000, faults=(Fault(type="frozen", from_s=0.16, to_s=0.4),))

    seen = encoded(plan, tmp_path, 8)

    def differs(a: int, b: int) -> float:
        return float(np.abs(seen[a].astype(float) - seen[b]).mean())

    assert sorted(seen) == [80 * k for k in range(8)]
    assert max(differs(160, 240), differs(240, 320)) < 1.0
    assert min(differs(80, 160), differs(320, 400)) > 3.0


def test_a_dirty_lens_takes_contrast_for_its_time() -> None:
    """A black and white picture spreads less between black and white while the lens is dirty."""
    plan = plan_with(noise_level=0.0, faults=(Fault(type="dirty_lens", from_s=1.0, to_s=2.0, strength=0.9),))
    board = np.indices((180, 320)).sum(axis=0) // 20 % 2 * 60 + 110  # nothing clipped at black or white
    picture = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    sensor = encode.Sensor(plan, plan.cameras[0])

    clean, dirty, after = (sensor.see(picture, k)[40:].std() for k in (0, 15, 30))

    assert dirty < 0.9 * clean
    assert after == pytest.approx(clean, rel=0.01)


def test_noise_grows_in_the_dark() -> None:
    """On an even grey picture the spread at night is 2.4 times the day's."""
    grey = np.full((180, 320, 3), 90, np.uint8)
    spreads = []
    for sky in ("clear", "night"):
        plan = plan_with(noise_level=2.0).model_copy(update={"light": Light(sky=sky)})
        image = encode.Sensor(plan, plan.cameras[0]).see(grey, 3)[60:120, 100:220]
        spreads.append(image.std())
    assert spreads[1] / spreads[0] == pytest.approx(2.4, rel=0.1)


def test_a_knock_turns_the_view_by_its_angles() -> None:
    """A camera that looks level to the north, panned 10° to the right, looks along (sin 10°, cos 10°); tilted 5° down
    its z is −sin 5°. Only while the fault lasts."""
    level = {"position_m": (0.0, 0.0, 8.0), "look_at_m": (0.0, 50.0, 8.0)}
    knock = Fault(type="knocked", from_s=2.0, to_s=4.0, pan_deg=10, tilt_deg=5)
    camera = plan_with(**level, faults=(knock,)).cameras[0]
    pan, tilt = np.radians([10, 5])

    assert pinhole(camera, 1.99).forward == pytest.approx([0, 1, 0])
    turned = [np.sin(pan) * np.cos(tilt), np.cos(pan) * np.cos(tilt), -np.sin(tilt)]
    assert pinhole(camera, 2.0).forward == pytest.approx(turned)
    assert pinhole(camera, 4.0).forward == pytest.approx([0, 1, 0])


def test_a_move_ends_at_its_target_and_its_zoom() -> None:
    """Half-way the focal length is the geometric mean, √(437·874) = 618; afterwards the view is the new one exactly."""
    move = Move(at_s=1.0, over_s=2.0, look_at_m=(-20.0, 30.0, 0.0), focal_px=874.0)
    camera = plan_with(moves=(move,)).cameras[0]
    there = camera.model_copy(update={"look_at_m": (-20.0, 30.0, 0.0), "moves": ()})

    assert pinhole(camera, 2.0).focal_px == pytest.approx(618.0, abs=0.1)
    assert pinhole(camera, 5.0).focal_px == pytest.approx(874.0)
    assert pinhole(camera, 5.0).forward == pytest.approx(pinhole(there).forward)
    assert pinhole(camera, 0.5).forward == pytest.approx(pinhole(there.model_copy(update={
        "look_at_m": camera.look_at_m})).forward)  # fmt: skip


def test_intervals_tell_types_and_times() -> None:
    """Away from 1 s until the move back ends at 4 + 2 = 6 s; a fault without an end lasts to the clip's end, 6 s."""
    plan = plan_with(
        moves=(Move(at_s=1.0, look_at_m=(9.0, 9.0, 0.0)), Move(at_s=4.0, look_at_m=(3.0, 40.0, 0.0))),
        faults=(Fault(type="frozen", from_s=5.0),),
    )
    found = faults.intervals(plan, plan.cameras[0])
    assert [(f["type"], f["from_s"], f["to_s"]) for f in found] == [("ptz", 1.0, 6.0), ("frozen", 5.0, 6.0)]


def test_boxes_follow_the_turned_camera(tmp_path: Path) -> None:
    """After a PTZ move, the middle of every well visible body, projected by the turned camera, lies in its box."""
    move = Move(at_s=0.2, over_s=0.4, look_at_m=(-6.0, 30.0, 0.0), focal_px=520.0)
    plan = plan_with(moves=(move,)).model_copy(update={"duration_s": 2.0})
    simulate.simulate(plan, tmp_path)
    plan, net, run = simulate.load(tmp_path)
    camera = plan.cameras[0]
    first = pinhole(camera)
    stage = Stage(first, light.air(plan.light, plan.weather))
    empty = backdrop.Set(stage, plan, net).seen_by(first, supersample=1)
    stage.close()
    unit = film.CameraUnit(plan, net, run, camera, empty, tmp_path)

    unit.shoot(2)
    _, boxes = unit.shoot(20)
    unit.close()

    eye, pose = pinhole(camera, 20 * run.step_s), poses(run)
    checked = 0
    for vehicle, x0, y0, x1, y1, hidden, _ in boxes:
        if hidden > 0.1 or min(x0, y0) < 1 or x1 > 319 or y1 > 179:
            continue
        row = np.flatnonzero((run.frame == 20) & (run.vehicle == int(vehicle)))[0]
        ((x, y),) = eye.project(np.array([[*pose.centre_m[row], 0.7]]))
        assert x0 <= x <= x1
        assert y0 <= y <= y1
        checked += 1
    assert checked >= 3


def test_a_fault_that_ends_before_it_begins_is_refused() -> None:
    """The message names both times."""
    with pytest.raises(ValidationError, match=r"to_s 1.0 must lie after from_s 2.0"):
        Fault(type="frozen", from_s=2.0, to_s=1.0)
