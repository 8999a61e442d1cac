"""Rewards, costs and statistics in words; nothing unknown is guessed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.rules.rule import (
    Cost,
    Item,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    RewardType,
    Rule,
    Statistics,
)
from bot.slack.rendering.request_facts import cost_line
from bot.slack.rendering.rule_rewards import items, rule_reward, statistics, unknown
from tests.support.samples import LOOK, RULE


def rule(kind: str, value: str, **changes: object) -> Rule:
    return replace(RULE, reward=replace(Reward(type=kind, value=Decimal(value)), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (RewardType.AMOUNT, "10000", "100.00 NOK off; reckoned from the gross price"),
        (RewardType.PERCENT, "10.5", "10.5 % off; reckoned from the gross price"),
        (RewardType.ITEM_NEW_PRICE, "4900", "the item for 49.00 NOK"),
        (RewardType.ITEM_QUANTITY, "1", "1 item free; reckoned from the gross price"),
        (RewardType.ITEM_PERCENT, "50", "50 % off the cheapest item; reckoned from the gross price"),
        (RewardType.MIX_NEW_PRICE, "9900", "the mix for 99.00 NOK; reckoned from the gross price"),
        (
            RewardType.DEBIT,
            "50000",
            (
                "credit of 500.00 NOK, what is left stays for later purchases, as far as its uses go; "
                "reckoned from the gross price"
            ),
        ),
        (
            "discount_moon",
            "7",
            "discount_moon 7 (a reward that this bot does not know); reckoned from the gross price",
        ),
    ],
)
def test_every_type_has_its_words(kind: str, value: str, words: str) -> None:
    assert rule_reward(rule(kind, value), LOOK) == words


def test_every_documented_type_is_known() -> None:
    assert not [kind for kind in RewardType if "does not know" in rule_reward(rule(kind, "1"), LOOK)]


def test_buy_three_pay_for_two() -> None:
    bought = replace(rule(RewardType.ITEM_QUANTITY, "1"), requirement=Requirement(item_quantity=Decimal(3)))
    assert rule_reward(bought, LOOK).startswith("buy 3, pay for 2 (1 item free)")


def test_credit_without_a_limit_stays_for_later() -> None:
    free = replace(rule(RewardType.DEBIT, "50000"), limitation=Limitation())
    assert "stays for later purchases; " in rule_reward(free, LOOK)


def test_other_values_for_some_items_are_named_in_the_rewards_own_unit() -> None:
    others = (
        ItemValue((Item("b71"), Item(group_id="g4")), Decimal(5000)),
        ItemValue((Item("x", "y"),), Decimal(1)),
    )
    words = rule_reward(rule(RewardType.AMOUNT, "10000", values=others), LOOK)
    assert "50.00 NOK for item b71 or group g4; 0.01 NOK for item x in group y" in words
    assert "20 % for item b71" in rule_reward(
        rule(RewardType.PERCENT, "10", values=(ItemValue((Item("b71"),), Decimal(20)),)), LOOK
    )


def test_base_and_effect_have_words_and_a_new_one_is_shown_raw() -> None:
    assert "after other discounts (net)" in rule_reward(rule(RewardType.AMOUNT, "1", base="net"), LOOK)
    assert "as bonus on the customer's balance" in rule_reward(
        rule(RewardType.AMOUNT, "1", effect="bonus"), LOOK
    )
    raw = rule_reward(rule(RewardType.AMOUNT, "1", base="moon", effect="sun"), LOOK)
    assert "base “moon”" in raw
    assert "effect “sun”" in raw


def test_the_cost_follows_the_design() -> None:
    assert cost_line(Cost(each=10_000, customers=10, uses=3), LOOK).startswith(
        "*Cost:* 10 × 100.00 NOK, each time it is used; up to 3 uses"
    )
    assert "; without limit" in cost_line(Cost(each=10_000, customers=10, uses=None), LOOK)
    assert cost_line(None, LOOK) == "*Cost:* cannot be said beforehand: it depends on what is bought"


def test_statistics_say_what_changed_since_the_request() -> None:
    before = Statistics(usage=28, amount=280_000, stamp=5, debit_balance=700)
    after = Statistics(usage=31, amount=310_000, stamp=5, debit_balance=500)
    assert statistics(before, after, LOOK) == [
        "Uses: 31 (+3 since it was asked)",
        "Amount given: 3,100.00 NOK (+300.00 NOK since it was asked)",
        "Stamps: 5 (unchanged since it was asked)",
        "Credit left: 5.00 NOK (−2.00 NOK since it was asked)",
    ]


def test_missing_statistics_are_not_made_up() -> None:
    assert statistics(None, Statistics(usage=3), LOOK) == ["Uses: 3"]
    assert statistics(None, None, LOOK) == ["Dintero sent no statistics"]
    assert statistics(Statistics(usage=1), Statistics(), LOOK) == ["Dintero sent no statistics"]


def test_unknown_fields_are_shown_as_sent_and_counted_when_many() -> None:
    shown = unknown(replace(RULE, unknown=tuple((f"reward.new{n}", '{"a":"<b>`"}') for n in range(12))))
    assert shown[0] == '`reward.new0`: `{"a":"&lt;b&gt;\'"}`'
    assert shown[-1] == "… and 2 more"


def test_any_item_and_many_items() -> None:
    assert items((Item("ANY_ITEM"),)) == "any item"
    assert items(tuple(Item(str(n)) for n in range(8))) == "item 0, item 1, item 2, item 3, item 4 and 3 more"
