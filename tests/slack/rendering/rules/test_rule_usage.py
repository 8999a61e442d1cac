"""When and how a discount can be used, in words; what has no words is counted."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.dintero.parsing import read_rule
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
from bot.slack.language.texts import NORWEGIAN, use_language
from bot.slack.rendering.rules.rule_conditions import CUSTOMERS, STORES
from bot.slack.rendering.rules.rule_usage import facts, rule_use, unreadable
from sandbox.dintero.seed import ANSWER
from tests.support.samples import LOOK

BARE = Rule(id=RuleId("r"), reward=Reward(type=RewardType.AMOUNT, value=Decimal(1)))
WEEKDAYS = tuple(WeeklyWindow(day, "10:00", "20:00") for day in ("tue", "mon"))
WEEK = tuple(WeeklyWindow(day, "08:00", "16:00") for day in ("mon", "tue", "wed", "thu", "fri"))
UNREADABLE = "1 condition this bot can't read"


def told(rule: Rule) -> list[str]:
    return [fact.line.replace("\xa0", " ") for fact in facts(rule, LOOK) if fact.label]


REQUIREMENTS: list[tuple[dict[str, Any], str]] = [
    ({"purchase_from": datetime(2026, 7, 1, tzinfo=UTC)}, "Valid: from 1 Jul 2026, 02:00 CEST"),
    ({"purchase_to": datetime(2026, 11, 30, 23, tzinfo=UTC)}, "Valid: until 30 Nov 2026"),
    ({"gross_amount": 50_000}, "Minimum purchase: NOK 500"),
    ({"net_amount": 50_000}, "Minimum purchase (net): NOK 500"),
    ({"currencies": '["NOK", "SEK"]'}, "Currency: NOK or SEK"),
    ({"currencies": '[{"anything-but": ["NOK"]}]'}, "Currency: not NOK"),
    ({"discount_code": "TACO"}, "Code needed: “TACO”"),
    ({"item_quantity": Decimal(3)}, "Number of items needed: 3"),
    ({"items": (Item("b7", "B1"),)}, "Items: item b7 (B1)"),
    (
        {"mixes": (ItemBundle(Decimal(1), False, (Item("a"),)), ItemBundle(Decimal(2), True, ()))},
        "Bought together: 1 × item a (not discounted itself) and 2 items",
    ),
    ({"store_ids": ("sc029", "sc030")}, "Store: sc029 or sc030"),
    ({"store": '{"chain":["X"]}'}, "Store chain: X"),
    ({"store": '{"address":{"country":["NO", "SE"]}}'}, "Store's country: Norway or Sweden"),
    ({"store": '{"mcc_ranges":[{"start":5814,"end":5815}]}'}, "Store's category codes (MCC): 5814–5815"),
    ({"store": '{"id":[{"anything-but":["a","b"]}]}'}, "Store: not a or b"),
    ({"customer": '{"status":["vip"]}'}, "Customer status: vip"),
    ({"customer": '{"date_of_birth":["1990-09-20"]}'}, "Customer's date of birth: 20 Sept 1990"),
    ({"customer": '{"addresses":[{"postal_place":["Oslo"]}]}'}, "Customer's town: Oslo"),
    (
        {"customer": '{"marketing_consent":{"email":{"consent":["true"]}}}'},
        "Customer accepts marketing by email: yes",
    ),
    ({"customer": '{"attributes":{"shoe_size":[42]}}'}, "Customer's “shoe size”: 42"),
    ({"stamp": 5}, "Stamps needed: 5"),
]


@pytest.mark.parametrize(("needs", "line"), REQUIREMENTS)
def test_every_requirement_has_its_line(needs: dict[str, Any], line: str) -> None:
    assert line in told(replace(BARE, requirement=Requirement(**needs)))


LIMITATIONS: list[tuple[dict[str, Any], str]] = [
    ({"repeat_usage": 1}, "Number of uses: 1"),
    ({"repeat_usage": -1}, "Number of uses: no limit"),
    ({"reward_usage": 2}, "Rewards per purchase: 2"),
    ({"combination": 0}, "Together with other discounts: no"),
    ({"combination": -1}, "Together with other discounts: yes"),
    ({"eligible": "receipt_no_discount"}, "Can be used: only on receipts without another discount"),
    ({"hours": WEEKDAYS}, "Hours: Mon and Tue 10:00–20:00"),
    ({"hours": WEEK}, "Hours: Mon–Fri 08:00–16:00"),
    ({"hours": WEEKDAYS, "hours_timezone": "Asia/Oral"}, "Hours: Mon and Tue 10:00–20:00 (Asia/Oral time)"),
    ({"stamp_expire_days": 100}, "Stamp expiry (days): 100"),
    ({"dynamic_purchase_to_days": 2}, "Days valid after it's given: 2"),
    ({"deactivated_by": ("other",)}, "Doesn't apply: while another discount is active"),
    ({"blacklist": (Item("b7"),)}, "Never on: item b7"),
]


@pytest.mark.parametrize(("limits", "line"), LIMITATIONS)
def test_every_limitation_has_its_line(limits: dict[str, Any], line: str) -> None:
    assert line in told(replace(BARE, limitation=Limitation(**limits)))


def test_no_requirement_or_limitation_lacks_words() -> None:
    spoken = {name for named, _ in [*REQUIREMENTS, *LIMITATIONS] for name in named}
    assert {field.name for kind in (Requirement, Limitation) for field in fields(kind)} == spoken


@pytest.mark.parametrize(
    "changes",
    [
        {"requirement": Requirement(store='{"segment":["a"]}')},
        {"requirement": Requirement(store='{"name":[{"prefix":"SC"}]}')},
        {"requirement": Requirement(store='["anywhere"]')},
        {"requirement": Requirement(customer='{"term":{"id":["<string>"]}}')},
        {"requirement": Requirement(customer="no JSON")},
        {"requirement": Requirement(customer='{"status":[]}')},
        {"requirement": Requirement(store_ids=("3c90c3cc-0d44-4b50-8888-8dd25736052a",))},
        {"requirement": Requirement(discount_code='{"a":1}')},
        {"requirement": Requirement(discount_code="TACO\u202e")},
        {"requirement": Requirement(store='{"name":["Oslo\\n*free*"]}')},
        {"limitation": Limitation(combination=3)},
        {"limitation": Limitation(eligible="new_thing")},
        {"limitation": Limitation(hours=(WeeklyWindow("someday", "1", "2"),))},
        {"reward": Reward(type="discount_moon", value=Decimal(7))},
        {"reward": Reward(type=RewardType.AMOUNT, value=Decimal(7), base="moon")},
        {"type": "new_type"},
        {"unknown": (("requirement.weather", '"sunny"'),)},
    ],
)
def test_what_has_no_words_is_counted(changes: dict[str, Any]) -> None:
    rule = replace(BARE, **changes)
    assert unreadable(rule, LOOK) == 1
    assert rule_use(rule, LOOK) == [UNREADABLE]


def test_an_ordinary_rule_needs_nothing() -> None:
    assert rule_use(BARE, LOOK) == []


def test_many_conditions_are_counted_after_the_first() -> None:
    needs = Requirement(gross_amount=100, stamp=2, discount_code="A", store='{"new":1}')
    assert rule_use(replace(BARE, requirement=needs), LOOK, most=2) == [
        "Minimum purchase: NOK\xa01",
        "2 more conditions",
        UNREADABLE,
    ]


def test_everything_in_dinteros_example_has_words_but_its_placeholders() -> None:
    rule = read_rule(ANSWER)
    assert unreadable(rule, LOOK) == 2  # term.id and type are "<string>"
    sent = json.loads(rule.requirement.store or "")
    assert len({fact.label for fact in facts(rule, LOOK)} & set(STORES.values())) == len(sent) + 2


def test_no_two_conditions_share_a_label() -> None:
    for labels in (STORES, CUSTOMERS):
        named = [label for path, label in labels.items() if path[-1] != "bussiness_name"]
        assert len(named) == len(set(named))


def test_days_and_countries_are_written_as_the_reader_writes_them() -> None:
    needs = Requirement(store='{"address":{"country":["NO"]}}')
    rule = replace(BARE, requirement=needs, limitation=Limitation(hours=WEEK))
    with use_language(NORWEGIAN):
        lines = [fact.line for fact in facts(rule, LOOK)]
        assert any(line.endswith("Norge") for line in lines)
        assert any("man.–fre." in line for line in lines)
