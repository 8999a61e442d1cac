"""Sends the admins the audit's head, as proof that nothing before it was changed or cut off.

The newest notice also carries, in its metadata, the head as it is now. Unlike the database, Slack keeps that
when somebody restores a backup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import stamina
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.database.audit.log import ChainHead
from bot.slack.client.direct_messages import direct_channel, tell_admins
from bot.slack.client.errors import CALL_ERRORS, describe, is_transient
from bot.slack.client.history import event_payload, read_messages
from bot.slack.language.texts import N_, _

EVENT_TYPE: Final = "discount_bot_audit_head"
CHECKED_CHARACTERS: Final = 16
"""Characters of the hash in a checkpoint: 64 bits, too many to try until a changed audit ends with them."""
SHOWN_CHARACTERS: Final = 8
"""Characters of a hash that people only compare; the metadata has all of it."""
MAX_SEARCHED: Final = 1_000
"""A notice is at most a day old, unless nothing happens."""
DATABASE_IS_NEW: Final = N_(
    "⏸️ *Paused: the database is new and empty.* I worked with another one before. "
    "Its audit had {rows} rows, the last was `{hash}`.\n"
    "If it should be new, type `/discount resume`. If not, stop the bot. "
    "Then set `DATABASE_URL` to the right one, or restore the newest backup (docs/backup.md)."
)
DATABASE_IS_OLDER: Final = N_(
    "⏸️ *Paused: the database is older than what I have seen.* "
    "Its audit had {rows} rows, the last was `{hash}`. That row is missing. "
    "Probably a backup was restored.\n"
    "Everything after the backup is missing: requests, approvals, rejections and cancellations. "
    "Compare the open requests (`/discount status`) with their threads. "
    "Cancel those that were cancelled or rejected. Then type `/discount resume`."
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
                notice = await self._search(await direct_channel(self.client, admin), chain)
                found += [notice] if notice else []
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
        text = _(
            "📄 *Audit checkpoint:* {rows} rows. Keep this message. "
            "Later, run `discount-bot audit verify --head {hash}` to prove that nothing was changed.",
            rows=head.seq,
            hash=head.hash[:CHECKED_CHARACTERS],
        )
        await self._post(text, chain, head)

    async def tell_restored(
        self, chain: str, head: ChainHead, lost: ChainHead, *, is_new: bool, is_searched: bool
    ) -> None:
        """Tell the admins that the database lacks a head that they have, and what to do.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: there are admins, and none of them could be reached.
        """
        text = DATABASE_IS_NEW if is_new else DATABASE_IS_OLDER
        lines = [_(text, rows=lost.seq, hash=lost.hash[:SHOWN_CHARACTERS])]
        if not is_searched:
            lines.append(
                _(
                    "I couldn't search Slack yet for the requests that are missing. "
                    "I'll keep trying and list them here. Wait for that list before you resume."
                )
            )
        await self._post("\n".join(lines), chain, head)

    async def note(self, chain: str, head: ChainHead) -> None:
        """Write the head into the metadata of the newest notice; the admins see no change.

        Raises:
            SlackApiError, aiohttp.ClientError, OSError: Slack did not take it.
        """
        if notice := self.newest:
            await self.client.chat_update(
                channel=notice.channel, ts=notice.ts, text=notice.text, metadata=_metadata(chain, head)
            )

    async def _search(self, channel: str, chain: str | None) -> Notice | None:
        """Search the latest messages to an admin for the newest notice about this chain, or about any."""
        searched = 0
        async for message in read_messages(self.client.conversations_history, channel=channel):
            payload = event_payload(message, EVENT_TYPE)
            if payload and chain in {None, payload.get("chain")}:
                head = ChainHead(int(payload["seq"]), str(payload["hash"]))
                return Notice(channel, str(message["ts"]), str(message["text"]), head)
            searched += 1
            if searched == MAX_SEARCHED:
                break
        return None

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
