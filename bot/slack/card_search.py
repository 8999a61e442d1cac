"""Finds the cards of requests in Slack, which keeps them when a database is put back to an earlier state."""

import re
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import stamina
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.request import SHORT_ALPHABET, SHORT_LENGTH
from bot.slack.announcer import CLOCKS_DIFFER, facts_of
from bot.slack.client.errors import CALL_ERRORS, describe, is_transient, repeat_after
from bot.slack.client.history import read_messages
from bot.slack.messages import card_buttons

LONGEST_AGO: Final = timedelta(days=30)
"""How far back cards are searched for if nothing says when the database was lost."""
PATIENCE_SECONDS: Final = 120.0
"""How long a page is asked for again while Slack limits the rate or does not answer."""
MAX_SAID: Final = 500
_SHORT: Final = re.compile(rf"\((R-[{SHORT_ALPHABET}]{{{SHORT_LENGTH}}}),")
"""As `card.text` writes it once it no longer waits."""
_SHORT_ALONE: Final = re.compile(rf"\b(R-[{SHORT_ALPHABET}]{{{SHORT_LENGTH}}})\b")

log = structlog.get_logger()


@dataclass(slots=True)
class CardSearch:
    """Reads the channels of the policy; `unread` are those that Slack refused, or kept failing for."""

    client: AsyncWebClient
    channels: Collection[ChannelId]
    unread: list[ChannelId] = field(default_factory=list)
    patience: float = PATIENCE_SECONDS

    async def cards(self, since: datetime | None, now: datetime) -> list[LostRequest]:
        """Find the cards that the bot posted since a time, known to the database or not.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: Slack is away, or answered for no channel.
        """
        oldest = (since - CLOCKS_DIFFER) if since else now - LONGEST_AGO
        user, found = str((await self.client.auth_test())["user_id"]), dict[str, LostRequest]()
        failure: Exception | None = None
        self.unread.clear()
        for channel in self.channels:
            try:
                async for message in self._messages(channel, oldest):
                    if message.get("user") == user and (lost := _read_card(message, channel, since)):
                        found.setdefault(lost.short, lost)
            except CALL_ERRORS as error:
                self.unread.append(channel)
                failure = error if is_transient(error) else failure
                log.warning("cards not searched for", channel=channel, why=describe(error))
        if failure and len(self.unread) == len(self.channels):
            raise failure
        return sorted(found.values(), key=lambda lost: float(lost.card_ts))

    async def link(self, lost: LostRequest) -> str:
        """Ask for the address of a card; empty if Slack does not say it."""
        try:
            answer = await self.client.chat_getPermalink(channel=lost.channel, message_ts=lost.card_ts)
        except CALL_ERRORS:
            return ""
        return str(answer["permalink"])

    def _messages(self, channel: ChannelId, oldest: datetime) -> AsyncIterator[Mapping[str, Any]]:
        retry = stamina.AsyncRetryingCaller(attempts=None, timeout=self.patience, wait_max=30)

        def read(**page: Any) -> Awaitable[AsyncSlackResponse]:
            return retry(repeat_after, self.client.conversations_history, **page)

        return read_messages(read, channel=channel, oldest=f"{oldest.timestamp():.6f}")


def _read_card(
    message: Mapping[str, Any], channel: ChannelId, backup_at: datetime | None
) -> LostRequest | None:
    """Read a message of the bot as a card; one without our facts says its request in its text and buttons."""
    facts, text = facts_of(message), str(message.get("text") or "")
    of_buttons = _buttons(message)
    in_text = _SHORT.search(text) or _SHORT_ALONE.search(_small_print(message))
    short = facts.get("short") or (in_text[1] if in_text and of_buttons else None)
    if not short:
        return None
    return LostRequest(
        short=ShortId(str(short)),
        id=RequestId(str(facts.get("request") or next(iter(of_buttons), ""))),
        channel=channel,
        card_ts=str(message["ts"]),
        rule=RuleId(str(facts.get("rule") or "")),
        said=text[:MAX_SAID],
        backup_at=backup_at,
    )


def _buttons(message: Mapping[str, Any]) -> list[str]:
    """Read the values of a card's buttons and of its menu's options: each names the request's id."""
    values = [
        str(pressable["value"])
        for block in message.get("blocks") or []
        if block.get("block_id") == card_buttons.BUTTONS
        for element in block.get("elements") or []
        for pressable in (element.get("options") or [element])
        if pressable.get("value")
    ]
    return [value.rpartition(card_buttons.SEPARATOR)[2] for value in values]


def _small_print(message: Mapping[str, Any]) -> str:
    """Read the grey lines of a card; the last one has the request's short id."""
    return " ".join(
        str(element.get("text") or "")
        for block in message.get("blocks") or []
        if block.get("type") == "context"
        for element in block.get("elements") or []
    )
