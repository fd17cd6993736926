"""Options of the charts (ECharts), pure. A value that is not known is a gap in the line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..rows import WindowRow
from .figures import LocalTime
from .trail import Point
from .words import Words

INK: Final = "#93a1b5"
GRID: Final = "#243044"
QUEUE: Final = "#ff9a3d"
SPEED: Final = "#4cc3ff"
SERIES: Final = ("#4cc3ff", "#ffb454", "#7ee0a8", "#d49bff", "#ff7f96", "#f2e06b", "#8fb1ff", "#6fe3e1")
HOUR_S: Final = 3600
SLOT_S: Final = 60

Options = dict[str, Any]
"""ECharts' own format."""


def spark(points: Sequence[Point], words: Words, time: LocalTime) -> Options:
    """Queue as an area and speed as a line over the last minutes, each on its own scale."""
    axis = {"type": "value", "min": 0, "show": False}
    times = [time.second(point.time_s) for point in points]
    return {
        "animation": False,
        "grid": {"left": 2, "right": 2, "top": 6, "bottom": 2},
        "tooltip": _tooltip(),
        "xAxis": {"type": "category", "show": False, "boundaryGap": False, "data": times},
        "yAxis": [
            {**axis, "max": _ceiling([p.queue_m for p in points], 20)},
            {**axis, "max": _ceiling([p.speed_kmh for p in points], 40)},
        ],
        "series": [
            _line(f"{words.queue} ({words.m})", [_rounded(p.queue_m) for p in points], QUEUE, 0.22),
            {**_line(f"{words.speed} ({words.kmh})", [_rounded(p.speed_kmh) for p in points], SPEED), "yAxisIndex": 1},
        ],
    }


@dataclass(frozen=True, slots=True)
class Curve:
    """One approach of the last hour: its name and its 60-second windows in order of time."""

    name: str
    windows: tuple[WindowRow, ...]


def hour(
    curves: Sequence[Curve], value: Callable[[WindowRow], float | None], to_s: float, time: LocalTime, words: Words
) -> Options:
    """One line per approach over the hour that ends at to_s, in slots of one minute."""
    starts_s = slots(to_s)
    return {
        "animation": False,
        "color": list(SERIES),
        "grid": {"left": 48, "right": 14, "top": 34, "bottom": 26},
        "legend": {
            "top": 0,
            "left": 40,
            "type": "scroll",
            "icon": "roundRect",
            "itemWidth": 14,
            "itemHeight": 4,
            "textStyle": {"color": INK, "fontSize": 12},
            "pageTextStyle": {"color": INK},
        },
        "tooltip": _tooltip(),
        "xAxis": {
            "type": "category",
            "boundaryGap": False,
            "data": [time.minute(s) for s in starts_s],
            "axisLine": {"lineStyle": {"color": GRID}},
            "axisTick": {"show": False},
            "axisLabel": {"color": INK, "interval": 9},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "splitLine": {"lineStyle": {"color": GRID}},
            # a key that begins with a colon is JavaScript (NiceGUI): figures as the language writes them
            "axisLabel": {"color": INK, ":formatter": f"value => value.toLocaleString('{words.language}')"},
        },
        "series": [
            {**_line(curve.name, in_slots(curve.windows, value, starts_s)), "showSymbol": True, "symbolSize": 3}
            for curve in curves
        ],
    }


def slots(to_s: float) -> list[int]:
    """Starts of the 60 whole minutes that end at or before to_s (POSIX UTC)."""
    end_s = int(to_s // SLOT_S) * SLOT_S
    return list(range(end_s - HOUR_S, end_s, SLOT_S))


def in_slots(
    windows: Sequence[WindowRow], value: Callable[[WindowRow], float | None], starts_s: Sequence[int]
) -> list[float | None]:
    """A window's value in the slot in which it starts; None where there is none or it is not known."""
    by_slot = {int(window.from_s // SLOT_S) * SLOT_S: value(window) for window in windows}
    return [_rounded(by_slot.get(start_s)) for start_s in starts_s]


def _line(name: str, data: list[float | None], colour: str | None = None, fill: float = 0.0) -> Options:
    style = {"width": 1.8, **({"color": colour} if colour else {})}
    line: Options = {
        "type": "line",
        "name": name,
        "data": data,
        "showSymbol": False,
        "connectNulls": False,
        "lineStyle": style,
    }
    if colour:
        line["itemStyle"] = {"color": colour}
    if fill:
        line["areaStyle"] = {"opacity": fill, "color": colour}
    return line


def _tooltip() -> Options:
    return {
        "trigger": "axis",
        "confine": True,
        "backgroundColor": "#0b1220",
        "borderColor": GRID,
        "textStyle": {"color": "#e8eef7", "fontSize": 12},
    }


def _ceiling(values: Sequence[float | None], least: float) -> float:
    """The top of a scale that does not blow small figures up."""
    return max([least, *(value for value in values if value is not None)])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
