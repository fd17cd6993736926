"""How far a row can be trusted: what the picture was like, what a lane's view was hidden by, and the score of it."""

from dataclasses import dataclass, replace
from typing import Final

from ..data import Cycle, Measurement, Quality, Reason, Scene
from . import reasons
from .faults import OFFLINE, WHY
from .layout import Layout
from .moods import Mood
from .reasons import Figures, say
from .rows import TURNS_S, TURNS_UNSEEN
from .windows import Tally

LOW_RATE: Final = "low_rate"
SELDOM_S: Final = 0.4
"""Pictures farther apart than this, fewer than 2.5 a second, are few: a mood of the picture, too."""

FACTORS: Final = {
    "night": 0.9,
    "low_light": 0.9,
    "rain": 0.9,
    "low_contrast": 0.8,
    "dirty": 0.8,
    "low_resolution": 0.8,
    "occluded": 0.9,
    LOW_RATE: 0.8,
}
"""What a flag takes from the score [ours]: round figures until the twin's table says better. 0.8 keeps a row fit for
judging a state, two of them do too; three do not."""

TELLING_SHARE: Final = 0.1
"""A mood of the picture (night, haze) is told of a window when it held for a tenth of it; what hid or stopped the
picture always."""

LOST: Final = Scene.UNUSABLE | {OFFLINE}

HIDDEN_SHARE: Final = 0.5
"""A lane that was hidden for more than this share of the observed time is unknown."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Applies to the rows of one camera. standing: flags that hold all the time, by approach.

    A lane that was hidden for a part of the window keeps its figures and its observed seconds; what it lost is in the
    score, and what of its stop line was hidden in a figure of its own. An approach loses what its lanes lost, in the
    mean.
    """

    layout: Layout
    standing: tuple[tuple[str, str], ...] = ()

    def judge(self, row: Measurement, tally: Tally, index: int | None) -> Measurement:
        """The row with its flags and score; without figures where its lane could not be seen.

        index: its cell, None for what lies in no lane.
        """
        lost_s, lanes_s = (0.0, 0.0) if index is None else self._hidden_s(tally, index)
        quality = self.quality(row.quality, row.approach, Mood(tally.from_s, tally.to_s, tally.scene_s, lanes_s))
        if lost_s <= HIDDEN_SHARE * row.quality.observed_s or lost_s <= 0:
            return replace(row, quality=quality)
        return _unknown(row, replace(quality, observed_s=max(0.0, row.quality.observed_s - lost_s)))

    def cycle(self, cycle: Cycle, mood: Mood) -> Cycle:
        """The cycle with its flags and score. Its figures stay: a hidden stop line shows no cycle."""
        return replace(cycle, quality=self.quality(cycle.quality, cycle.approach, mood))

    def _hidden_s(self, tally: Tally, index: int) -> tuple[float, float]:
        """For how long a cell could not be seen at all, and for how long its lanes could not, in the mean."""
        return float(tally.hidden_s[index]), float(tally.hidden_s[self.layout.lanes_in(index)].mean())

    def quality(self, quality: Quality, approach: str, mood: Mood) -> Quality:
        """With the flags and the score that a mood leaves of it."""
        hidden_s = min(mood.hidden_s, quality.observed_s)
        flags = {*quality.flags, *_told(mood), *(f for a, f in self.standing if a == approach)}
        flags |= {"occluded"} if hidden_s > 0 else set()
        score = (quality.score or 0.0) * _share(quality.observed_s - hidden_s, quality.observed_s)
        for flag in flags:
            score *= FACTORS.get(flag, 1.0)
        return replace(quality, score=score, flags=tuple(sorted(flags)))


def low_rate(gap_s: float) -> tuple[str, ...]:
    """What is told of the time between two pictures that are farther apart than `SELDOM_S`."""
    return (LOW_RATE, TURNS_UNSEEN) if gap_s > TURNS_S else (LOW_RATE,)


def _told(mood: Mood) -> set[str]:
    """Flags of the picture worth telling of this span."""
    needed_s = TELLING_SHARE * (mood.to_s - mood.from_s)
    told = {f for f, seconds_s in mood.scene_s.items() if f in LOST or seconds_s >= needed_s}
    return told - {TURNS_UNSEEN}


def _unknown(row: Measurement, quality: Quality) -> Measurement:
    """Only what the row is about, and the camera's gates, which lie elsewhere."""
    return Measurement(
        from_s=row.from_s,
        to_s=row.to_s,
        scope=row.scope,
        approach=row.approach,
        lane=row.lane,
        movement=row.movement,
        quality=quality,
        late=row.late,
        gates=row.gates,
        gates_unseen=row.gates_unseen,
    )


def why_unknown(row: Measurement) -> tuple[str, ...]:
    """The flags that explain why a row says little, the gravest first."""
    return tuple(flag for flag in (*WHY, "occluded", LOW_RATE) if flag in row.quality.flags)


def explained(row: Measurement, reason: Reason) -> Reason:
    """Why a row is unknown: by the fault of the picture, where that is the cause, instead of the seconds missing."""
    causes = why_unknown(row)
    if reason.code != reasons.FEW_SECONDS.code or not causes:
        return reason
    return say(reasons.BECAUSE[causes[0]], Figures(seconds=row.quality.observed_s, needed_s=row.to_s - row.from_s))


def _share(part_s: float, whole_s: float) -> float:
    return part_s / whole_s if whole_s > 0 else 0.0
