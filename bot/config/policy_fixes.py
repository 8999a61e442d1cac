"""Writes out how to fix a policy file: the right line, the nearest key, the TOML that was meant."""

import re
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel

from bot.config.policy_schema import ChannelSchema, PolicySchema

PAGE: Final = "policy.example.toml lists all keys"
LIKE_AN_ID: Final = re.compile(r"[cguws](?=[a-z0-9]*[0-9])[a-z0-9]+")
SEPARATED: Final = re.compile(r"\d{1,3}(?:[ ,.']\d{3})+")


def fix_value(model: type[BaseModel], name: str, verb: str = "Write") -> str:
    """Write out a right line for a key, and what else is allowed.

    >>> fix_value(ChannelSchema, "approvals")
    'Write approvals = 1 (a whole number from 0 to 10).'
    """
    field = model.model_fields[name]
    return f"{verb} {(field.examples or [name])[0]} ({field.description})."


def fix_key(model: type[BaseModel], key: str) -> str:
    """Name the key that was meant, or the place where this one belongs.

    >>> fix_key(ChannelSchema, "aprovals"), fix_key(PolicySchema, "approvals")
    ('Did you mean approvals?', 'Move it below [defaults] or a [channels.C…].')
    """
    if model is PolicySchema and key in ChannelSchema.model_fields:
        return "Move it below [defaults] or a [channels.C…]."
    if model is ChannelSchema and key in PolicySchema.model_fields:
        return "Move it to the top of the file, above every [table]."
    near = nearest_key(model, key)
    return f"Did you mean {near}?" if near else f"Remove it; {PAGE}."


def nearest_key(model: type[BaseModel], key: str) -> str:
    """Find the key that was probably meant; empty if none is near."""
    return "".join(get_close_matches(key.lower(), model.model_fields, n=1, cutoff=0.7))


def id_hint(value: Any) -> str:
    """Suggest the capitals of what looks like an ID.

    >>> id_hint("u0ann"), id_hint("ann")
    (' (did you mean "U0ANN"?)', '')
    """
    is_like = isinstance(value, str) and LIKE_AN_ID.fullmatch(value)
    return f' (did you mean "{value.upper()}"?)' if is_like else ""


def fix_toml(line: str) -> str:
    """Write out the TOML that was meant; empty if that cannot be told.

    >>> fix_toml("max_amount = 5,000,000  # øre")
    'Write max_amount = 5_000_000, without separators.'
    >>> fix_toml("currency = NOK"), fix_toml("reserved = False"), fix_toml("[channels.#shop]")
    ('Write currency = "NOK", in quotation marks.', 'Write reserved = false.', '')
    """
    key, _, value = (part.strip() for part in line.partition("#")[0].partition("="))
    if SEPARATED.fullmatch(value):
        return f"Write {key} = {int(re.sub(r'[^0-9]', '', value)):_}, without separators."
    match value.lower():
        case "true" | "yes" | "on":
            return f"Write {key} = true."
        case "false" | "no" | "off":
            return f"Write {key} = false."
        case text if re.fullmatch(r"[^\W\d][\w/+-]*", text):
            return f'Write {key} = "{value}", in quotation marks.'
        case _:
            return ""
