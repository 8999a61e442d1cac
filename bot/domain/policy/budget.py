"""Budgets: what a channel may give within some days, what is left of it, and what a request uses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.ids import UserId
from bot.domain.rules.rule import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a channel may give within `days`; None is without limit. Amounts are minor units."""

    days: int
    customers: int | None = None
    amount: int | None = None

    def since(self, now: datetime) -> datetime:
        """Return the time from which grants count."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Grant:
    """What requests gave in those days, may have given or give; `at` is when they gave first of that."""

    at: datetime | None
    customers: int
    amount: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asked for, or gave if it has ended."""

    requester: UserId
    customers: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """What a request needs of a budget and what is left, until the oldest grant drops out at `until`."""

    customers: int
    amount: int
    left_customers: int | None
    left_amount: int | None
    until: datetime

    @property
    def fits(self) -> bool:
        """Whether enough is left of customers and amount."""
        return not self.too_many and not self.too_much

    @property
    def too_many(self) -> bool:
        """Whether it has more customers than are left."""
        return self.left_customers is not None and self.customers > self.left_customers

    @property
    def too_much(self) -> bool:
        """Whether it costs more than is left."""
        return self.left_amount is not None and self.amount > self.left_amount

    @property
    def percent(self) -> int:
        """The share that it uses of what is left, by the nearer bound, rounded up."""
        return max(_percent(self.customers, self.left_customers), _percent(self.amount, self.left_amount))


def use_of(
    budget: Budget, gave: Sequence[Grant], *, customers: int, price: Cost | None, now: datetime
) -> BudgetUse:
    """Compute what a request uses of what is left; a rule without a price uses no amount."""
    oldest = min((each.at for each in gave if each.at), default=now)
    spent = sum(each.amount for each in gave)
    given = sum(each.customers for each in gave)
    return BudgetUse(
        customers=customers,
        amount=price.total if price else 0,
        left_customers=None if budget.customers is None else max(budget.customers - given, 0),
        left_amount=None if budget.amount is None else max(budget.amount - spent, 0),
        until=oldest + timedelta(days=budget.days),
    )


def _percent(asked: int, left: int | None) -> int:
    if left is None or asked == 0:
        return 0
    return math.ceil(100 * asked / left) if left else 100
