"""The durable engine: where it keeps its records, and how long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from datetime import datetime
from typing import Any, Final

from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from bot.domain.ids import RequestId

NEVER_RAN: Final = ("no such table", "does not exist")
"""Errors of a database on which no engine has ever run."""
IDLE_IN_TRANSACTION_SECONDS: Final = 5.0
"""How long a suspended process can block its peers."""


def engine_url(database_url: str) -> str:
    """Return the engine's database: for SQLite a second file, so that neither waits for the other."""
    if not database_url.startswith("sqlite"):
        return database_url
    return database_url.removesuffix(".db") + ".dbos.db"


def enable_wal(engine_url: str) -> None:
    """Switch the engine's SQLite file to a write-ahead log, which the file keeps.

    The engine's own journal mode takes 7.2 ms a step instead of 4.0; the first call waits for a step.
    """
    where = make_url(engine_url)
    if where.get_backend_name() == "sqlite" and where.database:
        with closing(sqlite3.connect(where.database)) as file:
            file.execute("PRAGMA journal_mode=WAL")


def open_engine(engine_url: str, name: str) -> None:
    """Configure the engine of this process; `DBOS.launch` starts it."""
    enable_wal(engine_url)
    DBOS(
        config=DBOSConfig(
            name="discount-bot",
            system_database_url=engine_url,
            application_version="1",
            executor_id=name,
            sys_db_idle_transaction_timeout_sec=IDLE_IN_TRANSACTION_SECONDS,
            max_executor_threads=16,
            enable_otlp=False,
            log_level="WARNING",
        )
    )


async def close_engine() -> None:
    """Close the engine, and give the loop threads of its own again in place of the engine's."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor())
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=0)


async def delete_finished(before: datetime) -> None:
    """Delete the records of workflows that succeeded before a time."""
    await _delete(DBOS, status="SUCCESS", end_time=before.isoformat(), limit=1000)


async def forget_workflows(requests: Sequence[RequestId], engine: type[DBOS] | DBOSClient = DBOS) -> None:
    """Delete the records of these requests' workflows, failed ones with their errors too."""
    await _delete(engine, workflow_id_prefix=[f"{request}:" for request in requests])


async def _delete(engine: type[DBOS] | DBOSClient, **which: Any) -> None:
    found = await engine.list_workflows_async(**which, load_input=False, load_output=False)
    if found:
        await engine.delete_workflows_async([workflow.workflow_id for workflow in found])


@asynccontextmanager
async def workflows_from_outside(
    engine_url: str,
) -> AsyncIterator[Callable[[Sequence[RequestId]], Awaitable[None]]]:
    """Open the same for a process that runs no engine, as `discount-bot purge`."""
    client = DBOSClient(system_database_url=engine_url)

    async def forget(requests: Sequence[RequestId]) -> None:
        try:
            await forget_workflows(requests, client)
        except (OperationalError, ProgrammingError) as error:
            if not any(sign in str(error.orig) for sign in NEVER_RAN):
                raise

    try:
        yield forget
    finally:
        await asyncio.to_thread(client.destroy)
