"""Reads from the database what waits, what has stopped and why, and whether the bot is paused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Executable, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from bot.database.address import is_sqlite, parse_url
from bot.database.mapping import decode, from_micros, pause_of, to_micros
from bot.database.migrate import schema_version
from bot.database.postgres import SERVER_TIME
from bot.database.read_only import open_read_only
from bot.database.repositories.pause import READ as READ_PAUSE
from bot.database.repositories.requests import COUNT_UNSETTLED
from bot.database.schema import PENDING, VERSION, audit, outbox, replicas, requests
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import OPEN, State, StopReason
from bot.errors import DatabaseUnavailable
from bot.slack.rendering.stops import SPECIAL, what_stopped

MOST_LISTED: Final = 20
"""Stopped requests that are named."""

_COUNTS: Final = (
    select(
        requests.c.state,
        func.count(),
        func.count(requests.c.waits_since),
        func.count().filter(requests.c.give_after > bindparam("now")),
    )
    .where(requests.c.state.in_(sorted(state.value for state in OPEN)))
    .group_by(requests.c.state)
)
_LAST_ENTRY: Final = select(func.max(audit.c.at)).where(audit.c.request == requests.c.id).scalar_subquery()
_STOPPED: Final = (
    select(requests.c.short, requests.c.stop, requests.c.note, _LAST_ENTRY.label("since"))
    .where(requests.c.state.in_([State.STOPPED.value]))
    .order_by(requests.c.created_at.desc(), requests.c.id)
    .limit(MOST_LISTED)
)
_UNSENT: Final = select(func.count(), func.min(outbox.c.happened_at)).where(PENDING)
_PROCESSES: Final = select(func.count()).select_from(replicas).where(replicas.c.until > SERVER_TIME)


@dataclass(frozen=True, slots=True)
class StoppedRequest:
    """A request that waits for somebody to continue or end it."""

    short: str
    since: datetime | None
    reason: str
    """A `StopReason`, or a code of the policy's that says it better."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a database says about the work of its bot. `processes` is None on SQLite, which tells nothing."""

    schema: str
    requests: Mapping[State, int] = field(default_factory=dict)
    on_hold: int = 0
    """Approved requests whose hold lasts."""
    waiting_for_service: int = 0
    """Requests whose giving waits for Dintero or Slack."""
    stopped: tuple[StoppedRequest, ...] = ()
    unsent: int = 0
    oldest_unsent: datetime | None = None
    pause: Pause | None = None
    lost: int = 0
    """Requests in Slack that a restored backup lacks, not settled yet."""
    processes: int | None = None


def read_work(database_url: str, now: datetime) -> Work | None:
    """Read it, or raise DatabaseUnavailable; None if no bot has ever started on this database."""
    url = parse_url(database_url)
    if is_sqlite(url) and not Path(url.database or "").exists():
        return None
    with open_read_only(url) as engine, engine.connect() as connection:
        schema = schema_version(connection)
        if schema is None:
            return None
        try:
            return _read(connection, schema, now)
        except DBAPIError as error:
            if schema >= VERSION:
                raise
            problem = f"its schema {schema} is too old for this command; update it: discount-bot migrate"
            raise DatabaseUnavailable(problem) from error


def _read(connection: Connection, schema: str, now: datetime) -> Work:
    counts = _rows(connection, _COUNTS, now=to_micros(now))
    ((unsent, oldest),) = _rows(connection, _UNSENT)
    on_server = connection.dialect.name != "sqlite"
    return Work(
        schema=schema,
        requests={State(state): count for state, count, _, _ in counts},
        on_hold=sum(held for state, _, _, held in counts if state == State.APPROVED.value),
        waiting_for_service=sum(waiting for _, _, waiting, _ in counts),
        stopped=tuple(_stopped(*row) for row in _rows(connection, _STOPPED)),
        unsent=unsent,
        oldest_unsent=None if oldest is None else from_micros(oldest),
        pause=pause_of(_rows(connection, READ_PAUSE)),
        lost=_rows(connection, COUNT_UNSETTLED)[0][0],
        processes=_rows(connection, _PROCESSES)[0][0] if on_server else None,
    )


def _rows(connection: Connection, statement: Executable, **values: int) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(statement, values)]


def _stopped(short: str, stop: str | None, note: str, since: int | None) -> StoppedRequest:
    """Name the reason; a note that is no code may be somebody's words, and stays in the database."""
    reason, code = StopReason(stop) if stop else None, decode(note)
    is_code = code in SPECIAL
    why = what_stopped(reason, code if is_code else "").rstrip(".")
    named = code if is_code else reason or "unknown"
    return StoppedRequest(decode(short), None if since is None else from_micros(since), str(named), why)
