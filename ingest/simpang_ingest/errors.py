"""Every error of the centre, and what each asks of its reader.

IngestError
├── ConfigurationError   correct the file that the message names; nothing was started
├── BrokerRefusedError   the broker refuses this ingestor (password, certificate, rights); it keeps trying, slowly
├── BrokerLostError      the connection could not be made or has ended; it tries again by itself
├── StoreUnavailable     the store cannot take points now; nothing is acknowledged, it tries again by itself
└── HistoryError         the store could not answer a question; ask again later
"""


class IngestError(Exception):
    """The base of all errors that are reported to a person without a traceback."""


class ConfigurationError(IngestError):
    """A configuration that cannot be used; one line per fault: key path, value, what is allowed."""


class BrokerRefusedError(IngestError):
    """The broker refuses the connection or the subscription for a reason that trying again does not change."""


class BrokerLostError(IngestError):
    """The connection could not be made or has ended; trying again can help."""


class StoreUnavailable(IngestError):  # noqa: N818 - a state, not a fault of ours
    """The store cannot take points now. retry_after_s: what it asked for, None when it did not say."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class HistoryError(IngestError):
    """The store could not answer a question."""
