"""A real RTSP server (GStreamer's, from Debian) that plays a clip, for tests.

As a module (any Python):     with RtspServer(clip) as server: … server.url …
As a script (Debian's Python, which has GStreamer's bindings):   /usr/bin/python3 rtsp_server.py PORT CLIP.mp4

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and gstreamer1.0-plugins-bad.
The clip is H.264 in MP4. It plays in real time from its start for every client, and then the stream ends.
"""

import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

PACKAGES = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
PATH = "/live"


class RtspServer:
    """One server process on 127.0.0.1; `stop` kills it at once (as a power cut does), `start` brings it back."""

    def __init__(self, clip: Path, port: int | None = None) -> None:
        self._clip = clip
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port or _free_port()

    @property
    def url(self) -> str:
        """Address of the stream."""
        return f"rtsp://127.0.0.1:{self.port}{PATH}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        command = ["/usr/bin/python3", __file__, str(self.port), str(self._clip)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._wait_until_it_listens(time.monotonic() + 20)

    def stop(self) -> None:
        """Kill the server, so that nobody says goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _wait_until_it_listens(self, until_s: float) -> None:
        assert self._process is not None
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until_s:
                    self._process.kill()
                    said = self._process.communicate()[1].decode(errors="replace")
                    raise AssertionError(f"no RTSP server; apt-get install {PACKAGES}\n{said}") from None
            time.sleep(0.05)

    def __enter__(self) -> "RtspServer":
        self.start()
        return self

    def __exit__(
        self, _kind: "type[BaseException] | None", _error: "BaseException | None", _trace: "TracebackType | None"
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: str, clip: str) -> None:
    """Serve until killed."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( filesrc location="{clip}" ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )'
    )
    factory.set_shared(False)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.get_mount_points().add_factory(PATH, factory)
    if server.attach(None) == 0:
        raise SystemExit(f"port {port} cannot be used")
    GLib.MainLoop().run()


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
