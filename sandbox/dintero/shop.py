"""The rules of one account, and what can be asked of them: Dintero's side of the table, without HTTP."""

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
"""A page when no limit is asked for."""
REF_STATES: Final = frozenset({"all", "available", "deleted", "inactive"})
STATES: Final = frozenset({"all", "active", "scheduled", "completed", "available", "deleted", "inactive"})


class Shop:
    """One account's rules by id, in the order in which they are listed, and the ledger of who holds them."""

    def __init__(
        self, rules: Iterable[JsonRule], *, refuses: Iterable[str], clock: Callable[[], datetime]
    ) -> None:
        self.rules: dict[str, JsonRule] = {rule["id"]: rule for rule in rules}
        self.refuses: set[str] = set(refuses)
        """Customers with whom any call is refused, whole."""
        self.ledger = Ledger()
        self._clock = clock

    def find(self, rule: str) -> JsonRule:
        """Find a rule.

        What Dintero answers for an id that is no UUID is not documented: 400 here, which a bot could take for a fault of its customers.

        Raises:
            Refused: there is none.
        """
        if rule in self.rules:
            return self.rules[rule]
        try:
            uuid.UUID(rule)
        except ValueError:
            raise Refused(400, "did is not a valid uuid") from None
        raise Refused(404, "Discount not found", code="NOT FOUND")

    def page(self, query: Mapping[str, str]) -> list[JsonRule]:
        """List rules as asked; without a state, those that are not deleted (Dintero's default is not documented)."""
        state = query.get("state")
        if state is not None and state not in STATES:
            raise Refused(400, "state is not one of the allowed values")
        now = self._clock()
        rules = [rule for rule in _after(list(self.rules.values()), query) if _is(rule, state, now)]
        return [_listed(rule, query) for rule in rules[: _limit(query, MOST_RULES)]]

    def refs(self, rule: str, query: Mapping[str, str]) -> list[JsonRule]:
        """List who was given a rule: one ref a grant, `*` as nobody in particular."""
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
        """Give a rule to customers, all of them or none.

        Whether Dintero gives a rule that is expired or inactive is not documented: it is given here. A deleted one is not found.

        Raises:
            Refused: there is no such rule, or something about a customer is wrong.
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
    """Leave out everything up to and with the cursor."""
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
    """Say whether a rule is in a state that lists can be asked for."""
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
    """Say whether a moment of a rule has come; one that is not set counts as a beginning, and as no end."""
    moment = rule.get("requirement", {}).get(name)
    return name == "purchase_from" if moment is None else datetime.fromisoformat(moment) <= now
