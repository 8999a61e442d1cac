"""`POST /slack/events`: checks the signature and the payload, then lets Bolt answer."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.web.payload_validation import MalformedPayload, read_payload

MAX_AGE_SECONDS: Final = 300
"""Slack's documented limit against replayed requests; it holds in both directions."""

log = structlog.get_logger(__name__)


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
