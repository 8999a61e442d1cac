from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.ids import RuleId
from bot.domain.rules.rule import (
    Item,
    ItemBundle,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    Rule,
    Statistics,
    WeeklyWindow,
    terms_of,
)

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
RULE = Rule(id=RuleId("r1"), reward=Reward(type="discount_amount", value=Decimal(10000)))

OTHER_REWARD = {
    "type": "discount_debit",
    "value": Decimal("10000.01"),
    "values": (ItemValue((Item("a"),), Decimal(1)),),
    "base": "net",
    "effect": "bonus",
}
OTHER_REQUIREMENT = {
    "purchase_from": NOW,
    "purchase_to": NOW,
    "item_quantity": Decimal(0),
    "items": (Item("a"),),
    "mixes": (ItemBundle(Decimal(1), reward_eligible=True, items=()),),
    "gross_amount": 0,
    "net_amount": 0,
    "stamp": 0,
    "discount_code": "",
    "store_ids": ("s",),
    "store": "{}",
    "customer": "{}",
    "currencies": "[]",
}
OTHER_LIMITATION = {
    "reward_usage": 1,
    "repeat_usage": 1,
    "combination": 0,
    "eligible": "receipt_eligible_for_discount",
    "hours": (WeeklyWindow("mon", "08:00", "12:00"),),
    "hours_timezone": "UTC",
    "stamp_expire_days": 1,
    "dynamic_purchase_to_days": 1,
    "deactivated_by": ("r2",),
    "blacklist": (Item("a"),),
}
OTHER_BINDING = {
    "id": RuleId("r2"),
    "type": "item",
    "active": False,
    "deleted_at": NOW,
    "unknown": (("reward.cap", "1"),),
}
OTHER_LOOSE = {
    "statistics": Statistics(stamp=1, usage=2, amount=3, debit_balance=4),
    "name": "another name",
    "description": "another description",
    "receipt_text": "another text",
    "private": True,
    "campaign_id": "c",
    "visible_from": NOW,
    "updated_at": NOW,
}


def with_other(part: str, changes: dict[str, Any]) -> Rule:
    return replace(RULE, **{part: replace(getattr(RULE, part), **changes)})


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        *(("reward", *change) for change in OTHER_REWARD.items()),
        *(("requirement", *change) for change in OTHER_REQUIREMENT.items()),
        *(("limitation", *change) for change in OTHER_LIMITATION.items()),
    ],
)
def test_a_change_of_any_binding_field_changes_the_terms(part: str, field: str, value: object) -> None:
    assert terms_of(with_other(part, {field: value})) != terms_of(RULE)


@pytest.mark.parametrize(("field", "value"), OTHER_BINDING.items())
def test_another_rule_or_an_inactive_one_has_other_terms(field: str, value: Any) -> None:
    assert terms_of(replace(RULE, **{field: value})) != terms_of(RULE)


@pytest.mark.parametrize(("field", "value"), OTHER_LOOSE.items())
def test_statistics_and_words_are_no_terms(field: str, value: Any) -> None:
    assert terms_of(replace(RULE, **{field: value})) == terms_of(RULE)


def test_every_field_is_either_binding_or_not() -> None:
    assert {field.name for field in fields(Reward)} == set(OTHER_REWARD)
    assert {field.name for field in fields(Requirement)} == set(OTHER_REQUIREMENT)
    assert {field.name for field in fields(Limitation)} == set(OTHER_LIMITATION)
    parts = {"reward", "requirement", "limitation"}
    assert {field.name for field in fields(Rule)} == parts | set(OTHER_BINDING) | set(OTHER_LOOSE)


@pytest.mark.parametrize(
    "path", ["reward.cap", "requirement.mixes.0.region", "limitation", "active", "deleted_at"]
)
def test_unknown_fields_count_in_binding_parts(path: str) -> None:
    one, other = (replace(RULE, unknown=((path, text),)) for text in ("1", "2"))
    assert terms_of(one) != terms_of(other)


@pytest.mark.parametrize(
    "path", ["statistics.current_stamp", "links.0.rel", "rewarded", "metadata.reward", "updated_at"]
)
def test_unknown_fields_elsewhere_do_not_count(path: str) -> None:
    assert terms_of(replace(RULE, unknown=((path, "1"),))) == terms_of(RULE)


def test_the_order_of_unknown_fields_does_not_count() -> None:
    unknown = (("reward.a", "1"), ("reward.b", "2"))
    assert terms_of(replace(RULE, unknown=unknown)) == terms_of(replace(RULE, unknown=unknown[::-1]))


@pytest.mark.parametrize("value", ["10000", "10000.0", "1E+4", "10000.000"])
def test_one_number_written_in_several_ways_has_the_same_terms(value: str) -> None:
    assert terms_of(with_other("reward", {"value": Decimal(value)})) == terms_of(RULE)


def test_one_time_in_two_time_zones_has_the_same_terms() -> None:
    oslo = NOW.astimezone(timezone(timedelta(hours=1)))
    assert terms_of(with_other("requirement", {"purchase_to": oslo})) == terms_of(
        with_other("requirement", {"purchase_to": NOW})
    )


def test_the_time_of_a_deletion_does_not_count() -> None:
    later = NOW + timedelta(days=1)
    assert terms_of(replace(RULE, deleted_at=NOW)) == terms_of(replace(RULE, deleted_at=later))


def test_the_terms_are_the_same_text_on_any_machine() -> None:
    assert terms_of(with_other("requirement", {"discount_code": "Påske"})).isascii()
    assert terms_of(RULE).startswith('{"active":true,"deleted":false,"id":"r1","limitation":{"blacklist":[],')
