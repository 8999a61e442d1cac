"""The differences between two rules: all of them, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.ids import RuleId
from bot.domain.rules.rule import (
    Change,
    Item,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    Rule,
    Statistics,
    WeeklyWindow,
    changes,
    terms_of,
)
from bot.slack.rendering.rules import rule_changes
from tests.support import samples
from tests.support.samples import LONG, LONG_RULE, LOOK

OLD = Rule(id=RuleId("r"), name="Ten", reward=Reward(type="discount_percent", value=Decimal(10)))
CASES: list[tuple[dict[str, Any], list[Change], str]] = [
    ({}, [], ""),
    (
        {
            "name": "Twelve",
            "description": "x",
            "statistics": Statistics(usage=7),
            "updated_at": datetime.now(UTC),
        },
        [],
        "",
    ),
    ({"reward": Reward(type="discount_percent", value=Decimal("10.0"))}, [], ""),
    (
        {"reward": Reward(type="discount_percent", value=Decimal(15))},
        [Change("reward.value", "10", "15")],
        "• Reward: 10% off → 15% off",
    ),
    (
        {"reward": Reward(type="discount_amount", value=Decimal(10))},
        [Change("reward.type", "discount_percent", "discount_amount")],
        "• Reward: 10% off → NOK 0.10 off",
    ),
    ({"active": False}, [Change("active", True, False)], "• Active: yes → no"),
    ({"deleted_at": datetime.now(UTC)}, [Change("deleted", False, True)], "• Deleted: no → yes"),
    (
        {"requirement": Requirement(purchase_to=datetime(2027, 1, 1, tzinfo=UTC))},
        [Change("requirement.purchase_to", None, "2027-01-01T00:00:00+00:00")],
        "• Valid: always → until 1 Jan 2027, 01:00 CET",
    ),
    (
        {"limitation": Limitation(repeat_usage=3)},
        [Change("limitation.repeat_usage", -1, 3)],
        "• Number of uses: no limit → 3",
    ),
    (
        {"limitation": Limitation(combination=0)},
        [Change("limitation.combination", -1, 0)],
        "• Together with other discounts: yes → no",
    ),
    (
        {"requirement": Requirement(gross_amount=50_000)},
        [Change("requirement.gross_amount", None, 50_000)],
        "• Minimum purchase: not set → NOK 500",
    ),
    (
        {"limitation": Limitation(hours=(WeeklyWindow("mon", "08:00", "10:00"),))},
        [Change("limitation.hours", [], [{"day": "mon", "start": "08:00", "end": "10:00"}])],
        "• Hours: not set → Mon 08:00–10:00",
    ),
    (
        {"limitation": Limitation(blacklist=(Item("a"),))},
        [Change("limitation.blacklist", [], [{"id": "a", "group_id": None}])],
        "• Never on: not set → item a",
    ),
    (
        {"unknown": (("reward.cap", "5"), ("colour", "1"))},
        [Change("unknown reward.cap", None, ["5"])],
        "• 1 change this bot can't read",
    ),
]


def side_by_side(old: Rule, new: Rule) -> list[str]:
    return rule_changes.changed(replace(samples.REQUEST, rule_before=old, rule=new), LOOK)


@pytest.mark.parametrize(("changed", "found", "told"), CASES)
def test_changes_are_found_and_shown_side_by_side(
    changed: dict[str, Any], found: list[Change], told: str
) -> None:
    new = replace(OLD, **changed)
    assert list(changes(OLD, new)) == found
    assert (terms_of(OLD) == terms_of(new)) is (not found)
    lines = side_by_side(OLD, new)
    assert told in "\n".join(lines).replace("\xa0", " ")
    assert bool(lines) is bool(found)


def test_a_change_that_the_words_leave_out_is_named() -> None:
    values = tuple(ItemValue((Item(str(at)),), Decimal(at)) for at in range(1, 9))
    new = replace(OLD, reward=replace(OLD.reward, values=values))
    last = ItemValue((Item("8"),), Decimal(7))
    newer = replace(new, reward=replace(new.reward, values=(*values[:-1], last)))
    assert side_by_side(new, newer) == ["*What changed*", "• Reward: changed in Dintero"]


STORES = [
    ('{"chain":["X"]}', '{"chain":["Y"]}', ["• Store chain: X → Y"]),
    ('{"chain":["X"]}', '{"chain":["X"],"name":["N"]}', ["• Store name: not set → N"]),
    ('{"area":["X"]}', '{"area":["Y"]}', ["• 1 change this bot can't read"]),
    (
        '{"chain":["X"],"area":[1]}',
        '{"chain":["Y"],"area":[2]}',
        ["• Store chain: X → Y", "• 1 change this bot can't read"],
    ),
]


@pytest.mark.parametrize(("before", "after", "told"), STORES)
def test_a_changed_condition_is_told_in_words_and_else_counted(
    before: str, after: str, told: list[str]
) -> None:
    rules = (replace(OLD, requirement=Requirement(store=store)) for store in (before, after))
    assert side_by_side(*rules)[1:] == told


def test_any_changed_rule_fits_a_message() -> None:
    lines = side_by_side(OLD, LONG_RULE)
    assert len(lines) > 10
    assert all(len(line) <= 1_000 and "<!" not in line and LONG not in line for line in lines)
