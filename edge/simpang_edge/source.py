"""Source: a camera's video in, frames with their capture time out.

A recorded file ends; a live stream is lost and comes back. The two never mix: `FileSource` raises `SourceEnded`,
`LiveSource` goes offline and tries again.
"""

from .clock import Clock
from .config import Camera
from .source_base import Source, SourceStatus
from .source_file import FileSource
from .source_live import LiveSource

__all__ = ["FileSource", "LiveSource", "Source", "SourceStatus", "open_source"]


def open_source(camera: Camera, clock: Clock) -> Source:
    """The camera's source, opened (file) or being opened (live: the first frame may take seconds).

    A live camera is read from its sub-stream where it has one.
    Raises `SourceError` for a file that is missing or not a video, and for an address of an unknown kind.
    """
    return FileSource(camera, clock) if camera.is_file() else LiveSource(camera, clock)
