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
from bot.domain.ports import Books
from bot.domain.requests.notification import Kind, Story, Unsaid
from bot.domain.requests.progress import Paces
from bot.domain.requests.request import Request
from bot.errors import CardGone, NeverSaid, SayLater
from bot.services.snapshots import story_of
from bot.slack.client import uploads
from bot.slack.client.errors import CHANNEL_AWAY, GONE, away, code_of, judged
from bot.slack.messages import card, not_given_file, notices, summary
from bot.slack.messages import thread as thread_message
from bot.slack.rendering.formatting import Look, Message
from bot.spreadsheets.writer.writer import Lister

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
        books: Books,
        policy: Policy,
        look: Look,
        paces: Paces | None = None,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may = may
        """Whether this process, of several, still is the one that says it: looked at right before anything goes out."""
        self._client = client
        self._books = books
        self._policy = policy
        self._look = look
        self._paces = paces
        self._lister = Lister()
        self._cards: WeakValueDictionary[RequestId, asyncio.Lock] = WeakValueDictionary()
        """Who draws a card reads the books and edits it in one go: of two who draw at once, the later shows what is newer."""

    async def say(self, unsaid: Unsaid) -> str:
        """Post or edit the message, and answer its `ts`; what was posted before is found by its key.

        Raises:
            SayLater: Slack did not take it now; says whether anything can have been posted.
            NeverSaid: Slack will never take it.
        """
        try:
            return await self._say(unsaid)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise await self._patiently(judged(error), unsaid) from error

    async def redraw(self, request: RequestId) -> None:
        """Draw the card that stands as the books have it now; where there is none yet, nothing happens.

        Raises:
            SayLater: Slack did not take it now; says whether it may have.
            CardGone: it was deleted.
            NeverSaid: Slack will never take it.
        """
        try:
            await self._card(request)
        except (SlackApiError, aiohttp.ClientError, OSError) as error:
            if (code := code_of(error)) in GONE:
                raise CardGone(f"Slack does not have the card any more ({code})", code=code) from error
            raise judged(error) from error

    async def _patiently(self, verdict: SayLater | NeverSaid, unsaid: Unsaid) -> SayLater | NeverSaid:
        """Wait for a channel that the bot was taken out of; not for long with a card that nobody has seen yet."""
        kind = unsaid.notice.kind
        if kind is Kind.LIST and isinstance(verdict, SayLater) and not verdict.clean:
            return SayLater(str(verdict), after=max(verdict.after, SHARED_SECONDS), clean=False)
        if (
            not isinstance(verdict, NeverSaid)
            or verdict.code not in CHANNEL_AWAY
            or kind in {Kind.DIRECT, Kind.LIST}
        ):
            return verdict
        request = (
            await self._books.find(unsaid.request)
            if kind is Kind.CARD and unsaid.attempts >= CARD_ATTEMPTS
            else None
        )
        return verdict if request and request.card_ts is None else away(verdict)

    async def _request(self, request: RequestId) -> Request:
        found = await self._books.find(request)
        if found is None:
            raise NeverSaid("its request is gone")
        return found

    async def _story(self, request: RequestId, *, ids: bool = True) -> Story:
        return await story_of(
            self._books, await self._request(request), self._policy, paces=self._paces, ids=ids
        )

    async def _card(self, request: RequestId, unsaid: Unsaid | None = None) -> str:
        """Edit the card; where there is none yet, or none any more, post it for the notice that asks for one."""
        async with self._cards.setdefault(request, asyncio.Lock()):
            story = await self._story(request, ids=False)
            drawn, channel, ts = card.build(story, self._look), story.request.channel, story.request.card_ts
            if ts:
                try:
                    return await self._edit(channel, ts, drawn)
                except SlackApiError as error:
                    if unsaid is None or code_of(error) not in GONE:
                        raise
            return await self._post(unsaid, channel, drawn) if unsaid else ""

    async def _card_anew(self, unsaid: Unsaid, gone: str) -> bool:
        """Post the card once more, for a line of the thread of one that was deleted; false where that one stands after all."""
        ts = await self._card(unsaid.request, replace(unsaid, key=f"{unsaid.key}.card", tried=True))
        async with self._books.page(unsaid.request) as page:
            if page:
                await page.keep(replace(page.request, card_ts=ts))
        return ts != gone

    async def _say(self, unsaid: Unsaid) -> str:
        match unsaid.notice.kind:
            case Kind.CARD:
                return await self._card(unsaid.request, unsaid)
            case Kind.LINE | Kind.SUMMARY:
                return await self._in_thread(unsaid, await self._story(unsaid.request))
            case Kind.NOTICE | Kind.DIRECT:
                return await self._elsewhere(unsaid, await self._story(unsaid.request))
            case Kind.LIST:
                return await self._send_list(unsaid, await self._request(unsaid.request))

    async def _in_thread(self, unsaid: Unsaid, story: Story) -> str:
        card_ts = story.request.card_ts
        if card_ts is None:
            raise NeverSaid("there is no card to say it below")
        is_line = unsaid.notice.kind is Kind.LINE
        message = (
            thread_message.build(unsaid.notice, story, self._look)
            if is_line
            else summary.build(story, self._look)
        )
        try:
            return await self._post(unsaid, story.request.channel, message, thread=card_ts)
        except SlackApiError as error:
            if code_of(error) not in GONE or not await self._card_anew(unsaid, card_ts):
                raise
        raise SayLater("its card was deleted, and has been posted anew", after=0.0, clean=True)

    async def _elsewhere(self, unsaid: Unsaid, story: Story) -> str:
        """Say it in another channel, or to one person, with a link to the card."""
        link, to = await self._link(story), unsaid.notice.to
        if unsaid.notice.kind is Kind.NOTICE:
            return await self._post(unsaid, to, notices.channel(unsaid.notice, story, self._look, link=link))
        return await self._post(
            unsaid, await self._direct(to), notices.direct(unsaid.notice, story, self._look, link=link)
        )

    async def _edit(self, channel: str, ts: str, message: Message) -> str:
        self._make_sure()
        await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        return ts

    async def _post(
        self, unsaid: Unsaid, channel: str, message: Message, *, thread: str | None = None
    ) -> str:
        posted = await self._posted(unsaid, channel, thread) if unsaid.tried else None
        if posted:
            return posted
        self._make_sure()
        answer = await self._client.chat_postMessage(
            channel=channel,
            thread_ts=thread,
            text=message.text,
            blocks=message.blocks,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": unsaid.key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def _send_list(self, unsaid: Unsaid, request: Request) -> str:
        """Send the list as a file; one that may have been shared is looked for by its title. Where nobody is on it, nothing is sent."""
        if request.purged_at:
            raise NeverSaid("its customers are forgotten")
        to, title = await self._direct(unsaid.notice.to), not_given_file.title(request, unsaid.key)
        if unsaid.tried and (there := await uploads.shared(self._latest(to), title)):
            return there
        file = await not_given_file.written(request, self._books, self._lister)
        with file.content as content:
            if not file.rows:
                return NOBODY
            self._make_sure()
            name, comment = not_given_file.name(request), not_given_file.comment(request, file, self._look)
            return await uploads.upload(
                self._client, content, file.length, name=name, title=title, channel=to, comment=comment
            )

    def _make_sure(self) -> None:
        if not self._may():
            raise SayLater("another process says it now", after=1.0, clean=False)

    async def _posted(self, unsaid: Unsaid, channel: str, thread: str | None) -> str | None:
        """Find a message by the key in its metadata, among a thread's replies or a conversation's latest messages."""
        async for message in self._latest(channel, thread):
            if _key(message) == unsaid.key:
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

    async def _link(self, story: Story) -> str:
        """Ask for the card's address; a message whose card was deleted is said without one."""
        if story.request.card_ts is None:
            return ""
        try:
            answer = await self._client.chat_getPermalink(
                channel=story.request.channel, message_ts=story.request.card_ts
            )
        except SlackApiError as error:
            if isinstance(judged(error), NeverSaid):
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
