"""The policy file: read strictly, every fault said at once with its line, its key and what is allowed there."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.policy_schema import CHANNEL_ID, MOST_DAYS, ChannelSchema, PolicySchema
from bot.config.toml_positions import key_lines
from bot.domain.ids import ChannelId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import ChannelPolicy, Policy, Tier
from bot.errors import ConfigError

Key = tuple[str, ...]
Table = Mapping[str, Any]

SHOWN_VALUE: Final = 60
"""How many characters of a wrong value are repeated."""
REQUIRED: Final = ("rules", "requesters", "max_customers")
UNSAID_APPROVALS: Final = 1
UNSAID_RETENTION: Final = Policy.__dataclass_fields__["retention_days"].default


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """What is wrong at one key, and what would be right."""

    key: Key
    what: str
    allowed: str

    def __str__(self) -> str:
        """Say it as a person reads it."""
        return f"{_dotted(self.key)} {self.what}; allowed: {self.allowed}"


def load_policy(path: Path) -> Policy:
    """Read the allowlist.

    Raises:
        ConfigError: with every fault, a line each.
    """
    text = _text_of(path)
    try:
        table = tomllib.loads(f"{text}\n")
    except tomllib.TOMLDecodeError as unreadable:
        raise ConfigError([f"{path}{_where(str(unreadable), text)}"]) from None
    if faults := list(_faults(table)):
        raise ConfigError(_placed(faults, path, text))
    return _policy(table)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: cannot be read; allowed: UTF-8 text"]) from None
    except OSError as missing:
        what = missing.strerror or "cannot be read"
        raise ConfigError(
            [f"{path}: {what}; copy policy.example.toml, or let POLICY_FILE name another file"]
        ) from None


def _where(wrong: str, text: str) -> str:
    """Put the line first, as for every other fault, and what stands in it: the reader tells only its number."""
    found = re.search(r" \(at line (\d+), column \d+\)$", wrong)
    if not found:
        return f": {wrong}; allowed: TOML"
    line = text.split("\n")[int(found[1]) - 1].strip()
    return f", line {found[1]}: {wrong[: found.start()]}: {line[:SHOWN_VALUE]}; allowed: TOML"


def _faults(table: Table) -> Iterator[ConfigFault]:
    yield from _wrong(PolicySchema, table, ())
    defaults = _below(table, "defaults")
    yield from _wrong(ChannelSchema, defaults, ("defaults",))
    retention = table.get("retention_days", UNSAID_RETENTION)
    for channel, keys in _below(table, "channels").items():
        yield from _channel_faults(channel, keys, defaults)
        yield from _forgotten(channel, {**defaults, **keys} if isinstance(keys, dict) else {}, retention)


def _below(table: Table, key: str) -> Table:
    below = table.get(key, {})
    return below if isinstance(below, dict) else {}


def _channel_faults(channel: str, keys: Any, defaults: Table) -> Iterator[ConfigFault]:
    key = ("channels", channel)
    if not re.fullmatch(CHANNEL_ID, channel):
        yield ConfigFault(key, "is no channel id", "an id as Slack shows it under About, C… or G…")
    if not isinstance(keys, dict):
        yield ConfigFault(key, f"is {_shown(keys)}, which cannot be used", "a table, [channels.C…]")
        return
    yield from _wrong(ChannelSchema, keys, key)
    given = {**defaults, **keys}
    for name in (*REQUIRED, "approvers") if _asks_anybody(given) else REQUIRED:
        if name not in given:
            yield ConfigFault((*key, name), "is missing", _allowed(ChannelSchema, name))
    yield from _loose(given, key)


def _forgotten(channel: str, given: Table, retention: Any) -> Iterator[ConfigFault]:
    """Find a warning of what is forgotten by then, which would stay silent; days that no key may have are told elsewhere."""
    days = given.get("repeat_days")
    if isinstance(days, int) and isinstance(retention, int) and retention < days <= MOST_DAYS:
        yield ConfigFault(
            ("channels", channel, "repeat_days"),
            f"is {days}, longer than ids are kept",
            f"at most retention_days, {retention}",
        )


def _asks_anybody(given: Table) -> bool:
    """Say whether a channel has to name approvers: unless nobody has to agree, whatever the size."""
    return given.get("approvals") != 0 or "tiers" in given or given.get("reserved") is True


def _loose(given: Table, above: Key) -> Iterator[ConfigFault]:
    """Find tiers that would make it easier from some size on; what is no tier at all is told elsewhere."""
    least, tiers = given.get("approvals", UNSAID_APPROVALS), given.get("tiers")
    for tier in tiers if isinstance(tiers, list) and isinstance(least, int) else []:
        asked = tier.get("approvals") if isinstance(tier, dict) else None
        if isinstance(asked, int) and not isinstance(asked, bool) and 0 < asked < least:
            yield ConfigFault(
                (*above, "tiers"),
                f"has approvals = {asked}, fewer than the {least} below it",
                _allowed(ChannelSchema, "tiers"),
            )


def _wrong(model: type[BaseModel], table: Table, above: Key) -> Iterator[ConfigFault]:
    try:
        model.model_validate(table)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            name = str(error["loc"][0])
            yield ConfigFault((*above, name), _what(error), _allowed(model, name))


def _what(error: ErrorDetails) -> str:
    inside = str(error["loc"][-1]) if len(error["loc"]) > 1 else ""
    if error["type"] == "missing":
        return f"has no {inside}" if inside else "is missing"
    if error["type"] == "extra_forbidden":
        return f"has {inside}, which is no known key" if inside else "is no known key"
    return f"{'has' if len(error['loc']) > 1 else 'is'} {_shown(error['input'])}, which cannot be used"


def _allowed(model: type[BaseModel], name: str) -> str:
    if field := model.model_fields.get(name):
        return field.description or ""
    return ", ".join(model.model_fields)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_VALUE else f"{text[:SHOWN_VALUE]}…"


def _placed(faults: list[ConfigFault], path: Path, text: str) -> list[str]:
    lines = key_lines(text)
    placed = sorted(
        ((_line(fault.key, lines), fault) for fault in faults), key=lambda pair: (pair[0], pair[1].key)
    )
    return [f"{path}{f', line {line}' if line else ''}: {fault}" for line, fault in placed]


def _line(key: Key, lines: Mapping[Key, int]) -> int:
    """Where the key stands, or the nearest table above it; 0 for the file."""
    return next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 0)


def _dotted(key: Key) -> str:
    return ".".join(
        part if re.fullmatch("[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False) for part in key
    )


def _policy(table: Table) -> Policy:
    top = PolicySchema.model_validate(table)
    defaults = _given(_below(table, "defaults"))
    channels = {
        ChannelId(name): _channel(ChannelId(name), {**defaults, **_given(keys)})
        for name, keys in top.channels.items()
    }
    return Policy(
        currency=top.currency,
        timezone=top.timezone,
        admins=tuple(top.admins),
        retention_days=top.retention_days,
        channels=channels,
    )


def _given(keys: Table) -> dict[str, Any]:
    return ChannelSchema.model_validate(keys).model_dump(exclude_unset=True)


def _channel(channel: ChannelId, keys: dict[str, Any]) -> ChannelPolicy:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in keys.items()
    }
    values["rules"] = frozenset(values["rules"])
    if "budget" in values:
        values["budget"] = Budget(**values["budget"])
    values["tiers"] = tuple(Tier(**tier) for tier in values.get("tiers", ()))
    return ChannelPolicy(id=channel, **values)
