"""Rewards, costs and statistics in words; nothing unknown is guessed or shown raw."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.domain.rules.rule import (
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
)
from bot.slack.language.texts import NORWEGIAN, use_language
from bot.slack.rendering.rules.rule_rewards import (
    availability_warning,
    cost_text,
    headline,
    items,
    reward_plain,
    statistics,
    statistics_line,
    status,
    validity,
    validity_to_the_minute,
)
from tests.support.samples import LOOK, RULE

UUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


def rule(kind: str, value: str, **changes: object) -> Rule:
    reward = replace(Reward(type=kind, value=Decimal(value)), **changes)  # type: ignore[arg-type]
    return replace(RULE, reward=reward, requirement=Requirement(), limitation=Limitation())


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (RewardType.AMOUNT, "10000", "NOK 100 off"),
        (RewardType.PERCENT, "10.5", "10.5% off"),
        (RewardType.ITEM_NEW_PRICE, "9900", "item for NOK 99"),
        (RewardType.ITEM_QUANTITY, "1", "1 item free"),
        (RewardType.ITEM_QUANTITY, "2", "2 items free"),
        (RewardType.ITEM_PERCENT, "25", "25% off the cheapest item"),
        (RewardType.MIX_NEW_PRICE, "14900", "combination for NOK 149"),
        (RewardType.DEBIT, "50000", "NOK 500 credit"),
        ("discount_moon", "7", "unknown reward"),
    ],
)
def test_every_type_has_its_headline(kind: str, value: str, words: str) -> None:
    assert plain(headline(rule(kind, value), LOOK)) == words


def test_every_documented_type_is_known() -> None:
    assert not [kind for kind in RewardType if "unknown" in headline(rule(kind, "1"), LOOK)]


def test_three_for_two() -> None:
    bought = replace(rule(RewardType.ITEM_QUANTITY, "1"), requirement=Requirement(item_quantity=Decimal(3)))
    assert headline(bought, LOOK) == "3 for 2"


def test_credit_stays_for_later() -> None:
    assert plain(reward_plain(rule(RewardType.DEBIT, "50000"), LOOK)) == (
        "NOK 500 credit · remainder kept for later"
    )


def test_other_values_for_some_items_are_named_in_the_rewards_own_unit() -> None:
    others = (
        ItemValue((Item("b71"), Item(group_id="g4")), Decimal(5000)),
        ItemValue((Item("x", "y"),), Decimal(123)),
    )
    words = plain(reward_plain(rule(RewardType.AMOUNT, "10000", values=others), LOOK))
    assert words == "NOK 100 off · NOK 50 on item b71 or group g4 · NOK 1.23 on item x (y)"
    percent = rule(RewardType.PERCENT, "10", values=(ItemValue((Item("b71"),), Decimal(20)),))
    assert reward_plain(percent, LOOK).endswith("20% on item b71")


def test_other_values_without_a_name_are_counted() -> None:
    others = (ItemValue((), Decimal(1)), ItemValue((Item("b71"),), Decimal(2)))
    assert reward_plain(rule(RewardType.PERCENT, "10", values=others), LOOK) == (
        "10% off · 2% on item b71 · +1 other amount"
    )


def test_the_ordinary_base_and_effect_go_without_saying() -> None:
    assert plain(reward_plain(rule(RewardType.AMOUNT, "100", base="net", effect="bonus"), LOOK)) == (
        "NOK 1 off · on the price after other discounts · as bonus, not off the receipt"
    )
    assert plain(reward_plain(rule(RewardType.AMOUNT, "100", base="moon", effect="sun"), LOOK)) == "NOK 1 off"


def test_the_cost_says_the_total_and_what_it_depends_on() -> None:
    def cost(uses: int | None) -> str:
        return plain(cost_text(Cost(each=10_000, customers=10, uses=uses), LOOK))

    assert cost(None) == "NOK 1,000 if each uses it once (no use limit)"
    assert cost(3) == "NOK 1,000 if each uses it once (max 3 uses)"
    assert cost(1) == "NOK 1,000 if each uses it (1 use)"
    assert cost_text(None, LOOK) == "Can't be calculated in advance. It depends on the purchase."


def test_statistics_say_how_much_a_rule_was_used() -> None:
    figures = Statistics(usage=31, amount=310_000, stamp=5, debit_balance=500)
    assert list(map(plain, statistics(figures, LOOK))) == [
        "Used 31 times",
        "Total discount: NOK 3,100",
        "Stamps: 5",
        "Credit left: NOK 5",
    ]
    assert statistics_line(Statistics(usage=1, stamp=2), LOOK) == "Used 1 time · Stamps: 2"


def test_missing_statistics_are_not_made_up() -> None:
    assert statistics(Statistics(usage=3), LOOK) == ["Used 3 times"]
    assert statistics(None, LOOK) == ["No statistics from Dintero"]
    assert statistics(Statistics(), LOOK) == ["No statistics from Dintero"]


def test_items_are_named_and_those_without_a_readable_id_counted() -> None:
    assert items((Item("ANY_ITEM"),)) == "any item"
    assert items(tuple(Item(str(n)) for n in range(8))) == "item 0, item 1, item 2, item 3, item 4 and 3 more"
    assert items((Item("b7"), Item(UUID))) == "item b7 and 1 more"
    assert items((Item(UUID), Item('{"a": 1}'))) == "2 items"


DATED = replace(
    RULE,
    requirement=Requirement(
        purchase_from=datetime(2026, 12, 5, 23, tzinfo=UTC),
        purchase_to=datetime(2027, 12, 31, 23, tzinfo=UTC),
    ),
)


def test_a_rule_that_cannot_be_used_now_says_since_when_or_from_when() -> None:
    told = {usable: availability_warning(DATED, usable, LOOK) for usable in Availability}
    assert told == {
        Availability.NOW: "",
        Availability.SCHEDULED: "Starts 6 Dec 2026",
        Availability.EXPIRED: "Expired on 31 Dec 2027",
        Availability.INACTIVE: "Inactive in Dintero",
        Availability.DELETED: "Deleted in Dintero",
    }
    assert [status(DATED, usable, LOOK) for usable in Availability] == [
        "active",
        "starts 6 Dec 2026",
        "ended 31 Dec 2027",
        "inactive",
        "deleted",
    ]


def test_a_rule_that_ends_at_midnight_is_valid_until_the_day_before() -> None:
    assert validity(DATED, LOOK) == "6 Dec 2026 – 31 Dec 2027"
    assert validity(replace(RULE, requirement=Requirement()), LOOK) == "always"


def test_details_say_the_time_of_day_where_it_counts() -> None:
    assert validity_to_the_minute(DATED, LOOK) == validity(DATED, LOOK)
    noon = replace(DATED, requirement=Requirement(purchase_to=datetime(2027, 1, 1, 11, tzinfo=UTC)))
    assert validity_to_the_minute(noon, LOOK) == "until 1 Jan 2027, 12:00 CET"


def test_money_and_percent_are_written_as_the_reader_writes_them() -> None:
    with use_language(NORWEGIAN):
        assert "100 kr" in plain(headline(rule(RewardType.AMOUNT, "10000"), LOOK))
        assert "15 %" in plain(headline(rule(RewardType.PERCENT, "15"), LOOK))
