"""Rules, rewards, what they cost and what was used of them; knows nothing of how Dintero writes them down."""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.ids import RuleId


class RewardType(StrEnum):
    """The seven reward types that Dintero documents; a rule may carry another, which is shown raw."""

    AMOUNT = "discount_amount"
    PERCENT = "discount_percent"
    ITEM_NEW_PRICE = "discount_item_new_price"
    ITEM_QUANTITY = "discount_item_quantity"
    ITEM_PERCENT = "discount_item_percent"
    MIX_NEW_PRICE = "discount_mix_new_price"
    DEBIT = "discount_debit"


PRICED = frozenset({RewardType.AMOUNT, RewardType.DEBIT})
"""The types whose cost can be said: the others depend on what is bought."""

NO_LIMIT = -1
"""How Dintero writes "without limit"."""


class Availability(StrEnum):
    """Whether a rule can be given, and if not, why."""

    NOW = "now"
    SCHEDULED = "scheduled"
    """Can be given; can be used only later."""
    EXPIRED = "expired"
    INACTIVE = "inactive"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Item:
    """What a reward or requirement is about; both set means that both must match."""

    id: str | None = None
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemValue:
    """Another value of the reward for these items, in the reward's own unit."""

    items: tuple[Item, ...]
    value: Decimal


@dataclass(frozen=True, slots=True)
class ItemBundle:
    """Items that have to be bought together."""

    quantity: Decimal
    reward_eligible: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What is given. `value` is minor units, percent or a count, by `type` (see `RewardType`)."""

    type: str
    value: Decimal
    values: tuple[ItemValue, ...] = ()
    base: str = "gross"
    effect: str = "discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a purchase must meet. Amounts are minor units; `customer`, `store`, `currencies` are JSON text as sent."""

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
    """One window of the week: `day` is mon…sun, `start` and `end` are HH:MM."""

    day: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """How often and when the discount can be used; `NO_LIMIT` (−1) is Dintero's "no limit"."""

    reward_usage: int = NO_LIMIT
    """Rewards per purchase."""
    repeat_usage: int = NO_LIMIT
    """Purchases that it can be used on."""
    combination: int = NO_LIMIT
    """0: not together with other discounts."""
    eligible: str = "item_eligible_for_discount"
    hours: tuple[WeeklyWindow, ...] = ()
    hours_timezone: str = "Europe/Oslo"
    stamp_expire_days: int = NO_LIMIT
    dynamic_purchase_to_days: int | None = None
    deactivated_by: tuple[str, ...] = ()
    """Rules that switch this one off while they are active."""
    blacklist: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Totals of a rule over all customers; amounts in minor units; None where Dintero sent nothing."""

    stamp: int | None = None
    usage: int | None = None
    amount: int | None = None
    debit_balance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A Dintero discount rule as the bot needs it; `unknown` is what it does not understand, path and JSON text."""

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
        """What people call it: its name, or its id where it has none."""
        return self.name.strip() or self.id


@dataclass(frozen=True, slots=True)
class Cost:
    """What giving costs when every customer uses it once, in minor units of the policy's currency.

    `uses` is how many purchases each may use it on; None is without limit.
    """

    each: int
    customers: int
    uses: int | None

    @property
    def total(self) -> int:
        """One use by every customer."""
        return self.each * self.customers


def usable(rule: Rule, at: datetime) -> Availability:
    """Say whether a rule can be given at a moment.

    That an expired, inactive or deleted rule cannot be given is the bot's own rule: what Dintero does is not documented.
    """
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
    """Price one use by every customer; None where the reward's type has no price, or where what sets it could not be read.

    The price of one is the largest of `value` and `values[]`, times the rewards per purchase when that is above 1.
    A fraction of a minor unit counts as a whole one, so that no bound is ever passed by rounding.
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
    """Say what changed from one reading of the statistics to a later one; None where either said nothing."""
    if before is None or after is None:
        return Statistics()

    def changed(old: int | None, new: int | None) -> int | None:
        return None if old is None or new is None else new - old

    return Statistics(
        stamp=changed(before.stamp, after.stamp),
        usage=changed(before.usage, after.usage),
        amount=changed(before.amount, after.amount),
        debit_balance=changed(before.debit_balance, after.debit_balance),
    )
