"""Why a vehicle was counted, or was not: the rule that decided and its figures, from recorded tracks."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from .config import Camera
from .data import KINDS, MOTOR_VEHICLES, Reason, Scene, Tracks, Vehicles
from .errors import RecordingError
from .explain_words import TEMPLATES, Values, say
from .measure import Replay
from .meter.crossings import LOST_M, MOVING_MPS, NEAR_M
from .meter.decisions import COUNTING, Decision, Decisions, Rule
from .meter.proof import GONE_M
from .tracker import TrackerSettings

AROUND_S: Final = 1.0
"""How far from the asked time a vehicle is looked for."""

BEFORE_S: Final = 120.0
AFTER_S: Final = 300.0
"""What the log is read for: what a vehicle did before, and what became of it."""

COUNTED: Final = COUNTING | {Rule.GATE, Rule.MOVED}
"""What a false picture takes back."""

LIMITS_M: Final = {Rule.BEGAN_PAST: NEAR_M, Rule.NO_VEHICLE: GONE_M}
"""The distance that each rule allows or asks for; the others `LOST_M`."""

NEAR_PX: Final = 40.0
"""How far outside a box the asked place may lie."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found out about a track: when, by which rule, in words, and the figures behind them."""

    time_s: float
    reason: Reason
    figures: dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one track.

    counted: None where no track is there to be counted. track: None likewise. findings: in the order of time, the
    deciding one last.
    """

    track: int | None
    kind: str | None
    counted: bool | None
    first_s: float | None
    last_s: float | None
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Life:
    """One track from its first frame to its last; metres of the last frame in which it was on an approach.

    blind: frames in which the picture could not be trusted.
    """

    track: int
    kind: int
    first_s: float
    last_s: float
    frames: int = 0
    on_approach: int = 0
    placed: int = 0
    blind: int = 0
    ended: bool = False
    approach: int = -1
    along_m: float = math.nan
    speed_mps: float = math.nan
    decisions: list[Decision] = field(default_factory=list)

    def take_back(self, since_s: float) -> None:
        """What was counted since a time counts no more."""
        self.decisions = [
            replace(one, rule=Rule.TAKEN_BACK) if one.rule in COUNTED and one.time_s >= since_s else one
            for one in self.decisions
        ]


def explain_track(replay: Replay, track: int) -> Explanation:
    """What became of one track. Raises `RecordingError` when the log does not hold it."""
    near = replace(replay, run=replay.run.holding(track))
    lives, _ = _lives(near, lambda step: step.id == track)
    if track not in lives:
        known = replay.run.tracks()
        span = f"tracks {known[0]} to {known[1]}" if known else "no track"
        raise RecordingError(f"track {track} is not in this run of the log; it holds {span}")
    return _explained(replay.camera, lives, track)


def explain_place(replay: Replay, time_s: float, place_px: tuple[float, float]) -> tuple[Explanation, ...]:
    """What became of the tracks at a place of the picture about a time; where there was none, why that may be."""
    frames: list[float] = []
    nearest = [math.inf]

    def there(step: Tracks) -> Any:
        if abs(step.time_s - time_s) > AROUND_S:
            return np.zeros(len(step), bool)
        frames.append(step.time_s)
        away_px = _outside_px(step.xyxy_px, place_px)
        nearest[0] = min(nearest[0], float(away_px.min(initial=math.inf)))
        return away_px <= NEAR_PX

    near = replay.run.around(time_s - BEFORE_S, time_s + AFTER_S)
    lives, wanted = _lives(replace(replay, run=near), there)
    if wanted:
        return tuple(_explained(replay.camera, lives, track) for track in sorted(wanted))
    rules = TrackerSettings().beginning_at(replay.box.model.min_score)
    return (_nothing_there(time_s, len(frames), nearest[0], rules),)


def _outside_px(xyxy_px: Any, place_px: tuple[float, float]) -> Any:
    """Distance of a place from each box (N, 4), 0 inside, (N,)."""
    x, y = place_px
    beside = np.maximum(np.maximum(xyxy_px[:, 0] - x, x - xyxy_px[:, 2]), 0)
    above = np.maximum(np.maximum(xyxy_px[:, 1] - y, y - xyxy_px[:, 3]), 0)
    return np.hypot(beside, above)


def _lives(replay: Replay, wants: Callable[[Tracks], Any]) -> tuple[dict[int, _Life], set[int]]:
    """Every track of a run, with what the meter decided about it, and the ids of those that `wants` picks."""
    decisions = Decisions()
    lives: dict[int, _Life] = {}
    wanted: set[int] = set()
    usable = True
    for step, vehicles, _ in replace(replay, decisions=decisions).watch():
        usable = step.usable if isinstance(step, Scene) else usable
        if isinstance(step, Tracks) and vehicles is not None:
            _see(lives, step, vehicles, usable)
            wanted.update(step.id[np.broadcast_to(wants(step), len(step))].tolist())
        while decisions.made:
            _keep(lives, decisions.made.popleft())
    return lives, wanted


def _keep(lives: dict[int, _Life], one: Decision) -> None:
    """Put a decision to the vehicle that it is about."""
    if one.rule is Rule.TAKEN_BACK:
        for life in lives.values():
            life.take_back(one.time_s)
    elif one.track in lives:
        lives[one.track].decisions.append(one)


def _see(lives: dict[int, _Life], step: Tracks, vehicles: Vehicles, usable: bool) -> None:
    for track in step.gone.tolist():
        if track in lives:
            lives[track].ended = True
    for n, track in enumerate(step.id.tolist()):
        life = lives.setdefault(track, _Life(track, int(step.kind[n]), step.time_s, step.time_s))
        life.kind = int(step.kind[n])
        life.frames += 1
        life.blind += not usable
        life.placed += bool(np.isfinite(vehicles.xy_m[n]).all())
        if vehicles.approach[n] >= 0:
            _place(life, vehicles, n)
        life.last_s = step.time_s


def _place(life: _Life, vehicles: Vehicles, n: int) -> None:
    along_m, dt_s = float(vehicles.along_m[n]), vehicles.time_s - life.last_s
    if life.on_approach and dt_s > 0:
        life.speed_mps = (life.along_m - along_m) / dt_s
    life.on_approach += 1
    life.approach, life.along_m = int(vehicles.approach[n]), along_m


def _explained(camera: Camera, lives: dict[int, _Life], track: int) -> Explanation:
    chain = list(_chain(lives, track))
    life = chain[-1]
    made = [one for part in chain for one in part.decisions]
    findings = [_of_decision(camera, one) for one in made]
    counted = any(one.rule in COUNTING or (one.rule is Rule.GATE and not camera.approaches) for one in made)
    told = made if not camera.approaches else [one for one in made if one.rule is not Rule.GATE]
    if not any(one.rule is not Rule.CONTINUED and one.rule is not Rule.JUMPED for one in told):
        findings.append(_of_life(camera, life))
    kind = KINDS[life.kind]
    if counted and kind not in MOTOR_VEHICLES:
        findings.append(_finding(life.last_s, "no_motor", Values(kind=kind)))
    if counted and camera.movements and not any(one.rule is Rule.MOVED for one in made):
        findings.append(_finding(life.last_s, "untraced", Values(track=track)))
    return Explanation(track, kind, counted, chain[0].first_s, life.last_s, tuple(findings))


def _chain(lives: dict[int, _Life], track: int) -> Iterator[_Life]:
    """The track and those as which it went on, in order."""
    seen: set[int] = set()
    following: int | None = track
    while following is not None and following in lives and following not in seen:
        seen.add(following)
        life = lives[following]
        yield life
        following = next((one.other for one in life.decisions if one.rule is Rule.CONTINUED), None)


def _of_decision(camera: Camera, one: Decision) -> Finding:
    values = Values(
        track=one.track,
        approach=camera.approaches[one.approach].id if one.approach >= 0 else None,
        lane=one.lane if one.lane is not None and one.lane >= 1 else None,
        along_m=one.along_m,
        moved_m=one.moved_m if one.rule is Rule.NO_VEHICLE else None,
        speed_mps=one.speed_mps,
        other=one.other,
        movement=one.movement,
        gate=one.gate,
        direction=one.direction,
        limit_m=LIMITS_M.get(one.rule, LOST_M),
        limit_mps=MOVING_MPS,
    )
    return _finding(one.time_s, one.rule.value, values)


def _of_life(camera: Camera, life: _Life) -> Finding:
    """Of a track about which the meter decided nothing."""
    values = Values(track=life.track, frames=life.frames, along_m=life.along_m, speed_mps=life.speed_mps)
    if life.blind:
        return _finding(life.last_s, "false_picture", replace(values, blind=life.blind))
    if not life.placed:
        return _finding(life.last_s, "nowhere", values)
    if not camera.approaches:
        return _finding(life.last_s, "at_no_gate", values)
    if not life.on_approach:
        return _finding(life.last_s, "never_in_a_lane", values)
    values = replace(values, approach=camera.approaches[life.approach].id)
    return _finding(life.last_s, "on_its_way", values)


def _nothing_there(time_s: float, frames: int, nearest_px: float, rules: TrackerSettings) -> Explanation:
    values = Values(
        frames=frames,
        nearest_px=None if math.isinf(nearest_px) else nearest_px,
        hits=rules.confirm_hits,
        score=rules.new_score,
    )
    code = "no_track" if frames else "no_frames"
    return Explanation(None, None, None, None, None, (_finding(time_s, code, values),))


def _finding(time_s: float, code: str, values: Values) -> Finding:
    return Finding(time_s, say(TEMPLATES[code], values), values.known())


def every_run(found: Iterable[Replay], explain: Callable[[Replay], tuple[Explanation, ...]]) -> tuple[Explanation, ...]:
    """The answers of the runs that know one; where none does, what the run says that saw the road then, or the last
    run's error."""
    answers: list[Explanation] = []
    trouble: RecordingError | None = None
    for replay in found:
        try:
            answers += explain(replay)
        except RecordingError as exc:
            trouble = exc
    if not answers and trouble is not None:
        raise trouble
    certain = [one for one in answers if one.track is not None]
    looked = [one for one in answers if one.findings[-1].reason.code == "no_track"]
    return tuple(certain or (looked or answers)[:1])
