"""Who may see the page: one password, a signed cookie, few attempts, and no requests from other sites.

It stands in front of the whole application, web sockets included, as plain ASGI.
"""

import base64
import hashlib
import hmac
from collections import deque
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..clock import Clock
from .markup import Markup, tag
from .settings import LANGUAGES, Language, ScreenSettings, is_loopback
from .words import Words, words_in

SESSION_COOKIE: Final = "simpang_session"
LANGUAGE_COOKIE: Final = "simpang_language"
SESSION_S: Final = 30 * 86400
TRIES: Final = 5
TRIES_S: Final = 60.0
ADDRESSES_MAX: Final = 10_000
FORM_MAX_BYTES: Final = 4096
OPEN_PATHS: Final = frozenset({"/healthz", "/static/page.css"})


class Sessions:
    """Signed expiry times. The key comes from the password: sessions outlive a restart and end when it changes."""

    def __init__(self, password: str, clock: Clock) -> None:
        self._digest = hashlib.sha256(password.encode()).digest()
        self._key = hashlib.scrypt(password.encode(), salt=b"simpang live page session", n=2**14, r=8, p=1)
        self._clock = clock

    def is_password(self, given: str) -> bool:
        """Whether that is the password; takes as long for every wrong one."""
        return hmac.compare_digest(hashlib.sha256(given.encode()).digest(), self._digest)

    def new(self) -> str:
        """The cookie's value for someone who knew it."""
        expiry = str(int(self._clock.now()) + SESSION_S)
        return f"{expiry}.{self._signature(expiry)}"

    def is_valid(self, cookie: str) -> bool:
        """Whether we signed that, and it has not expired."""
        expiry, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(expiry).encode()):
            return False
        return int(expiry) > self._clock.now()

    def _signature(self, expiry: str) -> str:
        digest = hmac.new(self._key, expiry.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Attempts:
    """Failures per address in the last minute; bounded, the address that is quiet longest is forgotten first."""

    def __init__(self, clock: Clock, tries: int = TRIES, within_s: float = TRIES_S) -> None:
        self._clock = clock
        self._tries = tries
        self._within_s = within_s
        self._failures: dict[str, deque[float]] = {}

    def wait_s(self, address: str) -> float:
        """Seconds until that address may try again; 0 when it may now."""
        failures = self._failures.get(address)
        if failures is None or len(failures) < self._tries:
            return 0.0
        return max(0.0, failures[0] + self._within_s - self._clock.monotonic())

    def failed(self, address: str) -> None:
        """Note a wrong password."""
        failures = self._failures.pop(address, None) or deque(maxlen=self._tries)
        failures.append(self._clock.monotonic())
        self._failures[address] = failures
        if len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]


class Guard:
    """Lets through who has signed in; without a password, who speaks to this machine by its own name."""

    def __init__(self, app: ASGIApp, settings: ScreenSettings, clock: Clock) -> None:
        self._app = app
        self._settings = settings
        self._sessions = Sessions(settings.password, clock) if settings.password is not None else None
        self._attempts = Attempts(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        if answer is None:
            await self._app(scope, receive, _hardened(scope, self._settings, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, _hardened(scope, self._settings, send))

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """What is said instead of the page; None where the page may be shown."""
        headers = Headers(scope=scope)
        if not _same_site(headers):
            return PlainTextResponse("request from another site refused\n", status_code=403)
        if scope["path"] in OPEN_PATHS:
            return None
        if self._sessions is None:
            return None if _local_host(headers) else PlainTextResponse(_NOT_LOCAL, status_code=421)
        if scope["type"] == "http" and scope["path"] in ("/login", "/logout"):
            return await self._sign(Request(scope, receive))
        if self._sessions.is_valid(_cookie(headers, SESSION_COOKIE)):
            return None
        return RedirectResponse("/login", status_code=303)

    async def _sign(self, request: Request) -> Response:
        """The login form, its answer, and leaving."""
        words = words_in(chosen_language(request.headers, self._settings))
        if request.url.path == "/logout":
            response: Response = RedirectResponse("/login", status_code=303)
            response.delete_cookie(SESSION_COOKIE)
            return response
        if request.method != "POST":
            return _form(words, self._settings)
        return await self._sign_in(request, words)

    async def _sign_in(self, request: Request, words: Words) -> Response:
        address = request.client.host if request.client else ""
        wait_s = self._attempts.wait_s(address)
        if wait_s > 0:
            seconds = int(wait_s) + 1
            said = words.login_wait.format(seconds=seconds)
            return _form(words, self._settings, said, 429, {"Retry-After": str(seconds)})
        if self._sessions is None or not self._sessions.is_password(await _password(request)):
            self._attempts.failed(address)
            return _form(words, self._settings, words.login_wrong, 401)
        response = RedirectResponse("/", status_code=303)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        response.set_cookie(
            SESSION_COOKIE, self._sessions.new(), max_age=SESSION_S, httponly=True, samesite="lax", secure=secure
        )
        return response


_NOT_LOCAL: Final = (
    "This page listens on this machine only and has no password, so it answers to localhost and 127.0.0.1 alone.\n"
    "To reach it from elsewhere or through a proxy, give it a password.\n"
)


def chosen_language(headers: Headers, settings: ScreenSettings) -> Language:
    """The visitor's language, as chosen before; else that of the settings."""
    chosen = _cookie(headers, LANGUAGE_COOKIE)
    return next((language for language in LANGUAGES if language == chosen), settings.language)


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _same_site(headers: Headers) -> bool:
    """Browsers name the site a request comes from; another one may neither sign in nor listen (web sockets)."""
    origin = headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in (headers.get("host"), headers.get("x-forwarded-host"))


def _local_host(headers: Headers) -> bool:
    """Against names of other sites that resolve to this machine (DNS rebinding)."""
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    return is_loopback(host)


async def _password(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_MAX_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]


def _form(
    words: Words,
    settings: ScreenSettings,
    said: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    field = tag(
        "label",
        words.login_password,
        Markup('<input type="password" name="password" autocomplete="current-password" autofocus required>'),
    )
    fault = tag("p", said, class_="fault", role="alert") if said else None
    form = tag(
        "form",
        tag("h1", settings.title),
        tag("p", words.login_why),
        field,
        fault,
        tag("button", words.login_button, type="submit"),
        method="post",
        action="/login",
        class_="login",
    )
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", f"{settings.title} · {words.login_title}"),
        Markup('<link rel="stylesheet" href="/static/page.css"><link rel="icon" href="data:,">'),
    )
    page = "<!doctype html>" + tag("html", head, tag("body", form, class_="login-page"), lang=words.language)
    return HTMLResponse(page, status_code=status, headers=headers)


def _hardened(scope: Scope, settings: ScreenSettings, send: Send) -> Send:
    """The same, with headers that keep the browser from asking anything of other hosts or being framed by them."""
    policy = _policy(Headers(scope=scope).get("host", ""), settings)

    async def send_hardened(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers")
            pairs = list(given) if isinstance(given, list | tuple) else []
            message = {**message, "headers": [*pairs, *policy]}
        await send(message)

    return send_hardened  # type: ignore[return-value]


def _policy(host: str, settings: ScreenSettings) -> list[tuple[bytes, bytes]]:
    clean = host if all(char.isalnum() or char in ".-:[]" for char in host) else ""
    tiles = _tile_source(settings.tile_url)
    content = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{tiles}; font-src 'self' data:; connect-src 'self' ws://{clean} wss://{clean}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )
    return [
        (b"content-security-policy", content.encode("latin-1", "ignore")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
    ]


def _tile_source(url: str | None) -> str:
    """The tile server as a source in the policy; its sub-domain place-holder becomes a wild card."""
    if url is None:
        return ""
    parts = urlsplit(url.replace("{s}", "*"))
    return f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
