"""Fences, in the cases that only the database itself can decide."""

import pytest
from sqlalchemy import create_engine, insert, update

from bot.database.connection import Statement, parse_url
from bot.database.repositories.repository import SqlRepository
from bot.database.schema import replicas, requests
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import new_request_id
from bot.errors import LeaseLost
from tests.contracts.repository import giving, ids


def _run(url: str, statement: Statement) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


async def test_an_older_fence_never_overwrites_the_outcome_of_a_newer_one(
    repository: SqlRepository, database_url: str
) -> None:
    request = await giving(repository, ["a", "b"], size=1)
    older, newer = await repository.claim(request.id), await repository.claim(request.id)
    await repository.record_outcomes(request.id, BatchOutcome(0, 0, 1), fence=newer)
    _run(database_url, update(requests).values(fence=older))
    late = BatchOutcome(0, 0, 1, unknown=ids("a"))
    for lot in ((late,), (late, BatchOutcome(0, 1, 1))):
        with pytest.raises(LeaseLost):
            await repository.record_outcomes(request.id, *lot, fence=older)
        assert (await repository.outcomes(request.id, 0))[0] == BatchOutcome(0, 0, 1)


async def test_a_process_whose_term_is_over_claims_nothing(
    repository: SqlRepository, database_url: str
) -> None:
    request = await giving(repository, ["a"], size=1)
    assert await repository.claim(request.id, term=7) is None
    _run(database_url, insert(replicas).values(term=7, name="one", until=0))
    assert await repository.claim(request.id, term=7) == 1
    assert await repository.claim(new_request_id(), term=7) is None
