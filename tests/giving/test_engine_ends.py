"""After a cancel or at the close, calls under way end, no other goes out, and the tally is true."""

import asyncio

import pytest

from bot.domain.ids import UserId
from bot.domain.requests.request import State
from bot.errors import RunInterrupted
from sandbox.dintero import Fault, Point
from tests.support.engine_fixture import Ground, customers
from tests.support.interruptions import at, closes


@pytest.mark.parametrize("point", list(Point))
async def test_after_a_cancel_the_call_under_way_ends_and_the_rest_is_not_tried(
    both: Ground, point: Point
) -> None:
    request = await both.asked(customers(20))
    at(both.sandbox, point, 2, lambda: both.cancel(request))
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (8, 0, 12)
    assert len(both.ledger.calls) == 2


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_a_cancel_in_another_process_takes_effect_with_the_next_outcome(
    both: Ground, concurrency: int
) -> None:
    request = await both.asked(customers(80), concurrency=concurrency)
    at(both.sandbox, Point.AFTER, 2, lambda: both.change(request, cancel_asked_by=UserId("U0ANN")))
    tally = await both.give(request)
    assert tally.unknown == 0
    assert tally.given == 4 * len(both.ledger.calls) <= 4 * (2 + 3 * concurrency)


async def test_all_customers_get_it_despite_constant_rechecks(ground: Ground) -> None:
    request = await ground.asked(customers(40), concurrency=3)

    async def doubt(_point: Point, _number: int) -> None:
        assert ground.run
        ground.run.recheck()

    ground.sandbox.on_call = doubt
    assert (await ground.give(request)).given == 40


async def test_a_cancel_ends_repeats_and_leaves_the_call_under_way_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.cut(after=True))
    at(ground.sandbox, Point.AFTER, 1, lambda: ground.cancel(request))
    tally = await ground.give(request)
    assert (tally.unknown, tally.not_tried) == (4, 4)
    assert len(ground.ledger.calls) == 1
    assert (await ground.now(request)).stop is None


async def test_nothing_goes_out_for_a_request_that_is_not_being_given(both: Ground) -> None:
    for state in set(State) - {State.GIVING}:
        request = await both.change(await both.asked(customers(2)), state=state)
        assert (await both.give(request)).not_tried == 2
    assert not both.ledger.calls


@pytest.mark.parametrize("point", list(Point))
async def test_a_closing_program_finishes_the_call_under_way_and_makes_no_other(
    both: Ground, point: Point
) -> None:
    request = await both.asked(customers(20), concurrency=2)
    at(both.sandbox, point, 3, closes(both))
    with pytest.raises(RunInterrupted):
        await both.give(request)
    stopped_at = len(both.ledger.calls)
    assert stopped_at <= 4
    assert (await both.truth(request)).given == stopped_at * 4
    both.closing = asyncio.Event()
    assert (await both.give(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_a_closing_program_repeats_nothing_and_the_next_start_settles_it(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.cut(after=True))
    at(ground.sandbox, Point.AFTER, 1, closes(ground))
    with pytest.raises(RunInterrupted):
        await ground.give(request)
    assert len(ground.ledger.calls) == 1
    assert (await ground.truth(request)).unknown == 8
    ground.sandbox.faults.clear()
    ground.closing = asyncio.Event()
    assert (await ground.give(request)).given == 8
