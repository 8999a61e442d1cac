"""What is logged and how it looks; whoever logs knows nothing of it, and nothing secret comes out, wherever it was put in."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

HIDDEN: Final = "[hidden]"
SHORTEST_SECRET: Final = 6
"""Anything shorter would blot out innocent text."""
HARMLESS: Final = (
    "As you gave `client` as well, `token` will be unused",  # Bolt has found SLACK_BOT_TOKEN in the environment by itself
    "Workflow already exists in queue",  # DBOS, of one that goes on after a crash and is started again by its id
)
"""Warnings that nobody can do anything about."""
CHATTY: Final = (
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
)
"""Libraries that are heard from warnings on: what they tell below holds payloads, and with them customer ids."""
TOKENS: Final = (
    r"xox[a-z]+-[\w.-]+|xapp-[\w-]+"  # Slack's tokens
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=hooks\.slack\.com/)[^\s\"'\\]+"  # a response_url, which needs no other key
    r"|(?<=[?&]ticket=)[^\s\"'&\\]+"  # of a Socket Mode connection
    r"|(?<=\bBearer )[\w.~+/=-]{6,}"
    r"|(?<=\bBasic )(?=[a-zA-Z]*(?:[a-z][A-Z]|[0-9+/=]))[\w+/=]{8,}"  # base64, and not "Basic Information"
    r"|(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"  # a user and password in an address
)


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Writes the finished line, and blots out of it what looks like a token or is a secret that is known."""

    def __init__(self, *renderers: Processor, secrets: Iterable[str]) -> None:
        written = {
            form
            for secret in secrets
            if len(secret) >= SHORTEST_SECRET
            for form in (secret, json.dumps(secret)[1:-1])
        }
        known = [re.escape(form) for form in sorted(written, key=len, reverse=True)]
        self._hidden = re.compile("|".join([*known, TOKENS]))
        super().__init__(
            foreign_pre_chain=SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )

    def format(self, record: logging.LogRecord) -> str:
        """Redact last, so that exceptions and nested values are covered too."""
        return self._hidden.sub(HIDDEN, super().format(record))


SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def set_up_logs(
    *, level: str = "info", as_json: bool = False, secrets: Iterable[str] = (), to: TextIO | None = None
) -> None:
    """Send structlog and the standard library's logging through one handler, to standard error unless told otherwise."""
    stream = to or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        RedactingFormatter(*_renderers(as_json=as_json, colours=stream.isatty()), secrets=secrets)
    )
    handler.addFilter(_worth_telling)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(
            logging.WARNING
        )  # so that what nobody would hear is not even put together
    # it brings a handler of its own, unless it finds one
    dbos = logging.getLogger("dbos")
    dbos.handlers, dbos.propagate = [handler], False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderers(*, as_json: bool, colours: bool) -> Sequence[Processor]:
    if as_json:
        return structlog.processors.format_exc_info, structlog.processors.JSONRenderer(
            ensure_ascii=False, default=str
        )
    return (structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),)


def _worth_telling(record: logging.LogRecord) -> bool:
    if str(record.msg).startswith(HARMLESS):
        return False
    return record.levelno >= logging.WARNING or not record.name.startswith(CHATTY)
