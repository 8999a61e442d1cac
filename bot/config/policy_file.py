"""Loads the policy file strictly and reports every fault with its line, its key and the fix."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.policy_fixes import fix_key, fix_toml, fix_value, id_hint, nearest_key
from bot.config.policy_schema import CHANNEL_ID, MAX_DAYS, WEEK_MINUTES, ChannelSchema, PolicySchema
from bot.config.toml_positions import key_lines
from bot.domain.ids import ChannelId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import ChannelPolicy, Policy, Tier
from bot.errors import ConfigError

Key = tuple[str, ...]
Table = Mapping[str, Any]

MAX_SHOWN: Final = 60
"""Characters of a wrong value that a fault repeats."""
REQUIRED: Final = ("rules", "requesters", "max_customers")
DEFAULT_APPROVALS: Final = 1
DEFAULT_HOURS: Final = ChannelPolicy.__dataclass_fields__["expires_hours"].default
DEFAULT_RETENTION: Final = Policy.__dataclass_fields__["retention_days"].default


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """What is wrong at one key, and how to fix it."""

    key: Key
    problem: str
    fix: str

    def __str__(self) -> str:
        """Write the fault as one line."""
        dotted = ".".join(
            part if re.fullmatch("[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
            for part in self.key
        )
        return f"{dotted}: {self.problem}. {self.fix}"


def load_policy(path: Path) -> Policy:
    """Load the policy file, or raise ConfigError with every fault."""
    text = _read(path)
    try:
        table = tomllib.loads(f"{text}\n")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}{_not_toml(str(error), text)}"]) from None
    faults = list(_faults(table))
    if not faults:
        return _policy(table)
    lines = key_lines(text)
    placed = sorted(((_line(fault.key, lines), fault) for fault in faults), key=lambda at: (at[0], at[1].key))
    raise ConfigError([f"{path}{f', line {line}' if line else ''}: {fault}" for line, fault in placed])


def key_fault(key: Key, table: Table) -> str | None:
    """Return what is wrong at one key of a policy, if anything."""
    found = next((fault for fault in _faults(table) if fault.key == key), None)
    return f"{found.problem}. {found.fix}" if found else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: not UTF-8 text. Save it as UTF-8."]) from None
    except FileNotFoundError:
        cure = "Run discount-bot init to make one, or set POLICY_FILE to another file."
        raise ConfigError([f"{path}: not found. {cure}"]) from None
    except OSError as error:
        cure = "Let the bot's user read it, or set POLICY_FILE to another file."
        raise ConfigError([f"{path}: {error.strerror or 'not readable'}. {cure}"]) from None


def _not_toml(message: str, text: str) -> str:
    """Move the parser's line number to the front, as in every other fault, and quote that line."""
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    if not found:
        return f": not valid TOML: {message}. Close the bracket or the quotation mark."
    line = text.split("\n")[int(found[1]) - 1].strip()
    fix = fix_toml(line) or f"{message[: found.start()]}."
    return f", line {found[1]}: not valid TOML: {line[:MAX_SHOWN]}. {fix}"


def _faults(table: Table) -> Iterator[ConfigFault]:
    yield from _schema_faults(PolicySchema, table, ())
    defaults = _subtable(table, "defaults")
    yield from _schema_faults(ChannelSchema, defaults, ("defaults",))
    retention = table.get("retention_days", DEFAULT_RETENTION)
    for channel, keys in _subtable(table, "channels").items():
        yield from _channel_faults(channel, keys, defaults, retention)


def _subtable(table: Table, key: str) -> Table:
    below = table.get(key, {})
    return below if isinstance(below, dict) else {}


def _channel_faults(channel: str, keys: Any, defaults: Table, retention: Any) -> Iterator[ConfigFault]:
    key = ("channels", channel)
    if not re.fullmatch(CHANNEL_ID, channel):
        fix = "Write [channels.C0123456789]; the ID is at the bottom of View channel details."
        yield ConfigFault(key, f"not a channel ID{id_hint(channel)}", fix)
    if not isinstance(keys, dict):
        yield ConfigFault(key, f"{_shown(keys)} isn't a table", "Write [channels.C0123456789].")
        return
    yield from _schema_faults(ChannelSchema, keys, key)
    merged = {**defaults, **keys}
    # without approvers, no request may need an approval, whatever its size
    needs_approvers = merged.get("approvals") != 0 or "tiers" in merged or merged.get("reserved") is True
    misspelt = {nearest_key(ChannelSchema, name) for name in keys if name not in ChannelSchema.model_fields}
    for name in (*REQUIRED, "approvers") if needs_approvers else REQUIRED:
        if name not in merged and name not in misspelt:
            yield ConfigFault((*key, name), "missing", fix_value(ChannelSchema, name, "Add"))
    yield from _lenient_tiers(merged, key)
    if needs_approvers:
        yield from _endless_hold(merged, key)
    # a warning about a repeat would stay silent once the ids are deleted; other wrong days are a schema fault
    days = merged.get("repeat_days")
    if isinstance(days, int) and isinstance(retention, int) and retention < days <= MAX_DAYS:
        problem = f"{days} days is longer than customer IDs are kept"
        fix = f"Write repeat_days = {retention} or less, or raise retention_days."
        yield ConfigFault((*key, "repeat_days"), problem, fix)


def _endless_hold(channel: Table, key: Key) -> Iterator[ConfigFault]:
    """Find a hold after which every approval is too old; other wrong values are a schema fault."""
    minutes, hours = channel.get("hold_minutes", 0), channel.get("expires_hours", DEFAULT_HOURS)
    if (
        all(isinstance(value, int | float) for value in (minutes, hours))
        and 0 < hours * 60 <= minutes <= WEEK_MINUTES
    ):
        problem = f"after {minutes:g} minutes on hold, approvals are too old: they count for {hours:g} hours"
        fix = f"Write fewer than {hours * 60:g} minutes, or raise expires_hours."
        yield ConfigFault((*key, "hold_minutes"), problem, fix)


def _lenient_tiers(channel: Table, key: Key) -> Iterator[ConfigFault]:
    """Find tiers that need fewer approvals than the channel; malformed tiers are a schema fault."""
    least, tiers = channel.get("approvals", DEFAULT_APPROVALS), channel.get("tiers")
    for tier in tiers if isinstance(tiers, list) and isinstance(least, int) else []:
        approvals = tier.get("approvals") if isinstance(tier, dict) else None
        if isinstance(approvals, int) and not isinstance(approvals, bool) and 0 < approvals < least:
            problem = f"a tier can't need fewer approvals ({approvals}) than the channel ({least})"
            yield ConfigFault((*key, "tiers"), problem, f"Write approvals = {least} or more in the tier.")


def _schema_faults(model: type[BaseModel], table: Table, above: Key) -> Iterator[ConfigFault]:
    try:
        model.model_validate(table)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            name = str(error["loc"][0])
            is_unknown = error["type"] == "extra_forbidden" and len(error["loc"]) == 1
            fix = fix_key(model, name) if is_unknown else _fix(model, name, error)
            yield ConfigFault((*above, name), _problem(error), fix)


def _fix(model: type[BaseModel], name: str, error: ErrorDetails) -> str:
    is_missing = error["type"] == "missing" and len(error["loc"]) == 1
    return fix_value(model, name, "Add" if is_missing else "Write")


def _problem(error: ErrorDetails) -> str:
    inner = f' "{error["loc"][-1]}"' if len(error["loc"]) > 1 else ""
    match error["type"]:
        case "missing":
            return f"{inner.strip()} is missing" if inner else "missing"
        case "extra_forbidden":
            return f"unknown key{inner}"
        case _:
            return f"{_shown(error['input'])} isn't valid{id_hint(error['input'])}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _line(key: Key, lines: Mapping[Key, int]) -> int:
    """Return the line of the key or of the nearest table above it; 0 is the whole file."""
    return next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 0)


def _policy(table: Table) -> Policy:
    top = PolicySchema.model_validate(table)
    return Policy(
        currency=top.currency,
        timezone=top.timezone,
        admins=tuple(top.admins),
        retention_days=top.retention_days,
        language=str(top.defaults.get("language", "en")),
        locale=str(top.defaults.get("locale", "")),
        channels={
            ChannelId(name): _channel_policy(ChannelId(name), top.defaults, keys)
            for name, keys in top.channels.items()
        },
    )


def _channel_policy(channel: ChannelId, *tables: Table) -> ChannelPolicy:
    """Build a channel's policy from the defaults and its own table, of which the later wins."""
    values: dict[str, Any] = {}
    for table in tables:
        for name, value in ChannelSchema.model_validate(table).model_dump(exclude_unset=True).items():
            values[name] = tuple(value) if isinstance(value, list) else value
    values["rules"] = frozenset(values["rules"])
    if "budget" in values:
        values["budget"] = Budget(**values["budget"])
    values["tiers"] = tuple(Tier(**tier) for tier in values.get("tiers", ()))
    return ChannelPolicy(id=channel, **values)
