"""The clock that all processes on one database share."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import PutBackDetector, SystemClock
from bot.database.repositories.repository import SqlRepository
from bot.errors import DatabaseUnavailable

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Ticks:
    """Monotonic seconds, moved by hand; a query takes half of `takes` each way."""

    def __init__(self) -> None:
        self.at, self.takes = 1_000.0, 0.0

    def __call__(self) -> float:
        return self.at

    def asked(self, answer: datetime | None) -> Callable[[], Awaitable[datetime | None]]:
        async def ask() -> datetime | None:
            self.at += self.takes
            return answer

        return ask


async def test_the_clock_starts_from_the_databases_time_and_goes_on() -> None:
    ticks = Ticks()
    clock = SystemClock(ticks)
    await clock.sync(ticks.asked(NOON))
    assert clock.now() == NOON
    ticks.at += 90
    assert clock.now() == NOON + timedelta(seconds=90)


async def test_the_database_time_counts_for_the_middle_of_the_query() -> None:
    ticks = Ticks()
    ticks.takes = 2.0
    clock = SystemClock(ticks)
    await clock.sync(ticks.asked(NOON))
    assert clock.now() == NOON + timedelta(seconds=1)


async def test_the_clock_follows_a_changed_time_but_not_a_slow_answer() -> None:
    ticks = Ticks()
    clock = SystemClock(ticks)
    await clock.sync(ticks.asked(NOON))
    ticks.takes = 4.0
    await clock.sync(ticks.asked(NOON + timedelta(seconds=0.5)))  # somewhere within the four seconds
    assert clock.now() == NOON + timedelta(seconds=4)
    ticks.takes = 0.0
    await clock.sync(ticks.asked(NOON + timedelta(hours=1)))
    assert clock.now() == NOON + timedelta(hours=1)


async def test_the_clock_goes_on_if_the_database_does_not_answer() -> None:
    ticks = Ticks()
    clock = SystemClock(ticks)
    await clock.sync(ticks.asked(NOON))

    async def down() -> datetime | None:
        raise DatabaseUnavailable("down")

    ticks.at += 60
    with pytest.raises(DatabaseUnavailable):
        await clock.sync(down)
    assert clock.now() == NOON + timedelta(seconds=60)


async def test_without_a_database_clock_it_is_the_machines_time() -> None:
    ticks = Ticks()
    clock = SystemClock(ticks)
    await clock.sync(ticks.asked(None))
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_server_has_a_clock_and_a_file_has_none(repository: SqlRepository, database_url: str) -> None:
    told = await repository.time()
    if database_url.startswith("sqlite"):
        assert told is None
    else:
        assert told
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_that_is_put_back_is_noticed_once() -> None:
    detector = PutBackDetector()
    shown = [NOON, NOON, NOON + timedelta(seconds=1), NOON, NOON + timedelta(hours=1)]
    assert [detector.was_put_back(now) for now in shown] == [False, False, False, True, False]
