"""What the tests of the audit read it by."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.audit.verify import verify
from bot.database.repositories.repository import SqlBooks
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import Request
from tests.support.service_fixture import Office


@dataclass(frozen=True)
class Told:
    kind: str
    who: str | None
    facts: Mapping[str, Any]


async def told(books: SqlBooks, *kinds: str) -> list[Told]:
    """Read what the audit tells, in order."""
    assert (await verify(books.audit)).fine
    rows = [Told(row.kind, row.who, json.loads(row.facts)) async for row in books.audit.rows()]
    return [row for row in rows if not kinds or row.kind in kinds]


async def kinds(books: SqlBooks) -> list[tuple[str, str | None]]:
    return [(row.kind, row.who) for row in await told(books)]


async def given(office: Office, request: Request, *outcomes: BatchOutcome) -> None:
    begun = await office.starting.begin(request.id)
    assert begun
    for outcome in outcomes:
        await office.books.settle(request.id, outcome)
    await office.ending.finish(request.id, begun.round)
