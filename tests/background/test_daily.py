"""What is done once a day: each thing once, again where it failed, and neither for the other's sake."""

from collections.abc import AsyncIterator, Sequence

import pytest

from bot.background.daily import Daily
from bot.database.audit.log import Head
from bot.database.repositories.repository import SqlBooks, open_books
from bot.domain.ids import RequestId
from bot.domain.requests.audit_entries import Entry
from bot.services.retention import Purging
from tests.services.test_retention import nothing_else
from tests.support.clock import HandClock
from tests.support.service_fixture import BO, NOW, open_office, person


class Admins:
    """Whoever is told; away, they cannot be."""

    def __init__(self) -> None:
        self.told: list[Head] = []
        self.away = False

    async def tell(self, head: Head) -> None:
        if self.away:
            raise TimeoutError
        self.told.append(head)


def daily(books: SqlBooks, clock: HandClock, admins: Admins) -> Daily:
    purging = Purging(books=books, clock=clock, days=90, elsewhere=nothing_else)
    return Daily(purging, books.audit, clock, admins.tell)


@pytest.fixture
async def at(sqlite_url: str) -> AsyncIterator[tuple[SqlBooks, HandClock]]:
    clock = HandClock(NOW)
    async with open_books(sqlite_url, clock=clock) as books:
        yield books, clock


async def test_the_end_is_told_once_a_day_and_only_where_something_new_happened(
    at: tuple[SqlBooks, HandClock],
) -> None:
    books, clock = at
    admins = Admins()
    look = daily(books, clock, admins).look
    await books.record(Entry(kind="policy"))
    await look()
    assert admins.told == []
    for _ in range(3):
        await books.record(Entry(kind="tested"))
        await look()
    assert [head.seq for head in admins.told] == [2]
    clock.pass_by(days=1)
    await look()
    clock.pass_by(days=1)
    await look()
    assert [head.seq for head in admins.told] == [2, 5]
    assert [head.seq for head in await books.audit.heads()] == [2, 5]


async def test_an_end_that_could_not_be_told_is_told_with_the_next_look(
    at: tuple[SqlBooks, HandClock],
) -> None:
    books, clock = at
    admins = Admins()
    for _ in range(2):
        await books.record(Entry(kind="tested"))
    admins.away = True
    with pytest.raises(TimeoutError):
        await daily(books, clock, admins).look()
    assert await books.audit.heads() == ()
    admins.away = False
    await daily(books, clock, admins).look()
    assert len(await books.audit.heads()) == 1


async def test_a_purge_that_fails_keeps_nobody_from_being_told(at: tuple[SqlBooks, HandClock]) -> None:
    books, clock = at
    office = await open_office(books, clock=clock)
    request = await office.ask()
    await office.desk.reject(request.id, person(BO), "no")
    clock.pass_by(days=91)
    admins = Admins()

    async def fails(_requests: Sequence[RequestId]) -> None:
        raise ConnectionError

    purging = Purging(books=books, clock=clock, days=90, elsewhere=fails)
    with pytest.raises(ConnectionError):
        await Daily(purging, books.audit, clock, admins.tell).look()
    assert len(admins.told) == 1
    await daily(books, clock, admins).look()
    found = await books.find(request.id)
    assert found
    assert found.purged_at == clock.now()
