"""Dintero's side without HTTP: one account's rules and the operations on them."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sandbox.dintero.ledger import Call, Ledger
from sandbox.dintero.tokens import Refused, an_object

JsonRule = dict[str, Any]

LONGEST_ID: Final = 255
MOST_RULES: Final = 100
MOST_REFS: Final = 1000
FEWEST: Final = 10
"""The page size when no limit is given."""
REF_STATES: Final = frozenset({"all", "available", "deleted", "inactive"})
STATES: Final = frozenset({"all", "active", "scheduled", "completed", "available", "deleted", "inactive"})


class Shop:
    """One account's rules by id, in listing order, and the ledger of their holders."""

    def __init__(
        self, rules: Iterable[JsonRule], *, refuses: Iterable[str], clock: Callable[[], datetime]
    ) -> None:
        self.rules: dict[str, JsonRule] = {rule["id"]: rule for rule in rules}
        self.refuses: set[str] = set(refuses)
        """Customers that make Dintero refuse a whole call."""
        self.ledger = Ledger()
        self._clock = clock

    def find(self, rule: str) -> JsonRule:
        """Find a rule.

        Dintero does not document its answer to an id that is not a UUID. Here it is 400, which a bot could
        mistake for a fault of its customers.

        Raises:
            Refused: it does not exist.
        """
        if rule in self.rules:
            return self.rules[rule]
        try:
            uuid.UUID(rule)
        except ValueError:
            raise Refused(400, "did is not a valid uuid") from None
        raise Refused(404, "Discount not found", code="NOT FOUND")

    def page(self, query: Mapping[str, str]) -> list[JsonRule]:
        """List rules; without a state, those not deleted (Dintero's default is undocumented)."""
        state = query.get("state")
        if state is not None and state not in STATES:
            raise Refused(400, "state is not one of the allowed values")
        now = self._clock()
        rules = [rule for rule in _after(list(self.rules.values()), query) if _is(rule, state, now)]
        return [_listed(rule, query) for rule in rules[: _limit(query, MOST_RULES)]]

    def refs(self, rule: str, query: Mapping[str, str]) -> list[JsonRule]:
        """List a rule's holders: one ref per grant, and `*` for nobody in particular."""
        self.find(rule)
        if query.get("state", "all") not in REF_STATES:
            raise Refused(400, "state is not one of the allowed values")
        refs = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{rule} {number}")),
                "customer_id": None if grant.customer == "*" else grant.customer,
                "created_at": grant.at.isoformat(),
            }
            for number, grant in enumerate(self.ledger.of(rule))
        ]
        return _after(refs, query)[: _limit(query, MOST_REFS)]

    def add(self, call: Call, asked: object) -> JsonRule:
        """Give a rule to all of the customers or none.

        Dintero does not document whether an expired or inactive rule can be given: here it can. A deleted one
        is not found.

        Raises:
            Refused: the rule does not exist, or a customer is wrong.
        """
        rule = self.find(call.rule)
        if rule.get("deleted_at"):
            raise Refused(404, "Discount not found", code="NOT FOUND")
        self._check(an_object(asked))
        self.ledger.carry_out(call, self._clock())
        return rule

    def _check(self, asked: Mapping[str, object]) -> None:
        customers = asked.get("customers")
        if not isinstance(customers, list) or not customers:
            raise Refused(400, "customers must be a list of at least one customer")
        if not isinstance(asked.get("offering_constraint_id", ""), str):
            raise Refused(400, "offering_constraint_id must be a string")
        if any(type(customer) is not str for customer in customers) or not self.refuses.isdisjoint(customers):
            raise Refused(
                400, "Validation failed", errors=[{"message": "customers holds an id that is not valid"}]
            )
        if [customer for customer in customers if not customer or customer != customer.strip()] or max(
            map(len, customers)
        ) > LONGEST_ID:
            raise Refused(
                400,
                "Validation failed",
                errors=[{"message": "a customer id has 1 to 255 characters, and no space around them"}],
            )


def _after(items: Sequence[JsonRule], query: Mapping[str, str]) -> list[JsonRule]:
    """Skip everything up to and including the cursor."""
    cursor = query.get("starting_after")
    if cursor is None:
        return list(items)
    for place, item in enumerate(items):
        if item["id"] == cursor:
            return list(items[place + 1 :])
    raise Refused(400, "starting_after is not known")


def _limit(query: Mapping[str, str], most: int) -> int:
    text = query.get("limit", str(FEWEST))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise Refused(400, f"limit must be from 1 to {most}")
    return int(text)


def _listed(rule: JsonRule, query: Mapping[str, str]) -> JsonRule:
    if query.get("include") == "statistics":
        return rule
    return {name: value for name, value in rule.items() if name != "statistics"}


def _is(rule: JsonRule, state: str | None, now: datetime) -> bool:
    """Tell whether a rule is in a state that lists can filter by."""
    lives = not rule.get("deleted_at")
    active = lives and bool(rule.get("active", True))
    begun, over = _past(rule, "purchase_from", now), _past(rule, "purchase_to", now)
    states = {
        "all": True,
        None: lives,
        "deleted": not lives,
        "inactive": lives and not active,
        "scheduled": lives and not begun,
        "completed": lives and over,
    }
    return states.get(state, active and begun and not over)


def _past(rule: JsonRule, name: str, now: datetime) -> bool:
    """Tell whether a rule's date has passed; an unset date counts as begun and as never ending."""
    moment = rule.get("requirement", {}).get(name)
    return name == "purchase_from" if moment is None else datetime.fromisoformat(moment) <= now
