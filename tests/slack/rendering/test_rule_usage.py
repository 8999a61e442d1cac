"""When and how a discount can be used, in words."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.ids import RuleId
from bot.domain.rules.rule import (
    Item,
    ItemBundle,
    Limitation,
    Requirement,
    Reward,
    RewardType,
    Rule,
    WeeklyWindow,
)
from bot.slack.rendering.rule_usage import rule_use
from tests.support.samples import LOOK

BARE = Rule(id=RuleId("r"), reward=Reward(type=RewardType.AMOUNT, value=Decimal(1)))
WEEKDAYS = tuple(WeeklyWindow(day, "10:00", "20:00") for day in ("tue", "mon"))


REQUIREMENTS: list[tuple[dict[str, Any], str]] = [
    ({"purchase_from": datetime(2026, 7, 1, tzinfo=UTC)}, "For purchases from 1 Jul 2026, 02:00 CEST"),
    ({"purchase_to": datetime(2026, 12, 1, tzinfo=UTC)}, "For purchases until 1 Dec 2026, 01:00 CET"),
    ({"gross_amount": 50_000}, "For purchases of at least 500.00 NOK"),
    ({"net_amount": 50_000}, "For purchases of at least 500.00 NOK net, after other discounts"),
    ({"currencies": '["NOK"]'}, 'Currencies: ["NOK"]'),
    ({"discount_code": "TACO"}, "Needs the code “TACO” on the purchase"),
    ({"item_quantity": Decimal(3)}, "Needs at least 3 of the items"),
    ({"items": (Item("b7", "B1"),)}, "Items: item b7 in group B1"),
    (
        {"mixes": (ItemBundle(Decimal(1), False, (Item("a"),)), ItemBundle(Decimal(2), True, ()))},
        "1 × item a (not discounted itself) and 2 × anything",
    ),
    ({"store_ids": ("sc029", "sc030")}, "Stores: sc029 or sc030"),
    ({"store": '{"chain":["X"]}'}, 'Stores where {"chain":["X"]}'),
    ({"customer": '{"status":["vip"]}'}, 'Customers where {"status":["vip"]}'),
    ({"stamp": 5}, "After 5 stamps"),
]


@pytest.mark.parametrize(("needs", "line"), REQUIREMENTS)
def test_every_requirement_has_its_line(needs: dict[str, Any], line: str) -> None:
    drawn = rule_use(replace(BARE, requirement=Requirement(**needs)), LOOK)
    assert any(line in each for each in drawn), drawn


LIMITATIONS: list[tuple[dict[str, Any], str]] = [
    ({"repeat_usage": 1}, "On 1 purchase at most"),
    ({"repeat_usage": -1}, "On any number of purchases"),
    ({"reward_usage": 2}, "2 rewards a purchase at most"),
    ({"combination": 0}, "Not together with other discounts"),
    ({"combination": -1}, "Together with other discounts"),
    ({"combination": 3}, "discount_combination: 3"),
    ({"eligible": "receipt_no_discount"}, "Used only on receipts without another discount"),
    ({"eligible": "new_thing"}, "discount_eligible: new_thing"),
    ({"hours": WEEKDAYS}, "Hours: Mon and Tue 10:00–20:00 (Europe/Oslo)"),
    ({"hours": (WeeklyWindow("someday", "1", "2"),)}, "Hours: someday 1–2 (Europe/Oslo)"),
    ({"stamp_expire_days": 100}, "All stamps within 100 days"),
    ({"dynamic_purchase_to_days": 2}, "dynamic_purchase_to_days: 2"),
    ({"deactivated_by": ("other",)}, "Off while these rules are active: other"),
    ({"blacklist": (Item("b7"),)}, "Never on item b7"),
]


@pytest.mark.parametrize(("limits", "line"), LIMITATIONS)
def test_every_limitation_has_its_line(limits: dict[str, Any], line: str) -> None:
    drawn = rule_use(replace(BARE, limitation=Limitation(**limits)), LOOK)
    assert any(line in each for each in drawn), drawn


def test_no_requirement_or_limitation_lacks_words() -> None:
    spoken = {"hours_timezone"} | {name for named, _ in [*REQUIREMENTS, *LIMITATIONS] for name in named}
    assert {field.name for kind in (Requirement, Limitation) for field in fields(kind)} == spoken


def test_the_line_says_when_the_customer_sees_the_discount() -> None:
    drawn = rule_use(replace(BARE, visible_from=datetime(2026, 7, 1, tzinfo=UTC)), LOOK)
    assert "Shown to the customer from 1 Jul 2026, 02:00 CEST" in drawn
