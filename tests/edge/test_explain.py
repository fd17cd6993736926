"""Why a vehicle was counted, or not: the rule that decided, from scripts of tracks."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from simpang_edge.config import Recording, load
from simpang_edge.data import KINDS, Scene, Tracks
from simpang_edge.errors import RecordingError
from simpang_edge.explain import Explanation, explain_place, explain_track
from simpang_edge.explain_words import TEMPLATES, Values, say
from simpang_edge.measure import Replay, replays
from simpang_edge.meter.decisions import Rule
from simpang_edge.tracklog import Source, TrackLog
from typer.testing import CliRunner

from .meter_road import Path as Way
from .meter_road import path

# Seen from straight above: 10 px are 1 m. The stop line is y = 500 px, the road above it (upstream) to y = 100 px:
# a vehicle's foot at y px is (500 - y) / 10 m upstream. A map without perspective has no camera, so nothing is
# corrected but the overhang: 0.6 m for a car.
T0 = 1_800_000_000.0
SIZE_PX = (800, 700)
OVERHANG_M = 0.6


def config(folder: Path, **camera: Any) -> Path:
    """One approach of one lane, x from 300 to 400 px."""
    lane = [[300, 500], [400, 500], [400, 100], [300, 100]]
    corners = [[300, 600], [400, 600], [400, 100], [300, 100]]
    entry = {
        "id": "utara",
        "source": "rtsp://camera/1",
        "calibration": {"points": [{"image": c, "road": [c[0] / 10, (600 - c[1]) / 10]} for c in corners]},
        "approaches": [
            {"id": "utara", "stop_line": lane[:2], "lanes": [{"id": 1, "polygon": lane}], "length_m": 40},
        ],
        **camera,
    }
    file = folder / "box.yaml"
    file.write_text(yaml.safe_dump({"site": "tangsel", "cameras": [entry]}), encoding="utf-8")
    return file


class Thing:
    """A track whose foot follows a path of (second, metres upstream), at x px."""

    def __init__(self, track: int, way: Way, x_px: float = 350.0, kind: str = "car") -> None:
        self.track, self.way, self.x_px, self.kind = track, way, x_px, kind

    def box(self, time_s: float) -> list[float] | None:
        """Its box, 16 px wide and 40 px high."""
        front_m = self.way(time_s)
        if front_m is None:
            return None
        foot_px = 500 - 10 * (front_m + (OVERHANG_M if self.kind == "car" else 0.0))
        return [self.x_px - 8, foot_px - 40, self.x_px + 8, foot_px]


def replay(folder: Path, things: Iterable[Thing], to_s: float = 20.0, **camera: Any) -> Replay:
    """A log of eight frames a second; a track is gone 1.5 s after it was last seen."""
    log = TrackLog(Recording(), folder / "tracks", Source("tangsel", "utara", 1))
    last: dict[int, float] = {}
    for i in range(round(to_s * 8)):
        time_s = i / 8
        seen = [(thing, box) for thing in things if (box := thing.box(time_s)) is not None]
        last |= {thing.track: time_s for thing, _ in seen}
        gone = [track for track, seen_s in last.items() if time_s - seen_s > 1.5]
        for track in gone:
            del last[track]
        log.frame(
            Tracks(
                T0 + time_s,
                np.array([thing.track for thing, _ in seen], np.int64),
                np.array([box for _, box in seen], np.float32).reshape(-1, 4),
                np.array([KINDS.index(thing.kind) for thing, _ in seen], np.int64),
                np.array(gone, np.int64),
            ),
            SIZE_PX,
        )
    log.end(T0 + to_s)
    (one,) = replays(folder / "tracks", load(config(folder, **camera)), None)
    return one


def decided(answer: Explanation) -> list[str]:
    """The codes of what was found."""
    return [finding.reason.code for finding in answer.findings]


def figure(answer: Explanation, name: str, number: int = -1) -> Any:
    """One figure of a finding."""
    return answer.findings[number].figures[name]


OVER = path((0, 30), (4, -10))
"""10 m/s over the line at 3 s."""


def test_a_vehicle_over_the_line_was_counted(tmp_path: Path) -> None:
    """At 3.0 s, at 10 m/s, in lane 1."""
    answer = explain_track(replay(tmp_path, [Thing(1, OVER)]), 1)
    assert (answer.counted, answer.kind, decided(answer)) == (True, "car", ["crossed"])
    assert answer.findings[0].time_s - T0 == pytest.approx(3.0, abs=0.01)
    assert figure(answer, "speed_mps") == pytest.approx(10.0, abs=0.1)
    assert "over the stop line of utara in lane 1, at 36 km/h" in answer.findings[0].reason.en


def test_a_track_that_ended_before_the_line_tells_where_and_how_fast(tmp_path: Path) -> None:
    """It creeps at 0.4 m/s and is lost 3.2 m before the line: too far (1.5 m) and too slow (2 m/s)."""
    answer = explain_track(replay(tmp_path, [Thing(1, path((0, 6.4), (8, 3.2)))]), 1)
    assert (answer.counted, decided(answer)) == (False, ["ended_before"])
    assert figure(answer, "along_m") == pytest.approx(3.2, abs=0.01)
    assert figure(answer, "speed_mps") == pytest.approx(0.4, abs=0.01)
    assert "ended 3.2 m before the stop line of utara at 0.4 m/s" in answer.findings[0].reason.en
    assert "berakhir 3.2 m sebelum garis henti utara pada 0.4 m/s" in answer.findings[0].reason.id


def test_a_second_box_names_the_vehicle_that_was_counted(tmp_path: Path) -> None:
    """Two boxes on one car: one counts, the other says which."""
    run = replay(tmp_path, [Thing(1, OVER), Thing(17, OVER, x_px=352.0)])
    answers = {track: explain_track(run, track) for track in (1, 17)}
    first, second = sorted(answers.values(), key=lambda answer: not answer.counted)
    assert (first.counted, second.counted, decided(second)) == (True, False, ["second_box"])
    assert figure(second, "other") == first.track
    assert f"second box around vehicle {first.track}" in second.findings[0].reason.en


def test_a_track_that_began_past_the_line_tells_how_far(tmp_path: Path) -> None:
    """A car first seen 2 m past the line, standing there: it may always have stood there. It is on the approach
    because a motorcycle box reaches so far."""
    entry = yaml.safe_load(config(tmp_path).read_text())["cameras"][0]["approaches"]
    entry[0]["motorcycle_box"] = [[300, 500], [400, 500], [400, 560], [300, 560]]
    run = replay(tmp_path, [Thing(1, path((0, -2), (10, -2)))], approaches=entry)
    answer = explain_track(run, 1)
    assert (answer.counted, decided(answer)) == (False, ["began_past"])
    assert figure(answer, "along_m") == pytest.approx(-2.0, abs=0.01)
    assert "began 2.0 m past the stop line" in answer.findings[0].reason.en


def test_a_vehicle_that_was_lost_on_the_line_counts_by_its_motion(tmp_path: Path) -> None:
    """It vanishes 1 m before the line at 10 m/s."""
    answer = explain_track(replay(tmp_path, [Thing(1, path((0, 31), (3, 1)))]), 1)
    assert (answer.counted, decided(answer)) == (True, ["vanished"])


def test_a_vehicle_beside_the_lanes_was_never_in_one(tmp_path: Path) -> None:
    """Five metres to the right of the lane, for 33 frames."""
    answer = explain_track(replay(tmp_path, [Thing(1, OVER, x_px=450.0)]), 1)
    assert (answer.counted, decided(answer)) == (False, ["never_in_a_lane"])
    assert figure(answer, "frames") == 33


class Weaves(Thing):
    """A track that is at another x px from a second on."""

    def __init__(self, track: int, way: Way, x_px: float, then_px: float, from_s: float) -> None:
        super().__init__(track, way, x_px)
        self.first_px, self.then_px, self.from_s = x_px, then_px, from_s

    def box(self, time_s: float) -> list[float] | None:
        """Its box, in one place across or the other."""
        self.x_px = self.then_px if time_s >= self.from_s else self.first_px
        return super().box(time_s)


def test_the_lane_that_is_told_is_the_one_that_it_counts_in(tmp_path: Path) -> None:
    """At 10 m/s it is over the line at 2 s in lane 1 (x from 350 px on), and from 2.5 s on, 5 m past it, in lane 2."""
    line = [[300, 500], [400, 500]]
    lanes = [
        {"id": number, "polygon": [[x, 500], [x + 50, 500], [x + 50, 100], [x, 100]]}
        for number, x in ((1, 350), (2, 300))
    ]
    approach = {"id": "utara", "stop_line": line, "lanes": lanes, "length_m": 40}
    car = Weaves(1, path((0, 20), (3.4, -14)), 375, 325, from_s=2.5)
    told = explain_track(replay(tmp_path, [car], approaches=[approach]), 1)
    assert [finding.figures.get("lane") for finding in told.findings] == [1]


def test_what_slides_along_the_kerb_is_said_to_be_no_vehicle(tmp_path: Path) -> None:
    """Traffic comes down the picture, so that the kerb is at 400 px; 0.2 m from it something goes from 20 m before the
    line to 4 m past it at 8 m/s: 24 m, but by the kerb 5 m past the line are asked for."""
    told = explain_track(replay(tmp_path, [Thing(1, path((0, 20), (3, -4)), x_px=398.0)]), 1)
    assert (told.counted, [finding.reason.code for finding in told.findings]) == (False, ["no_vehicle"])
    assert told.findings[0].reason.en == (
        "Not counted: taken for no vehicle, after 24.0 m of motion (3.0 m and a tenth of its distance are needed; "
        "by the kerb, to be 5 m past the stop line of utara)."
    )


def test_a_track_that_breaks_on_the_line_goes_on_under_its_new_number(tmp_path: Path) -> None:
    """Track 1 is lost 2 m before the line and appears as 2: asked about 1, the answer follows it."""
    run = replay(tmp_path, [Thing(1, path((0, 30), (2.8, 2))), Thing(2, path((3.0, 0), (4, -10)))])
    answer = explain_track(run, 1)
    assert answer.counted is True
    assert decided(answer) == ["continued", "crossed"]
    assert figure(answer, "other", 0) == 2


def test_a_vehicle_still_on_its_way_is_not_counted_yet(tmp_path: Path) -> None:
    """The log ends while it is 20 m before the line."""
    answer = explain_track(replay(tmp_path, [Thing(1, path((0, 30), (8, -50)))], to_s=1.125), 1)
    assert (answer.counted, decided(answer)) == (False, ["on_its_way"])
    assert figure(answer, "along_m") == pytest.approx(20.0, abs=0.1)


def test_a_bicycle_is_counted_but_is_no_flow(tmp_path: Path) -> None:
    """Both are said."""
    answer = explain_track(replay(tmp_path, [Thing(1, OVER, kind="bicycle")]), 1)
    assert decided(answer) == ["crossed", "no_motor"]


def test_the_movement_is_told_where_there_are_any(tmp_path: Path) -> None:
    """Over the gate 8 m past the line; and one that is lost before it."""
    gates = [{"id": "selatan", "line": [[300, 580], [400, 580]]}]
    lurus = [{"id": "lurus", "approach": "utara", "turn": "through", "gate": "selatan"}]
    things = [Thing(1, OVER), Thing(2, path((6, 30), (9.5, -5)))]
    run = replay(tmp_path, things, gates=gates, movements=lurus)
    assert decided(explain_track(run, 1)) == ["crossed", "moved", "gate"]
    assert decided(explain_track(run, 2)) == ["crossed", "untraced"]


def test_by_time_and_place_the_vehicle_there_is_explained(tmp_path: Path) -> None:
    """At 2 s track 1 is 10 m upstream: its box is about y = 390 px; track 9 is elsewhere."""
    run = replay(tmp_path, [Thing(1, OVER), Thing(9, OVER, x_px=700.0)])
    (answer,) = explain_place(run, T0 + 2.0, (350.0, 380.0))
    assert (answer.track, answer.counted) == (1, True)


def test_where_nothing_was_the_answer_says_what_that_means(tmp_path: Path) -> None:
    """At a place without a track: never confirmed, with the tracker's limits; at a time without pictures: unseen."""
    run = replay(tmp_path, [Thing(1, OVER)])
    (nobody,) = explain_place(run, T0 + 2.0, (600.0, 380.0))
    assert (nobody.counted, decided(nobody)) == (None, ["no_track"])
    assert figure(nobody, "hits") == 2
    (unseen,) = explain_place(run, T0 + 500.0, (350.0, 380.0))
    assert (unseen.counted, decided(unseen)) == (None, ["no_frames"])


def moved_camera(folder: Path, found_s: float, since_s: float) -> Replay:
    """A car over the line at 3 s; at found_s the camera is found to look elsewhere, since since_s."""
    log = TrackLog(Recording(), folder / "tracks", Source("tangsel", "utara", 1))
    for i in range(80):
        time_s = T0 + i / 8
        if i % 8 == 0:
            seen = i / 8 < found_s
            log.scene(Scene(time_s) if seen else Scene(time_s, ("moved",), since_s=T0 + since_s))
        box = Thing(1, OVER).box(i / 8)
        boxes = np.array([] if box is None else [box], np.float32).reshape(-1, 4)
        ids = np.ones(len(boxes), np.int64)
        log.frame(Tracks(time_s, ids, boxes, ids * KINDS.index("car"), np.zeros(0, np.int64)), SIZE_PX)
    log.end(T0 + 10)
    (one,) = replays(folder / "tracks", load(config(folder)), None)
    return one


def test_a_count_that_was_taken_back_is_said_to_be(tmp_path: Path) -> None:
    """Counted at 3 s; at 7 s the camera is found to have moved at 2 s: its window has no such vehicle."""
    run = moved_camera(tmp_path, 7, 2)
    rows = [row for done in run.readings() for row in done.windows]
    assert all(sum(row.counts or ()) == 0 for row in rows)
    answer = explain_track(run, 1)
    assert (answer.counted, decided(answer)) == (False, ["taken_back"])


def test_a_count_before_the_picture_was_false_stands(tmp_path: Path) -> None:
    """Counted at 3 s, found at 7 s to be false since 5 s."""
    answer = explain_track(moved_camera(tmp_path, 7, 5), 1)
    assert (answer.counted, decided(answer)) == (True, ["crossed"])


def test_a_vehicle_in_a_false_picture_is_not_said_to_be_on_its_way(tmp_path: Path) -> None:
    """False from 1 s on: of its 33 pictures (0 to 4 s) 25 were not measured."""
    answer = explain_track(moved_camera(tmp_path, 1, 1), 1)
    assert (answer.counted, decided(answer)) == (False, ["false_picture"])
    assert (figure(answer, "blind"), figure(answer, "frames")) == (25, 33)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """By whatever it is asked, and not with a traceback."""
    run = replay(tmp_path, [Thing(1, OVER)])
    (file,) = run.run.files
    data = file.read_bytes()
    file.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])
    for ask in (lambda: explain_track(run, 1), lambda: explain_place(run, T0 + 2, (350.0, 380.0))):
        with pytest.raises(RecordingError, match=r"cannot be read .*move it out of the folder"):
            ask()


def test_a_track_that_is_not_in_the_log_is_an_error(tmp_path: Path) -> None:
    """It names those there are."""
    with pytest.raises(RecordingError, match="track 5 is not in this run of the log; it holds tracks 1 to 2"):
        explain_track(replay(tmp_path, [Thing(1, OVER), Thing(2, OVER)]), 5)


def test_every_rule_has_its_sentence_in_both_languages() -> None:
    """No rule decides silently; no figure is left as a bare brace."""
    assert {rule.value for rule in Rule} <= set(TEMPLATES)
    for template in TEMPLATES.values():
        said = say(template, Values())
        assert "{" not in said.id + said.en
        assert said.id != said.en


def test_the_command_prints_sentences_and_json(tmp_path: Path) -> None:
    """In the language that was asked for; JSON has both."""
    from simpang_edge.explain_cli import app

    replay(tmp_path, [Thing(1, OVER)])
    asked = [str(tmp_path / "tracks"), "--config", str(config(tmp_path))]
    indonesian = CliRunner().invoke(app, [*asked, "--track", "1", "--language", "id"])
    assert "Dihitung: melewati garis henti utara" in indonesian.stdout
    assert indonesian.stdout.startswith("jejak 1 (mobil), 2027-01-15T08:00:00.000Z sampai ")
    as_json = CliRunner().invoke(app, [*asked, "--at", f"{T0 + 2}", "--place", "350,380", "--json"])
    assert json.loads(as_json.stdout)[0]["findings"][0]["reason"]["code"] == "crossed"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], "give --track NUMBER", id="nothing asked"),
        pytest.param(["--track", "1", "--at", "5", "--place", "1,2"], "give --track NUMBER", id="both asked"),
        pytest.param(["--at", "yesterday", "--place", "1,2"], "with its zone", id="no time"),
        pytest.param(["--at", "5", "--place", "here"], "two numbers x,y", id="no place"),
        pytest.param(["--track", "1", "--language", "fr"], "expected id or en", id="another language"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(tmp_path: Path, options: list[str], said: str) -> None:
    """The message says what is expected."""
    from simpang_edge.explain_cli import app

    replay(tmp_path, [Thing(1, OVER)], to_s=1.0)
    done = CliRunner().invoke(app, [str(tmp_path / "tracks"), "--config", str(config(tmp_path)), *options])
    assert done.exit_code == 2
    assert said in done.output
