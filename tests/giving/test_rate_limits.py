"""However little Dintero takes at once, everybody is given it, and no request is held up by another's size."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.batches import Tally
from bot.domain.requests.request import StopReason
from bot.giving.engine import GivingRun
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler
from sandbox.dintero import Fault, Point
from tests.support.engine_fixture import RULE, Ground, customers, open_ground, traffic_of

CALM = RetryPolicy(first=0.01, longest=0.05, total=20.0, attempts=20)
PATIENT = replace(CALM, total=3600.0)


@pytest.fixture
async def ground(sqlite_books: SqlRepository) -> AsyncIterator[Ground]:
    """SQLite and a Dintero, called by one process."""
    async with open_ground(sqlite_books) as opened:
        opened.scheduler = traffic_of(CALM)
        yield opened


async def test_a_rate_beyond_which_all_are_turned_away_loses_nobody(ground: Ground) -> None:
    ground.sandbox.limits.calls, ground.sandbox.limits.per = 12, 1.0
    requests = [await ground.asked(customers(40), concurrency=8) for _ in range(2)]
    tallies = await asyncio.gather(
        *(ground.give(request, lanes=True, retry_policy=CALM) for request in requests)
    )
    assert [tally.given for tally in tallies] == [40, 40]
    assert not ground.ledger.more_than_once(RULE)
    assert 0 < ground.sandbox.limits.turned_away <= 16


async def test_when_one_is_asked_to_wait_no_other_request_calls_meanwhile(ground: Ground) -> None:
    ground.sandbox.faults.next(Fault.busy(2))
    requests = [await ground.asked(customers(16), concurrency=4) for _ in range(3)]
    await asyncio.gather(*(ground.give(request, retry_policy=CALM) for request in requests))
    turned_away, *others = ground.ledger.calls
    after = [(call.at - turned_away.at).total_seconds() for call in others]
    assert min(seconds for seconds in after if seconds > 1.0) >= 1.99
    assert sum(seconds <= 1.0 for seconds in after) <= 3 * 4 - 1


async def test_a_request_for_one_is_done_while_a_huge_one_is_given(ground: Ground) -> None:
    ground.scheduler = CallScheduler(first=0.01, longest=0.05, most=2)
    huge, small = (
        await ground.asked(customers(128), size=1, concurrency=32, batches=64),
        await ground.asked(customers(1)),
    )
    ground.sandbox.latency, asked = 0.05, asyncio.Event()

    async def count(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 20):
            asked.set()

    ground.sandbox.on_call = count

    async def give_small() -> int:
        await asked.wait()
        before = len(ground.ledger.calls)
        await ground.give(small)
        return next(call.number for call in ground.ledger.calls if call.key == small.once_key) - before

    giving = asyncio.ensure_future(ground.give(huge, lanes=True))
    assert await asyncio.wait_for(give_small(), 60) <= 20
    assert not giving.done()
    assert (await giving).given == 128


async def test_a_wait_beyond_all_patience_that_another_was_told_of_stops_this_one_too_without_a_call(
    ground: Ground,
) -> None:
    first, second = await ground.asked(customers(4)), await ground.asked(customers(4))
    ground.sandbox.faults.next(Fault.busy(3600))
    await ground.give(first)
    tally = await ground.give(second)
    assert (tally.given, tally.not_tried) == (0, 4)
    assert (await ground.now(second)).stop is StopReason.BUSY
    assert len(ground.ledger.calls) == 1


async def test_of_a_dintero_that_is_down_all_requests_together_make_few_calls_and_all_stop(
    ground: Ground,
) -> None:
    retry_policy = RetryPolicy(first=0.05, longest=0.2, total=2.0, attempts=100)
    ground.scheduler = traffic_of(retry_policy)
    ground.sandbox.faults.always(Fault.broken(503))
    requests = [await ground.asked(customers(64), concurrency=4) for _ in range(4)]
    tallies = await asyncio.gather(*(ground.give(request, retry_policy=retry_policy) for request in requests))
    assert len(ground.ledger.calls) <= 16 + 5 + 2.0 / 0.2 * 2
    for request, tally in zip(requests, tallies, strict=True):
        assert tally.given == 0
        assert tally.unknown <= 16
        assert (await ground.now(request)).stop is StopReason.UNKNOWN_FOR_GOOD


async def test_once_it_is_back_all_requests_go_on_and_nobody_gets_it_twice(ground: Ground) -> None:
    ground.sandbox.faults.next(*[Fault.cut(after=True)] * 30)
    requests = [await ground.asked(customers(64), concurrency=4) for _ in range(4)]
    tallies = await asyncio.gather(*(ground.give(request, retry_policy=CALM) for request in requests))
    assert [tally.given for tally in tallies] == [64] * 4


async def waiting(ground: Ground, giving: asyncio.Future[Tally]) -> GivingRun:
    """Wait until a giving waits for Dintero."""
    assert ground.scheduler
    async with asyncio.timeout(60):
        while not (ground.scheduler.trouble and ground.run):
            await ground.repository.pause()
            assert not giving.done()
    return ground.run


@pytest.mark.parametrize("end", ["cancel", "close"])
async def test_a_cancel_and_a_closing_program_are_heard_at_once_while_dintero_is_left_alone(
    ground: Ground, end: str
) -> None:
    request = await ground.asked(customers(16), concurrency=2)
    ground.sandbox.faults.next(Fault.busy(600))
    giving = asyncio.ensure_future(ground.give(request, retry_policy=PATIENT))
    given = await waiting(ground, giving)
    if end == "cancel":
        await ground.cancel(request)
    else:
        ground.closing.set()
        given.recheck()
    async with asyncio.timeout(60):
        await asyncio.wait({giving})
    assert (giving.exception() is None) is (end == "cancel")
    tally = await ground.truth(request)
    assert tally.unknown == (0 if end == "cancel" else tally.asked - tally.given)


async def test_a_cancel_that_another_process_took_is_heard_soon_too(ground: Ground) -> None:
    request = await ground.asked(customers(16), concurrency=2)
    ground.sandbox.faults.next(Fault.busy(600))
    giving = asyncio.ensure_future(ground.give(request, retry_policy=PATIENT))
    await waiting(ground, giving)
    await ground.change(request, cancel_asked_by=request.requester)
    tally = await asyncio.wait_for(giving, 60)
    assert tally.unknown == 0
    assert tally.given <= 4
