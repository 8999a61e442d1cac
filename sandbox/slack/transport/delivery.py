"""How Slack reaches the bot: acks and signed HTTP. Socket Mode has its own module."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlencode

import aiohttp

from sandbox.slack.state.workspace import Json

COMMAND: Final = "slash_commands"
INTERACTION: Final = "interactive"
EVENT: Final = "events_api"


@dataclass(frozen=True, slots=True)
class Ack:
    """The bot's answer; status 0 if none came, with Slack's word for it in `trouble`."""

    status: int
    body: Json = field(default_factory=dict)
    trouble: str = ""

    @property
    def ok(self) -> bool:
        """Whether Slack accepts it."""
        return self.status == 200 and not self.trouble  # noqa: PLR2004 - HTTP's


NO_ACK_IN_TIME: Final = Ack(0, trouble="operation_timeout")
NOT_REACHED: Final = Ack(0, trouble="dispatch_failed")


class Line(Protocol):
    """A connection to the bot."""

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload (`slash_commands`, `interactive` or `events_api`) and wait for the ack."""

    async def close(self) -> None:
        """Close it."""


class SignedHttp:
    """Delivers over HTTP with Slack's signature. `options_url` overrides the address for options."""

    def __init__(self, url: str, signing_secret: str, *, options_url: str = "") -> None:
        """Connect on first use."""
        self._url = url
        self._options_url = options_url or url
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload; anything but a 200 is trouble."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        url = self._options_url if payload.get("type") == "block_suggestion" else self._url
        content_type, body = _encoded(kind, payload)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0",
            **sign(self._secret, body, at=int(time.time())),
        }
        try:
            async with self._session.post(url, data=body.encode(), headers=headers) as response:
                return await _ack(response)
        except aiohttp.ClientError:
            return NOT_REACHED

    async def close(self) -> None:
        """Close the connections to the bot."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def sign(secret: bytes, body: str, *, at: int) -> dict[str, str]:
    """Build the headers of Slack's request signature."""
    signature = hmac.new(secret, f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={signature}"}


def _encoded(kind: str, payload: Json) -> tuple[str, str]:
    if kind == EVENT:
        return "application/json", json.dumps(payload)
    form = payload if kind == COMMAND else {"payload": json.dumps(payload)}
    return "application/x-www-form-urlencoded", urlencode(form)


async def _ack(response: aiohttp.ClientResponse) -> Ack:
    text = await response.text()
    try:
        body = (
            json.loads(text)
            if response.content_type == "application/json" and text
            else {"text": text}
            if text
            else {}
        )
    except ValueError:
        return Ack(response.status, {"text": text}, trouble="dispatch_failed")
    return Ack(response.status, body, trouble="" if response.ok else "dispatch_failed")
