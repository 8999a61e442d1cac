"""Sets up logging: levels, both formats, and a redaction that covers every line."""

import logging
import re
import sys
from collections.abc import Iterable
from functools import partial
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

from bot.config.redaction import HIDDEN, pattern
from bot.outages import is_outage

LIBRARIES: Final = (
    "slack_bolt",
    "slack_sdk",
    "httpx",
    "httpcore",
    "aiohttp",
    "dbos",
    "sqlalchemy",
    "alembic",
    "stamina",
    "asyncio",
    "psycopg",
)
"""Logged at debug only, from warnings on: their lower levels contain payloads, and so customer ids."""
FAULT_REPORTERS: Final = ("asyncio", "aiohttp")
"""They also report exceptions that nothing else handles."""
TOKENS: Final = (
    r"xox[a-z]+-[\w.-]+|xapp-[\w-]+"  # Slack's tokens
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=hooks\.slack\.com/)[^\s\"'\\]+"  # a response_url, which works without a token
    r"|(?<=[?&]ticket=)[^\s\"'&\\]+"  # of a Socket Mode connection
    r"|(?<=\bBearer )[\w.~+/=-]{6,}"
    r"|(?<=\bBasic )(?=[a-zA-Z]*(?:[a-z][A-Z]|[0-9+/=]))[\w+/=]{8,}"  # base64, and not "Basic Information"
    r"|(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"  # a user and password in a URL
)
SHARED_PROCESSORS: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats a log line, then replaces known secrets and everything that looks like a token."""

    def __init__(self, *renderers: Processor, secrets: Iterable[str]) -> None:
        self._hidden = re.compile("|".join(filter(None, [pattern(secrets), TOKENS])))
        super().__init__(
            foreign_pre_chain=SHARED_PROCESSORS,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )

    def format(self, record: logging.LogRecord) -> str:
        """Redact the finished line, which covers exceptions and nested values too."""
        return self._hidden.sub(HIDDEN, super().format(record))


def set_up_logs(
    *, level: str = "info", as_json: bool = False, secrets: Iterable[str] = (), to: TextIO | None = None
) -> None:
    """Send structlog and the standard library's logging through one handler, by default to standard error."""
    stream = to or sys.stderr
    handler = logging.StreamHandler(stream)
    renderers = _json_renderers() if as_json else [_console_renderer(stream)]
    handler.setFormatter(RedactingFormatter(*renderers, secrets=secrets))
    handler.addFilter(partial(_is_wanted, debug=level == "debug"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)  # saves formatting lines that the filter drops
    # DBOS adds a handler of its own unless it finds one
    dbos = logging.getLogger("dbos")
    dbos.handlers, dbos.propagate = [handler], False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _json_renderers() -> list[Processor]:
    json_renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return [structlog.processors.format_exc_info, json_renderer]


def _console_renderer(stream: TextIO) -> Processor:
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)


def _is_wanted(record: logging.LogRecord, *, debug: bool) -> bool:
    """Leave out what libraries say of an outage: `bot.outages` says it once, for the operator."""
    if not record.name.startswith(LIBRARIES):
        return True
    return record.levelno >= logging.WARNING and (debug or _is_fault(record))


def _is_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is None or not record.name.startswith(FAULT_REPORTERS):
        return False
    is_librarys = type(error).__module__.startswith(LIBRARIES)
    return not (is_librarys or is_outage(error) or isinstance(error, OSError))
