"""Each customer gets the discount exactly once, and the tally is true, after any transient failure."""

import asyncio
import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest

from bot.domain.requests.request import StopReason
from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault, Point
from tests.support.engine_fixture import RULE, Ground, InFlight, customers
from tests.support.interruptions import MAY_PASS, SLOW

CLOCKS_DIFFER = 0.002
"""Seconds by which the loop's clock and the ledger's may disagree on a wait."""


async def test_all_customers_get_it_once_in_batches_under_the_requests_key(both: Ground) -> None:
    who = customers(23)
    request = await both.asked(who, size=4, batches=2)
    tally = await both.give(request)
    assert tally.given == 23
    assert both.ledger.holders(RULE) == dict.fromkeys(who, 1)
    assert [call.count for call in both.ledger.calls] == [4, 4, 4, 4, 4, 3]
    assert {call.key for call in both.ledger.calls} == {request.once_key}


async def test_a_second_giving_makes_no_calls(both: Ground) -> None:
    request = await both.asked(customers(10))
    await both.give(request)
    calls = len(both.ledger.calls)
    assert (await both.give(request)).given == 10
    assert len(both.ledger.calls) == calls


async def test_the_rule_in_dinteros_last_answer_is_saved(ground: Ground) -> None:
    request = await ground.asked(customers(3))
    ground.sandbox.use(RULE, times=3)
    await ground.give(request)
    answer = (await ground.now(request)).last_answer
    before, after = ground.rule.statistics, answer.statistics if answer else None
    assert before
    assert after
    assert (after.usage or 0) - (before.usage or 0) == 3


async def test_customers_in_dinteros_answer_are_not_kept_or_told(ground: Ground) -> None:
    request = await ground.asked(customers(3))

    async def echo(_point: Point, _number: int) -> None:
        ground.sandbox.rules[RULE]["customers"] = ["C%40-IN-ANOTHER-SPELLING"]

    ground.sandbox.on_call = echo
    assert (await ground.give(request)).given == 3
    now = await ground.now(request)
    assert now.last_answer
    assert "SPELLING" in str(await ground.dintero.rule(RULE))
    assert "SPELLING" not in str(now)


@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_no_more_calls_are_under_way_than_the_policy_allows(ground: Ground, concurrency: int) -> None:
    in_flight = InFlight(concurrency)
    ground.sandbox.latency, ground.sandbox.on_call = 0.002, in_flight
    request = await ground.asked(customers(60), size=1, concurrency=concurrency)
    assert (await ground.give(request, lanes=True)).given == 60
    assert in_flight.most == concurrency


@pytest.mark.parametrize("fault", MAY_PASS.values(), ids=MAY_PASS)
async def test_transient_failures_are_repeated_under_the_same_key(ground: Ground, fault: Fault) -> None:
    request = await ground.asked(customers(12))
    ground.sandbox.faults.next(None, fault, fault)
    assert (await ground.give(request)).given == 12
    assert len(ground.ledger.calls) == 5
    assert {call.key for call in ground.ledger.calls} == {request.once_key}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_call_without_an_answer_in_time_is_repeated_under_the_same_key(
    hasty: Ground, fault: Fault
) -> None:
    request = await hasty.asked(customers(8))
    hasty.sandbox.faults.next(fault)
    assert (await hasty.give(request)).given == 8
    first, again, *_ = hasty.ledger.calls
    assert again.customers == first.customers
    assert {call.key for call in hasty.ledger.calls} == {request.once_key}


async def test_dintero_is_left_alone_for_as_long_as_it_asks(ground: Ground) -> None:
    request = await ground.asked(customers(2))
    ground.sandbox.faults.next(Fault.busy(1))
    assert (await ground.give(request)).given == 2
    turned_away, repeated = ground.ledger.calls
    assert (repeated.at - turned_away.at).total_seconds() >= 1 - CLOCKS_DIFFER


async def test_a_wait_longer_than_the_retry_policy_stops_the_giving_at_once(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.busy(3600))
    tally = await ground.give(request)
    assert (tally.given, tally.not_tried) == (0, 8)
    assert (await ground.now(request)).stop is StopReason.BUSY
    assert len(ground.ledger.calls) == 1


async def test_each_wait_is_as_long_as_patience_asks(ground: Ground) -> None:
    request = await ground.asked(customers(1))
    ground.sandbox.faults.next(*[Fault.cut()] * 5)
    await ground.give(request, retry_policy=RetryPolicy(first=0.01, longest=0.04, total=60, attempts=6))
    waits = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(ground.ledger.calls)]
    assert len(waits) == 5
    least = (0.01, 0.02, 0.04, 0.04, 0.04)
    assert [
        wait for wait, shortest in zip(waits, least, strict=True) if wait < shortest - CLOCKS_DIFFER
    ] == []


async def test_two_outcomes_a_slot_may_be_unwritten_before_calls_wait(
    sqlite_url: str, ground: Ground
) -> None:
    request, seen = await ground.asked(customers(20)), asyncio.Event()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:

        async def count(point: Point, number: int) -> None:
            if (point, number) == (Point.BEFORE, 1):
                other.execute("BEGIN IMMEDIATE")
            if (point, number) == (Point.AFTER, 2):
                seen.set()

        ground.sandbox.on_call = count
        giving = asyncio.create_task(ground.give(request))
        await asyncio.wait_for(seen.wait(), 10)
        for _ in range(50):
            await ground.repository.tally(request.id)
        assert len(ground.ledger.calls) == 2
        other.execute("ROLLBACK")
        assert (await giving).given == 20
