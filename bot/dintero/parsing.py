"""Parses Dintero's JSON into domain rules, and keeps what it does not understand as text.

A value that pydantic rejects is set aside, and the rest is validated again. A list is set aside whole, since
half of one would mislead.
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

import structlog
from pydantic import ValidationError

from bot.dintero.schemas import Path, RuleSchema
from bot.domain.ids import CustomerId
from bot.domain.rules.rule import Holder, Rule

REQUIRED: Final[frozenset[Path]] = frozenset(
    {(), ("id",), ("reward",), ("reward", "type"), ("reward", "value")}
)
"""Without these there is no rule."""

log = structlog.get_logger(__name__)


class SchemaError(ValueError):
    """The JSON is not what is documented, in a part that the bot needs."""


def read_rule(answer: object) -> Rule:
    """Read a rule from Dintero's JSON.

    New fields, and fields of an undocumented type, go into `unknown` as a dotted path and JSON text. A rule
    counts as inactive if its activity or deletion cannot be read: what the bot does not understand it does
    not give.

    Raises:
        SchemaError: the id, or the reward's type or value, is missing or invalid.
    """
    aside: dict[Path, object] = {}
    rest: Any = answer
    while True:
        try:
            schema = RuleSchema.model_validate(rest)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_context=False)
            # the value itself, or the outermost list around it
            paths = {tuple(takewhile(lambda part: isinstance(part, str), error["loc"])) for error in errors}
            for path in sorted(paths, key=len):
                if path in REQUIRED:
                    raise SchemaError(f"no {'.'.join(map(str, path)) or 'rule'} that can be read") from None
                aside[path], rest = _without(rest, path)
        else:
            return schema.rule(rest, aside)


def read_list(answer: object) -> list[object]:
    """Return the answer if it is a list, or raise SchemaError."""
    if not isinstance(answer, list):
        raise SchemaError("not a list")
    return answer


def read_rules(answer: object) -> tuple[Rule, ...]:
    """Read a list of rules, or raise SchemaError; an unreadable rule is logged and left out."""
    rules: list[Rule] = []
    for item in read_list(answer):
        try:
            rules.append(read_rule(item))
        except SchemaError as error:
            log.warning("dintero_rule_unreadable", why=str(error), rule=id_of(item))
    return tuple(rules)


def read_refs(answer: object) -> tuple[Holder, ...]:
    """Read a rule's holders, or raise SchemaError; a deleted ref names no customer."""
    return tuple(map(_read_ref, read_list(answer)))


def _read_ref(answer: object) -> Holder:
    ref_id = id_of(answer)
    if ref_id is None or not isinstance(answer, dict):
        raise SchemaError("a ref without an id")
    customer = answer.get("customer_id")
    is_holder = isinstance(customer, str) and not answer.get("deleted_at")
    return Holder(ref_id, CustomerId(str(customer)) if is_holder else None)


def id_of(answer: object) -> str | None:
    """Return the id in a rule's JSON, or None if it has none."""
    found = answer.get("id") if isinstance(answer, dict) else None
    return found if isinstance(found, str) and found else None


def _without(answer: Any, path: Path) -> tuple[object, Any]:
    """Return the value at a path in nested objects, and a copy of the objects without it."""
    first, *further = path
    if not isinstance(answer, Mapping) or first not in answer:
        return None, answer
    if not further:
        return answer[first], {key: value for key, value in answer.items() if key != first}
    taken, rest = _without(answer[first], tuple(further))
    return taken, {**answer, first: rest}
