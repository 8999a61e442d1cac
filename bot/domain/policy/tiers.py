"""Tiers: from some size on more people have to agree; knows the bounds, and what is above them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.rules.rule import Cost

RESERVED_APPROVALS: Final = 2
"""How many people agree to "everyone" at least, whatever the policy says."""


class TierTrigger(StrEnum):
    """Why a tier applies."""

    CUSTOMERS = "customers"
    AMOUNT = "amount"
    UNPRICED = "unpriced"
    """What has no price counts as above every amount."""
    RESERVED = "reserved"
    """Whom it reaches cannot be counted, which counts as above every bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How many people agree above a size; a bound that is None is never passed. Amounts are minor units."""

    approvals: int
    above_customers: int | None = None
    above_amount: int | None = None


@dataclass(frozen=True, slots=True)
class AppliedTier:
    """The tier that a request falls under, and why: `bound` is the one that it is above, 0 where there is none to be named."""

    approvals: int
    why: TierTrigger
    bound: int = 0


def applied(
    tiers: Iterable[Tier], *, customers: int, cost: Cost | None, reserved: bool = False
) -> AppliedTier | None:
    """Find the strictest tier that applies; the first of several that are as strict. None where none does."""
    if reserved:
        return AppliedTier(
            max([RESERVED_APPROVALS, *(tier.approvals for tier in tiers)]), TierTrigger.RESERVED
        )
    return max(_that_apply(tiers, customers, cost), key=lambda found: found.approvals, default=None)


def stricter(
    kept: tuple[int, AppliedTier | None], now: tuple[int, AppliedTier | None]
) -> tuple[int, AppliedTier | None]:
    """Choose between what a request was asked under and what holds now: it is never made easier for one that is under way."""
    return now if now[0] > kept[0] else kept


def _that_apply(tiers: Iterable[Tier], customers: int, cost: Cost | None) -> Iterator[AppliedTier]:
    for tier in tiers:
        if tier.above_customers is not None and customers > tier.above_customers:
            yield AppliedTier(tier.approvals, TierTrigger.CUSTOMERS, tier.above_customers)
        elif tier.above_amount is not None and cost is None:
            yield AppliedTier(tier.approvals, TierTrigger.UNPRICED, tier.above_amount)
        elif tier.above_amount is not None and cost is not None and cost.total > tier.above_amount:
            yield AppliedTier(tier.approvals, TierTrigger.AMOUNT, tier.above_amount)
