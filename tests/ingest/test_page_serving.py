"""What stands around the screens: the shared questions to the store, the settings, the port."""

import asyncio
import socket
from collections import Counter

import pytest
from simpang_ingest.clock import FakeClock
from simpang_ingest.config import PageSettings
from simpang_ingest.errors import ConfigurationError
from simpang_ingest.page.app import listen, screen_settings
from simpang_ingest.page.past import Past
from simpang_ingest.page.sample_past import SampleHistory
from simpang_ingest.page.settings import ScreenSettings
from simpang_ingest.rows import CameraKey, WindowRow

NOW_S = 1_795_485_600.0


class Counting(SampleHistory):
    """Made-up rows, and how often those of each scope were asked for."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.asked: Counter[object] = Counter()

    def windows(self, *arguments: object, **more: object) -> list[WindowRow]:
        self.asked[more.get("scope")] += 1
        return super().windows(*arguments, **more)  # type: ignore[arg-type]


def test_visitors_of_one_camera_share_one_question_to_the_store() -> None:
    """Twenty screens ask the store once in ten seconds (for approaches and for movements), then once more."""
    clock = FakeClock(NOW_S)
    history = Counting(clock)
    past = Past(history, clock)
    camera = CameraKey("contoh", "ciater-utara")

    async def twenty() -> None:
        await asyncio.gather(*(past.of(camera) for _ in range(20)))

    asyncio.run(twenty())
    assert history.asked == {"approach": 1, "movement": 1}
    clock.advance(10)
    asyncio.run(twenty())
    assert history.asked == {"approach": 2, "movement": 2}


def test_the_ingestors_configuration_becomes_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is read from the variable that the configuration names."""
    monkeypatch.setenv("PAGE_PASSWORD", "simpang lima ramai")
    settings = screen_settings(PageSettings(host="0.0.0.0", port=9, password_env="PAGE_PASSWORD", language="en"))
    assert (settings.host, settings.port, settings.language) == ("0.0.0.0", 9, "en")
    assert settings.password == "simpang lima ramai"
    assert settings.needs_login
    assert "ramai" not in repr(settings)


def test_a_port_that_is_taken_is_named_before_anything_starts() -> None:
    """The message says which address, not a traceback."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1 port {port}"):
            listen(ScreenSettings(port=port))
