"""The durable engine's records of workflows, and how they are deleted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from dbos import DBOS, DBOSClient
from sqlalchemy.exc import OperationalError, ProgrammingError

from bot.background.durable_engine import connect_engine
from bot.background.giving_workflow import workflow_id
from bot.background.serialization import JSON
from bot.database.connection import is_sqlite, parse_url
from bot.domain.requests.request import Request

WORKFLOWS_PER_DELETE: Final = 1_000
ROUNDS_AHEAD: Final = 5
"""How many rounds of a request may be missing in a restored backup."""
NEVER_RAN: Final = ("no such table", "does not exist")
"""Errors of a database on which no engine has ever run."""


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
    """Let a process without an engine forget workflows, as `discount-bot purge`; no file is made for it."""
    where = parse_url(engine_url)
    if is_sqlite(where) and not await asyncio.to_thread(Path(where.database or "").exists):
        yield _nothing_to_forget
        return
    location, pool = connect_engine(engine_url)
    if pool:
        pool.let_go()  # a command reports a lost database at once
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
        if pool:
            pool.engine.dispose()
