"""Who was given what, and every call that asked for it: what the tests and the try-out look at; knows nothing of HTTP."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Grant(NamedTuple):
    """One discount that a customer holds. A tuple, for there are hundreds of thousands of them in a bench."""

    rule: str
    customer: str
    key: str | None
    at: datetime


@dataclass(slots=True)
class Call:
    """One call to *Add customers*, from when it arrived; `status` is None while, or because, nothing was answered."""

    number: int
    rule: str
    customers: tuple[str, ...]
    key: str | None
    at: datetime
    status: int | None = None
    carried_out: bool = False
    granted: int = 0
    """How many customers got something that they did not hold under this key before."""

    @property
    def count(self) -> int:
        """How many customers were asked for."""
        return len(self.customers)


class Ledger:
    """Grants and calls, in the order in which they came."""

    def __init__(self) -> None:
        self.grants: list[Grant] = []
        self.calls: list[Call] = []
        self._held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._under: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def held(self, rule: str, customer: str) -> int:
        """Count how often a customer holds a rule."""
        return self._held[rule][customer]

    def holders(self, rule: str) -> dict[str, int]:
        """List everyone who holds a rule, and how often."""
        return dict(self._held[rule])

    def more_than_once(self, rule: str) -> dict[str, int]:
        """List everyone who was given a rule more than once: what must never come about under one key."""
        return {customer: times for customer, times in self._held[rule].items() if times > 1}

    def of(self, rule: str) -> list[Grant]:
        """List a rule's grants, oldest first."""
        return [grant for grant in self.grants if grant.rule == rule]

    def arrived(self, rule: str, customers: Sequence[str], key: str | None, at: datetime) -> Call:
        """Note a call."""
        call = Call(len(self.calls) + 1, rule, tuple(customers), key, at)
        self.calls.append(call)
        return call

    def carry_out(self, call: Call, at: datetime) -> None:
        """Give a call's customers the rule: under a key once each, without one again every time it is asked.

        What Dintero does with an id that stands twice in one call is not documented: without a key, it is given twice here.
        """
        fresh = call.customers if call.key is None else self._fresh(call.rule, call.key, call.customers)
        self.grants.extend([Grant(call.rule, customer, call.key, at) for customer in fresh])
        self._held[call.rule].update(fresh)
        call.carried_out, call.granted = True, len(fresh)

    def _fresh(self, rule: str, key: str, customers: Sequence[str]) -> list[str]:
        had = self._under[rule, key]
        fresh = [customer for customer in dict.fromkeys(customers) if customer not in had]
        had.update(fresh)
        return fresh
