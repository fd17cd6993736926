"""What one worker published in one run, decoded by the contract."""

from collections.abc import Iterable
from dataclasses import dataclass

from simpang_edge.message import CycleRow, EventRow, FlowRow, HealthRow, MetaRow, StatusRow, decode

from .brokers import Heard


@dataclass(frozen=True, slots=True)
class Published:
    """The rows of all messages, in the order in which they came."""

    windows: tuple[FlowRow, ...] = ()
    cycles: tuple[CycleRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    health: tuple[HealthRow, ...] = ()
    meta: tuple[MetaRow, ...] = ()
    status: tuple[StatusRow, ...] = ()

    def rows(self, window_s: int, scope: str, approach: str) -> tuple[FlowRow, ...]:
        """The window rows of one length, scope and approach, by time."""
        wanted = (window_s, scope, approach)
        found = [row for row in self.windows if (row.x.window_s, row.x.scope, row.x.approach) == wanted]
        return tuple(sorted(found, key=lambda row: (row.date_observed_from, row.lane_id or 0, row.x.movement or "")))

    @property
    def ended(self) -> bool:
        """Whether the worker has said goodbye."""
        return bool(self.status) and self.status[-1].state == "offline"


def read(heard: Iterable[Heard]) -> Published:
    """Decode every message. Raises `simpang_edge.message.MessageError` for one that is not of the contract."""
    rows = [row for item in heard for row in decode(item.topic, item.payload).rows]
    return Published(
        windows=tuple(row for row in rows if isinstance(row, FlowRow)),
        cycles=tuple(row for row in rows if isinstance(row, CycleRow)),
        events=tuple(row for row in rows if isinstance(row, EventRow)),
        health=tuple(row for row in rows if isinstance(row, HealthRow)),
        meta=tuple(row for row in rows if isinstance(row, MetaRow)),
        status=tuple(row for row in rows if isinstance(row, StatusRow)),
    )
