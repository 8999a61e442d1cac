"""Sends the admins the audit's head, as proof that nothing before it was changed or cut off.

The newest notice also carries, in its metadata, the head as it is now. Unlike the database, Slack keeps that
when somebody restores a backup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import stamina
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.database.audit.log import ChainHead
from bot.slack.client.direct_messages import direct_channel, tell_admins
from bot.slack.client.errors import CALL_ERRORS, describe, is_transient

EVENT_TYPE: Final = "discount_bot_audit_head"
PAGE_MESSAGES: Final = 200
"""The largest page that Slack recommends."""
MAX_PAGES: Final = 5
"""A notice is at most a day old, unless nothing happens."""
UNSEARCHED: Final = (
    "Slack did not yet let me look for the requests that it lacks. I go on trying, and list them here: "
    "wait for that list before you resume."
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to an admin, and the head in its metadata."""

    channel: str
    ts: str
    text: str
    head: ChainHead


@dataclass(slots=True)
class AuditNotices:
    """Posts and reads the notices; `chain` is the hash of the audit's first row, which names the chain."""

    client: AsyncWebClient
    admins: Sequence[str]
    newest: Notice | None = None
    """The last one that was found or posted."""

    async def last(self, chain: str | None) -> ChainHead | None:
        """Read the head that the newest notice about this chain has, or about any; None if there is none.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: Slack is away.
        """
        found: list[Notice] = []
        for admin in self.admins:
            try:
                found += await self._search(await direct_channel(self.client, admin), chain)
            except CALL_ERRORS as error:
                if is_transient(error):
                    raise
                log.warning("audit head not read", admin=admin, why=describe(error))
        self.newest = max(found, key=lambda notice: float(notice.ts), default=None)
        return self.newest.head if self.newest else None

    async def last_for_sure(self, chain: str | None) -> ChainHead | None:
        """Read it for as long as Slack is away."""
        retry = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_max=30)
        return await retry(is_transient, self.last, chain)

    async def tell(self, chain: str, head: ChainHead) -> None:
        """Send the admins a notice each; log those that cannot be reached.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: there are admins, and none of them could be reached.
        """
        text = (
            f"🔗 The audit has {head.seq} rows, and ends with `{head.hash}`. Keep this message: "
            f"`discount-bot audit verify --head {head.hash}` "
            "shows later that nothing up to here was changed or cut off."
        )
        await self._post(text, chain, head)

    async def tell_restored(
        self, chain: str, head: ChainHead, lost: ChainHead, *, is_new: bool, is_searched: bool
    ) -> None:
        """Tell the admins that the database lacks a head that they have, and what to do.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: there are admins, and none of them could be reached.
        """
        unsearched = "" if is_searched else f" {UNSEARCHED}"
        if is_new:
            text = (
                "⏸️ I am paused: the database is new and empty, and I have worked on another one, whose "
                f"audit had {lost.seq} rows and ended with `{lost.hash}`. If it is meant to be new, type "
                "`/discount resume`. If not, stop the bot, and let `DATABASE_URL` name the right one or put "
                "the newest backup in its place: docs/backup.md."
            )
            await self._post(text + unsearched, chain, head)
            return
        text = (
            f"⏸️ I am paused: the database is older than what I have seen. The audit had {lost.seq} rows and "
            f"ended with `{lost.hash}`; that row is missing now. Most likely a backup was restored. What "
            "happened after the backup is missing too: requests, approvals, rejections, cancellations. "
            "Compare the open requests (`/discount status`) with their threads, and cancel what was "
            "cancelled or rejected. Then type `/discount resume`."
        )
        await self._post(text + unsearched, chain, head)

    async def note(self, chain: str, head: ChainHead) -> None:
        """Write the head into the metadata of the newest notice; the admins see no change.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: Slack did not take it.
        """
        if notice := self.newest:
            await self.client.chat_update(
                channel=notice.channel, ts=notice.ts, text=notice.text, metadata=_metadata(chain, head)
            )

    async def _search(self, channel: str, chain: str | None) -> list[Notice]:
        """Search the latest messages to an admin, page by page, for a notice."""
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            answer = await self.client.conversations_history(
                channel=channel, limit=PAGE_MESSAGES, cursor=cursor, include_all_metadata=True
            )
            found = _notices(answer.get("messages") or [], channel, chain)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if found or not cursor:
                return found
        return []

    async def _post(self, text: str, chain: str, head: ChainHead) -> None:
        metadata = _metadata(chain, head)
        answers, failures = await tell_admins(self.client, self.admins, text, metadata=metadata)
        for answer in answers[-1:]:
            self.newest = Notice(str(answer["channel"]), str(answer["ts"]), text, head)
        if failures and not answers:
            raise failures[0]


def _metadata(chain: str, head: ChainHead) -> dict[str, Any]:
    """Build it with a key of its own, as every message of the bot has one."""
    payload = {"key": str(uuid4()), "chain": chain, "seq": head.seq, "hash": head.hash}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _notices(messages: Sequence[Mapping[str, Any]], channel: str, chain: str | None) -> list[Notice]:
    """Find the notices about a chain, or about any."""
    found = []
    for message in messages:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if metadata.get("event_type") == EVENT_TYPE and chain in {None, payload.get("chain")}:
            head = ChainHead(int(payload["seq"]), str(payload["hash"]))
            found.append(Notice(channel, str(message["ts"]), str(message["text"]), head))
    return found
