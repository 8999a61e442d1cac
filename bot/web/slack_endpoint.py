"""`POST /slack/events`: checks who sent it and that it is whole, then lets Bolt answer; knows no handler."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.web.payload_validation import MalformedPayload, read_payload
from bot.web.signature import is_signed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlackEndpoint:
    """Where Slack's requests come in; `now` is in seconds since 1970."""

    bolt: AsyncApp
    signing_secret: str = field(repr=False)
    now: Callable[[], float] = time.time

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request: 401 unless Slack signed it, 400 when it is not whole, and else what a handler says."""
        body = await _body(request)
        if not is_signed(body, request.headers, secret=self.signing_secret.encode(), now=self.now()):
            log.warning("unsigned request refused", bytes=len(body))
            return web.Response(status=401)
        try:
            asked = _asked(body)
        except MalformedPayload as malformed:
            log.warning("malformed request refused", why=str(malformed), bytes=len(body))
            return web.Response(status=400)
        return await to_aiohttp_response(await self.bolt.async_dispatch(asked))


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.RequestPayloadError:
        # cut or badly encoded on the way: no signature can fit it
        return b""


def _asked(body: bytes) -> AsyncBoltRequest:
    payload = read_payload(body)
    try:
        # "socket_mode": Bolt takes the payload as it was read, and asks for no headers: what counts of them was checked
        return AsyncBoltRequest(body=payload, mode="socket_mode")
    except (AttributeError, LookupError, TypeError, ValueError):
        raise MalformedPayload("its ids cannot be read") from None
