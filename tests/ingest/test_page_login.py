"""Who may see the page: the guard in front of it, without a browser."""

import asyncio

import httpx
import pytest
from simpang_ingest.clock import FakeClock
from simpang_ingest.page.login import Attempts, Guard, Sessions
from simpang_ingest.page.settings import ScreenSettings
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

PASSWORD = "simpang lima ramai"
NOW_S = 1_795_485_600.0


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for the page."""
    await PlainTextResponse("the page")(scope, receive, send)


class Visitor:
    """Asks a guarded page as one client, cookies kept."""

    def __init__(self, settings: ScreenSettings, base: str = "http://127.0.0.1:8080") -> None:
        self.clock = FakeClock(NOW_S)
        self.guard = Guard(inner, settings, self.clock)
        transport = httpx.ASGITransport(self.guard, client=("10.0.0.9", 5000))
        self._client = httpx.AsyncClient(transport=transport, base_url=base)

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **more))  # type: ignore[arg-type]

    def sign_in(self, password: str) -> httpx.Response:
        return self.ask("POST", "/login", data={"password": password})

    def socket(self, headers: dict[str, str]) -> list[Message]:
        """What a web socket is told first."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
        scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io", "headers": pairs, "client": ("10.0.0.9", 1)}
        asyncio.run(self.guard(scope, receive, send))
        return sent


@pytest.fixture
def stranger() -> Visitor:
    """Someone who has not signed in to a page that wants a password."""
    return Visitor(ScreenSettings(host="0.0.0.0", password=PASSWORD))


def test_nothing_is_shown_before_the_password(stranger: Visitor) -> None:
    """Every path but the login form, its style and the health check leads to the form."""
    for path in ("/", "/camera/a/b", "/_nicegui/x/static/nicegui.js", "/language/en", "/static/page.js"):
        answer = stranger.ask("GET", path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "password" in stranger.ask("GET", "/login").text
    assert stranger.ask("GET", "/healthz").text == "the page"


def test_the_password_opens_the_page_until_signing_out(stranger: Visitor) -> None:
    """The cookie is kept from scripts and from other sites."""
    answer = stranger.sign_in(PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert stranger.ask("GET", "/").text == "the page"
    stranger.ask("POST", "/logout")
    assert stranger.ask("GET", "/").status_code == 303


def test_a_wrong_password_is_refused_in_the_visitors_language(stranger: Visitor) -> None:
    """401 with words, and no cookie."""
    answer = stranger.sign_in("simpang lima sepi")
    assert answer.status_code == 401
    assert "Kata sandi salah." in answer.text
    assert "set-cookie" not in answer.headers
    english = stranger.ask("POST", "/login", data={"password": "x"}, headers={"cookie": "simpang_language=en"})
    assert "Wrong password." in english.text


def test_five_failures_lock_an_address_for_a_minute_even_with_the_right_password(stranger: Visitor) -> None:
    """Guessing gets five tries a minute."""
    for _ in range(5):
        assert stranger.sign_in("guess after guess").status_code == 401
    locked = stranger.sign_in(PASSWORD)
    # the first failure was at 0 s, the clock stands still: 60 s remain, written as the next whole second
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "61")
    stranger.clock.advance(60)
    assert stranger.sign_in(PASSWORD).status_code == 303


def test_failures_of_one_address_do_not_lock_another() -> None:
    """Attempts are counted per address."""
    attempts = Attempts(FakeClock())
    for _ in range(5):
        attempts.failed("10.0.0.1")
    assert attempts.wait_s("10.0.0.1") == 60.0
    assert attempts.wait_s("10.0.0.2") == 0.0


@pytest.mark.parametrize("cookie", ["", "x", "99999999999.", "99999999999.AAAA", "é.é", ".", "-1.x"])
def test_a_forged_session_is_none(cookie: str) -> None:
    """Whatever was not signed here is refused, and harms nothing."""
    assert not Sessions(PASSWORD, FakeClock(NOW_S)).is_valid(cookie)


def test_sessions_outlive_a_restart_but_not_their_month_nor_a_new_password() -> None:
    """A wall screen stays signed in when the ingestor restarts."""
    clock = FakeClock(NOW_S)
    cookie = Sessions(PASSWORD, clock).new()
    assert Sessions(PASSWORD, clock).is_valid(cookie)
    assert not Sessions(PASSWORD + "!", clock).is_valid(cookie)
    clock.advance(30 * 86400)
    assert not Sessions(PASSWORD, clock).is_valid(cookie)


def test_a_web_socket_without_a_session_is_closed(stranger: Visitor) -> None:
    """The figures travel over the socket: it is guarded as the page is."""
    assert stranger.socket({"host": "127.0.0.1:8080"}) == [{"type": "websocket.close", "code": 1008}]


def test_another_site_may_neither_sign_in_nor_listen() -> None:
    """A page from elsewhere in the same browser is refused, also where no password is needed."""
    local = Visitor(ScreenSettings())
    assert local.ask("GET", "/", headers={"origin": "http://evil.example"}).status_code == 403
    sent = local.socket({"host": "127.0.0.1:8080", "origin": "http://evil.example"})
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert local.ask("GET", "/", headers={"origin": "http://127.0.0.1:8080"}).text == "the page"


def test_a_page_without_a_password_answers_to_this_machines_own_names_only() -> None:
    """A foreign name that resolves to this machine, or a proxy without a password, gets an explanation."""
    answer = Visitor(ScreenSettings(), base="http://page.evil.example:8080").ask("GET", "/")
    assert answer.status_code == 421
    assert "give it a password" in answer.text
    assert Visitor(ScreenSettings(), base="http://localhost:8080").ask("GET", "/").status_code == 200


def test_the_browser_is_told_to_ask_no_other_host() -> None:
    """The content policy names this host alone; with a tile server, that one for pictures."""
    policy = Visitor(ScreenSettings()).ask("GET", "/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "https" not in policy
    tiles = Visitor(ScreenSettings(tile_url="https://{s}.peta.go.id/{z}/{x}/{y}.png"))
    policy = tiles.ask("GET", "/").headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://*.peta.go.id;" in policy
