"""Parses and validates Slack's payloads: each kind has the parts that Bolt and the handlers rely on."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

Path = tuple[str | int, ...]
Check = Callable[[Any], bool]
Checks = Mapping[Path, Check]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _each(values: Any, check: Check) -> bool:
    return isinstance(values, list) and all(map(check, values))


def _person(value: Any) -> bool:
    return _object(value) and _text(value.get("id")) and isinstance(value.get("team_id"), str | None)


def _channel(value: Any) -> bool:
    return _object(value) and _text(value.get("id", ""))


def _file(value: Any) -> bool:
    return _object(value) and _text(value.get("id")) and isinstance(value.get("name"), str | None)


def _option(value: Any) -> bool:
    return (
        _object(value)
        and _text(value.get("value"))
        and _object(value.get("text", {}))
        and _text(value.get("text", {}).get("text", ""))
    )


def _block(value: Any) -> bool:
    return _object(value) and _text(value.get("block_id", ""))


def _answer(value: Any) -> bool:
    """Check the answer in one input: a text, options or files."""
    return (
        _object(value)
        and isinstance(value.get("value"), str | None)
        and _optional(_option)(value.get("selected_option"))
        and _each(value.get("selected_options") or [], _option)
        and _each(value.get("files") or [], _file)
    )


def _answers(value: Any) -> bool:
    """Check a form's answers: by block, then by input."""
    return _object(value) and all(
        _object(block) and all(map(_answer, block.values())) for block in value.values()
    )


def _view(value: Any) -> bool:
    """Check a view as Slack returns it: its texts, its blocks and the answers."""
    if not _object(value) or not all(
        _text(value.get(name)) and len(value[name]) <= most for name, most in MAX_VIEW_TEXTS.items()
    ):
        return False
    state = value.get("state")
    return _each(value.get("blocks"), _block) and (
        state is None or (_object(state) and _answers(state.get("values", {})))
    )


MAX_VIEW_TEXTS: Final = {
    "id": 100,
    "type": 100,
    "callback_id": 255,
    "hash": 100,
    "private_metadata": 3_000,
    "external_id": 255,
}
"""Maximal lengths: Slack's documented limits for our texts; its own ids and hashes have about thirty."""
INTERACTION: Final[Checks] = {("team", "id"): _text, ("user",): _person}
VIEW: Final[Checks] = {**INTERACTION, ("view",): _view}
SHORTCUT: Final[Checks] = {**INTERACTION, ("callback_id",): _text, ("trigger_id",): _text}
KINDS: Final[Mapping[str, Checks]] = {
    "block_actions": {
        **INTERACTION,
        ("actions", 0, "action_id"): _text,
        ("actions", 0, "block_id"): _text,
        ("actions", 0, "type"): _text,
        ("actions", 0, "value"): _optional(_text),
        ("trigger_id",): _text,
        ("channel",): _optional(_channel),
        ("view",): _optional(_view),
        ("response_url",): _optional(_text),
    },
    "block_suggestion": {**VIEW, ("action_id",): _text, ("block_id",): _text, ("value",): _text},
    "view_submission": {**VIEW, ("view", "state", "values"): _answers},
    "view_closed": VIEW,
    "shortcut": SHORTCUT,
    "message_action": {**SHORTCUT, ("message",): _object},
    "event_callback": {("team_id",): _text, ("event", "type"): _text},
    "url_verification": {("challenge",): _text},
}
"""The parts of each kind of payload, by its `type`, as Slack documents them."""
COMMAND: Final[Checks] = {
    (name,): _text for name in ("command", "team_id", "user_id", "channel_id", "trigger_id")
}
SSL_CHECK: Final[Checks] = {("ssl_check",): _text}
SUSPICIOUS: Final = ("\x00", "%00", "\\u")
"""A body with an unstorable character has one of these: raw, in a form or in JSON. Most have none."""
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that databases reject and nobody types."""


class MalformedPayload(Exception):
    """A payload with a missing or wrong part; the message names the part and repeats no content."""


def read_payload(body: bytes) -> dict[str, Any]:
    """Parse a form, a form with JSON in its `payload`, or JSON.

    Bolt's own parser fails on a cut body, and reads a command with the word "payload" in its text as empty.

    Raises:
        MalformedPayload: the body cannot be parsed, or a part is missing.
    """
    try:
        payload = _parse(body.decode())
    except (ValueError, RecursionError):
        raise MalformedPayload("it cannot be read") from None
    for path, check in _checks(payload).items():
        if not check(_at(payload, path)):
            raise MalformedPayload(f"{'.'.join(map(str, path))} is missing")
    return payload


def _parse(text: str) -> dict[str, Any]:
    form = {} if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    text = form.get("payload", text)
    payload = json.loads(text) if "payload" in form or not form else form
    if not isinstance(payload, dict) or (
        any(part in text for part in SUSPICIOUS) and any(map(UNSTORABLE.search, _strings(payload)))
    ):
        raise MalformedPayload("its content is wrong")
    return payload


def _checks(payload: Mapping[str, Any]) -> Checks:
    if "command" in payload:
        return COMMAND
    if "ssl_check" in payload:
        return SSL_CHECK
    kind = payload.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise MalformedPayload("its type is unknown")
    return KINDS[kind]


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
