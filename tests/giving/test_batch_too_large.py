"""A batch that is too large for Dintero shrinks, and no customer is refused for it."""

from collections.abc import AsyncIterator

import pytest

from bot.database.repositories.repository import SqlRepository
from sandbox.dintero import Fault
from tests.support.engine_fixture import AT_ONCE, RULE, Ground, customers, open_ground, traffic_of


@pytest.fixture
async def ground(repository: SqlRepository) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero that takes five at once."""
    async with open_ground(repository) as opened:
        opened.sandbox.limits.largest = 5
        yield opened


def sizes(ground: Ground, since: int = 0) -> list[int]:
    return [call.count for call in ground.ledger.calls[since:]]


async def test_a_batch_that_is_too_large_is_halved_until_it_goes_through_and_nobody_is_refused(
    ground: Ground,
) -> None:
    who = customers(16)
    tally = await ground.give(await ground.asked(who, size=16))
    assert (tally.given, tally.refused) == (16, 0)
    assert ground.ledger.holders(RULE) == dict.fromkeys(who, 1)
    assert sizes(ground) == [16, 8, 4, 4, 4, 4]


async def test_later_batches_are_cut_no_larger_and_evenly(ground: Ground) -> None:
    tally = await ground.give(await ground.asked(customers(30), size=10))
    assert tally.given == 30
    assert sizes(ground) == [10, 5, 5, 5, 5, 5, 5]


async def test_later_requests_of_the_process_are_cut_no_larger(ground: Ground) -> None:
    ground.scheduler = traffic_of(AT_ONCE)
    await ground.give(await ground.asked(customers(10), size=10))
    before = len(ground.ledger.calls)
    assert (await ground.give(await ground.asked(customers(20), size=10))).given == 20
    assert sizes(ground, before) == [5, 5, 5, 5]


async def test_who_is_refused_in_a_batch_that_is_too_large_stands_alone_all_the_same(ground: Ground) -> None:
    who = customers(16)
    ground.sandbox.refuses.update({who[3], who[12]})
    request = await ground.asked(who, size=16)
    tally = await ground.give(request)
    assert (tally.given, tally.refused) == (14, 2)
    assert [one.customer for one in await ground.repository.refused(request.id)] == [who[3], who[12]]


async def test_where_one_alone_is_too_large_that_one_is_refused_with_the_reason(ground: Ground) -> None:
    ground.sandbox.limits.largest = 0
    request = await ground.asked(customers(2), size=2)
    assert (await ground.give(request)).refused == 2
    assert {one.why for one in await ground.repository.refused(request.id)} == {
        "Dintero took this for too large"
    }


async def test_a_whole_list_that_is_too_large_is_not_hopeless(ground: Ground) -> None:
    ground.sandbox.limits.largest = 1
    tally = await ground.give(await ground.asked(customers(64), size=64))
    assert (tally.given, tally.refused, tally.left) == (64, 0, 0)


async def test_what_passes_is_repeated_while_the_size_is_looked_for(ground: Ground) -> None:
    ground.sandbox.faults.next(None, Fault.cut(after=True), Fault.broken(), None, Fault.no_json())
    tally = await ground.give(await ground.asked(customers(16), size=16))
    assert (tally.given, tally.refused) == (16, 0)


async def test_a_refusal_without_a_reason_in_its_customers_is_learnt_from_once_it_comes_again(
    ground: Ground,
) -> None:
    ground.sandbox.limits.unsaid = True
    tally = await ground.give(await ground.asked(customers(40), size=10))
    assert (tally.given, tally.refused) == (40, 0)
    assert sizes(ground) == [10, 5, 5, 10, 5, 5, 5, 5, 5, 5]


async def test_refused_customers_make_no_batch_smaller(ground: Ground) -> None:
    ground.scheduler = traffic_of(AT_ONCE)
    ground.sandbox.limits.largest = None
    who = customers(40)
    ground.sandbox.refuses.update(who[1::10])
    assert (await ground.give(await ground.asked(who, size=10))).given == 36
    before = len(ground.ledger.calls)
    await ground.give(await ground.asked(customers(20), size=10))
    assert sizes(ground, before) == [10, 10]
