"""From the newest messages of a camera to what the screen says of it: pure, the age is part of what comes in.

Rules: live data older than `stale_s` is never shown as current; what is not known is unknown, never free; a camera's
face is that of its worst approach that is known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from simpang_edge.message import ApproachMeta, HealthRow, LiveRow, Message, MetaRow, StatusRow
from simpang_edge.message import Words as Sentence

from ..live import CameraView
from ..rows import CameraKey
from .faces import RANK, TRAFFIC, Face, traffic_face
from .settings import ScreenSettings
from .words import EN, ID

RowT = TypeVar("RowT", LiveRow, HealthRow, StatusRow, MetaRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLook:
    """An approach or one of its lanes; row is None where the worker said nothing of it."""

    approach: str
    name: str
    lane: int | None
    face: Face
    reason: Sentence | None
    row: LiveRow | None
    lanes: tuple["RowLook", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLook:
    """A camera as the screen shows it.

    boot_s: POSIX UTC at which its worker began, None where nothing was heard of it. face, reason: of the whole.
    since_s: POSIX UTC since when it is offline, where known. gone: nothing speaks for the camera any more: its worker
    said goodbye, or has been silent for `offline_s`. approaches: worst first as configured otherwise.
    age_s: of the live data when this was made; two looks that differ in age alone are equal, the browser counts on
    by itself. live_sent_s, health_sent_s: when the box sent its messages, by its own clock; nobody shows
    health_sent_s: it makes looks differ when a message came that says the same. lag_s: from there to their arrival
    by ours, so the offset of the two clocks and the delay of the network.
    """

    key: CameraKey
    name: str
    junction: str | None
    simulated: bool
    latitude: float | None
    longitude: float | None
    face: Face
    reason: Sentence | None
    since_s: float | None
    gone: bool
    approaches: tuple[RowLook, ...]
    boot_s: float | None
    live_sent_s: float | None
    health: HealthRow | None
    health_sent_s: float | None
    meta: MetaRow | None
    lag_s: float | None = field(compare=False)
    age_s: float | None = field(compare=False)
    health_age_s: float | None = field(compare=False)
    last_age_s: float | None = field(compare=False)

    @property
    def current(self) -> bool:
        """Whether its figures are those of now."""
        return self.face not in (Face.STALE, Face.OFFLINE)

    @property
    def lead(self) -> RowLook | None:
        """The approach that the card speaks of: the worst, and of these the one with the longest queue."""
        return min(self.approaches, key=_badness, default=None)


def look_at(view: CameraView, settings: ScreenSettings, now_s: float) -> CameraLook:
    """What the screen says of a camera at a time (POSIX UTC)."""
    meta = _first(view.meta)
    health = _first(view.health)
    approaches = _approaches(meta, view.live.rows if view.live else ())
    face, reason, since_s = _judge(view, approaches, settings)
    return CameraLook(
        key=view.key,
        name=meta.name if meta else view.key.camera,
        junction=meta.junction if meta else None,
        simulated=bool(meta and meta.simulated),
        latitude=meta.latitude if meta else None,
        longitude=meta.longitude if meta else None,
        face=face,
        reason=reason,
        since_s=since_s,
        gone=_gone(view, settings),
        approaches=approaches,
        boot_s=_boot_s(view),
        live_sent_s=view.live.sent.timestamp() if view.live else None,
        health=health,
        health_sent_s=view.health.sent.timestamp() if view.health else None,
        meta=meta,
        lag_s=_lag_s(view, now_s),
        age_s=view.live_age_s,
        health_age_s=view.health_age_s,
        last_age_s=view.last_age_s,
    )


def worst_first(looks: Iterable[CameraLook]) -> list[CameraLook]:
    """By state, then by queue in steps of 50 m (so that cards do not dance), then by name."""
    return sorted(looks, key=lambda look: (RANK[look.face], -_queue_step(look), look.name, look.key))


def tally(looks: Iterable[CameraLook]) -> dict[Face, int]:
    """How many cameras have each face, worst first, every face named."""
    counts = dict.fromkeys(Face, 0)
    for look in looks:
        counts[look.face] += 1
    return counts


def _queue_step(look: CameraLook) -> int:
    if not look.current:
        return 0
    return max((int(one.row.queue_m // 50) for one in look.approaches if one.row and one.row.queue_m), default=0)


def _lag_s(view: CameraView, now_s: float) -> float | None:
    if view.health is None or view.health_age_s is None:
        return None
    return now_s - view.health_age_s - view.health.sent.timestamp()


def _boot_s(view: CameraView) -> float | None:
    """A worker's boot is when it began, in ms."""
    said = [message.boot for message in (view.live, view.health, view.status, view.meta) if message is not None]
    return max(said) / 1000 if said else None


def _first(message: Message[RowT] | None) -> RowT | None:
    return message.rows[0] if message and message.rows else None


def _approaches(meta: MetaRow | None, rows: Sequence[LiveRow]) -> tuple[RowLook, ...]:
    """As configured; approaches that send rows without being configured follow."""
    known = list(meta.approaches) if meta else []
    names = {approach.id for approach in known}
    extra = dict.fromkeys(row.approach for row in rows if row.approach not in names)
    known += [ApproachMeta(id=name, name=name, length_m=0.0) for name in extra]
    return tuple(_approach(approach, rows) for approach in known)


def _approach(meta: ApproachMeta, rows: Sequence[LiveRow]) -> RowLook:
    own = [row for row in rows if row.approach == meta.id]
    whole = next((row for row in own if row.scope == "approach"), None)
    by_lane = {row.lane: row for row in own if row.scope == "lane" and row.lane is not None}
    numbers = sorted({lane.id for lane in meta.lanes} | set(by_lane))
    lanes = tuple(_row_look(meta, by_lane.get(lane), lane) for lane in numbers)
    return _row_look(meta, whole, None, lanes)


def _row_look(meta: ApproachMeta, row: LiveRow | None, lane: int | None, lanes: tuple[RowLook, ...] = ()) -> RowLook:
    face = traffic_face(row.state) if row else Face.UNKNOWN
    reason = row.reason if row else None
    return RowLook(approach=meta.id, name=meta.name, lane=lane, face=face, reason=reason, row=row, lanes=lanes)


def _badness(one: RowLook) -> tuple[int, float]:
    """Unknown comes last here: an approach that is known to be free says more than one that is not known."""
    queue_m = one.row.queue_m if one.row and one.row.queue_m is not None else 0.0
    return (len(RANK) if one.face is Face.UNKNOWN else RANK[one.face], -queue_m)


Judgement = tuple[Face, Sentence | None, float | None]


def _judge(view: CameraView, approaches: tuple[RowLook, ...], settings: ScreenSettings) -> Judgement:
    """Face, reason and since when, from the surest sign to the weakest."""
    status = _first(view.status)
    if status is not None and status.state == "offline":
        since_s = status.since.timestamp() if status.since else None
        return Face.OFFLINE, _told(status.reason) or _said("worker_offline"), since_s
    if view.live is None or view.live_age_s is None:
        return Face.UNKNOWN, _source_trouble(view) or _said("no_live_yet"), None
    if view.live_age_s > settings.offline_s:
        return Face.OFFLINE, _source_trouble(view), view.live.sent.timestamp()
    if view.live_age_s > settings.stale_s:
        return Face.STALE, None, view.live.sent.timestamp()
    return _judge_current(view, approaches)


def _judge_current(view: CameraView, approaches: tuple[RowLook, ...]) -> Judgement:
    lead = min(approaches, key=_badness, default=None)
    if lead is None:
        return Face.UNKNOWN, _source_trouble(view) or _said("no_approaches"), None
    if lead.face in TRAFFIC:
        return lead.face, lead.reason, None
    health = _first(view.health)
    if health is not None and health.source in ("offline", "ended"):
        return Face.OFFLINE, _source_trouble(view), None
    return Face.UNKNOWN, lead.reason or _source_trouble(view) or _said("no_row"), None


def _gone(view: CameraView, settings: ScreenSettings) -> bool:
    """Whether its worker is away: what it said last is not of now, not even of its own faults."""
    status = _first(view.status)
    silent = view.live_age_s is not None and view.live_age_s > settings.offline_s
    return silent or (status is not None and status.state == "offline")


def _source_trouble(view: CameraView) -> Sentence | None:
    """What the worker says is wrong with its source; None where nothing is."""
    health = _first(view.health)
    if health is None or health.source == "online":
        return None
    said = _said(f"source_{health.source}")
    detail = f": {health.source_detail}" if health.source_detail else ""
    return Sentence(code=said.code, id=said.id + detail, en=said.en + detail)


def _told(text: str | None) -> Sentence | None:
    return Sentence(code="told", id=text, en=text) if text else None


def _said(code: str) -> Sentence:
    """One of the page's own sentences in both languages."""
    return Sentence(code=code, id=str(getattr(ID, code)), en=str(getattr(EN, code)))


def in_language(sentence: Sentence | None, language: str) -> str | None:
    """The sentence in a language."""
    if sentence is None:
        return None
    return sentence.en if language == "en" else sentence.id
