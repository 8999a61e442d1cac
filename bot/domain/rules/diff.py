"""What changed of a rule between two readings, as far as it matters to what is given; pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.rules.rule import Rule
from bot.domain.rules.terms import terms_of


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a rule's terms that is another one now; both as plain JSON values, None where it was not there."""

    path: str
    old: Any
    new: Any


def changes(old: Rule, new: Rule) -> tuple[Change, ...]:
    """Find everything by which the terms of two rules differ, by path; nothing exactly where their terms are the same text."""
    before, after = dict(_parts(old)), dict(_parts(new))
    paths = sorted(before.keys() | after.keys())
    found = (Change(path, before.get(path), after.get(path)) for path in paths)
    return tuple(change for change in found if change.old != change.new)


def _parts(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Name each part of the terms as `reward.value`; what the bot does not understand by the path that Dintero gave it."""
    for name, value in json.loads(terms_of(rule)).items():
        if name == "unknown":
            yield from _unknown(value)
        elif isinstance(value, dict):
            yield from ((f"{name}.{part}", inner) for part, inner in value.items())
        else:
            yield name, value


def _unknown(fields: list[list[str]]) -> Iterator[tuple[str, Any]]:
    """Put together what stands several times under one path: nothing of it may be lost."""
    for path in dict.fromkeys(path for path, _ in fields):
        yield f"unknown {path}", [text for other, text in fields if other == path]
