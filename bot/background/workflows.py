"""What the durable engine keeps of its workflows: where, for how long, and who goes on with those of a process that is gone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime
from typing import Final

import structlog
from dbos import DBOS, DBOSClient
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from bot.domain.ids import RequestId

NEVER_RAN: Final = ("no such table", "does not exist")
"""What the engine's database says where no engine has ever run on it."""
AGAIN: Final = 0.5
LONGEST_AGAIN: Final = 30.0
"""Seconds until a step is repeated, growing from one to the other."""
Do = Callable[[], Awaitable[None]]

log = structlog.get_logger()


def engine_url(database_url: str) -> str:
    """Say where the durable engine keeps its own records: on SQLite in a file beside ours, so that neither waits for the other."""
    if not database_url.startswith("sqlite"):
        return database_url
    return database_url.removesuffix(".db") + ".dbos.db"


def enable_wal(engine_url: str) -> None:
    """Let the engine's file be written ahead, which its file keeps: the engine itself opens it with a journal to be deleted each time.

    Measured: 4.0 in place of 7.2 ms a step, of which the first stands between a giving's start and its first call.
    """
    where = make_url(engine_url)
    if where.get_backend_name() == "sqlite" and where.database:
        with closing(sqlite3.connect(where.database)) as file:
            file.execute("PRAGMA journal_mode=WAL")


def started_here(handle: object) -> bool:
    """Say whether a workflow that was started has begun by that, here, and is none of before: only such a one comes with its task.

    Nothing about it needs to be looked up, for which its first call would wait.
    """
    return isinstance(getattr(handle, "task", None), asyncio.Future)


async def resume_orphans(left_by: Callable[[], Awaitable[Callable[[str], bool]]]) -> None:
    """Put the workflows of executors that are gone in line again; whichever process takes one from there is its only one.

    Who is gone is asked after the workflows were read: a process that has come since is none of them.
    """
    under_way = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
    if not under_way:
        return
    is_gone = await left_by()
    for workflow in under_way:
        if is_gone(workflow.executor_id or ""):
            log.info("taken over", workflow=workflow.workflow_id, from_replica=workflow.executor_id)
            await DBOS.resume_workflow_async(workflow.workflow_id)


async def run_step_or_fallback(step: Do, again: Do, closing: asyncio.Event) -> None:
    """Do a step, and do it once more outside of the engine where that could not write it down, its disk being full, say.

    The engine would let the whole workflow fail of it, and may even have kept this failure as what came of the step. To do it again
    is harmless: our own books know what is left.
    """
    try:
        await step()
    except SQLAlchemyError as error:
        log.error(  # noqa: TRY400
            "the durable engine could not write down a step; giving goes on without that", why=str(error)
        )
        await _until_done(again, closing)


async def _until_done(work: Do, closing: asyncio.Event) -> None:
    """Repeat it as the engine repeats a step, until the program closes."""
    wait = AGAIN
    while True:
        try:
            return await work()
        except Exception as failure:  # noqa: BLE001 - whatever it is, an exception would be the end of the giving
            log.warning("a step is tried again", why=str(failure), seconds=wait)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), wait)
            raise asyncio.CancelledError
        wait = min(wait * 1.5, LONGEST_AGAIN)


async def delete_finished(before: datetime) -> None:
    """Forget workflows that had succeeded before a moment."""
    over = await DBOS.list_workflows_async(
        status="SUCCESS", end_time=before.isoformat(), limit=1000, load_input=False, load_output=False
    )
    if over:
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in over])


async def forget_workflows(requests: Sequence[RequestId]) -> None:
    """Forget what this process's engine still has of requests: those that failed are kept otherwise, with their errors."""
    found = await DBOS.list_workflows_async(
        workflow_id_prefix=_prefixes(requests), load_input=False, load_output=False
    )
    if found:
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in found])


@asynccontextmanager
async def workflows_from_outside(
    engine_url: str,
) -> AsyncIterator[Callable[[Sequence[RequestId]], Awaitable[None]]]:
    """Forget the same where no engine runs in this process, as for `discount-bot purge`."""
    client = DBOSClient(system_database_url=engine_url)

    async def forget(requests: Sequence[RequestId]) -> None:
        try:
            found = await client.list_workflows_async(
                workflow_id_prefix=_prefixes(requests), load_input=False, load_output=False
            )
        except (OperationalError, ProgrammingError) as error:
            if any(sign in str(error.orig) for sign in NEVER_RAN):
                return
            raise
        if found:
            await client.delete_workflows_async([workflow.workflow_id for workflow in found])

    try:
        yield forget
    finally:
        await asyncio.to_thread(client.destroy)


async def close_engine() -> None:
    """Close the engine, and give the loop back the threads that the engine has put its own in the place of."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor())
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=0)


def _prefixes(requests: Sequence[RequestId]) -> list[str]:
    return [f"{request}:" for request in requests]
