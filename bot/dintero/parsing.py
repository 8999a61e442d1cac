"""Dintero's JSON and the heart's rules: reads what is understood, and sets the rest aside word for word; knows nothing of HTTP.

pydantic says what it cannot read; that goes aside, and the rest is read again. A list goes aside whole: half of one would mislead.
"""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

import structlog
from pydantic import ValidationError

from bot.dintero.schemas import Path, RuleSchema
from bot.domain.ids import CustomerId
from bot.domain.rules.rule import Holder, Rule

NEEDED: Final[frozenset[Path]] = frozenset(
    {(), ("id",), ("reward",), ("reward", "type"), ("reward", "value")}
)
"""Without these there is no rule to speak of."""

log = structlog.get_logger(__name__)


class SchemaError(ValueError):
    """This is no rule, or no list of rules."""


def read_rule(answer: object) -> Rule:
    """Read a rule from Dintero's JSON.

    What is not understood, because it is new or of another type than documented, stands in `unknown` as a dotted path and JSON text. A rule
    of which one cannot tell whether it is active or deleted counts as inactive: what is not understood is not given.

    Raises:
        Unreadable: the id, or the reward's type or value, is missing or not what it should be.
    """
    aside: dict[Path, object] = {}
    rest: Any = answer
    while True:
        try:
            wire = RuleSchema.model_validate(rest)
        except ValidationError as failure:
            for path in sorted(
                {_spot(error["loc"]) for error in failure.errors(include_url=False, include_context=False)},
                key=len,
            ):
                if path in NEEDED:
                    raise SchemaError(f"no {'.'.join(map(str, path)) or 'rule'} that can be read") from None
                aside[path], rest = _without(rest, path)
        else:
            return wire.rule(rest, aside)


def read_rules(answer: object) -> tuple[Rule, ...]:
    """Read a list of rules; one that cannot be read is left out, with a line in the log, so that the others can be chosen.

    Raises:
        Unreadable: it is no list.
    """
    if not isinstance(answer, list):
        raise SchemaError("no list of rules")
    return tuple(_readable(answer))


def _readable(answers: list[object]) -> Iterator[Rule]:
    for answer in answers:
        try:
            yield read_rule(answer)
        except SchemaError as failure:
            log.warning("dintero_rule_unreadable", why=str(failure), rule=id_of(answer))


def read_refs(answer: object) -> tuple[Holder, ...]:
    """Read who has a rule; one that was taken back names nobody.

    Raises:
        Unreadable: it is no list, or one of its entries has no id to go on from.
    """
    if not isinstance(answer, list):
        raise SchemaError("no list of refs")
    return tuple(map(_ref, answer))


def _ref(answer: object) -> Holder:
    known = id_of(answer)
    if known is None or not isinstance(answer, dict):
        raise SchemaError("a ref without an id")
    customer = answer.get("customer_id")
    held = isinstance(customer, str) and not answer.get("deleted_at")
    return Holder(known, CustomerId(str(customer)) if held else None)


def id_of(answer: object) -> str | None:
    """Read only the id of a rule's JSON; None where it has none."""
    found = answer.get("id") if isinstance(answer, dict) else None
    return found if isinstance(found, str) and found else None


def _spot(loc: Path) -> Path:
    """Say what goes aside for an error: what is wrong itself, or the outermost list that it stands in."""
    return tuple(takewhile(lambda part: isinstance(part, str), loc))


def _without(answer: Any, path: Path) -> tuple[object, Any]:
    """Take what stands at a path out of nested objects, and answer it and the rest; the original is left as it is."""
    first, *further = path
    if not isinstance(answer, Mapping) or first not in answer:
        return None, answer
    if not further:
        return answer[first], {key: value for key, value in answer.items() if key != first}
    taken, rest = _without(answer[first], tuple(further))
    return taken, {**answer, first: rest}
