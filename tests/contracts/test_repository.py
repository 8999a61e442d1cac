"""What the books promise (`bot.domain.ports.Books`), on both databases: customers, and what came of giving to them."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlBooks
from bot.domain.ids import CustomerId, UserId
from bot.domain.requests.batches import MOST_OUTCOMES, BatchOutcome, LeftOut, Portion, Refused, Tally
from bot.domain.requests.request import State, StopReason, new_request_id
from bot.domain.rules.rule import Statistics
from bot.errors import TakenOver
from tests.contracts.repository import RULE, as_it_stands, change, giving, ids, kept, over_one_database
from tests.support import hostile_values

# customers


async def test_customers_are_kept_in_portions_and_in_order(books: SqlBooks) -> None:
    request = await giving(books, ["e", "d", "c", "b", "a"], size=1, batches=2)
    assert await books.portions(request.id) == 3
    assert [await books.customers(request.id, at) for at in range(4)] == [
        ids("e", "d"),
        ids("c", "b"),
        ids("a"),
        (),
    ]


async def test_customers_that_are_put_again_take_the_place_of_the_others(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c"], size=1, batches=1)
    async with books.page(request.id) as page:
        assert page
        await page.put_customers(ids("z"), portion=10)
    assert await books.portions(request.id) == 1
    assert await books.customers(request.id, 0) == ids("z")
    assert await books.tally(request.id) == Tally(1)


@over_one_database
@given(customers=st.lists(hostile_values.texts, unique=True, min_size=1, max_size=20))
async def test_customer_ids_come_back_whatever_they_hold(books: SqlBooks, customers: list[str]) -> None:
    request = await giving(books, customers, size=3)
    portions = [await books.customers(request.id, at) for at in range(await books.portions(request.id))]
    assert [customer for portion in portions for customer in portion] == customers


async def test_a_hundred_thousand_customers_are_kept(books: SqlBooks) -> None:
    request = await giving(books, [f"customer-{number}" for number in range(100_000)], size=500, batches=8)
    assert await books.portions(request.id) == 25
    assert (await books.customers(request.id, 24))[-1] == "customer-99999"
    assert await books.tally(request.id) == Tally(100_000)


# what came of it


async def test_a_portion_that_is_taken_up_again_says_so(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=2, batches=2)
    assert await books.take_up(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=False)
    assert await books.take_up(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=True)
    assert await books.take_up(request.id, 1) == Portion(ids("e"), again=False)
    assert await books.take_up(request.id, 2) is None


async def test_nothing_is_taken_up_of_a_giving_that_does_not_go_on(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b"], size=1)
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    assert await books.take_up(request.id, 0) is None
    assert await books.tally(request.id) == Tally(2)


async def test_what_may_have_gone_out_is_unknown_whether_the_giving_goes_on_or_not(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=2, batches=1)
    other = await giving(books, ["a", "b"], size=1)
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.may_have_gone_out(request.id)
    assert await books.tally(request.id) == Tally(5, given=2, unknown=3)
    assert await books.tally(other.id) == Tally(2)


async def test_what_came_of_a_batch_is_kept_and_takes_the_place_of_what_came_of_it_before(
    books: SqlBooks,
) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=4, batches=2)
    first = BatchOutcome(
        0, 0, 4, refused=(Refused(CustomerId("a"), "not\x00known"),), unknown=ids("b"), not_tried=ids("c")
    )
    other = BatchOutcome(0, 1, 1)
    await books.settle(request.id, other)
    await books.settle(request.id, first)
    assert await books.outcomes(request.id, 0) == (first, other)
    second = replace(first, unknown=(), not_tried=())
    await books.settle(request.id, second)
    assert await books.outcomes(request.id, 0) == (second, other)
    assert await books.outcomes(request.id, 1) == ()


@over_one_database
@given(
    refused=hostile_values.few(st.tuples(hostile_values.texts, hostile_values.texts)),
    unknown=hostile_values.few(hostile_values.texts),
)
async def test_an_outcome_comes_back_whatever_it_holds(
    books: SqlBooks, refused: tuple[tuple[str, str], ...], unknown: tuple[str, ...]
) -> None:
    request = await giving(books, ["a"], size=10)
    whys = tuple(Refused(CustomerId(customer), why) for customer, why in refused)
    outcome = BatchOutcome(0, 0, 10, refused=whys, unknown=ids(*unknown))
    await books.settle(request.id, outcome)
    assert await books.outcomes(request.id, 0) == (outcome,)


async def test_the_four_ends_add_up_at_every_step(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=2)
    assert await books.tally(request.id) == Tally(7)
    await books.take_up(request.id, 0)
    assert await books.tally(request.id) == Tally(7, unknown=4)
    await books.settle(request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("a"), "no"),)))
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=2)
    await books.settle(request.id, BatchOutcome(0, 1, 2, unknown=ids("c"), not_tried=ids("d")))
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await books.take_up(request.id, 0)
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await books.take_up(request.id, 1)
    await books.settle(request.id, BatchOutcome(0, 1, 2))
    assert await books.tally(request.id) == Tally(7, given=3, refused=1, unknown=3)
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.settle(request.id, BatchOutcome(1, 1, 1))
    assert await books.tally(request.id) == Tally(7, given=6, refused=1)
    assert await books.tally(new_request_id()) == Tally(0)


async def test_the_refused_are_told_in_the_order_they_were_asked_for(books: SqlBooks) -> None:
    request = await giving(books, [str(number) for number in range(40)], size=2, batches=2)

    async def refuse(portion: int, batch: int, *customers: str) -> None:
        refused = tuple(Refused(CustomerId(customer), f"no {customer}") for customer in customers)
        await books.settle(request.id, BatchOutcome(portion, batch, 2, refused=refused))

    await refuse(9, 1, "39")
    await refuse(2, 1, "11", "10")
    await refuse(2, 0, "9")
    assert await books.refused(request.id) == tuple(
        Refused(CustomerId(who), f"no {who}") for who in ("9", "10", "11", "39")
    )
    assert await books.refused(new_request_id()) == ()


async def test_who_is_left_out_is_told_at_every_step_as_the_tally_counts_them(books: SqlBooks) -> None:
    request = await giving(books, ["g", "f", "e", "d", "c", "b", "a"], size=2, batches=2)

    async def left() -> LeftOut:
        told, tally = await books.left_out(request.id, most=100), await books.tally(request.id)
        assert (len(told.unknown), len(told.not_tried)) == (tally.unknown, tally.not_tried)
        return told

    assert await left() == LeftOut(not_tried=ids("g", "f", "e", "d", "c", "b", "a"))
    await books.take_up(request.id, 0)
    assert await left() == LeftOut(unknown=ids("g", "f", "e", "d"), not_tried=ids("c", "b", "a"))
    await books.settle(request.id, BatchOutcome(0, 1, 2, unknown=ids("d"), not_tried=ids("e")))
    assert await left() == LeftOut(unknown=ids("g", "f", "d"), not_tried=ids("e", "c", "b", "a"))
    await books.settle(request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("g"), "no"),)))
    await books.take_up(request.id, 1)
    await books.settle(request.id, BatchOutcome(1, 1, 1, not_tried=ids("a")))
    assert await left() == LeftOut(unknown=ids("d", "c", "b"), not_tried=ids("e", "a"))
    await books.settle(request.id, BatchOutcome(0, 1, 2))
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.settle(request.id, BatchOutcome(1, 1, 1))
    assert await left() == LeftOut()
    assert await books.left_out(new_request_id(), most=100) == LeftOut()


@pytest.mark.parametrize("most", [0, 1, 3, 4, 6])
async def test_of_many_who_are_left_out_the_first_are_told(books: SqlBooks, most: int) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=1)
    await books.take_up(request.id, 0)
    told = await books.left_out(request.id, most=most)
    assert told == LeftOut(
        unknown=ids("a", "b")[:most], not_tried=ids("c", "d", "e", "f", "g")[: max(most - 2, 0)]
    )


async def test_who_was_not_given_it_is_read_by_portion_as_they_were_asked_for(books: SqlBooks) -> None:
    request = await giving(books, ["g", "f", "e", "d", "c", "b", "a", "9", "8"], size=2, batches=2)
    for portion in (0, 1):
        await books.take_up(request.id, portion)
    await books.settle(request.id, BatchOutcome(0, 0, 2, unknown=ids("f"), not_tried=ids("g")))
    await books.settle(request.id, BatchOutcome(0, 1, 2, refused=(Refused(CustomerId("e"), "no"),)))
    for batch in (0, 1):
        await books.settle(request.id, BatchOutcome(1, batch, 2))
    assert [
        [(one.row, one.customer) for one in portion] async for portion in books.not_given(request.id)
    ] == [
        [(1, "g"), (2, "f"), (3, "e")],
        [(9, "8")],
    ]
    assert [portion async for portion in books.not_given(new_request_id())] == []


async def test_giving_goes_on_until_somebody_cancels(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b"], size=1)
    assert await books.goes_on(request.id)
    assert await books.settle(request.id, BatchOutcome(0, 0, 1))
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    assert not await books.goes_on(request.id)
    assert not await books.settle(request.id, BatchOutcome(0, 1, 1))
    assert await books.tally(request.id) == Tally(2, given=2)


async def test_giving_goes_on_until_there_is_a_reason_to_stop_and_the_first_reason_stands(
    books: SqlBooks,
) -> None:
    request = await giving(books, ["a"], size=1)
    await books.halt(request.id, StopReason.SCOPE_MISSING, "403\x00")
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert await as_it_stands(books, request) == replace(
        request, stop=StopReason.SCOPE_MISSING, note="403\x00"
    )
    assert not await books.goes_on(request.id)
    assert not await books.settle(request.id, BatchOutcome(0, 0, 1))


async def test_a_new_round_that_was_continued_goes_on_and_can_be_stopped_anew(books: SqlBooks) -> None:
    request = await giving(books, ["a"], size=1)
    await books.halt(request.id, StopReason.SCOPE_MISSING, "403")
    await change(books, replace(request, round=2, stop=None, note=""))
    assert await books.goes_on(request.id)
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert (await as_it_stands(books, request)).stop is StopReason.RULE_GONE


@pytest.mark.parametrize("state", [state for state in State if state is not State.GIVING])
async def test_what_is_not_being_given_cannot_be_stopped_and_does_not_go_on(
    books: SqlBooks, state: State
) -> None:
    request = await kept(books, state)
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert await books.find(request.id) == request
    assert not await books.goes_on(request.id)


async def test_dinteros_last_answer_is_kept(books: SqlBooks) -> None:
    request = await giving(books, ["a"], size=1)
    await books.answered(request.id, replace(RULE, statistics=Statistics(usage=1)))
    await books.answered(request.id, replace(RULE, statistics=Statistics(usage=2)))
    found = await as_it_stands(books, request)
    assert found == replace(request, last_answer=replace(RULE, statistics=Statistics(usage=2)))


async def test_what_happens_beside_an_open_page_is_not_lost_by_it(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c"], size=1, batches=3)
    async with books.page(request.id) as page:
        assert page
        beside = [
            asyncio.create_task(books.halt(request.id, StopReason.RULE_GONE, "404")),
            asyncio.create_task(books.answered(request.id, RULE)),
            asyncio.create_task(books.settle(request.id, BatchOutcome(0, 0, 1))),
        ]
        await page.votes()  # they begin meanwhile
        await page.keep(replace(page.request, cancel_asked_by=UserId("U1")))
    await asyncio.gather(*beside)
    expected = replace(
        request, cancel_asked_by=UserId("U1"), stop=StopReason.RULE_GONE, note="404", last_answer=RULE
    )
    assert await books.find(request.id) == expected
    assert (await books.tally(request.id)).given == 1


async def test_eight_lanes_can_settle_at_once(books: SqlBooks) -> None:
    request = await giving(books, [str(number) for number in range(64)], size=1, batches=8)
    outcomes = [BatchOutcome(portion, batch, 1) for portion in range(8) for batch in range(8)]
    assert all(await asyncio.gather(*(books.settle(request.id, outcome) for outcome in outcomes)))
    assert await books.tally(request.id) == Tally(64, given=64)


@pytest.mark.parametrize("together", [1, 2, 4, 5, 17, MOST_OUTCOMES])
async def test_outcomes_that_come_together_are_written_together_over_earlier_ones(
    books: SqlBooks, together: int
) -> None:
    who = [str(number) for number in range(2 * MOST_OUTCOMES)]
    request = await giving(books, who, size=2, batches=8)
    unknown = [
        BatchOutcome(at // 8, at % 8, 2, unknown=ids(*who[2 * at : 2 * at + 2]))
        for at in range(0, together, 2)
    ]
    assert await books.settle(request.id, *unknown)
    ends = [
        BatchOutcome(at // 8, at % 8, 2, refused=(Refused(CustomerId(who[2 * at]), "no"),))
        for at in range(together)
    ]
    assert await books.settle(request.id, *ends)
    assert await books.tally(request.id) == Tally(len(who), given=together, refused=together)
    assert [one.customer for one in await books.refused(request.id)] == who[: 2 * together : 2]
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert not await books.settle(request.id, *ends)


async def test_only_who_took_a_request_last_writes_what_came_of_it(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d"], size=1, batches=2)
    older = await books.claim(request.id)
    assert older
    assert await books.take_up(request.id, 0, fence=older)
    assert await books.settle(request.id, BatchOutcome(0, 0, 1), fence=older)
    newer = await books.claim(request.id)
    assert newer == older + 1
    for late in (
        books.take_up(request.id, 1, fence=older),
        books.settle(request.id, BatchOutcome(0, 1, 1), fence=older),
    ):
        with pytest.raises(TakenOver):
            await late
    await books.halt(request.id, StopReason.RULE_GONE, "404", fence=older)
    await books.answered(request.id, RULE, fence=older)
    assert await as_it_stands(books, request) == request
    assert await books.tally(request.id) == Tally(4, given=1, unknown=1)
    assert await books.take_up(request.id, 1, fence=newer)
    assert await books.settle(request.id, BatchOutcome(0, 1, 1), fence=newer)
    await books.answered(request.id, RULE, fence=newer)
    await books.halt(request.id, StopReason.RULE_GONE, "404", fence=newer)
    assert await as_it_stands(books, request) == replace(
        request, last_answer=RULE, stop=StopReason.RULE_GONE, note="404"
    )
    assert await books.take_up(request.id, 0, fence=newer) is None
