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


async def test_a_batch_that_is_too_large_is_halved_and_nobody_is_refused(
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


async def test_refused_customers_are_found_in_a_batch_that_is_too_large(ground: Ground) -> None:
    who = customers(16)
    ground.sandbox.refuses.update({who[3], who[12]})
    request = await ground.asked(who, size=16)
    tally = await ground.give(request)
    assert (tally.given, tally.refused) == (14, 2)
    assert [one.customer for one in await ground.repository.refused(request.id)] == [who[3], who[12]]


async def test_a_single_customer_that_is_too_large_is_refused_with_the_reason(ground: Ground) -> None:
    ground.sandbox.limits.largest = 0
    request = await ground.asked(customers(2), size=2)
    assert (await ground.give(request)).refused == 2
    assert {one.why for one in await ground.repository.refused(request.id)} == {"too large for Dintero"}


async def test_a_request_whose_batches_are_all_too_large_is_given_completely(ground: Ground) -> None:
    ground.sandbox.limits.largest = 1
    tally = await ground.give(await ground.asked(customers(64), size=64))
    assert (tally.given, tally.refused, tally.left) == (64, 0, 0)


async def test_transient_failures_are_repeated_while_the_size_is_searched(ground: Ground) -> None:
    ground.sandbox.faults.next(None, Fault.cut(after=True), Fault.broken(), None, Fault.no_json())
    tally = await ground.give(await ground.asked(customers(16), size=16))
    assert (tally.given, tally.refused) == (16, 0)


async def test_a_size_is_learnt_from_the_second_refusal_that_both_halves_disprove(
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
