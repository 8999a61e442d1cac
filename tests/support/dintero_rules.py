"""Rules as Dintero may send them: everything of its schema, ids that are UUIDs, and fields of the future."""

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from bot.slack.rendering.rules.rule_conditions import CUSTOMERS, STORES

UUIDS = st.uuids().map(str)
WORDS = st.sampled_from(["Oslo", "sc029", "vip", "NO", "b714118", "G4", "2026-11-03", "Ås", "TACO"])
UNREADABLE = UUIDS | st.sampled_from(["<string>", '{"a_b":1}', '["x"]', "[]"])
VALUES = WORDS | UNREADABLE
NEW_FIELDS = st.dictionaries(
    st.sampled_from(["new_field", "member_level", "weather"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | UUIDS | WORDS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=1,
)
MOMENTS = st.sampled_from(
    ["2023-11-07T05:31:56Z", "2026-12-05T23:00:00Z", "2027-12-31T23:00:00+00:00", "9999-12-31T23:59:59Z"]
)
COUNTS = st.sampled_from([-1, 0, 1, 3, 50_000])


def some(fields: Mapping[str, st.SearchStrategy[Any]], **required: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object that has some of these fields, and perhaps one that nobody knows yet."""
    drawn = st.fixed_dictionaries(required, optional=dict(fields))
    return st.tuples(drawn, NEW_FIELDS).map(lambda both: both[1] | both[0])


def nested(paths: Mapping[tuple[str, ...], str]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object of conditions, each a list of values, of excluded values, or something new."""
    values = st.lists(VALUES, max_size=3)
    leaf = values | values.map(lambda those: [{"anything-but": those}]) | st.just([{"prefix": "SC"}])

    def put(chosen: dict[tuple[str, ...], Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path, value in chosen.items():
            inner = found
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
        return found

    drawn = st.dictionaries(st.sampled_from(sorted(paths)), leaf, max_size=3).map(put)
    return st.tuples(drawn, NEW_FIELDS).map(lambda both: both[1] | both[0])


ITEMS = st.lists(some({"id": VALUES, "group_id": VALUES}), max_size=3)
REWARD_TYPES = st.sampled_from(
    [
        "discount_amount",
        "discount_percent",
        "discount_item_new_price",
        "discount_item_quantity",
        "discount_item_percent",
        "discount_mix_new_price",
        "discount_debit",
        "discount_new_type",
    ]
)
REWARD = some(
    {
        "values": st.lists(some({}, items=ITEMS, value=COUNTS), max_size=2),
        "base": st.sampled_from(["net", "gross", "new_base"]),
        "effect": st.sampled_from(["discount", "bonus", "new_effect"]),
    },
    type=REWARD_TYPES,
    value=st.sampled_from([1, 2, 10.5, 5_000]),
)
ITEM_REQUIREMENT = some(
    {
        "quantity": COUNTS,
        "items": ITEMS,
        "mixes": st.lists(some({"items": ITEMS}, quantity=COUNTS, reward_eligible=st.booleans()), max_size=2),
    }
)
REQUIREMENT = some(
    {
        "purchase_from": MOMENTS,
        "purchase_to": MOMENTS,
        "customer": nested({**CUSTOMERS, ("attributes", "shoe_size"): "", ("member_since",): ""}),
        "item": ITEM_REQUIREMENT,
        "store_ids": st.lists(VALUES, max_size=3),
        "store": nested({**STORES, ("opened_at",): ""}),
        "gross_amount": COUNTS,
        "net_amount": COUNTS,
        "currencies": st.lists(st.sampled_from(["NOK", "SEK"]), max_size=2)
        | st.just([{"anything-but": ["NOK"]}]),
        "stamp": COUNTS,
        "discount_code": VALUES,
    }
)
WINDOW = some(
    {},
    day=st.sampled_from(["mon", "tue", "sat", "some_day"]),
    start=st.sampled_from(["10:00", "08:30", "later"]),
    end=st.just("20:00"),
)
ACTIVATION = some({}, type=st.sampled_from(["deactivate_if_discount_active", "new_type"]), value=UUIDS)
LIMITATION = some(
    {
        "dynamic_purchase_to_days": COUNTS,
        "discount_activation": st.lists(ACTIVATION, max_size=2),
        "discount_hours": some(
            {
                "timezone": st.sampled_from(["Europe/Oslo", "Asia/Oral"]),
                "hours": st.lists(WINDOW, max_size=3),
            }
        ),
        "discount_reward_usage": COUNTS,
        "discount_combination": COUNTS,
        "discount_eligible": st.sampled_from(
            [
                "item_eligible_for_discount",
                "item_eligible_for_discount_no_discount",
                "receipt_no_discount",
                "new_way",
            ]
        ),
        "discount_repeat_usage": COUNTS,
        "stamp_expire_days": COUNTS,
        "blacklist": ITEMS,
    }
)
rule_answers = some(
    {
        "campaign_id": VALUES,
        "active": st.booleans(),
        "private": st.booleans(),
        "type": st.sampled_from(["item", "receipt", "new_kind"]),
        "visible_from": MOMENTS,
        "deleted_at": MOMENTS,
        "updated_by": UUIDS,
        "metadata": st.dictionaries(WORDS, VALUES, max_size=2),
        "limitation": LIMITATION,
        "statistics": some({"stamp": COUNTS, "usage": COUNTS, "amount": COUNTS, "debit_balance": COUNTS}),
    },
    id=UUIDS,
    name=st.sampled_from(["Spar 100,-", "Kaffe & kake"]),
    receipt_text=st.just("Mai salg"),
    requirement=REQUIREMENT,
    reward=REWARD,
)

RAW = re.compile(
    r"""[{}\[\]]|"\w+":|<string>|\b[a-z]+_[a-z_]+\b|\b[0-9a-f]{8}-[0-9a-f]{4}|anything-but""", re.IGNORECASE
)
"""What only programs read: JSON, names of fields, UUIDs."""
