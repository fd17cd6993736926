"""How far a row can be trusted: what the picture was like, what a lane's view was hidden by, and the score of it."""

from dataclasses import dataclass, replace
from typing import Final

from ..data import Measurement, Quality, Scene
from . import reasons
from .faults import WHY
from .reasons import Figures, say
from .windows import Tally

FACTORS: Final = {
    "night": 0.9,
    "low_light": 0.9,
    "rain": 0.9,
    "low_contrast": 0.8,
    "dirty": 0.8,
    "low_resolution": 0.8,
    "occluded": 0.9,
}
"""What a flag takes from the score [ours]: round figures until the twin's table says better. 0.8 keeps a row fit for
judging a state, two of them do too; three do not."""

TELLING_SHARE: Final = 0.1
"""A mood of the picture (night, haze) is told of a window when it held for a tenth of it; what hid or stopped the
picture always."""

HIDDEN_SHARE: Final = 0.5
"""A lane that was hidden for more than this share of the observed time is unknown."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Applies to the rows of one camera. standing: flags that hold all the time, by approach."""

    standing: tuple[tuple[str, str], ...] = ()

    def judge(self, row: Measurement, tally: Tally, index: int | None) -> Measurement:
        """The row with its flags and score; without figures where its lane could not be seen.

        index: its cell, None for what lies in no lane.
        """
        hidden_s = 0.0 if index is None else min(float(tally.hidden_s[index]), row.quality.observed_s)
        flags = {*row.quality.flags, *_told(tally), *(f for a, f in self.standing if a == row.approach)}
        flags |= {"occluded"} if hidden_s > 0 else set()
        seen_s = row.quality.observed_s - hidden_s
        score = (row.quality.score or 0.0) * _share(seen_s, row.quality.observed_s)
        for flag in flags:
            score *= FACTORS.get(flag, 1.0)
        quality = Quality(seen_s, score, tuple(sorted(flags)))
        if hidden_s <= HIDDEN_SHARE * row.quality.observed_s or hidden_s <= 0:
            return replace(row, quality=quality)
        return _unknown(row, quality)


def _told(tally: Tally) -> set[str]:
    """Flags of the picture worth telling of this window."""
    needed_s = TELLING_SHARE * (tally.to_s - tally.from_s)
    return {f for f, seconds_s in tally.scene_s.items() if f in Scene.UNUSABLE or seconds_s >= needed_s}


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
    )


def why_unknown(row: Measurement) -> tuple[str, ...]:
    """The flags that explain why a row says little, the gravest first."""
    return tuple(flag for flag in (*WHY, "occluded") if flag in row.quality.flags)


def explained(row: Measurement) -> Measurement:
    """An unknown row whose reason names the fault of the picture, instead of only the seconds that are missing."""
    causes = why_unknown(row)
    if row.reason is None or row.reason.code != reasons.FEW_SECONDS.code or not causes:
        return row
    figures = Figures(seconds=row.quality.observed_s, needed_s=row.to_s - row.from_s)
    return replace(row, reason=say(reasons.BECAUSE[causes[0]], figures))


def _share(part_s: float, whole_s: float) -> float:
    return part_s / whole_s if whole_s > 0 else 0.0
