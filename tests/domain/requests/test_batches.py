from collections.abc import Sequence
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome, Refused, Tally, halves, too_many_refused


def customers(count: int) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(str(number)) for number in range(count))


def give_halving(batch: Sequence[CustomerId], refusing: set[CustomerId], calls: list[int]) -> set[CustomerId]:
    """Give to a batch with bad ids, and return the customers who were refused alone."""
    calls.append(len(batch))
    if not refusing & set(batch):
        return set()
    if len(batch) == 1:
        return set(batch)
    first, second = halves(batch)
    return give_halving(first, refusing, calls) | give_halving(second, refusing, calls)


@given(st.integers(min_value=2, max_value=5000))
def test_halves_are_all_of_a_batch_in_order_and_as_even_as_can_be(size: int) -> None:
    batch = customers(size)
    first, second = halves(batch)
    assert (*first, *second) == batch
    assert 0 <= len(first) - len(second) <= 1
    assert second


@given(st.data(), st.integers(min_value=1, max_value=2000))
def test_one_refused_id_is_found_in_as_few_calls_as_promised(data: st.DataObject, size: int) -> None:
    batch = customers(size)
    bad = batch[data.draw(st.integers(min_value=0, max_value=size - 1))]
    calls: list[int] = []
    assert give_halving(batch, {bad}, calls) == {bad}
    assert len(calls) <= 1 + 2 * ceil(log2(size))


@given(st.data(), st.integers(min_value=1, max_value=300))
def test_every_refused_id_is_found_within_that_many_calls_each(data: st.DataObject, size: int) -> None:
    batch = customers(size)
    bad = data.draw(st.sets(st.sampled_from(batch), min_size=1, max_size=20))
    calls: list[int] = []
    assert give_halving(batch, bad, calls) == bad
    assert len(calls) <= len(bad) * (1 + 2 * ceil(log2(size)))


@pytest.mark.parametrize(
    ("refused", "asked", "stops"),
    [
        (0, 0, False),
        (20, 20, False),
        (21, 21, True),
        (20, 100, False),
        (21, 209, True),
        (21, 210, False),
        (50, 500, False),
        (51, 500, True),
        (10_000, 100_000, False),
        (10_001, 100_000, True),
    ],
)
def test_the_search_for_refused_ids_stops_above_a_tenth_and_twenty(
    refused: int, asked: int, *, stops: bool
) -> None:
    assert too_many_refused(refused, asked) is stops


@given(*[st.integers(min_value=0, max_value=10**6)] * 4)
def test_the_four_outcomes_always_add_up(given_to: int, refused: int, unknown: int, not_tried: int) -> None:
    asked = given_to + refused + unknown + not_tried
    tally = Tally(asked, given=given_to, refused=refused, unknown=unknown)
    assert tally.not_tried == not_tried
    assert tally.left == unknown + not_tried
    assert tally.given + tally.refused + tally.left == asked


def test_a_customer_absent_from_an_outcome_received_the_discount() -> None:
    ann, bo, cy, di, *_ = customers(10)
    outcome = BatchOutcome(0, 3, 10, refused=(Refused(ann, "no"),), unknown=(bo,), not_tried=(cy, di))
    assert outcome.given == 6
