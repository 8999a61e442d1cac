"""Daily tasks run once a day, again after a failure, and independently of each other."""

from collections.abc import AsyncIterator, Sequence

import pytest

from bot.background.daily import DailyTasks
from bot.database.audit.log import ChainHead
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import RequestId
from bot.domain.requests.audit_entries import Entry
from bot.services.retention import RetentionService
from tests.services.test_retention import nothing_else
from tests.support.clock import HandClock
from tests.support.service_fixture import BO, NOW, open_office, person


class Admins:
    """The admins; a notice fails while they are `away`."""

    def __init__(self) -> None:
        self.told: list[ChainHead] = []
        self.away = False

    async def tell(self, head: ChainHead) -> None:
        if self.away:
            raise TimeoutError
        self.told.append(head)


def daily(repository: SqlRepository, clock: HandClock, admins: Admins) -> DailyTasks:
    retention = RetentionService(repository=repository, clock=clock, days=90, elsewhere=nothing_else)
    return DailyTasks(retention, repository.audit, clock, admins.tell)


@pytest.fixture
async def at(sqlite_url: str) -> AsyncIterator[tuple[SqlRepository, HandClock]]:
    clock = HandClock(NOW)
    async with open_repository(sqlite_url, clock=clock) as repository:
        yield repository, clock


async def test_the_audit_head_is_sent_once_a_day_if_it_moved(
    at: tuple[SqlRepository, HandClock],
) -> None:
    repository, clock = at
    admins = Admins()
    run_once = daily(repository, clock, admins).run_once
    await repository.record(Entry(kind="policy"))
    await run_once()
    assert admins.told == []
    for _ in range(3):
        await repository.record(Entry(kind="tested"))
        await run_once()
    assert [head.seq for head in admins.told] == [2]
    clock.pass_by(days=1)
    await run_once()
    clock.pass_by(days=1)
    await run_once()
    assert [head.seq for head in admins.told] == [2, 5]
    assert [head.seq for head in await repository.audit.heads()] == [2, 5]


async def test_a_head_that_could_not_be_sent_is_sent_the_next_time(
    at: tuple[SqlRepository, HandClock],
) -> None:
    repository, clock = at
    admins = Admins()
    for _ in range(2):
        await repository.record(Entry(kind="tested"))
    admins.away = True
    with pytest.raises(TimeoutError):
        await daily(repository, clock, admins).run_once()
    assert await repository.audit.heads() == ()
    admins.away = False
    await daily(repository, clock, admins).run_once()
    assert len(await repository.audit.heads()) == 1


async def test_the_head_is_sent_even_if_the_purge_fails(at: tuple[SqlRepository, HandClock]) -> None:
    repository, clock = at
    office = await open_office(repository, clock=clock)
    request = await office.ask()
    await office.decisions.reject(request.id, person(BO), "no")
    clock.pass_by(days=91)
    admins = Admins()

    async def fails(_requests: Sequence[RequestId]) -> None:
        raise ConnectionError

    retention = RetentionService(repository=repository, clock=clock, days=90, elsewhere=fails)
    with pytest.raises(ConnectionError):
        await DailyTasks(retention, repository.audit, clock, admins.tell).run_once()
    assert len(admins.told) == 1
    await daily(repository, clock, admins).run_once()
    found = await repository.find(request.id)
    assert found
    assert found.purged_at == clock.now()
