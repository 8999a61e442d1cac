"""Reads the audit in tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.audit.verify import verify
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import Request
from tests.support.service_fixture import Office


@dataclass(frozen=True)
class ReadEntry:
    kind: str
    who: str | None
    facts: Mapping[str, Any]


async def told(repository: SqlRepository, *kinds: str) -> list[ReadEntry]:
    """Verify the audit, and read its rows in order."""
    assert (await verify(repository.audit)).fine
    rows = [ReadEntry(row.kind, row.who, json.loads(row.facts)) async for row in repository.audit.rows()]
    return [row for row in rows if not kinds or row.kind in kinds]


async def naming(repository: SqlRepository, customer: CustomerId) -> set[RequestId]:
    """List the requests that named a customer, by their rows of the audit."""
    return {RequestId(str(row.request)) async for row in repository.audit.rows(customer=customer)}


async def kinds(repository: SqlRepository) -> list[tuple[str, str | None]]:
    return [(row.kind, row.who) for row in await told(repository)]


async def given(office: Office, request: Request, *outcomes: BatchOutcome) -> None:
    begun = await office.preflight.begin(request.id)
    assert begun
    for outcome in outcomes:
        await office.repository.record_outcomes(request.id, outcome)
    await office.completion.finish(request.id, begun.round)
