"""Says in Slack what stands in the outbox; Slack has no idempotency key, so a message that may have gone out is looked for first."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from weakref import WeakValueDictionary

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import RequestId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Repository
from bot.domain.requests.notification import ChannelKind, OutboxMessage, RequestSnapshot
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Request
from bot.errors import CardDeleted, DeliveryDeferred, DeliveryFailed
from bot.services.snapshots import load_snapshot
from bot.slack.client import uploads
from bot.slack.client.errors import CHANNEL_AWAY, GONE, away, classify, code_of
from bot.slack.messages import card, not_given_file, notices, summary
from bot.slack.rendering.formatting import Formatter, Message
from bot.spreadsheets.writer.writer import ListWriter

EVENT_TYPE: Final = "discount_bot_message"
PAGE: Final = 200
"""Messages a page, the most that Slack advises."""
LOOKED_BACK: Final = 1_000
"""How many of a conversation's latest messages are read, at most, for one that may have been posted."""
SHARED_SECONDS: Final = 10.0
"""Waited before a file is looked for that may have been shared: Slack shows it a moment after it has taken it."""
NOBODY: Final = "nobody"
"""What stands in place of a `ts` where there was nothing to send."""
CARD_ATTEMPTS: Final = 5
"""Attempts, a minute apart, until a card is given up that was never posted: nobody sees its request."""


class SlackAnnouncer:
    """The port `Announcer`: draws a notice from what the books hold now, and posts or edits it."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        repository: Repository,
        policy: Policy,
        formatter: Formatter,
        progress_tracker: ProgressTracker | None = None,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may = may
        """Whether this process, of several, still is the one that says it: looked at right before anything goes out."""
        self._client = client
        self._repository = repository
        self._policy = policy
        self._formatter = formatter
        self._progress_tracker = progress_tracker
        self._list_writer = ListWriter()
        self._cards: WeakValueDictionary[RequestId, asyncio.Lock] = WeakValueDictionary()
        """Who draws a card reads the books and edits it in one go: of two who draw at once, the later shows what is newer."""

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        """Post or edit the message, and answer its `ts`; what was posted before is found by its key.

        Raises:
            DeliveryDeferred: Slack did not take it now; says whether anything can have been posted.
            DeliveryFailed: Slack will never take it.
        """
        try:
            return await self._say(outbox_message)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise await self._patiently(classify(error), outbox_message) from error

    async def redraw(self, request: RequestId) -> None:
        """Draw the card that stands as the books have it now; where there is none yet, nothing happens.

        Raises:
            DeliveryDeferred: Slack did not take it now; says whether it may have.
            CardDeleted: it was deleted.
            DeliveryFailed: Slack will never take it.
        """
        try:
            await self._card(request)
        except (SlackApiError, aiohttp.ClientError, OSError) as error:
            if (code := code_of(error)) in GONE:
                raise CardDeleted(f"Slack does not have the card any more ({code})", code=code) from error
            raise classify(error) from error

    async def _patiently(
        self, verdict: DeliveryDeferred | DeliveryFailed, outbox_message: OutboxMessage
    ) -> DeliveryDeferred | DeliveryFailed:
        """Wait for a channel that the bot was taken out of; not for long with a card that nobody has seen yet."""
        kind = outbox_message.notification.kind
        if kind is ChannelKind.LIST and isinstance(verdict, DeliveryDeferred) and not verdict.clean:
            return DeliveryDeferred(str(verdict), after=max(verdict.after, SHARED_SECONDS), clean=False)
        if (
            not isinstance(verdict, DeliveryFailed)
            or verdict.code not in CHANNEL_AWAY
            or kind in {ChannelKind.DIRECT, ChannelKind.LIST}
        ):
            return verdict
        request = (
            await self._repository.find(outbox_message.request)
            if kind is ChannelKind.CARD and outbox_message.attempts >= CARD_ATTEMPTS
            else None
        )
        return verdict if request and request.card_ts is None else away(verdict)

    async def _request(self, request: RequestId) -> Request:
        found = await self._repository.find(request)
        if found is None:
            raise DeliveryFailed("its request is gone")
        return found

    async def _story(self, request: RequestId, *, ids: bool = True) -> RequestSnapshot:
        return await load_snapshot(
            self._repository,
            await self._request(request),
            self._policy,
            progress_tracker=self._progress_tracker,
            ids=ids,
        )

    async def _card(self, request: RequestId, outbox_message: OutboxMessage | None = None) -> str:
        """Edit the card; where there is none yet, or none any more, post it for the notice that asks for one."""
        async with self._cards.setdefault(request, asyncio.Lock()):
            snapshot = await self._story(request, ids=False)
            drawn, channel, ts = (
                card.build(snapshot, self._formatter),
                snapshot.request.channel,
                snapshot.request.card_ts,
            )
            if ts:
                try:
                    return await self._edit(channel, ts, drawn)
                except SlackApiError as error:
                    if outbox_message is None or code_of(error) not in GONE:
                        raise
            return await self._post(outbox_message, channel, drawn) if outbox_message else ""

    async def _card_anew(self, outbox_message: OutboxMessage, gone: str) -> bool:
        """Post the card once more, for a line of the thread of one that was deleted; false where that one stands after all."""
        ts = await self._card(
            outbox_message.request, replace(outbox_message, key=f"{outbox_message.key}.card", tried=True)
        )
        async with self._repository.unit_of_work(outbox_message.request) as unit:
            if unit:
                await unit.save(replace(unit.request, card_ts=ts))
        return ts != gone

    async def _say(self, outbox_message: OutboxMessage) -> str:
        match outbox_message.notification.kind:
            case ChannelKind.CARD:
                return await self._card(outbox_message.request, outbox_message)
            case ChannelKind.LINE | ChannelKind.SUMMARY:
                return await self._in_thread(outbox_message, await self._story(outbox_message.request))
            case ChannelKind.NOTICE | ChannelKind.DIRECT:
                return await self._elsewhere(outbox_message, await self._story(outbox_message.request))
            case ChannelKind.LIST:
                return await self._send_list(outbox_message, await self._request(outbox_message.request))

    async def _in_thread(self, outbox_message: OutboxMessage, snapshot: RequestSnapshot) -> str:
        card_ts = snapshot.request.card_ts
        if card_ts is None:
            raise DeliveryFailed("there is no card to say it below")
        is_line = outbox_message.notification.kind is ChannelKind.LINE
        message = (
            notices.thread(outbox_message.notification, snapshot, self._formatter)
            if is_line
            else summary.build(snapshot, self._formatter)
        )
        try:
            return await self._post(outbox_message, snapshot.request.channel, message, thread=card_ts)
        except SlackApiError as error:
            if code_of(error) not in GONE or not await self._card_anew(outbox_message, card_ts):
                raise
        raise DeliveryDeferred("its card was deleted, and has been posted anew", after=0.0, clean=True)

    async def _elsewhere(self, outbox_message: OutboxMessage, snapshot: RequestSnapshot) -> str:
        """Say it in another channel, or to one person, with a link to the card."""
        link, to = await self._link(snapshot), outbox_message.notification.to
        if outbox_message.notification.kind is ChannelKind.NOTICE:
            return await self._post(
                outbox_message,
                to,
                notices.channel(outbox_message.notification, snapshot, self._formatter, link=link),
            )
        return await self._post(
            outbox_message,
            await self._direct(to),
            notices.direct(outbox_message.notification, snapshot, self._formatter, link=link),
        )

    async def _edit(self, channel: str, ts: str, message: Message) -> str:
        self._make_sure()
        await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        return ts

    async def _post(
        self, outbox_message: OutboxMessage, channel: str, message: Message, *, thread: str | None = None
    ) -> str:
        posted = await self._posted(outbox_message, channel, thread) if outbox_message.tried else None
        if posted:
            return posted
        self._make_sure()
        answer = await self._client.chat_postMessage(
            channel=channel,
            thread_ts=thread,
            text=message.text,
            blocks=message.blocks,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": outbox_message.key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def _send_list(self, outbox_message: OutboxMessage, request: Request) -> str:
        """Send the list as a file; one that may have been shared is looked for by its title. Where nobody is on it, nothing is sent."""
        if request.purged_at:
            raise DeliveryFailed("its customers are forgotten")
        to, title = (
            await self._direct(outbox_message.notification.to),
            not_given_file.title(request, outbox_message.key),
        )
        if outbox_message.tried and (there := await uploads.shared(self._latest(to), title)):
            return there
        file = await not_given_file.written(request, self._repository, self._list_writer)
        with file.content as content:
            if not file.rows:
                return NOBODY
            self._make_sure()
            name, comment = (
                not_given_file.name(request),
                not_given_file.comment(request, file, self._formatter),
            )
            return await uploads.upload(
                self._client, content, file.length, name=name, title=title, channel=to, comment=comment
            )

    def _make_sure(self) -> None:
        if not self._may():
            raise DeliveryDeferred("another process says it now", after=1.0, clean=False)

    async def _posted(self, outbox_message: OutboxMessage, channel: str, thread: str | None) -> str | None:
        """Find a message by the key in its metadata, among a thread's replies or a conversation's latest messages."""
        async for message in self._latest(channel, thread):
            if _key(message) == outbox_message.key:
                return str(message["ts"])
        return None

    async def _latest(self, channel: str, thread: str | None = None) -> AsyncIterator[Mapping[str, Any]]:
        read = 0
        async for message in self._messages(channel, thread):
            yield message
            read += 1
            if read == LOOKED_BACK:
                break

    async def _messages(self, channel: str, thread: str | None) -> AsyncIterator[Mapping[str, Any]]:
        cursor = ""
        while True:
            if thread:
                answer = await self._client.conversations_replies(
                    channel=channel, ts=thread, include_all_metadata=True, limit=PAGE, cursor=cursor
                )
            else:
                answer = await self._client.conversations_history(
                    channel=channel, include_all_metadata=True, limit=PAGE, cursor=cursor
                )
            for message in answer.get("messages") or []:
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _link(self, snapshot: RequestSnapshot) -> str:
        """Ask for the card's address; a message whose card was deleted is said without one."""
        if snapshot.request.card_ts is None:
            return ""
        try:
            answer = await self._client.chat_getPermalink(
                channel=snapshot.request.channel, message_ts=snapshot.request.card_ts
            )
        except SlackApiError as error:
            if isinstance(classify(error), DeliveryFailed):
                return ""
            raise
        return str(answer["permalink"])

    async def _direct(self, user: str) -> str:
        answer = await self._client.conversations_open(users=user)
        return str(answer["channel"]["id"])


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return payload.get("key") if metadata.get("event_type") == EVENT_TYPE else None
