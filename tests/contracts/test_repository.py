"""The contract of the repository on both databases: customers and outcomes."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId, UserId
from bot.domain.requests.batches import MOST_OUTCOMES, BatchOutcome, Portion, Refused, Tally, Unsettled
from bot.domain.requests.request import State, StopReason, new_request_id
from bot.domain.rules.rule import Statistics
from bot.errors import LeaseLost
from tests.contracts.repository import RULE, giving, ids, over_one_database, reload, save, saved_request
from tests.support import hostile_values

# customers


async def test_customers_are_kept_in_portions_and_in_order(repository: SqlRepository) -> None:
    request = await giving(repository, ["e", "d", "c", "b", "a"], size=1, batches=2)
    assert await repository.portions(request.id) == 3
    assert [await repository.customers(request.id, at) for at in range(4)] == [
        ids("e", "d"),
        ids("c", "b"),
        ids("a"),
        (),
    ]


async def test_new_customers_replace_the_former_ones(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b", "c"], size=1, batches=1)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.put_packed(pack(ids("z"), portion=10))
    assert await repository.portions(request.id) == 1
    assert await repository.customers(request.id, 0) == ids("z")
    assert await repository.tally(request.id) == Tally(1)


@over_one_database
@given(customers=st.lists(hostile_values.texts, unique=True, min_size=1, max_size=20))
async def test_any_customer_ids_are_read_back_unchanged(
    repository: SqlRepository, customers: list[str]
) -> None:
    request = await giving(repository, customers, size=3)
    portions = [
        await repository.customers(request.id, at) for at in range(await repository.portions(request.id))
    ]
    assert [customer for portion in portions for customer in portion] == customers


async def test_a_hundred_thousand_customers_are_kept(repository: SqlRepository) -> None:
    request = await giving(
        repository, [f"customer-{number}" for number in range(100_000)], size=500, batches=8
    )
    assert await repository.portions(request.id) == 25
    assert (await repository.customers(request.id, 24))[-1] == "customer-99999"
    assert await repository.tally(request.id) == Tally(100_000)


# what came of it


async def test_a_portion_that_is_started_again_says_so(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b", "c", "d", "e"], size=2, batches=2)
    assert await repository.start_portion(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=False)
    assert await repository.start_portion(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=True)
    assert await repository.start_portion(request.id, 1) == Portion(ids("e"), again=False)
    assert await repository.start_portion(request.id, 2) is None


async def test_no_portion_starts_when_the_giving_must_stop(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b"], size=1)
    await save(repository, replace(request, cancel_asked_by=UserId("U1")))
    assert await repository.start_portion(request.id, 0) is None
    assert await repository.tally(request.id) == Tally(2)


async def test_started_batches_are_unknown_whether_the_giving_continues_or_not(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["a", "b", "c", "d", "e"], size=2, batches=1)
    other = await giving(repository, ["a", "b"], size=1)
    await save(repository, replace(request, cancel_asked_by=UserId("U1")))
    await repository.record_outcomes(request.id, BatchOutcome(1, 0, 2))
    await repository.mark_all_started(request.id)
    assert await repository.tally(request.id) == Tally(5, given=2, unknown=3)
    assert await repository.tally(other.id) == Tally(2)


async def test_an_outcome_replaces_the_earlier_outcome_of_its_batch(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["a", "b", "c", "d", "e"], size=4, batches=2)
    first = BatchOutcome(
        0, 0, 4, refused=(Refused(CustomerId("a"), "not\x00known"),), unknown=ids("b"), not_tried=ids("c")
    )
    other = BatchOutcome(0, 1, 1)
    await repository.record_outcomes(request.id, other)
    await repository.record_outcomes(request.id, first)
    assert await repository.outcomes(request.id, 0) == (first, other)
    second = replace(first, unknown=(), not_tried=())
    await repository.record_outcomes(request.id, second)
    assert await repository.outcomes(request.id, 0) == (second, other)
    assert await repository.outcomes(request.id, 1) == ()


@over_one_database
@given(
    refused=hostile_values.few(st.tuples(hostile_values.texts, hostile_values.texts)),
    unknown=hostile_values.few(hostile_values.texts),
)
async def test_any_outcome_is_read_back_unchanged(
    repository: SqlRepository, refused: tuple[tuple[str, str], ...], unknown: tuple[str, ...]
) -> None:
    request = await giving(repository, ["a"], size=10)
    whys = tuple(Refused(CustomerId(customer), why) for customer, why in refused)
    outcome = BatchOutcome(0, 0, 10, refused=whys, unknown=ids(*unknown))
    await repository.record_outcomes(request.id, outcome)
    assert await repository.outcomes(request.id, 0) == (outcome,)


async def test_the_four_outcomes_add_up_at_every_step(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=2)
    assert await repository.tally(request.id) == Tally(7)
    await repository.start_portion(request.id, 0)
    assert await repository.tally(request.id) == Tally(7, unknown=4)
    await repository.record_outcomes(
        request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("a"), "no"),))
    )
    assert await repository.tally(request.id) == Tally(7, given=1, refused=1, unknown=2)
    await repository.record_outcomes(request.id, BatchOutcome(0, 1, 2, unknown=ids("c"), not_tried=ids("d")))
    assert await repository.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await repository.start_portion(request.id, 0)
    assert await repository.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await repository.start_portion(request.id, 1)
    await repository.record_outcomes(request.id, BatchOutcome(0, 1, 2))
    assert await repository.tally(request.id) == Tally(7, given=3, refused=1, unknown=3)
    await repository.record_outcomes(request.id, BatchOutcome(1, 0, 2))
    await repository.record_outcomes(request.id, BatchOutcome(1, 1, 1))
    assert await repository.tally(request.id) == Tally(7, given=6, refused=1)
    assert await repository.tally(new_request_id()) == Tally(0)


async def test_refused_customers_are_listed_in_the_order_of_the_request(repository: SqlRepository) -> None:
    request = await giving(repository, [str(number) for number in range(40)], size=2, batches=2)

    async def refuse(portion: int, batch: int, *customers: str) -> None:
        refused = tuple(Refused(CustomerId(customer), f"no {customer}") for customer in customers)
        await repository.record_outcomes(request.id, BatchOutcome(portion, batch, 2, refused=refused))

    await refuse(9, 1, "39")
    await refuse(2, 1, "11", "10")
    await refuse(2, 0, "9")
    assert await repository.refused(request.id) == tuple(
        Refused(CustomerId(who), f"no {who}") for who in ("9", "10", "11", "39")
    )
    assert await repository.refused(new_request_id()) == ()


async def test_unsettled_customers_match_the_tally_at_every_step(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["g", "f", "e", "d", "c", "b", "a"], size=2, batches=2)

    async def left() -> Unsettled:
        unsettled, tally = await repository.left_out(request.id, most=100), await repository.tally(request.id)
        assert (len(unsettled.unknown), len(unsettled.not_tried)) == (tally.unknown, tally.not_tried)
        return unsettled

    assert await left() == Unsettled(not_tried=ids("g", "f", "e", "d", "c", "b", "a"))
    await repository.start_portion(request.id, 0)
    assert await left() == Unsettled(unknown=ids("g", "f", "e", "d"), not_tried=ids("c", "b", "a"))
    await repository.record_outcomes(request.id, BatchOutcome(0, 1, 2, unknown=ids("d"), not_tried=ids("e")))
    assert await left() == Unsettled(unknown=ids("g", "f", "d"), not_tried=ids("e", "c", "b", "a"))
    await repository.record_outcomes(
        request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("g"), "no"),))
    )
    await repository.start_portion(request.id, 1)
    await repository.record_outcomes(request.id, BatchOutcome(1, 1, 1, not_tried=ids("a")))
    assert await left() == Unsettled(unknown=ids("d", "c", "b"), not_tried=ids("e", "a"))
    await repository.record_outcomes(request.id, BatchOutcome(0, 1, 2))
    await repository.record_outcomes(request.id, BatchOutcome(1, 0, 2))
    await repository.record_outcomes(request.id, BatchOutcome(1, 1, 1))
    assert await left() == Unsettled()
    assert await repository.left_out(new_request_id(), most=100) == Unsettled()


@pytest.mark.parametrize("most", [0, 1, 3, 4, 6])
async def test_only_the_first_of_many_unsettled_customers_are_read(
    repository: SqlRepository, most: int
) -> None:
    request = await giving(repository, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=1)
    await repository.start_portion(request.id, 0)
    unsettled = await repository.left_out(request.id, most=most)
    assert unsettled == Unsettled(
        unknown=ids("a", "b")[:most], not_tried=ids("c", "d", "e", "f", "g")[: max(most - 2, 0)]
    )


async def test_customers_not_given_are_read_by_portion_in_order(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["g", "f", "e", "d", "c", "b", "a", "9", "8"], size=2, batches=2)
    for portion in (0, 1):
        await repository.start_portion(request.id, portion)
    await repository.record_outcomes(request.id, BatchOutcome(0, 0, 2, unknown=ids("f"), not_tried=ids("g")))
    await repository.record_outcomes(
        request.id, BatchOutcome(0, 1, 2, refused=(Refused(CustomerId("e"), "no"),))
    )
    for batch in (0, 1):
        await repository.record_outcomes(request.id, BatchOutcome(1, batch, 2))
    assert [
        [(one.row, one.customer) for one in portion] async for portion in repository.not_given(request.id)
    ] == [
        [(1, "g"), (2, "f"), (3, "e")],
        [(9, "8")],
    ]
    assert [portion async for portion in repository.not_given(new_request_id())] == []


async def test_giving_continues_until_somebody_cancels(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b"], size=1)
    assert await repository.may_continue(request.id)
    assert await repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))
    await save(repository, replace(request, cancel_asked_by=UserId("U1")))
    assert not await repository.may_continue(request.id)
    assert not await repository.record_outcomes(request.id, BatchOutcome(0, 1, 1))
    assert await repository.tally(request.id) == Tally(2, given=2)


async def test_giving_continues_until_a_stop_and_the_first_reason_stays(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["a"], size=1)
    await repository.request_stop(request.id, StopReason.SCOPE_MISSING, "403\x00")
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404")
    assert await reload(repository, request) == replace(
        request, stop=StopReason.SCOPE_MISSING, note="403\x00"
    )
    assert not await repository.may_continue(request.id)
    assert not await repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))


async def test_a_continued_round_can_be_stopped_again(
    repository: SqlRepository,
) -> None:
    request = await giving(repository, ["a"], size=1)
    await repository.request_stop(request.id, StopReason.SCOPE_MISSING, "403")
    await save(repository, replace(request, round=2, stop=None, note=""))
    assert await repository.may_continue(request.id)
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404")
    assert (await reload(repository, request)).stop is StopReason.RULE_GONE


@pytest.mark.parametrize("state", [state for state in State if state is not State.GIVING])
async def test_a_request_not_being_given_cannot_be_stopped_or_continue(
    repository: SqlRepository, state: State
) -> None:
    request = await saved_request(repository, state)
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404")
    assert await repository.find(request.id) == request
    assert not await repository.may_continue(request.id)


async def test_dinteros_last_answer_is_saved(repository: SqlRepository) -> None:
    request = await giving(repository, ["a"], size=1)
    await repository.answered(request.id, replace(RULE, statistics=Statistics(usage=1)))
    await repository.answered(request.id, replace(RULE, statistics=Statistics(usage=2)))
    found = await reload(repository, request)
    assert found == replace(request, last_answer=replace(RULE, statistics=Statistics(usage=2)))


async def test_outcomes_written_during_a_unit_of_work_are_not_lost(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b", "c"], size=1, batches=3)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        beside = [
            asyncio.create_task(repository.request_stop(request.id, StopReason.RULE_GONE, "404")),
            asyncio.create_task(repository.answered(request.id, RULE)),
            asyncio.create_task(repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))),
        ]
        await unit.votes()  # they begin meanwhile
        await unit.save(replace(unit.request, cancel_asked_by=UserId("U1")))
    await asyncio.gather(*beside)
    expected = replace(
        request, cancel_asked_by=UserId("U1"), stop=StopReason.RULE_GONE, note="404", last_answer=RULE
    )
    assert await repository.find(request.id) == expected
    assert (await repository.tally(request.id)).given == 1


async def test_eight_batches_can_record_outcomes_at_once(repository: SqlRepository) -> None:
    request = await giving(repository, [str(number) for number in range(64)], size=1, batches=8)
    outcomes = [BatchOutcome(portion, batch, 1) for portion in range(8) for batch in range(8)]
    assert all(
        await asyncio.gather(*(repository.record_outcomes(request.id, outcome) for outcome in outcomes))
    )
    assert await repository.tally(request.id) == Tally(64, given=64)


@pytest.mark.parametrize("together", [1, 2, 4, 5, 17, MOST_OUTCOMES])
async def test_outcomes_recorded_together_replace_earlier_ones(
    repository: SqlRepository, together: int
) -> None:
    who = [str(number) for number in range(2 * MOST_OUTCOMES)]
    request = await giving(repository, who, size=2, batches=8)
    unknown = [
        BatchOutcome(at // 8, at % 8, 2, unknown=ids(*who[2 * at : 2 * at + 2]))
        for at in range(0, together, 2)
    ]
    assert await repository.record_outcomes(request.id, *unknown)
    ends = [
        BatchOutcome(at // 8, at % 8, 2, refused=(Refused(CustomerId(who[2 * at]), "no"),))
        for at in range(together)
    ]
    assert await repository.record_outcomes(request.id, *ends)
    assert await repository.tally(request.id) == Tally(len(who), given=together, refused=together)
    assert [one.customer for one in await repository.refused(request.id)] == who[: 2 * together : 2]
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404")
    assert not await repository.record_outcomes(request.id, *ends)


async def test_only_the_last_holder_of_a_request_records_outcomes(repository: SqlRepository) -> None:
    request = await giving(repository, ["a", "b", "c", "d"], size=1, batches=2)
    older = await repository.claim(request.id)
    assert older
    assert await repository.start_portion(request.id, 0, fence=older)
    assert await repository.record_outcomes(request.id, BatchOutcome(0, 0, 1), fence=older)
    newer = await repository.claim(request.id)
    assert newer == older + 1
    for late in (
        repository.start_portion(request.id, 1, fence=older),
        repository.record_outcomes(request.id, BatchOutcome(0, 1, 1), fence=older),
    ):
        with pytest.raises(LeaseLost):
            await late
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404", fence=older)
    await repository.answered(request.id, RULE, fence=older)
    assert await reload(repository, request) == request
    assert await repository.tally(request.id) == Tally(4, given=1, unknown=1)
    assert await repository.start_portion(request.id, 1, fence=newer)
    assert await repository.record_outcomes(request.id, BatchOutcome(0, 1, 1), fence=newer)
    await repository.answered(request.id, RULE, fence=newer)
    await repository.request_stop(request.id, StopReason.RULE_GONE, "404", fence=newer)
    assert await reload(repository, request) == replace(
        request, last_answer=RULE, stop=StopReason.RULE_GONE, note="404"
    )
    assert await repository.start_portion(request.id, 0, fence=newer) is None
