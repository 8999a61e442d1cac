"""The terms that an approval of a rule is for, and the differences between the terms of two rules."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from bot.domain.rules.rule import Rule

BINDING: Final = frozenset({"active", "deleted_at", "limitation", "requirement", "reward", "type"})
"""The parts of a rule, by Dintero's names, that decide what a customer gets, when and how often."""


@dataclass(frozen=True, slots=True)
class Change:
    """A changed part of a rule's terms; both values are plain JSON, None if missing."""

    path: str
    old: Any
    new: Any


def terms_of(rule: Rule) -> str:
    """Write the terms of a rule as canonical JSON: the same rule gives the same text on any machine.

    They leave out what does not change the discount: statistics, dates of edits, and texts. Unknown fields
    count if they are in a binding part. The order of lists counts too: one approval too many does less harm
    than one too few.
    """
    terms = {
        "id": rule.id,
        "type": rule.type,
        "active": rule.active,
        "deleted": rule.deleted_at is not None,
        "reward": asdict(rule.reward),
        "requirement": asdict(rule.requirement),
        "limitation": asdict(rule.limitation),
        "unknown": sorted(binding(rule.unknown)),
    }
    return json.dumps(terms, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_canonical)


def binding(unknown: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the unknown fields that are in a binding part."""
    return tuple(field for field in unknown if field[0].partition(".")[0] in BINDING)


def changes(old: Rule, new: Rule) -> tuple[Change, ...]:
    """Find all differences between the terms of two rules, by path; none exactly if their texts are equal."""
    before, after = dict(_parts(old)), dict(_parts(new))
    paths = sorted(before.keys() | after.keys())
    found = (Change(path, before.get(path), after.get(path)) for path in paths)
    return tuple(change for change in found if change.old != change.new)


def _canonical(value: object) -> str:
    """Write 10 and 10.0 alike, and a time alike in every time zone."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"terms cannot hold {value!r}")


def _parts(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Name each part of the terms, such as `reward.value`; unknown fields by path, with all values."""
    for name, value in json.loads(terms_of(rule)).items():
        if name == "unknown":
            for path in dict.fromkeys(path for path, _ in value):
                yield f"unknown {path}", [text for other, text in value if other == path]
        elif isinstance(value, dict):
            yield from ((f"{name}.{part}", inner) for part, inner in value.items())
        else:
            yield name, value
