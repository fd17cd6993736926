"""Every error a user of the edge can meet, and what each asks of its reader.

SimpangError
├── ConfigurationError    correct the file that the message names; nothing was started
├── ModelError            put the right model file where the message says
├── SourceError           the video or camera cannot be used as it is; the message says why
│   └── SourceEnded       not a fault: a file was read to its end
├── RecordingError        the track log cannot be written or read; measuring goes on without it
├── OutboxError           the disk under the outbox cannot be written; free space or move it
├── MemoryFileError       what is known of usual traffic cannot be kept; measuring goes on without
├── BrokerError           the broker refuses this worker; retrying cannot help (password, certificate, rights)
└── DuplicateWorkerError  another worker already publishes this camera; this one stops
"""


class SimpangError(Exception):
    """The base of all errors that are reported to a person without a traceback."""


class ConfigurationError(SimpangError):
    """A configuration that cannot be used; one line per fault: key path, value, what is allowed."""


class ModelError(SimpangError):
    """A detector model that is missing, corrupt or not of the contract."""


class SourceError(SimpangError):
    """A video source that cannot be opened or read."""


class SourceEnded(SourceError):  # noqa: N818 - an end, not a fault
    """A video file was read to its end."""


class RecordingError(SimpangError):
    """A track log that cannot be written or read."""


class OutboxError(SimpangError):
    """The outbox on disk cannot take more."""


class MemoryFileError(SimpangError):
    """What a worker keeps from run to run cannot be read or written."""


class BrokerError(SimpangError):
    """The broker refuses the connection for a reason that retrying does not change."""


class DuplicateWorkerError(SimpangError):
    """Another worker with the same site and camera id is online."""
