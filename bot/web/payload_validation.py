"""What Slack sent, read and found whole: each kind of payload has the parts that Bolt and the handlers rely on."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

Path = tuple[str | int, ...]
Part = Callable[[Any], bool]
Parts = Mapping[Path, Part]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _inputs(value: Any) -> bool:
    """A form's values: blocks, in each its inputs, in each what was put in."""
    return _table(value) and all(
        _table(block) and all(map(_input, block.values())) for block in value.values()
    )


def _input(value: Any) -> bool:
    """What was put into one input: a text, choices with texts as their values, or files with ids."""
    if not _table(value) or not isinstance(value.get("value"), str | None):
        return False
    chosen, ticked, files = (
        value.get("selected_option"),
        value.get("selected_options") or [],
        value.get("files") or [],
    )
    return (chosen is None or _option(chosen)) and _each(ticked, _option) and _each(files, _file)


def _option(value: Any) -> bool:
    return (
        _table(value)
        and _text(value.get("value"))
        and _table(value.get("text", {}))
        and _text(value.get("text", {}).get("text", ""))
    )


def _file(value: Any) -> bool:
    return _table(value) and _text(value.get("id")) and isinstance(value.get("name"), str | None)


def _each(values: Any, fits: Part) -> bool:
    return isinstance(values, list) and all(map(fits, values))


def _view(value: Any) -> bool:
    """A view as it comes back: with its ids, its blocks, and what was put in."""
    if not _table(value) or not all(
        _text(value.get(name)) and len(value[name]) <= most for name, most in VIEW_TEXTS.items()
    ):
        return False
    blocks, state = value.get("blocks"), value.get("state")
    drawn = isinstance(blocks, list) and all(
        _table(block) and _text(block.get("block_id", "")) for block in blocks
    )
    return drawn and (state is None or (_table(state) and _inputs(state.get("values", {}))))


def _perhaps(fits: Part) -> Part:
    """Let a part be missing."""
    return lambda value: value is None or fits(value)


def _person(value: Any) -> bool:
    return _table(value) and _text(value.get("id")) and isinstance(value.get("team_id"), str | None)


def _place(value: Any) -> bool:
    return _table(value) and _text(value.get("id", ""))


VIEW_TEXTS: Final = {
    "id": 100,
    "type": 100,
    "callback_id": 255,
    "hash": 100,
    "private_metadata": 3_000,
    "external_id": 255,
}
"""How many characters they have at most: what we set ourselves, as Slack documents it; its own ids and hashes have about thirty."""
ACTED: Final[Parts] = {("team", "id"): _text, ("user",): _person}
VIEWED: Final[Parts] = {**ACTED, ("view",): _view}
PRESSED: Final[Parts] = {
    **ACTED,
    ("actions", 0, "action_id"): _text,
    ("actions", 0, "block_id"): _text,
    ("actions", 0, "type"): _text,
    ("actions", 0, "value"): _perhaps(_text),
    ("trigger_id",): _text,
    ("channel",): _perhaps(_place),
    ("view",): _perhaps(_view),
    ("response_url",): _perhaps(_text),
}
SHORTCUT: Final[Parts] = {**ACTED, ("callback_id",): _text, ("trigger_id",): _text}
PARTS: Final[Mapping[str, Parts]] = {
    "block_actions": PRESSED,
    "block_suggestion": {**VIEWED, ("action_id",): _text, ("block_id",): _text, ("value",): _text},
    "view_submission": {**VIEWED, ("view", "state", "values"): _inputs},
    "view_closed": VIEWED,
    "shortcut": SHORTCUT,
    "message_action": {**SHORTCUT, ("message",): _table},
    "event_callback": {("team_id",): _text, ("event", "type"): _text},
    "url_verification": {("challenge",): _text},
}
"""What every payload of a kind has, by its `type`, as Slack documents them."""
COMMAND: Final[Parts] = {
    ("command",): _text,
    ("team_id",): _text,
    ("user_id",): _text,
    ("channel_id",): _text,
    ("trigger_id",): _text,
}
SSL_CHECK: Final[Parts] = {("ssl_check",): _text}
UNUSUAL: Final = ("\x00", "%00", "\\u")
"""One of these stands in every text that holds such characters: as itself, in a form, in JSON; halves of a pair come in JSON only."""
UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that no database keeps, and nobody types."""


class MalformedPayload(Exception):
    """A payload that is not whole; the message says why, and repeats nothing of it."""


def read_payload(body: bytes) -> dict[str, Any]:
    """Read a form, a form with JSON in its `payload`, or JSON.

    Bolt's own reader fails on what is cut short, and takes a command whose text has the word "payload" in it for nothing at all.

    Raises:
        Malformed: it cannot be read, or a part is missing.
    """
    try:
        payload = _read(body.decode())
    except (ValueError, RecursionError):
        raise MalformedPayload("it cannot be read") from None
    for path, fits in _parts(payload).items():
        if not fits(_at(payload, path)):
            raise MalformedPayload(f"{'.'.join(map(str, path))} is missing")
    return payload


def _read(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        return _writable(json.loads(text), text)
    form = dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    if "payload" in form:
        return _writable(json.loads(form["payload"]), form["payload"])
    return _writable(form, text)


def _writable(payload: Any, text: str) -> dict[str, Any]:
    """Let a table pass that can be kept; the text tells cheaply whether there is need to look."""
    if not isinstance(payload, dict) or (
        any(part in text for part in UNUSUAL) and any(map(UNWRITABLE.search, _strings(payload)))
    ):
        raise MalformedPayload("its content is wrong")
    return payload


def _parts(payload: Mapping[str, Any]) -> Parts:
    if "command" in payload:
        return COMMAND
    if "ssl_check" in payload:
        return SSL_CHECK
    kind = payload.get("type")
    if not isinstance(kind, str) or kind not in PARTS:
        raise MalformedPayload("its type is unknown")
    return PARTS[kind]


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from _strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from _strings(below)
