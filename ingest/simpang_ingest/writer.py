"""Store first, acknowledge after: takes batches of parcels to the store until it accepts them. Has its own thread."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .batch import Waiting
from .clock import Clock
from .counters import Counters
from .deadletters import DeadLetter, DeadLetters
from .errors import StoreUnavailable
from .parcels import Parcel, Receipt
from .store import Rejected, Store

Log = Any


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the writer is. first_s, longest_s: pauses between attempts, with full jitter, doubling.

    complain_every_s: how often a store that stays away is said to be away.
    """

    first_s: float = 0.2
    longest_s: float = 15.0
    complain_every_s: float = 60.0


class Writer:
    """Writes what waits. ack: told the receipts of what is safe, in the order of arrival; may be called at any time.

    observe_s: told how long each batch took from the first attempt until it was stored.
    """

    def __init__(
        self, waiting: Waiting[Parcel], store: Store, letters: DeadLetters, ack: Callable[[Sequence[Receipt]], None],
        counters: Counters, clock: Clock, log: Log, observe_s: Callable[[float], None], pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self._waiting = waiting
        self._store = store
        self._letters = letters
        self._ack = ack
        self._counters = counters
        self._clock = clock
        self._log = log
        self._observe_s = observe_s
        self._pace = pace or Pace()
        self._random = random.Random()
        self._stop = threading.Event()
        self._give_up_s = 0.0
        self._complained_s: float | None = None

    def stop(self, drain_s: float) -> None:
        """Write what still waits, for at most so long; what remains is not acknowledged, so it comes again."""
        self._give_up_s = self._clock.monotonic() + drain_s
        self._stop.set()

    def run(self) -> None:
        """Until stopped and empty, or stopped and out of time."""
        while not self._finished():
            batch = self._waiting.take(0.2)
            if batch:
                self._deliver(batch)

    def _finished(self) -> bool:
        return self._stop.is_set() and (len(self._waiting) == 0 or self._out_of_time())

    def _out_of_time(self) -> bool:
        return self._stop.is_set() and self._clock.monotonic() >= self._give_up_s

    def _deliver(self, batch: list[Parcel]) -> None:
        """Try until the batch is safe, then acknowledge it."""
        begun_s = self._clock.monotonic()
        attempt = 0
        while not self._out_of_time():
            try:
                self._keep(batch)
            except StoreUnavailable as exc:
                self._trouble(exc)
                self._pause(attempt, exc.retry_after_s)
                attempt += 1
                continue
            self._recovered()
            self._ack([parcel.receipt for parcel in batch if parcel.receipt is not None])
            self._observe_s(self._clock.monotonic() - begun_s)
            return

    def _keep(self, batch: list[Parcel]) -> None:
        """Rows to the store; what it refuses, and what could not be decoded, to the dead letters."""
        written = self._store.write([row for parcel in batch for row in parcel.rows])
        letters = [parcel.letter for parcel in batch if parcel.letter is not None]
        letters += [self._letter(rejected) for rejected in written.rejected]
        if letters:
            self._letters.add(letters)
            self._log.warning("dead letters", count=len(letters), first=letters[0].reason[:200])
        self._counters.batches += 1
        self._counters.stored += written.accepted
        self._counters.rejected += len(written.rejected)
        self._counters.dead_letters += len(letters)
        self._counters.acknowledged += sum(parcel.receipt is not None for parcel in batch)

    def _letter(self, rejected: Rejected) -> DeadLetter:
        content = repr(rejected.row).encode("utf-8", "replace")
        where = f"row of {rejected.row.site}/{rejected.row.camera}: {rejected.row.MEASUREMENT}"
        return DeadLetter(self._clock.now(), where, rejected.reason, len(content), content)

    def _trouble(self, exc: StoreUnavailable) -> None:
        """Say it at once and then once a minute."""
        self._counters.retries += 1
        self._counters.store_trouble = str(exc)
        now_s = self._clock.monotonic()
        if self._complained_s is None or now_s - self._complained_s >= self._pace.complain_every_s:
            self._complained_s = now_s
            self._log.warning("store not available; nothing is acknowledged, so nothing is lost", reason=str(exc))

    def _recovered(self) -> None:
        if self._counters.store_trouble is not None:
            self._log.info("store available again")
        self._counters.store_trouble = None
        self._complained_s = None

    def _pause(self, attempt: int, asked_s: float | None) -> None:
        """Full jitter, but never earlier than the store asked for; shorter when stopping."""
        longest_s = min(self._pace.longest_s, self._pace.first_s * 2.0 ** min(attempt, 10))
        pause_s = max(asked_s or 0.0, self._random.uniform(0.1, 1.0) * longest_s)
        if not self._stop.wait(pause_s):
            return
        left_s = self._give_up_s - self._clock.monotonic()
        threading.Event().wait(max(0.0, min(pause_s, 0.2, left_s)))
