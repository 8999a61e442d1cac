"""Whatever a killed process left is settled by the next one, or told as unknown."""

from dataclasses import replace
from math import ceil, log2

import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.requests.request import StopReason
from sandbox.dintero import Fault, Operation, Point
from tests.support.engine_fixture import RULE, Ground, customers, open_ground
from tests.support.interruptions import killed, killed_when
from tests.support.postgres import BUSY_SECONDS


@pytest.mark.parametrize("point", list(Point))
async def test_whatever_a_killed_process_left_is_settled_by_the_next(both: Ground, point: Point) -> None:
    request = await both.asked(customers(20), concurrency=2)
    await killed(both, request, point, 3)
    assert (await both.truth(request)).not_tried == 0
    tally = await both.give(request)
    assert tally.given == 20


@pytest.mark.parametrize("point", list(Point))
async def test_what_a_killed_process_may_have_given_is_unknown_when_it_cannot_be_settled(
    ground: Ground, point: Point
) -> None:
    request = await ground.asked(customers(12))
    await killed(ground, request, point, 2)
    ground.sandbox.faults.always(Fault.forbidden())
    tally = await ground.give(request)
    assert (tally.given, tally.unknown) == (4, 8)


async def test_a_cancel_before_the_next_start_leaves_unknown_what_a_killed_process_may_have_given(
    ground: Ground,
) -> None:
    request = await ground.asked(customers(12), batches=2)
    await killed(ground, request, Point.AFTER, 2)
    await ground.cancel(request)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 4)


async def test_halves_that_a_killed_process_may_have_given_are_never_told_as_not_tried(
    ground: Ground,
) -> None:
    who = customers(100)
    ground.sandbox.refuses.update({*who[:21], who[75]})
    request = await ground.asked(who, size=50, concurrency=2)
    await killed_when(
        ground,
        request,
        lambda point, number: (
            point is Point.AFTER and ground.ledger.calls[number - 1].customers == who[50:75]
        ),
    )
    assert ground.ledger.held(RULE, who[60]) == 1
    assert not ground.ledger.held(RULE, who[80])
    tally = await ground.give(replace(request, concurrency=1))
    assert (tally.given, tally.refused, tally.unknown, tally.not_tried) == (78, 22, 0, 0)


@pytest.mark.parametrize("point", list(Point))
async def test_of_a_hopeless_list_too_whatever_a_killed_process_left_is_settled(
    both: Ground, point: Point
) -> None:
    who = customers(100)
    both.sandbox.refuses.update(who)
    request = await both.asked(who, size=50)
    await killed(both, request, point, 1)
    before = len(both.ledger.calls)
    tally = await both.give(request)
    assert (tally.refused, tally.left) == (100, 0)
    assert (await both.now(request)).stop is None
    assert len(both.ledger.calls) - before <= 100 * (1 + 2 * ceil(log2(50)))


async def test_while_there_is_no_token_nothing_goes_out_and_nobody_is_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.tokens.revoke_all()
    ground.sandbox.faults.always(Fault.broken(503), on=Operation.TOKEN)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 0, 8)
    assert (await ground.now(request)).stop is StopReason.UNKNOWN_FOR_GOOD


async def test_a_token_that_cannot_be_had_at_first_holds_up_nobody_for_good(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.tokens.revoke_all()
    ground.sandbox.faults.next(Fault.cut(), Fault.busy(0), on=Operation.TOKEN)
    assert (await ground.give(request)).given == 8


async def test_what_may_have_been_given_before_the_token_was_lost_stays_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.next(Fault.cut(after=True))
    ground.sandbox.faults.always(Fault.unauthorized())
    ground.sandbox.faults.always(Fault.broken(503), on=Operation.TOKEN)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 4, 4)


async def test_both_databases_can_be_opened_again_where_a_giving_was_left(database_url: str) -> None:
    async with (
        open_repository(database_url, patience=BUSY_SECONDS) as repository,
        open_ground(repository) as ground,
    ):
        request = await ground.asked(customers(12))
        await killed(ground, request, Point.AFTER, 2)
        sandbox = ground.sandbox
        async with open_repository(database_url, patience=BUSY_SECONDS) as again:
            ground.repository = again
            assert (await ground.give(request)).given == 12
        assert not sandbox.ledger.more_than_once(RULE)
