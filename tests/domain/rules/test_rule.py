from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import RuleId
from bot.domain.rules.rule import (
    NO_LIMIT,
    PRICED,
    Availability,
    Cost,
    Item,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    RewardType,
    Rule,
    Statistics,
    cost,
    difference,
    usable,
)

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
RULE = Rule(id=RuleId("r1"), reward=Reward(type="discount_amount", value=Decimal(10000)))


def rule_of(
    value: str,
    *others: str,
    kind: str = "discount_amount",
    reward_usage: int = NO_LIMIT,
    repeat_usage: int = NO_LIMIT,
) -> Rule:
    values = tuple(ItemValue((Item("a"),), Decimal(other)) for other in others)
    limitation = Limitation(reward_usage=reward_usage, repeat_usage=repeat_usage)
    return Rule(
        id=RuleId("r1"), reward=Reward(type=kind, value=Decimal(value), values=values), limitation=limitation
    )


@pytest.mark.parametrize(
    ("start", "end", "then"),
    [
        (None, None, Availability.NOW),
        (NOW, NOW, Availability.NOW),
        (NOW - MOMENT, NOW + MOMENT, Availability.NOW),
        (NOW + MOMENT, None, Availability.SCHEDULED),
        (None, NOW - MOMENT, Availability.EXPIRED),
        (NOW + MOMENT, NOW - MOMENT, Availability.EXPIRED),
    ],
)
def test_a_rule_can_be_given_up_to_and_including_its_last_moment(
    start: datetime | None, end: datetime | None, then: Availability
) -> None:
    assert usable(replace(RULE, requirement=Requirement(purchase_from=start, purchase_to=end)), NOW) is then


def test_deleted_comes_before_inactive_and_inactive_before_expired() -> None:
    expired = replace(RULE, requirement=Requirement(purchase_to=NOW - MOMENT))
    inactive = replace(expired, active=False)
    assert usable(inactive, NOW) is Availability.INACTIVE
    assert usable(replace(inactive, deleted_at=NOW), NOW) is Availability.DELETED


def test_the_price_is_the_largest_value_times_the_rewards_of_one_purchase() -> None:
    assert cost(rule_of("10000", "2500", "12000", reward_usage=3), 10) == Cost(
        each=36000, customers=10, uses=None
    )


@pytest.mark.parametrize("reward_usage", [NO_LIMIT, 0, 1])
def test_rewards_of_one_purchase_count_only_above_one(reward_usage: int) -> None:
    assert cost(rule_of("10000", reward_usage=reward_usage), 2) == Cost(each=10000, customers=2, uses=None)


def test_a_price_has_the_number_of_uses() -> None:
    assert cost(rule_of("10000", repeat_usage=3), 1) == Cost(each=10000, customers=1, uses=3)


@pytest.mark.parametrize("kind", [*RewardType, "discount_of_tomorrow"])
def test_only_amounts_and_credit_have_a_price(kind: str) -> None:
    assert (cost(rule_of("10000", kind=kind), 1) is not None) == (
        kind in {"discount_amount", "discount_debit"}
    )
    assert {"discount_amount", "discount_debit"} == PRICED


def test_a_fraction_of_a_minor_unit_costs_a_whole_one() -> None:
    priced = cost(rule_of("10.001"), 3)
    assert priced is not None
    assert priced.total == 33


@given(
    st.decimals(min_value=0, max_value=10**9, places=3),
    st.integers(min_value=1, max_value=100_000),
    st.integers(min_value=NO_LIMIT, max_value=50),
)
def test_a_price_is_never_below_the_reward(value: Decimal, customers: int, reward_usage: int) -> None:
    priced = cost(rule_of(str(value), reward_usage=reward_usage), customers)
    assert priced is not None
    assert (
        value * max(reward_usage, 1) * customers
        <= priced.total
        < (value * max(reward_usage, 1) + 1) * customers
    )


def test_a_difference_is_none_if_either_value_is_missing() -> None:
    before = Statistics(stamp=1, usage=2, amount=None, debit_balance=500)
    after = Statistics(stamp=4, usage=None, amount=7, debit_balance=300)
    assert difference(before, after) == Statistics(stamp=3, debit_balance=-200)
    assert difference(None, after) == difference(before, None) == Statistics()


def test_the_title_of_a_rule_without_a_name_is_its_id() -> None:
    assert replace(RULE, name=" Spar 100 ").title == "Spar 100"
    assert replace(RULE, name="  ").title == "r1"
