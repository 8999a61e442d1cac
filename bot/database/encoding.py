r"""How values of the heart are written into columns, and read back the same; knows no database.

PostgreSQL holds no NUL in a text, and neither database a half of a surrogate pair, but people can type both: they are
written as `\uXXXX`, and a backslash with them, so that whatever was typed comes back word for word.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.domain.policy.tiers import AppliedTier, TierTrigger
from bot.domain.requests.request import FormInput
from bot.domain.rules.rule import Rule

MANY: Final = 1_000
"""Customers that are packed or hashed beside the event loop: below that, changing threads takes longer."""
_UNKEEPABLE: Final = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\u([0-9a-f]{4})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RULE: Final = TypeAdapter(Rule)
_NEW: Final = frozenset({"files", "refused_too"})
_json: Final = json.JSONEncoder(separators=(",", ":")).encode


def encode(value: str) -> str:
    r"""Write any text so that both databases hold it.

    >>> text("a\x00\\b")
    'a\\u0000\\u005cb'
    """
    return _UNKEEPABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", str(value))


def decode(kept: str) -> str:
    r"""Read what `text` wrote.

    >>> decode('a\\u0000\\u005cb')
    'a\x00\\b'
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), kept)


def to_micros(at: datetime) -> int:
    """Write a moment, which must be aware: a naive one raises TypeError."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(kept: int) -> datetime:
    """Read what `micros` wrote, in UTC."""
    return _EPOCH + timedelta(microseconds=kept)


def rule_json(rule: Rule) -> str:
    """Write a rule; not by pydantic's own JSON, which refuses half surrogates."""
    return _json(_RULE.dump_python(rule, mode="json"))


def rule_of(kept: str) -> Rule:
    """Read what `rule_json` wrote."""
    return _RULE.validate_python(json.loads(kept))


def tier_text(tier: AppliedTier) -> str:
    """Write a tier that applies.

    >>> tier_of(tier_text(AppliedTier(2, TierTrigger.CUSTOMERS, 100)))
    AppliedTier(approvals=2, why=<TierTrigger.CUSTOMERS: 'customers'>, bound=100)
    """
    return f"{tier.why}:{tier.bound}:{tier.approvals}"


def tier_of(kept: str) -> AppliedTier:
    """Read what `tier_text` wrote."""
    why, bound, approvals = kept.split(":")
    return AppliedTier(int(approvals), TierTrigger(why), int(bound))


def typed_json(form_input: FormInput) -> str:
    """Write what was typed; what is new only where it is there, so that a process of an older version can read all else."""
    words = {name: getattr(form_input, name) for name in FormInput.__slots__ if name not in _NEW}
    files = [[file.id, file.name, file.column] for file in form_input.files]
    return _json(
        {
            **words,
            **({"files": files} if files else {}),
            **({"refused_too": True} if form_input.refused_too else {}),
        }
    )


def typed_of(kept: str) -> FormInput:
    """Read what `typed_json` wrote."""
    found = json.loads(kept)
    files = tuple(Upload(FileId(id_), name, column) for id_, name, column in found.pop("files", ()))
    return FormInput(**found, files=files)


def facts_json(facts: Mapping[str, str]) -> str:
    """Write the facts of a notice, in their order."""
    return _json(dict(facts))


def facts_of(kept: str) -> dict[str, str]:
    """Read what `facts_json` wrote."""
    return dict(json.loads(kept))
