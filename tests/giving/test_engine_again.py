"""Continued or killed, a giving ends with one outcome for each customer, and nobody gets it twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dintero import Fault, Point
from tests.support.engine_fixture import AT_ONCE, RULE, Ground, customers
from tests.support.interruptions import FINAL, MAY_PASS, at, killed, over_one_ground


async def test_continuing_gives_only_to_customers_without_the_discount(both: Ground) -> None:
    who = customers(20)
    both.sandbox.refuses.add(who[1])
    request = await both.asked(who)
    both.sandbox.faults.next(*[None] * 6)
    both.sandbox.faults.always(Fault.forbidden())
    first = await both.give(request)
    assert (first.given, first.refused) == (7, 1)
    both.sandbox.faults.clear()
    request, before = await both.next_round(request), len(both.ledger.calls)
    tally = await both.give(request)
    assert (tally.given, tally.refused, tally.left) == (19, 1, 0)
    assert {customer for call in both.ledger.calls[before:] for customer in call.customers} == set(who[8:])


async def test_continuing_settles_unknown_outcomes(both: Ground) -> None:
    request = await both.asked(customers(8))
    both.sandbox.faults.always(Fault.cut(after=True))
    assert (await both.give(request)).unknown == 4
    both.sandbox.faults.clear()
    assert (await both.give(await both.next_round(request))).given == 8


async def test_continuing_in_vain_keeps_unknown_and_not_tried_apart(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[0])
    request = await ground.asked(who, size=8)
    ground.sandbox.faults.next(*[None] * 6, *[Fault.cut(after=True)] * AT_ONCE.attempts)
    first = await ground.give(request)
    assert (first.refused, first.given, first.unknown, first.not_tried) == (1, 3, 4, 0)
    ground.sandbox.faults.always(Fault.forbidden())
    again = await ground.give(await ground.next_round(request))
    assert (again.refused, again.given, again.unknown, again.not_tried) == (1, 3, 4, 0)


@pytest.mark.parametrize("point", list(Point))
async def test_a_kill_in_a_later_round_turns_not_tried_into_unknown(both: Ground, point: Point) -> None:
    request = await both.asked(customers(8))
    both.sandbox.faults.always(Fault.forbidden())
    assert (await both.give(request)).not_tried == 8
    both.sandbox.faults.clear()
    request = await both.next_round(request)
    await killed(both, request, point, 2)
    assert (await both.truth(request)).unknown == 4
    await both.cancel(request)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 0)


async def test_a_cancel_right_before_a_later_rounds_batch_leaves_it_not_tried(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.forbidden())
    await ground.give(request)
    ground.sandbox.faults.clear()
    request = await ground.next_round(request)
    at(ground.sandbox, Point.AFTER, 1, lambda: ground.cancel(request))
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 0, 4)


ANY_FAULT = st.sampled_from([None, None, None, *MAY_PASS.values(), *(fault for fault, _ in FINAL.values())])


@over_one_ground
@given(
    number=st.integers(min_value=1, max_value=30),
    size=st.integers(min_value=1, max_value=9),
    concurrency=st.integers(min_value=1, max_value=4),
    rounds=st.lists(st.lists(ANY_FAULT, max_size=12), min_size=1, max_size=3),
    data=st.data(),
)
async def test_after_any_faults_each_customer_has_one_outcome_and_nobody_gets_it_twice(
    ground: Ground,
    number: int,
    size: int,
    concurrency: int,
    rounds: list[list[Fault | None]],
    data: st.DataObject,
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), max_size=3))
    ground.sandbox.refuses.update(bad)
    request = await ground.asked(who, size=size, concurrency=concurrency, batches=2)
    for faults in rounds:
        ground.sandbox.faults.clear()
        ground.sandbox.faults.next(*faults)
        await ground.give(request, lanes=True)
        request = await ground.next_round(request)
    ground.sandbox.faults.clear()
    tally = await ground.give(request, lanes=True)
    assert (tally.given, tally.refused, tally.left) == (number - len(bad), len(bad), 0)
    assert {customer for customer in ground.ledger.holders(RULE) if customer in who} == set(who) - bad


@over_one_ground
@given(
    number=st.integers(min_value=1, max_value=30),
    concurrency=st.integers(min_value=1, max_value=3),
    kills=st.lists(
        st.tuples(st.sampled_from(list(Point)), st.integers(min_value=1, max_value=12)),
        min_size=1,
        max_size=3,
    ),
    data=st.data(),
)
async def test_after_any_kill_each_customer_has_one_outcome_and_nobody_gets_it_twice(
    ground: Ground, number: int, concurrency: int, kills: list[tuple[Point, int]], data: st.DataObject
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), max_size=3))
    ground.sandbox.refuses.update(bad)
    request = await ground.asked(who, concurrency=concurrency, batches=2)
    for point, call in kills:
        await killed(ground, request, point, call, lanes=True)
    tally = await ground.give(request, lanes=True)
    assert (tally.given, tally.refused, tally.left) == (number - len(bad), len(bad), 0)
    assert {customer for customer in ground.ledger.holders(RULE) if customer in who} == set(who) - bad
