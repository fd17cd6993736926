"""Nouns between the worker, its outbox and its publisher: who sends, and what waits to be sent."""

import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .message import Channel, Message, Row, encode, topic, utc


@dataclass(frozen=True, slots=True)
class Record:
    """A message that must arrive: its number, its channel and its JSON."""

    seq: int
    channel: Channel
    payload: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends: a camera of a site, in one run of its worker.

    boot: start of the worker, POSIX milliseconds, greater than that of every earlier run with the same outbox.
    owner: tells two workers with the same camera id apart; different in every run.
    """

    site: str
    camera: str
    boot: int
    owner: str

    def topic(self, channel: Channel) -> str:
        """Where this camera's messages of a channel go."""
        return topic(self.site, self.camera, channel)

    def encode(self, channel: Channel, rows: Sequence[Row], seq: int, sent_s: float) -> bytes:
        """The JSON of one message of this camera; sent_s is POSIX UTC."""
        return encode(
            Message(
                channel=channel,
                site=self.site,
                camera=self.camera,
                boot=self.boot,
                seq=seq,
                sent=utc(sent_s),
                rows=list(rows),
            )
        )


def new_owner() -> str:
    """A name for this run that no other run has, readable by the person who looks for the other box."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


class Records(Protocol):
    """What the publisher asks of the outbox. Called from the publisher's thread."""

    @property
    def last_seq(self) -> int:
        """The number of the newest record; 0 before the first."""

    def pending(self, after_seq: int, limit: int) -> list[Record]:
        """The oldest records with a greater number, in order."""

    def release(self, seqs: Sequence[int]) -> None:
        """Forget records that the broker has safely."""

    def note(self, name: str, text: str) -> None:
        """Keep a line for whoever asks later how this worker is doing."""
