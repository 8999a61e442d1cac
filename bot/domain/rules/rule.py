"""Dintero's rules: rewards, requirements, cost, statistics, holders, and the terms that people approve."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from bot.domain.ids import CustomerId, RuleId

HOLDERS_PAGE: Final = 1_000
"""Most holders on a page, by Dintero's documentation."""


class RewardType(StrEnum):
    """The seven reward types that Dintero documents; any other is shown raw."""

    AMOUNT = "discount_amount"
    PERCENT = "discount_percent"
    ITEM_NEW_PRICE = "discount_item_new_price"
    ITEM_QUANTITY = "discount_item_quantity"
    ITEM_PERCENT = "discount_item_percent"
    MIX_NEW_PRICE = "discount_mix_new_price"
    DEBIT = "discount_debit"


PRICED: Final = frozenset({RewardType.AMOUNT, RewardType.DEBIT})
"""The types with a known cost: the others depend on what is bought."""

NO_LIMIT: Final = -1
"""Dintero's "without limit"."""

BINDING: Final = frozenset({"active", "deleted_at", "limitation", "requirement", "reward", "type"})
"""The parts of a rule, by Dintero's names, that decide what a customer gets, when and how often."""


class Availability(StrEnum):
    """Whether a rule can be given, or why not."""

    NOW = "now"
    SCHEDULED = "scheduled"
    """It can be given now and used later."""
    EXPIRED = "expired"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a reward or requirement; if both fields are set, both must match."""

    id: str | None = None
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemValue:
    """The reward's value for these items, in the reward's unit."""

    items: tuple[Item, ...]
    value: Decimal


@dataclass(frozen=True, slots=True)
class ItemBundle:
    """Items that must be bought together."""

    quantity: Decimal
    reward_eligible: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What a customer gets. `type` decides whether `value` is minor units, percent or a count."""

    type: str
    value: Decimal
    values: tuple[ItemValue, ...] = ()
    base: str = "gross"
    effect: str = "discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a purchase must meet, in minor units; `customer`, `store` and `currencies` are raw JSON text."""

    purchase_from: datetime | None = None
    purchase_to: datetime | None = None
    item_quantity: Decimal | None = None
    items: tuple[Item, ...] = ()
    mixes: tuple[ItemBundle, ...] = ()
    gross_amount: int | None = None
    net_amount: int | None = None
    stamp: int | None = None
    discount_code: str | None = None
    store_ids: tuple[str, ...] = ()
    store: str | None = None
    customer: str | None = None
    currencies: str | None = None


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """A window of the week: `day` is mon…sun, `start` and `end` are HH:MM."""

    day: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """How often and when the discount can be used; `NO_LIMIT` is without limit."""

    reward_usage: int = NO_LIMIT
    """Rewards per purchase."""
    repeat_usage: int = NO_LIMIT
    """Number of purchases with the discount."""
    combination: int = NO_LIMIT
    """0: not together with other discounts."""
    eligible: str = "item_eligible_for_discount"
    hours: tuple[WeeklyWindow, ...] = ()
    hours_timezone: str = "Europe/Oslo"
    stamp_expire_days: int = NO_LIMIT
    dynamic_purchase_to_days: int | None = None
    deactivated_by: tuple[str, ...] = ()
    """Rules that disable this one while they are active."""
    blacklist: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A rule's totals over all customers, in minor units; None if Dintero sent nothing."""

    stamp: int | None = None
    usage: int | None = None
    amount: int | None = None
    debit_balance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A Dintero discount rule; `unknown` has the fields that the bot does not know: path and JSON text."""

    id: RuleId
    reward: Reward
    requirement: Requirement = Requirement()
    limitation: Limitation = Limitation()
    statistics: Statistics | None = None
    name: str = ""
    description: str = ""
    receipt_text: str = ""
    type: str | None = None
    active: bool = True
    private: bool = False
    campaign_id: str | None = None
    visible_from: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """Its name, or its id without one."""
        return self.name.strip() or self.id


@dataclass(frozen=True, slots=True)
class Holder:
    """An entry of Dintero's list of a rule's holders; `customer` is None for everyone, or if withdrawn."""

    id: str
    customer: CustomerId | None


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one use, in minor units; `uses` is the purchases per customer, None without limit."""

    each: int
    customers: int
    uses: int | None

    @property
    def total(self) -> int:
        """The cost of one use by every customer."""
        return self.each * self.customers


def usable(rule: Rule, at: datetime) -> Availability:
    """Return whether a rule can be given. Dintero does not document what it does with an unusable one."""
    if rule.deleted_at is not None:
        return Availability.DELETED
    if not rule.active:
        return Availability.INACTIVE
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    if end is not None and end < at:
        return Availability.EXPIRED
    if start is not None and start > at:
        return Availability.SCHEDULED
    return Availability.NOW


def cost(rule: Rule, customers: int) -> Cost | None:
    """Price one use by every customer; None if the reward has no price or the bot cannot read it in full.

    The price of one use is the largest of `value` and `values[]`, times the rewards per purchase (at least
    1), rounded up so that no bound is passed by rounding.
    """
    unread = any(
        path.startswith("reward.") or path == "limitation.discount_reward_usage" for path, _ in rule.unknown
    )
    if rule.reward.type not in PRICED or unread:
        return None
    dearest = max([rule.reward.value, *(other.value for other in rule.reward.values)])
    times = max(rule.limitation.reward_usage, 1)
    uses = None if rule.limitation.repeat_usage == NO_LIMIT else rule.limitation.repeat_usage
    return Cost(each=math.ceil(dearest * times), customers=customers, uses=uses)


def difference(before: Statistics | None, after: Statistics | None) -> Statistics:
    """Subtract earlier statistics from later ones; None where either has no value."""
    if before is None or after is None:
        return Statistics()
    pairs = {name: (getattr(before, name), new) for name, new in asdict(after).items()}
    return Statistics(
        **{name: None if old is None or new is None else new - old for name, (old, new) in pairs.items()}
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A changed part of a rule's terms; both values are plain JSON, None if missing."""

    path: str
    old: Any
    new: Any


def terms_of(rule: Rule) -> str:
    """Write the terms of a rule as canonical JSON: the same rule gives the same text on any machine.

    They leave out what does not change the discount: statistics, dates of edits, and texts. Unknown fields
    count if they are in a binding part. The order of lists counts too: one approval too many does less harm
    than one too few.
    """
    terms = {
        "id": rule.id,
        "type": rule.type,
        "active": rule.active,
        "deleted": rule.deleted_at is not None,
        "reward": asdict(rule.reward),
        "requirement": asdict(rule.requirement),
        "limitation": asdict(rule.limitation),
        "unknown": sorted(binding(rule.unknown)),
    }
    return json.dumps(terms, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_canonical)


def binding(unknown: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the unknown fields that are in a binding part."""
    return tuple(field for field in unknown if field[0].partition(".")[0] in BINDING)


def changes(old: Rule, new: Rule) -> tuple[Change, ...]:
    """Find all differences between the terms of two rules, by path; none exactly if their texts are equal."""
    before, after = dict(_parts(old)), dict(_parts(new))
    paths = sorted(before.keys() | after.keys())
    found = (Change(path, before.get(path), after.get(path)) for path in paths)
    return tuple(change for change in found if change.old != change.new)


def _canonical(value: object) -> str:
    """Write 10 and 10.0 alike, and a time alike in every time zone."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"terms cannot hold {value!r}")


def _parts(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Name each part of the terms, such as `reward.value`; unknown fields by path, with all values."""
    for name, value in json.loads(terms_of(rule)).items():
        if name == "unknown":
            for path in dict.fromkeys(path for path, _ in value):
                yield f"unknown {path}", [text for other, text in value if other == path]
        elif isinstance(value, dict):
            yield from ((f"{name}.{part}", inner) for part, inner in value.items())
        else:
            yield name, value
