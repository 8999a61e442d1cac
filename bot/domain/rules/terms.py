"""What a rule's approval is given for: everything that matters to what a customer gets, as text that can be digested."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from bot.domain.rules.rule import Rule

BINDING: Final = frozenset({"active", "deleted_at", "limitation", "requirement", "reward", "type"})
"""The parts of a rule, as Dintero names them, that say what is given, when, how often, and whether at all."""


def terms_of(rule: Rule) -> str:
    """Write the terms of a rule as canonical JSON: the same rule always gives the same text, on any machine.

    Left out is what changes without changing what is given: statistics, who touched it when, and the words (name, description, receipt
    text). Fields that the bot does not understand count where they stand in a binding part. The order of lists counts too: an approval
    asked for once too often does less harm than one that is missing.
    """
    terms = {
        "id": rule.id,
        "type": rule.type,
        "active": rule.active,
        "deleted": rule.deleted_at is not None,
        "reward": asdict(rule.reward),
        "requirement": asdict(rule.requirement),
        "limitation": asdict(rule.limitation),
        "unknown": sorted(field for field in rule.unknown if _binding(field[0])),
    }
    return json.dumps(terms, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_canonical)


def _binding(path: str) -> bool:
    """Say whether a path like `reward.cap` or `requirement.mixes.0` leads into a binding part."""
    return path.partition(".")[0] in BINDING


def _canonical(value: object) -> str:
    """Write 10 and 10.0 alike, and one moment alike in every time zone."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"terms cannot hold {value!r}")
