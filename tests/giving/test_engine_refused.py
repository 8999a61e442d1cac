"""Few calls find the customers whom Dintero refuses, and the reason."""

import sqlite3
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dintero import Fault
from tests.support.engine_fixture import Ground, customers
from tests.support.interruptions import full_disk, over_one_ground


async def test_refused_customers_get_a_reason_and_all_others_get_the_discount(
    both: Ground,
) -> None:
    who = customers(16)
    both.sandbox.refuses.update({who[5], who[11]})
    request = await both.asked(who, size=8)
    tally = await both.give(request)
    assert (tally.given, tally.refused) == (14, 2)
    assert [(one.customer, one.why) for one in await both.repository.refused(request.id)] == [
        (who[5], "Validation failed (customers holds an id that is not valid)"),
        (who[11], "Validation failed (customers holds an id that is not valid)"),
    ]


async def test_if_all_are_refused_nobody_gets_it_and_nobody_is_left(ground: Ground) -> None:
    who = customers(7)
    ground.sandbox.refuses.update(who)
    tally = await ground.give(await ground.asked(who))
    assert (tally.given, tally.refused, tally.left) == (0, 7, 0)


@over_one_ground
@given(st.data(), st.integers(min_value=2, max_value=130), st.integers(min_value=1, max_value=4))
async def test_each_refused_customer_costs_few_calls_wherever_they_stand(
    ground: Ground, data: st.DataObject, number: int, refused: int
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), min_size=1, max_size=refused))
    ground.sandbox.refuses.update(bad)
    before = len(ground.ledger.calls)
    tally = await ground.give(await ground.asked(who, size=number))
    assert (tally.given, tally.refused) == (number - len(bad), len(bad))
    assert len(ground.ledger.calls) - before <= len(bad) * (1 + 2 * ceil(log2(number)))


async def test_the_search_for_refused_ids_stops_above_a_tenth_and_above_twenty(ground: Ground) -> None:
    who = customers(400)
    ground.sandbox.refuses.update(who[:100])
    tally = await ground.give(await ground.asked(who, size=200))
    assert tally.refused == 41
    assert tally.given >= 200
    assert tally.not_tried == 400 - 41 - tally.given
    assert tally.unknown == 0


async def test_twenty_refused_ids_are_all_found_however_few_were_asked_for(ground: Ground) -> None:
    who = customers(21)
    ground.sandbox.refuses.update(who[:20])
    tally = await ground.give(await ground.asked(who, size=21))
    assert (tally.given, tally.refused, tally.left) == (1, 20, 0)


async def test_a_batch_that_is_given_again_counts_its_refused_once(sqlite_url: str, ground: Ground) -> None:
    who = customers(100)
    ground.sandbox.refuses.update(who[:15])
    request = await ground.asked(who, size=50)
    run = await ground.claim(request)
    with full_disk(sqlite_url):
        for _ in range(2):
            with pytest.raises(sqlite3.IntegrityError):
                await run.portion(0)
    await run.portion(0)
    tally = await ground.truth(request)
    assert (tally.given, tally.refused, tally.left) == (85, 15, 0)


async def test_transient_failures_are_repeated_while_refused_ids_are_searched(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[3])
    ground.sandbox.faults.next(
        None, Fault.cut(after=True), Fault.broken(), None, Fault.no_json(), Fault.busy(0)
    )
    tally = await ground.give(await ground.asked(who, size=8))
    assert (tally.given, tally.refused) == (7, 1)
