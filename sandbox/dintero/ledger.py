"""Records who holds what and every call that gave it, for tests and people."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

MOST_LOGGED: Final = 200


class Grant(NamedTuple):
    """One discount that a customer holds. A tuple, because a bench makes hundreds of thousands."""

    rule: str
    customer: str
    key: str | None
    at: datetime


@dataclass(slots=True)
class Call:
    """One call to *Add customers*; `status` is None until, and unless, it is answered."""

    number: int
    rule: str
    customers: tuple[str, ...]
    key: str | None
    at: datetime
    status: int | None = None
    carried_out: bool = False
    granted: int = 0
    """How many customers got something that they did not hold under this key."""

    @property
    def count(self) -> int:
        """How many customers the call names."""
        return len(self.customers)


@dataclass(slots=True)
class AccessEntry:
    """Any call to Dintero; `status` is None until, and unless, it is answered."""

    operation: str
    at: datetime
    add: Call | None = None
    status: int | None = None
    seconds: float | None = None
    """How long it took; None while it goes on."""


class Ledger:
    """Grants and calls, in order of arrival."""

    def __init__(self) -> None:
        self.access_log: deque[AccessEntry] = deque(maxlen=MOST_LOGGED)
        self.grants: list[Grant] = []
        self.calls: list[Call] = []
        self._held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._under: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def held(self, rule: str, customer: str) -> int:
        """Count how often a customer holds a rule."""
        return self._held[rule][customer]

    def holders(self, rule: str) -> dict[str, int]:
        """Count the grants of each customer who holds a rule."""
        return dict(self._held[rule])

    def more_than_once(self, rule: str) -> dict[str, int]:
        """Customers who hold a rule more than once, which one key must never cause."""
        return {customer: times for customer, times in self._held[rule].items() if times > 1}

    def of(self, rule: str) -> list[Grant]:
        """List a rule's grants, oldest first."""
        return [grant for grant in self.grants if grant.rule == rule]

    def arrived(self, rule: str, customers: Sequence[str], key: str | None, at: datetime) -> Call:
        """Record a call."""
        call = Call(len(self.calls) + 1, rule, tuple(customers), key, at)
        self.calls.append(call)
        return call

    def carry_out(self, call: Call, at: datetime) -> None:
        """Give the call's customers the rule: with a key once each, without a key every time.

        Dintero does not document an id that is twice in one call: without a key, it is given twice here.
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
