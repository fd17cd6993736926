"""A process that must not outlive the one that started it."""

import os
import threading


def stop_with(parent: int | None, stop: threading.Event) -> None:
    """Set `stop` when process `parent` is gone, watched from a thread; None: nobody is watched.

    A worker that lived on without its supervisor would keep its camera from the next one.
    """
    if parent is not None:
        threading.Thread(target=_watch, args=(parent, stop), name="parent", daemon=True).start()


def _watch(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent and not stop.wait(1.0):
        pass
    stop.set()
