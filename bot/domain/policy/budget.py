"""Budgets: what a channel may have given over some days, what of it is left, and what a request uses of that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.rules.rule import Cost, Rule, cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may have been given within the last `days`; a bound that is None is none. Amounts are minor units."""

    days: int
    customers: int | None = None
    amount: int | None = None

    def since(self, now: datetime) -> datetime:
        """Say from when on what was given counts."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one request gave or may have given, or is giving: `at` is its end, None while it has none."""

    at: datetime | None
    rule: Rule
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """What a request asks of a budget, and what is left of that until `until`, when the oldest of what counts drops out."""

    customers: int
    amount: int
    left_customers: int | None
    left_amount: int | None
    until: datetime

    @property
    def fits(self) -> bool:
        """Whether enough is left of both."""
        return not self.too_many and not self.too_much

    @property
    def too_many(self) -> bool:
        """Whether it asks for more customers than are left."""
        return self.left_customers is not None and self.customers > self.left_customers

    @property
    def too_much(self) -> bool:
        """Whether it costs more than is left."""
        return self.left_amount is not None and self.amount > self.left_amount

    @property
    def percent(self) -> int:
        """What it uses of what is left, by the bound that is nearer, rounded up."""
        return max(_percent(self.customers, self.left_customers), _percent(self.amount, self.left_amount))


def use_of(
    budget: Budget, gave: Sequence[Grant], *, customers: int, price: Cost | None, now: datetime
) -> BudgetUse:
    """Reckon what a request uses of what others have left; what has no price uses nothing of the amount."""
    oldest = min((each.at for each in gave if each.at), default=now)
    return BudgetUse(
        customers=customers,
        amount=price.total if price else 0,
        left_customers=None
        if budget.customers is None
        else max(budget.customers - sum(each.customers for each in gave), 0),
        left_amount=None if budget.amount is None else max(budget.amount - sum(map(_amount, gave)), 0),
        until=oldest + timedelta(days=budget.days),
    )


def _amount(gave: Grant) -> int:
    price = cost(gave.rule, gave.customers)
    return price.total if price else 0


def _percent(asked: int, left: int | None) -> int:
    if left is None or asked == 0:
        return 0
    return math.ceil(100 * asked / left) if left else 100
