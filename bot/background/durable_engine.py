"""The durable engine: its database, and how it opens and closes."""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine

from bot.background.serialization import JSON, refuse_code
from bot.database.connection import is_sqlite, parse_url
from bot.database.engine_pool import EnginePool
from bot.database.sqlite import is_whole

ENGINE_SCHEMA: Final = "dbos"
"""The engine's schema on PostgreSQL."""
NOTIFY_SECONDS: Final = 1.0
"""How often the engine looks for notifications to send; here none waits for one. Its default is 10 ms."""
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


def connect_engine(url: str) -> tuple[Any, EnginePool | None]:
    """Name the engine's database for DBOS; on PostgreSQL with connections of ours, which survive a fail-over.

    Opening it runs no code from it.
    """
    refuse_code()
    parsed = parse_url(url)
    if is_sqlite(parsed):
        enable_wal(url)
        return {"system_database_url": url}, None
    pool = EnginePool(parsed)
    return {"system_database_engine": pool.engine}, pool


def open_engine(engine_url: str, name: str) -> EnginePool | None:
    """Configure the engine of this process; `DBOS.launch` starts it."""
    put_aside_if_damaged(engine_url)
    location, pool = connect_engine(engine_url)
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
    DBOS(config={**config, **location})
    return pool


async def close_engine(pool: EnginePool | None) -> None:
    """Close the engine, and give the loop threads of its own again in place of the engine's."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor())
    if pool:
        pool.let_go()
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=0)
    if pool:
        pool.engine.dispose()
