"""The rows of an evaluation as tables for people, in Markdown."""

from collections.abc import Iterable, Sequence

from simpang_models.evaluate import ALL, LIGHTS, PRECISION, UNSEEN, Row

RECALL = f"recall_at_precision_{PRECISION:g}_iou0.4"
OVERALL = (
    ("any AP.4", "any_vehicle_ap0.4"),
    ("AP.5", "any_vehicle_ap0.5"),
    ("R", f"any_vehicle_{RECALL}"),
    ("score", "operating_score"),
    ("recall", "recall_at_operating_score"),
    ("false/frame", "false_boxes_per_frame"),
    ("< 20 px", "any_vehicle_ap0.4_small_lt20px"),
    ("20–48", "any_vehicle_ap0.4_mid_20_48px"),
    ("> 48", "any_vehicle_ap0.4_large_gt48px"),
    ("ms median", "ms_per_frame_median"),
    ("ms p90", "ms_per_frame_p90"),
)
KINDS = ("motorcycle", "car", "bus", "truck", "bus_or_truck", "three_wheeler")
Key = tuple[str, str, str]


def markdown(rows: Sequence[Row]) -> str:
    """All tables: overall, by class, set and light. "–" is unknown: nothing to find, or not a class of the model."""
    value = {((r.model, r.size, r.engine), r.set, r.metric): r.value for r in rows}
    keys = list(dict.fromkeys(k for k, _, _ in value))
    sets = list(dict.fromkeys(s for _, s, _ in value))
    ending = "" if ALL in sets else ".raw"
    parts = []
    for name in (UNSEEN + ending, ALL + ending):
        if name in sets:
            parts.append(_titled(f"{name}, any vehicle", keys, value, [(h, name, m) for h, m in OVERALL]))
            parts.append(_titled(f"{name}, by class", keys, value, [(h, name, m) for h, m in _classes()]))
    parts.append(_titled("any vehicle AP.4 by set", keys, value, [(s, s, "any_vehicle_ap0.4") for s in _sets(sets)]))
    lights = [f"{ALL}/{light}{ending}" for light in LIGHTS]
    pair = (("AP.4", "any_vehicle_ap0.4"), ("R", f"any_vehicle_{RECALL}"), ("motorcycle AP.5", "motorcycle_ap0.5"))
    columns = [(f"{s.removeprefix(f'{ALL}/')} {h}", s, m) for s in lights if s in sets for h, m in pair]
    parts.append(_titled("by light, all sets: any vehicle and motorcycle", keys, value, columns))
    return "\n".join(parts)


def _classes() -> list[tuple[str, str]]:
    return [pair for k in KINDS for pair in ((f"{k} AP.5", f"{k}_ap0.5"), ("R", f"{k}_{RECALL}"))]


def _sets(sets: Iterable[str]) -> list[str]:
    return [s for s in sets if not s.startswith(f"{ALL}/")]


def _titled(
    title: str, keys: list[Key], value: dict[tuple[Key, str, str], float | None], columns: list[tuple[str, str, str]]
) -> str:
    head = ["model", "input", "engine", *(h for h, _, _ in columns)]
    body = [[*key, *(_text(value.get((key, s, m)), m) for _, s, m in columns)] for key in keys]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]
    return f"\n{title}\n\n" + "\n".join(lines)


def _text(value: float | None, metric: str) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if metric.startswith("ms_") else f"{value:.3f}"
