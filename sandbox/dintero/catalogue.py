"""Sample rules, the same in every run: Dintero's own example, made usable, and made-up ones."""

import copy
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import cycle, islice, product
from typing import Any, Final

from sandbox.dintero.seed import ANSWER

SEED_RULE: Final[str] = ANSWER["id"]
"""The id of Dintero's own example, "Spar 100,-"."""

SIZE: Final = 131
FEW: Final = 31
"""Some of every reward type, for a shop that starts often."""

SHOPS: Final = (
    "Fjordkaffe",
    "Stablestol",
    "Nordlys Sport",
    "Bakeriet på hjørnet",
    "Ærlig Mat",
    "Øyvær Bøker",
    "Åsgård Bygg",
    "Villmark & Vidde",
    "Lille Lanterne",
    "Snøkrystall",
    "Torgets Blomster",
    "Midnattssol Reiser",
    "Kråkebolle",
)

Part = dict[str, Any]

OFFERS: Final[tuple[tuple[str, str, Part, Part, Part], ...]] = (
    ("Spar 50,-", "receipt", {"type": "discount_amount", "value": 5000}, {}, {}),
    ("15 % på alt", "receipt", {"type": "discount_percent", "value": 15}, {}, {"discount_combination": 0}),
    (
        "10,5 % i bonus",
        "receipt",
        {"type": "discount_percent", "value": 10.5, "base": "net", "effect": "bonus"},
        {"gross_amount": 30000},
        {},
    ),
    (
        "Ukens vare til 99,-",
        "item",
        {"type": "discount_item_new_price", "value": 9900},
        {"item": {"quantity": 1, "items": [{"id": "week-1"}, {"id": "week-2"}]}},
        {"discount_repeat_usage": 1},
    ),
    (
        "3 for 2",
        "item",
        {"type": "discount_item_quantity", "value": 1},
        {"item": {"quantity": 3, "items": [{"group_id": "g3"}]}},
        {"discount_reward_usage": 2},
    ),
    (
        "Hver 5. gratis",
        "item",
        {"type": "discount_item_percent", "value": 100},
        {"stamp": 5, "item": {"quantity": 1, "items": [{"group_id": "coffee"}]}},
        {"stamp_expire_days": 100},
    ),
    (
        "Menyen for 149,-",
        "item",
        {"type": "discount_mix_new_price", "value": 14900},
        {
            "item": {
                "mixes": [
                    {"quantity": 1, "reward_eligible": True, "items": [{"group_id": "main"}]},
                    {"quantity": 1, "reward_eligible": True, "items": [{"group_id": "drink"}]},
                ]
            }
        },
        {},
    ),
    (
        "Gavekort på 500,-",
        "receipt",
        {"type": "discount_debit", "value": 50000},
        {},
        {"discount_repeat_usage": -1},
    ),
    (
        "100,- av, 200,- på sko",
        "item",
        {
            "type": "discount_amount",
            "value": 10000,
            "values": [{"items": [{"id": "shoe", "group_id": "shoes"}], "value": 20000}],
        },
        {"item": {"quantity": 1, "items": [{"id": "ANY_ITEM"}]}},
        {"discount_repeat_usage": 3},
    ),
    (
        "Morgenkaffe",
        "item",
        {"type": "discount_item_percent", "value": 25},
        {"item": {"quantity": 1, "items": [{"group_id": "coffee"}]}, "discount_code": "MORGEN"},
        {
            "discount_hours": {
                "timezone": "Europe/Oslo",
                "hours": [
                    {"day": day, "start": "07:00", "end": "10:00"}
                    for day in ("mon", "tue", "wed", "thu", "fri")
                ],
            },
            "dynamic_purchase_to_days": 30,
        },
    ),
)


def catalogue(now: datetime, size: int = SIZE) -> list[Part]:
    """Make `size` rules as Dintero's JSON: its own example first, then made-up ones of every reward type.

    Ids and names never change; dates count from the day of `now`. Some are scheduled, expired, inactive
    or deleted.
    """
    return list(islice(_rules(datetime.combine(now.astimezone(UTC), time(), UTC)), size))


def seed_rule(now: datetime) -> Part:
    """Make Dintero's own example usable: not deleted, valid from last month to the end of next year."""
    rule = {name: value for name, value in copy.deepcopy(ANSWER).items() if not name.startswith("deleted_")}
    starts = datetime.combine(now.astimezone(UTC), time(), UTC) - timedelta(days=30)
    ends = datetime(now.year + 1, 12, 31, 22, 59, 59, tzinfo=UTC)
    rule["requirement"] |= {"purchase_from": _text(starts), "purchase_to": _text(ends)}
    return rule | {"visible_from": _text(starts)}


def _rules(today: datetime) -> Iterator[Part]:
    yield seed_rule(today)
    for number, (shop, offer) in enumerate(cycle(product(SHOPS, OFFERS)), start=1):
        series = (number - 1) // (len(SHOPS) * len(OFFERS)) + 1
        yield _made_up(number, f"{shop}: {offer[0]}" + (f" ({series})" if series > 1 else ""), offer, today)


def _made_up(number: int, name: str, offer: tuple[str, str, Part, Part, Part], today: datetime) -> Part:
    _, kind, reward, requirement, limitation = copy.deepcopy(offer)
    starts, ends = _validity(number, today)
    made = _text(today - timedelta(days=90))
    rule: Part = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"discount-bot/sandbox/{number}")),
        "created_at": made,
        "updated_at": made,
        "name": name,
        "receipt_text": name,
        "type": kind,
        "active": number % 17 != 0,
        "private": False,
        "reward": reward,
        "requirement": requirement | {"purchase_from": _text(starts), "purchase_to": _text(ends)},
        "limitation": limitation,
        "statistics": {"usage": number % 40, "used": number % 40, "amount": number % 40 * 2500},
    }
    return rule | {"deleted_at": _text(today - timedelta(days=1))} if number % 29 == 0 else rule


def _validity(number: int, today: datetime) -> tuple[datetime, datetime]:
    """Choose a validity: current for most rules, future for every eleventh, past for every thirteenth."""
    if number % 11 == 0:
        return today + timedelta(days=7), today + timedelta(days=60)
    if number % 13 == 0:
        return today - timedelta(days=60), today - timedelta(days=2)
    return today - timedelta(days=number % 30 + 1), today + timedelta(days=30 + number % 300)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
