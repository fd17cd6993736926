"""How the ingestor logs: readable in a terminal, one JSON object per line elsewhere; always to stderr."""

import logging
import sys
from typing import Any, Final

import structlog

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str = "info", as_json: bool | None = None) -> None:
    """Set up structlog for this process; as_json None decides by whether stderr is a terminal."""
    in_json = not sys.stderr.isatty() if as_json is None else as_json
    shape: Any = structlog.processors.JSONRenderer() if in_json else structlog.dev.ConsoleRenderer()
    before_json = [structlog.processors.format_exc_info] if in_json else []
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *before_json,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
