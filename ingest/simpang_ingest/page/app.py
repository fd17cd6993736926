"""The live page as a server: `serve` runs it here, `PageServer` beside other work. One page per process."""

import socket
import threading
from collections.abc import Callable
from typing import Final, Protocol

import uvicorn
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..clock import Clock, SystemClock
from ..config import PageSettings
from ..errors import ConfigurationError
from ..history import History
from .cards import Teller, place_name
from .cityevents import REFRESH_S, CityEvents
from .detail import Chosen, Detail
from .eventscreen import EventScreen
from .export import add_export
from .figures import LocalTime
from .figurescreen import WINDOWS_S, FigureScreen
from .healthscreen import HealthScreen
from .login import LANGUAGE_COOKIE, Guard, chosen_language
from .looks import CameraLook
from .mapscreen import MapScreen
from .overview import Overview
from .past import Past
from .ports import BoardView, TruthView
from .present import Present
from .settings import LANGUAGES, ScreenSettings
from .shell import STATIC, STATIC_URL, Room, Shell
from .trail import EVERY_S
from .words import words_in

TICK_S: Final = 1.0
STOP_S: Final = 5.0
BACKLOG: Final = 128
YEAR_S: Final = 365 * 86400


class Screen(Protocol):
    """What a visitor looks at."""

    def update(self, looks: list[CameraLook]) -> None:
        """Bring it up to now, once a second."""


def build(
    history: History,
    board: BoardView,
    settings: ScreenSettings,
    truth: TruthView | None = None,
    clock: Clock | None = None,
) -> ASGIApp:
    """The page as an ASGI application. Once per process: NiceGUI keeps its pages in the process."""
    clock = clock or SystemClock()
    present = Present(board, settings, clock)
    events = CityEvents(history, clock)
    room = Room(settings, clock, present, Past(history, clock), events, truth)
    outer = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    outer.get("/healthz")(lambda: JSONResponse({"status": "ok", "cameras": len(present.looks())}))
    outer.get("/language/{code}")(_choose_language)
    add_export(outer, history, settings.zone, clock)
    outer.mount(STATIC_URL, StaticFiles(directory=STATIC))
    _add_screens(room)
    nicegui_app.timer(EVERY_S, lambda: present.trails.sample(present.looks(), clock.now()))
    nicegui_app.timer(REFRESH_S, events.refresh)
    ui.run_with(
        outer,
        title=settings.title,
        dark=True,
        tailwind=False,
        show_welcome_message=False,
        favicon=STATIC / "favicon.svg",
        binding_refresh_interval=None,
    )
    return Guard(outer, settings, clock)


def _add_screens(room: Room) -> None:
    @ui.page("/")
    def overview(request: Request) -> None:
        _screen(room, request, lambda teller: Overview(room, teller))

    _add_places(room)

    @ui.page("/events")
    def events(request: Request) -> None:
        _screen(room, request, lambda teller: EventScreen(room, teller))

    @ui.page("/health")
    def health(request: Request) -> None:
        _screen(room, request, HealthScreen)

    @ui.page("/map")
    def places(request: Request) -> None:
        _screen(room, request, lambda teller: MapScreen(room, teller))


def _add_places(room: Room) -> None:
    """The screens of one camera and of one junction: now and the last hour, and the planner's figures."""

    def add(pattern: str, chosen: Callable[[Request], Chosen], title: Callable[[Request], str]) -> None:
        @ui.page(pattern)
        def place(request: Request) -> None:
            path, name, which = request.url.path, title(request), chosen(request)
            _screen(room, request, lambda teller: Detail(room, teller, name, which, path))

        @ui.page(f"{pattern}/figures")
        def figures(request: Request, window_s: int = WINDOWS_S[0]) -> None:
            path, which = request.url.path.removesuffix("/figures"), chosen(request)
            _screen(room, request, lambda teller: FigureScreen(room, teller, which, path, window_s))

    def camera(request: Request) -> Chosen:
        key = (request.path_params["site"], request.path_params["camera"])
        return lambda look: look.key == key

    def junction(request: Request) -> Chosen:
        name = request.path_params["junction"]
        return lambda look: look.junction == name

    add("/camera/{site}/{camera}", camera, lambda request: str(request.path_params["camera"]))
    add("/junction/{junction}", junction, lambda request: place_name(request.path_params["junction"]))


def _screen(room: Room, request: Request, make: Callable[[Teller], Screen]) -> None:
    """A header, the screen under it, filled at once, and the one timer that keeps both at now."""
    words = words_in(chosen_language(request.headers, room.settings))
    teller = Teller(words, LocalTime(room.settings.zone), room.settings)
    shell = Shell(room, teller, request.url.path)
    with shell.main():
        screen = make(teller)

    def tick() -> None:
        looks = room.present.looks()
        shell.update(looks)
        screen.update(looks)

    tick()
    ui.timer(TICK_S, tick)


def _choose_language(request: Request, code: str) -> Response:
    """Remember the language and go back; only to a path of our own."""
    target = request.query_params.get("next", "/")
    own = target.startswith("/") and not target.startswith(("//", "/\\"))
    response = RedirectResponse(target if own else "/", status_code=303)
    if code in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, code, max_age=YEAR_S, samesite="lax")
    return response


class PageServer:
    """The page in a thread of its own. The port is taken at once, so that a fault shows before anything runs."""

    def __init__(
        self,
        history: History,
        board: BoardView,
        settings: ScreenSettings,
        truth: TruthView | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._socket = listen(settings)
        self._host = settings.host
        self._server = uvicorn.Server(
            uvicorn.Config(
                build(history, board, settings, truth, clock),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
                ws_max_size=1_000_000,
            )
        )
        self._thread = threading.Thread(target=self.run, name="page", daemon=True)

    @property
    def url(self) -> str:
        """The address to open."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._socket.getsockname()[1]}/"

    def run(self) -> None:
        """Serve until `stop`, here."""
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Serve until `stop`, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End; visitors see that the connection is lost."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(STOP_S)


def serve(history: History, board: BoardView, settings: PageSettings, truth: TruthView | None = None) -> None:
    """Show the page until the process is told to stop (Ctrl-C, SIGTERM).

    Raises `ConfigurationError` when it cannot listen there, or would without a password.
    """
    PageServer(history, board, screen_settings(settings), truth).run()


def screen_settings(settings: PageSettings) -> ScreenSettings:
    """The page's part of the ingestor's configuration, the password read. Raises `ConfigurationError`."""
    return ScreenSettings(
        host=settings.host,
        port=settings.port,
        password=settings.password(),
        language=settings.language,
        timezone=settings.timezone,
    )


def listen(settings: ScreenSettings) -> socket.socket:
    """A listening socket. Raises `ConfigurationError` when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # now, so that who comes while the page is being made waits instead of being refused
    except OSError as exc:
        raise ConfigurationError(f"page: cannot listen on {settings.host} port {settings.port}: {exc}") from exc
    return listener
