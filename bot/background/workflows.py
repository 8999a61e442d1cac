"""The durable engine: where it keeps its records, and how long."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from bot.background.serialization import JSON, refuse_code
from bot.database.connection import is_sqlite, parse_url
from bot.database.engine_pool import EnginePool
from bot.database.sqlite import is_whole
from bot.domain.ids import RequestId
from bot.domain.requests.request import Request

ENGINE_SCHEMA: Final = "dbos"
"""The engine's schema on PostgreSQL."""
WORKFLOWS_PER_DELETE: Final = 1_000
ROUNDS_AHEAD: Final = 5
"""How many rounds of a request may be missing in a restored backup."""
NOTIFY_SECONDS: Final = 1.0
"""How often the engine looks for notifications to send; here none waits for one. Its default is 10 ms."""
NEVER_RAN: Final = ("no such table", "does not exist")
"""Errors of a database on which no engine has ever run."""
SUBSECONDS_SINCE: Final = (3, 42)
"""The first SQLite whose `unixepoch` takes a modifier alone."""


log = structlog.get_logger()


def engine_url(database_url: str) -> str:
    """Return the engine's database: for SQLite a second file, so that neither waits for the other."""
    parsed = parse_url(database_url)
    if not is_sqlite(parsed):
        return database_url
    return f"sqlite:///{(parsed.database or '').removesuffix('.db')}.dbos.db"


def sqlite_files(database_url: str) -> tuple[Path, Path]:
    """Return the bot's SQLite file and the durable engine's."""
    ours, engines = (Path(parse_url(url).database or "") for url in (database_url, engine_url(database_url)))
    return ours, engines


def enable_wal(engine_url: str) -> None:
    """Let the engine's SQLite file keep a write-ahead log: a step takes 4.0 ms instead of 7.2."""
    where = parse_url(engine_url)
    if is_sqlite(where) and where.database:
        with closing(sqlite3.connect(where.database)) as file:
            file.execute("PRAGMA journal_mode=WAL")


def put_aside_if_damaged(engine_url: str) -> None:
    """Start with a new file instead of one that is damaged: our own rows decide what is given."""
    where = parse_url(engine_url)
    if not is_sqlite(where) or is_whole(path := Path(where.database or "")):
        return
    kept = f"{path}.damaged"
    log.error("the durable engine's file is damaged or missing; the bot goes on with a new one", kept=kept)
    for journal in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{journal}").replace(f"{kept}{journal}")


class EngineConnection(sqlite3.Connection):
    """A connection to the engine's file, in which `unixepoch('subsec')` works before SQLite 3.42 too."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if sqlite3.sqlite_version_info < SUBSECONDS_SINCE:
            self.create_function("unixepoch", 1, lambda _subsec: time.time())


def engine_versions(engine: Engine) -> tuple[int, int] | None:
    """Read the version of the engine's tables, 0 if there are none, and which one this program makes.

    None with a release of the engine that keeps its functions for this elsewhere.
    """
    try:
        from dbos._migration import get_migration_versions, get_sqlite_migration_versions  # noqa: PLC0415
    except ImportError:
        return None
    if engine.dialect.name == "sqlite":
        return get_sqlite_migration_versions(engine)
    return get_migration_versions(engine, ENGINE_SCHEMA, use_listen_notify=True)


@dataclass(slots=True)
class EngineDatabase:
    """The engine's database; on PostgreSQL with connections of ours, which survive a fail-over."""

    url: str
    _pool: EnginePool | None = None

    def location(self) -> Any:
        """Open it, and name it for DBOS; opening it runs no code from it."""
        refuse_code()
        parsed = parse_url(self.url)
        if is_sqlite(parsed):
            enable_wal(self.url)
            return {"system_database_url": self.url}
        self._pool = EnginePool(parsed)
        return {"system_database_engine": self._pool.engine}

    def close(self) -> None:
        """Close it once DBOS has ended."""
        if self._pool:
            self._pool.engine.dispose()

    def let_go(self) -> None:
        """Wait for a lost database no longer."""
        if self._pool:
            self._pool.let_go()

    def wake(self) -> None:
        """Look at once for queued workflows."""
        if self._pool:
            self._pool.wake()


def open_engine(engine_url: str, name: str) -> EngineDatabase:
    """Configure the engine of this process; `DBOS.launch` starts it."""
    put_aside_if_damaged(engine_url)
    database = EngineDatabase(engine_url)
    config = DBOSConfig(
        name="discount-bot",
        application_version="1",
        executor_id=name,
        serializer=JSON,
        max_executor_threads=16,
        enable_otlp=False,
        notification_coalesce_sec=NOTIFY_SECONDS,
        log_level="WARNING",
        db_engine_kwargs={"connect_args": {"factory": EngineConnection}},  # for SQLite; PostgreSQL's are ours
    )
    DBOS(config={**config, **database.location()})
    return database


async def close_engine(database: EngineDatabase) -> None:
    """Close the engine, and give the loop threads of its own again in place of the engine's."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor())
    database.let_go()
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=0)
    database.close()


def workflow_id(request: RequestId, round_: int) -> str:
    """Name the workflow of a request's round."""
    return f"{request}:{round_}"


async def delete_finished(before: datetime) -> None:
    """Delete the records of workflows that succeeded before a time."""
    while found := await DBOS.list_workflows_async(
        status="SUCCESS",
        end_time=before.isoformat(),
        limit=WORKFLOWS_PER_DELETE,
        load_input=False,
        load_output=False,
    ):
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in found])


async def forget_workflows(requests: Sequence[Request], engine: type[DBOS] | DBOSClient = DBOS) -> None:
    """Delete the records of these requests' workflows, failed ones with their errors too."""
    ids = [
        workflow_id(request.id, round_)
        for request in requests
        for round_ in range(1, request.round + ROUNDS_AHEAD + 1)
    ]
    await engine.delete_workflows_async(ids)


async def _nothing_to_forget(_requests: Sequence[Request]) -> None:
    """No engine has ever run here."""


@asynccontextmanager
async def workflows_from_outside(
    engine_url: str,
) -> AsyncIterator[Callable[[Sequence[Request]], Awaitable[None]]]:
    """Open the same for a process that runs no engine, as `discount-bot purge`; no file is made for it."""
    where = parse_url(engine_url)
    if is_sqlite(where) and not await asyncio.to_thread(Path(where.database or "").exists):
        yield _nothing_to_forget
        return
    database = EngineDatabase(engine_url)
    location = database.location()
    database.let_go()  # a command reports a lost database at once
    client = DBOSClient(**location, serializer=JSON)

    async def forget(requests: Sequence[Request]) -> None:
        try:
            await forget_workflows(requests, client)
        except (OperationalError, ProgrammingError) as error:
            if not any(sign in str(error.orig) for sign in NEVER_RAN):
                raise

    try:
        yield forget
    finally:
        await asyncio.to_thread(client.destroy)
        database.close()
