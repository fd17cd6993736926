"""Deliveries wait here between the broker's thread and the store's, and leave in batches."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from .clock import Clock

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class BatchRule:
    """When a batch is ready: at so many items, when its first has waited so long, or when nothing more comes.

    quiet_s: the last matters where a broker sends only so many unacknowledged messages (20 by default in MQTT 3.1.1):
    waiting longer then would wait for nothing.
    """

    items: int = 1000
    wait_s: float = 0.5
    quiet_s: float = 0.02


class Waiting(Generic[Item]):
    """A queue that one thread fills one by one and another empties in batches.

    The taker looks now and then instead of being woken for every item: twice as fast when much arrives.
    """

    def __init__(self, rule: BatchRule, clock: Clock) -> None:
        self._rule = rule
        self._clock = clock
        self._items: deque[Item] = deque()
        self._filled = threading.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Add one."""
        self._items.append(item)
        if not self._filled.is_set():
            self._filled.set()

    def take(self, timeout_s: float) -> list[Item]:
        """The next batch, in order; empty when nothing came within the timeout."""
        if not self._items:
            self._filled.clear()
            if not self._items:  # nothing came between the look and the clearing
                self._filled.wait(timeout_s)
        self._gather()
        return [self._items.popleft() for _ in range(min(len(self._items), self._rule.items))]

    def _gather(self) -> None:
        """Wait until the batch is ready."""
        until_s = self._clock.monotonic() + self._rule.wait_s
        before = 0
        while before < len(self._items) < self._rule.items and self._clock.monotonic() < until_s:
            before = len(self._items)
            time.sleep(self._rule.quiet_s)
