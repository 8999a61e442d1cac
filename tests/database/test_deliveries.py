"""A delivery writes once, however many copies of it arrive, and writes nothing after its answer."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.background.runner import DELIVERIES_KEPT
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.customers.packing import pack
from bot.domain.delivery import Delivery, handling
from bot.domain.ids import CustomerId
from bot.domain.requests.request import FormInput, State
from bot.errors import DatabaseUnavailable, DeliveredBefore
from bot.web.slack_endpoint import MAX_AGE_SECONDS
from tests.contracts.repository import new_draft
from tests.support.postgres import BUSY_SECONDS

CLICK = {"type": "block_actions", "trigger_id": "1.2"}


async def write(repository: SqlRepository, payload: dict[str, str] = CLICK) -> int:
    """Write twice for one payload, by both ways of writing, and count what was written."""
    with handling(payload) as delivery:
        draft = new_draft()
        await repository.open_draft(draft, FormInput())
        async with repository.unit_of_work(draft.id) as unit:
            assert unit
        return delivery.writes


async def test_all_writes_of_a_delivery_pass_and_none_of_a_copy(
    repository: SqlRepository, database_url: str
) -> None:
    assert await write(repository) == 2
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as another_process:
        for each in (repository, another_process):
            with pytest.raises(DeliveredBefore):
                await write(each)
    assert await write(repository, {**CLICK, "trigger_id": "another"}) == 2


async def test_of_copies_that_arrive_at_once_one_writes(repository: SqlRepository, database_url: str) -> None:
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as another_process:
        copies = [write(each) for each in (repository, another_process) * 5]
        written = await asyncio.gather(*copies, return_exceptions=True)
    assert sorted(map(str, written)) == ["2", *["Slack delivered this before"] * 9]


async def test_a_write_that_was_rolled_back_leaves_no_delivery(repository: SqlRepository) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput())
    with handling(CLICK) as delivery, pytest.raises(ZeroDivisionError):
        async with repository.unit_of_work(draft.id):
            raise ZeroDivisionError
    assert not delivery.writes
    assert await write(repository) == 2


async def test_deliveries_are_forgotten_once_no_signature_can_count(repository: SqlRepository) -> None:
    now = datetime.now(UTC)
    await write(repository)
    await repository.forget_deliveries(now - DELIVERIES_KEPT)
    with pytest.raises(DeliveredBefore):
        await write(repository)
    await repository.forget_deliveries(now + timedelta(minutes=1))
    assert await write(repository) == 2
    assert timedelta(seconds=2 * MAX_AGE_SECONDS) < DELIVERIES_KEPT


async def test_nothing_is_written_after_the_answer(repository: SqlRepository) -> None:
    first, later = new_draft(), new_draft()
    with handling(CLICK) as delivery:
        await repository.open_draft(first, FormInput())
        delivery.close()
        assert delivery.writes == 1
        with pytest.raises(DatabaseUnavailable):
            await repository.open_draft(later, FormInput())
    assert await repository.find(later.id) is None


async def test_a_transaction_that_is_open_at_the_answer_is_rolled_back(repository: SqlRepository) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput())

    async def answer_in_the_middle(delivery: Delivery) -> None:
        async with repository.unit_of_work(draft.id) as unit:
            assert unit
            await unit.put_packed(pack((CustomerId("c-1"),), portion=10))
            delivery.close()
            assert not delivery.writes

    with handling(CLICK) as delivery, pytest.raises(DatabaseUnavailable):
        await answer_in_the_middle(delivery)
    assert await repository.portions(draft.id) == 0


async def test_a_write_that_waits_for_a_lock_is_not_made_after_the_answer(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    drafts = [new_draft() for _ in range(3)]
    with closing(sqlite3.connect(parse_url(sqlite_url).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with handling(CLICK) as delivery:
            writes = [asyncio.ensure_future(sqlite_books.open_draft(draft, FormInput())) for draft in drafts]
        done, _ = await asyncio.wait(writes, timeout=0.1)
        assert not done
        delivery.close()
        assert not delivery.writes
        other.execute("ROLLBACK")
    refused = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(each) for each in refused] == [DatabaseUnavailable] * 3
    assert [await sqlite_books.find(draft.id) for draft in drafts] == [None] * 3


async def test_a_full_disk_at_the_commit_has_written_nothing(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    await sqlite_books._database.writer.execute_fetchall("PRAGMA max_page_count=1")  # type: ignore[attr-defined]  # noqa: SLF001
    large = FormInput(customers="c" * 3_000)
    with handling(CLICK) as delivery:
        drafts = [sqlite_books.open_draft(new_draft(), large) for _ in range(40)]
        ended = [await asyncio.gather(draft, return_exceptions=True) for draft in drafts]
    written = sum(not any(each) for each in ended)
    assert isinstance(ended[-1][0], DatabaseUnavailable)
    assert delivery.writes == written
    async with open_repository(sqlite_url) as books:
        assert len(await books.in_state(State.DRAFT)) == written
