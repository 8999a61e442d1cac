"""`POST /slack/events`: checks the signature and the payload, then lets Bolt answer."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

MAX_AGE_SECONDS: Final = 300
"""Slack's documented limit against replayed requests; it holds in both directions."""

log = structlog.get_logger(__name__)
Shape = Any
"""A type, a text's maximal length, `[shape]` for a list, shapes by key for an object, or a class below."""


@dataclass(frozen=True, slots=True)
class Maybe:
    """A part that may be missing, or null unless forbidden."""

    shape: Shape
    null: bool = True


@dataclass(frozen=True, slots=True)
class First:
    """A list whose first element has the shape."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Values:
    """An object whose values all have the shape."""

    shape: Shape


OPTION: Final = {"value": str, "text": Maybe({"text": Maybe(str, null=False)}, null=False)}
ANSWER: Final = {
    "value": Maybe(str),
    "selected_option": Maybe(OPTION),
    "selected_options": Maybe([OPTION]),
    "files": Maybe([{"id": str, "name": Maybe(str)}]),
}
"""What a person put into one input."""
ANSWERS: Final = Values(Values(ANSWER))
"""By block, then by input."""
VIEW: Final = {
    "id": 100,
    "type": 100,
    "callback_id": 255,
    "hash": 100,
    "private_metadata": 3_000,
    "external_id": 255,
    "blocks": [{"block_id": Maybe(str, null=False)}],
    "state": Maybe({"values": Maybe(ANSWERS, null=False)}),
}
"""Slack documents the limits of the texts that we set; its own ids and hashes are about thirty long."""
ACTION: Final = {
    "action_id": str,
    "block_id": str,
    "type": str,
    "value": Maybe(str),
    "selected_option": Maybe(OPTION),
}
INTERACTION: Final = {"team": Maybe({"id": str}), "user": {"id": str, "team_id": Maybe(str)}}
"""An app that is installed for an Enterprise organisation may get no team, but an `enterprise`."""
SHORTCUT: Final = {**INTERACTION, "callback_id": str, "trigger_id": str}
KINDS: Final[Mapping[str, Mapping[str, Shape]]] = {
    "block_actions": {
        **INTERACTION,
        "actions": First(ACTION),
        "trigger_id": str,
        "channel": Maybe({"id": Maybe(str, null=False)}),
        "view": Maybe(VIEW),
        "response_url": Maybe(str),
    },
    "block_suggestion": {**INTERACTION, "view": VIEW, "action_id": str, "block_id": str, "value": str},
    "view_submission": {**INTERACTION, "view": {**VIEW, "state": {"values": ANSWERS}}},
    "view_closed": {**INTERACTION, "view": VIEW},
    "shortcut": SHORTCUT,
    "message_action": {**SHORTCUT, "message": dict},
    "event_callback": {"team_id": str, "event": {"type": str}},
    "url_verification": {"challenge": str},
}
"""The parts of each kind of payload, by its `type`, as Slack documents them."""
COMMAND: Final = dict.fromkeys(("command", "team_id", "user_id", "channel_id", "trigger_id"), str)
SSL_CHECK: Final = {"ssl_check": str}
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that databases reject and nobody types."""


class MalformedPayload(Exception):
    """A payload with a missing or wrong part; the message names the part and repeats no content."""


@dataclass(frozen=True, slots=True)
class SlackEndpoint:
    """Receives Slack's requests; `now` is in seconds since 1970."""

    bolt: AsyncApp
    signing_secret: str = field(repr=False)
    now: Callable[[], float] = time.time

    async def answer(self, request: web.Request) -> web.Response:
        """Answer 401 to an unsigned request, 400 to a malformed one, and else what a handler answers."""
        try:
            body = await request.read()
        except web.RequestPayloadError:
            body = b""  # cut or badly encoded on the way: no signature fits it
        if not is_signed(body, request.headers, secret=self.signing_secret.encode(), now=self.now()):
            log.warning("unsigned request refused", bytes=len(body))
            return web.Response(status=401)
        try:
            bolt_request = _bolt_request(body)
        except MalformedPayload as malformed:
            log.warning("malformed request refused", why=str(malformed), bytes=len(body))
            return web.Response(status=400)
        return await to_aiohttp_response(await self.bolt.async_dispatch(bolt_request))


def sign(body: bytes, timestamp: str, secret: bytes) -> str:
    """Make the signature that Slack would."""
    return "v0=" + hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, headers: Mapping[str, str], *, secret: bytes, now: float) -> bool:
    """Tell whether Slack signed these bytes within five minutes; Bolt's check fails if they are no text."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not re.fullmatch("[0-9]{1,15}", timestamp) or abs(now - int(timestamp)) > MAX_AGE_SECONDS:
        return False
    return hmac.compare_digest(
        sign(body, timestamp, secret).encode(), signature.encode(errors="surrogateescape")
    )


def _bolt_request(body: bytes) -> AsyncBoltRequest:
    payload = read_payload(body)
    try:
        # in mode "socket_mode" Bolt takes a parsed payload, and needs no headers
        return AsyncBoltRequest(body=payload, mode="socket_mode")
    except (AttributeError, LookupError, TypeError, ValueError):
        raise MalformedPayload("its ids cannot be read") from None


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
    for name, shape in _parts(payload).items():
        if not _has(payload, name, shape):
            raise MalformedPayload(f"{name} is missing or wrong")
    return payload


def _parse(text: str) -> dict[str, Any]:
    form = {} if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    text = form.get("payload", text)
    payload = json.loads(text) if "payload" in form or not form else form
    if not isinstance(payload, dict) or any(map(UNSTORABLE.search, _strings(payload))):
        raise MalformedPayload("its content is wrong")
    return payload


def _parts(payload: Mapping[str, Any]) -> Mapping[str, Shape]:
    if "command" in payload:
        return COMMAND
    if "ssl_check" in payload:
        return SSL_CHECK
    kind = payload.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise MalformedPayload("its type is unknown")
    return KINDS[kind]


def _has(value: Mapping[str, Any], name: str, part: Shape) -> bool:
    return _fits(value[name], part) if name in value else isinstance(part, Maybe)


def _fits(value: Any, shape: Shape) -> bool:
    match shape:
        case type():
            return isinstance(value, shape)
        case int():
            return isinstance(value, str) and len(value) <= shape
        case [each]:
            return isinstance(value, list) and all(_fits(one, each) for one in value)
        case dict():
            return isinstance(value, dict) and all(_has(value, name, part) for name, part in shape.items())
        case Maybe():
            return (value is None and shape.null) or _fits(value, shape.shape)
        case First():
            return isinstance(value, list) and bool(value) and _fits(value[0], shape.shape)
        case Values():
            return isinstance(value, dict) and all(_fits(each, shape.shape) for each in value.values())
    raise TypeError(shape)


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
