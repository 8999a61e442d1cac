"""Posts and edits the outbox's messages in Slack.

Slack has no idempotency key: a message that may have been posted is searched for before it is posted again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import RequestId, UserId
from bot.domain.policy.policy import RefusalReason
from bot.domain.ports import Repository
from bot.domain.requests.notification import ChannelKind, OutboxMessage, RequestSnapshot
from bot.domain.requests.person import Person
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Request
from bot.errors import CardDeleted, DeliveryDeferred, DeliveryFailed
from bot.services.access import AccessControl
from bot.services.preferences import is_wanted
from bot.services.results.remainder import first_request
from bot.services.rule_history import RuleHistory
from bot.services.snapshots import load_snapshot
from bot.slack.client.connection import checked_before_sending
from bot.slack.client.direct_messages import direct_channel
from bot.slack.client.errors import CALL_ERRORS, ErrorKind, delivery_error, describe, kind_of
from bot.slack.client.file_messages import find_file, upload
from bot.slack.client.history import event_payload, read_messages
from bot.slack.client.new_blocks import with_known_blocks
from bot.slack.language.texts import ReaderLanguages, use_language
from bot.slack.messages import card, notices, summary
from bot.slack.messages.files import not_given_file
from bot.slack.rendering.formatting import Formatter, Message
from bot.spreadsheets.writer.writer import ListWriter

EVENT_TYPE: Final = "discount_bot_message"
LATEST_SEARCHED: Final = 1_000
"""Latest messages of a conversation that are searched for one that may have been posted, at least."""
CLOCKS_DIFFER: Final = timedelta(hours=1)
"""How much earlier than ours Slack's time may be, for a message that is older than those."""
FILE_SHARE_SECONDS: Final = 10.0
"""The wait before a search for a file: Slack shows it a moment after it has accepted it."""
NOBODY: Final = "nobody"
"""The `ts` of a list with nobody on it, and of a message that its reader does not want."""
MAX_CARD_ATTEMPTS: Final = 5
"""Attempts, a minute apart, to post a first card: nobody sees its request until then."""
CHANNEL_SECONDS: Final = 60.0
CHANNEL_PATIENCE: Final = timedelta(days=7)
"""How long messages wait for a channel; the requester gets a direct message after some minutes."""


class SlackAnnouncer:
    """The port `Announcer`: renders a message from the current database rows, and posts or edits it."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        repository: Repository,
        access: AccessControl,
        formatter: Formatter,
        progress_tracker: ProgressTracker | None = None,
        rule_history: RuleHistory | None = None,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may = may
        """Whether this process is still the leader; checked right before each call that posts."""
        self._client = client
        self._repository = repository
        self._access = access
        self._formatter = formatter
        self._languages = ReaderLanguages(access.policy, access.directory, repository.preferences)
        self._progress_tracker = progress_tracker
        self._rule_history = rule_history
        self._list_writer = ListWriter()
        self._card_locks: WeakValueDictionary[RequestId, asyncio.Lock] = WeakValueDictionary()
        """Held from reading a request to editing its card: an older state must not replace a newer one."""

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        """Post or edit a message and return its `ts`; its key finds one that was posted before.

        Raises:
            DeliveryDeferred: Slack did not take it now; tells whether it may have been posted.
            DeliveryFailed: Slack will never take it.
        """
        try:
            return await self._deliver(outbox_message)
        except CALL_ERRORS as error:
            raise await self._with_patience(delivery_error(error), error, outbox_message) from error

    async def redraw(self, request: RequestId) -> None:
        """Redraw a request's card; do nothing if none is posted yet.

        Raises:
            DeliveryDeferred: Slack did not take it now; tells whether it may have been edited.
            CardDeleted: the card was deleted.
            DeliveryFailed: Slack will never take it.
        """
        try:
            await self._draw_card(request)
        except CALL_ERRORS as error:
            if kind_of(error) is ErrorKind.MESSAGE_GONE:
                code = describe(error)
                raise CardDeleted(f"Slack does not have the card any more ({code})", code=code) from error
            raise delivery_error(error) from error

    async def withdraw(self, outbox_message: OutboxMessage, ts: str) -> None:
        """Delete a copy of a message that another process has posted too, if it is still there.

        Raises:
            DeliveryDeferred, DeliveryFailed: Slack did not do it.
        """
        try:
            await self._delete(outbox_message, ts)
        except CALL_ERRORS as error:
            if kind_of(error) not in {ErrorKind.MESSAGE_GONE, ErrorKind.FILE_GONE}:
                raise delivery_error(error) from error

    async def _delete(self, outbox_message: OutboxMessage, ts: str) -> None:
        notification = outbox_message.notification
        if ts == NOBODY:
            return
        match notification.kind:
            case ChannelKind.LIST:
                await self._client.files_delete(file=ts)
                return
            case ChannelKind.NOTICE:
                channel = notification.to
            case ChannelKind.DIRECT:
                channel = await direct_channel(self._client, notification.to)
            case _:
                channel = (await self._request(outbox_message.request)).channel
        await self._client.chat_delete(channel=channel, ts=ts)

    async def _with_patience(
        self, outcome: DeliveryDeferred | DeliveryFailed, error: Exception, outbox_message: OutboxMessage
    ) -> DeliveryDeferred | DeliveryFailed:
        """Wait for a channel that the bot was removed from; only briefly with a card that nobody has seen."""
        kind = outbox_message.notification.kind
        if kind is ChannelKind.LIST and isinstance(outcome, DeliveryDeferred) and not outcome.clean:
            return DeliveryDeferred(str(outcome), after=max(outcome.after, FILE_SHARE_SECONDS), clean=False)
        if (
            isinstance(outcome, DeliveryDeferred)
            or kind_of(error) is not ErrorKind.CHANNEL_UNAVAILABLE
            or kind in {ChannelKind.DIRECT, ChannelKind.LIST}
        ):
            return outcome
        if kind is ChannelKind.CARD and outbox_message.attempts >= MAX_CARD_ATTEMPTS:
            request = await self._repository.find(outbox_message.request)
            if request and request.card_ts is None:
                return outcome
        return DeliveryDeferred(
            str(outcome), after=CHANNEL_SECONDS, clean=True, code=outcome.code, patience=CHANNEL_PATIENCE
        )

    async def _deliver(self, outbox_message: OutboxMessage) -> str:
        notification = outbox_message.notification
        if notification.kind is ChannelKind.CARD:
            return await self._draw_card(outbox_message.request, outbox_message)
        request = await self._request(outbox_message.request)
        if notification.kind in {ChannelKind.LIST, ChannelKind.DIRECT}:
            language = await self._languages.look_up(notification.to, request.channel)
        else:
            language = self._languages.of_channel(notification.to, request.channel)
        with use_language(language):
            return await self._deliver_rendered(outbox_message, request)

    async def _deliver_rendered(self, outbox_message: OutboxMessage, request: Request) -> str:
        notification, formatter = outbox_message.notification, self._formatter
        if notification.kind is ChannelKind.LIST:
            return await self._send_list(outbox_message, request)
        snapshot = await self._snapshot(request)
        if notification.kind is ChannelKind.DIRECT:
            preferences = await self._repository.preferences(UserId(notification.to))
            if not is_wanted(notification, snapshot, preferences):
                return NOBODY
        match notification.kind:
            case ChannelKind.LINE:
                message = notices.thread(notification, snapshot, formatter)
                return await self._post_in_thread(outbox_message, request, message)
            case ChannelKind.SUMMARY:
                snapshot = await self._with_rows(await self._with_history(snapshot))
                return await self._post_in_thread(outbox_message, request, summary.build(snapshot, formatter))
        if notification.kind is ChannelKind.NOTICE and notification.happened in notices.OF_PAUSE:
            return await self._tell_of_pause(outbox_message)
        link = await self._link(request)
        if notification.kind is ChannelKind.NOTICE:
            message = notices.channel(notification, snapshot, formatter, link=link)
            return await self._post(outbox_message, notification.to, message)
        ids_of = None
        if notification.happened in notices.WITH_IDS and not await self._may_see(notification.to, request):
            first = await first_request(self._repository, request)
            ids_of = (first or request).requester
        message = notices.direct(notification, snapshot, formatter, link=link, ids_of=ids_of)
        return await self._post(outbox_message, await direct_channel(self._client, notification.to), message)

    async def _request(self, request: RequestId) -> Request:
        found = await self._repository.find(request)
        if found is None:
            raise DeliveryFailed("its request is gone")
        return found

    async def _snapshot(self, request: Request, *, ids: bool = True) -> RequestSnapshot:
        return await load_snapshot(
            self._repository, request, self._access.policy, progress_tracker=self._progress_tracker, ids=ids
        )

    async def _with_rows(self, snapshot: RequestSnapshot) -> RequestSnapshot:
        """Add the rows of the refused customers, if they came from files."""
        if not snapshot.tally.refused:
            return snapshot
        rows = await not_given_file.refused_rows(snapshot.request, self._repository, self._list_writer)
        return replace(snapshot, refused_rows=rows)

    async def _with_history(self, snapshot: RequestSnapshot) -> RequestSnapshot:
        """Add the use of the rule over time, which the bot's own database has."""
        rule = snapshot.request.last_answer
        if rule is None or self._rule_history is None:
            return snapshot
        await self._rule_history.keep(rule)
        return replace(snapshot, history=await self._rule_history.of(rule, snapshot.request.channel))

    async def _draw_card(self, request_id: RequestId, outbox_message: OutboxMessage | None = None) -> str:
        """Edit the card. If there is none (any more), post one for the message that asks for it."""
        async with self._card_locks.setdefault(request_id, asyncio.Lock()):
            request = await self._request(request_id)
            with use_language(self._languages.of_channel(request.channel)):
                drawn = card.build(await self._snapshot(request, ids=False), self._formatter)
            if not request.card_ts:
                return await self._post_card(outbox_message, request, drawn) if outbox_message else ""
            try:
                await self._edit(request.channel, request.card_ts, drawn)
            except SlackApiError as error:
                if outbox_message is None or kind_of(error) is not ErrorKind.MESSAGE_GONE:
                    raise
                return await self._replace_card(outbox_message, request, drawn)
            return request.card_ts

    async def _edit(self, channel: str, ts: str, drawn: Message) -> None:
        edit = partial(self._client.chat_update, channel=channel, ts=ts, text=drawn.text)
        with checked_before_sending(self._check_leader):
            await with_known_blocks(lambda blocks: edit(blocks=blocks), drawn.blocks)

    async def _tell_of_pause(self, outbox_message: OutboxMessage) -> str:
        """Post a channel's message about a pause as it is by now, or edit it; a deleted one is not missed."""
        oldest, newest, ts = await self._repository.versions(outbox_message)
        if newest.by:
            await self._languages.look_up(newest.by)  # a person without a known name would be mentioned
        drawn = notices.of_pause(newest, self._formatter, since=oldest.at)
        if ts is None:
            is_edit = outbox_message.key != outbox_message.posted_as
            return NOBODY if is_edit else await self._post(outbox_message, newest.to, drawn)
        try:
            await self._edit(newest.to, ts, drawn)
        except SlackApiError as error:
            if kind_of(error) is not ErrorKind.MESSAGE_GONE:
                raise
        return ts

    async def _post_card(self, outbox_message: OutboxMessage, request: Request, drawn: Message) -> str:
        return await self._post(outbox_message, request.channel, drawn, facts=_facts(request))

    async def _replace_card(self, outbox_message: OutboxMessage, request: Request, drawn: Message) -> str:
        """Post a deleted card again; the key names that one: a thread and an edit find each other's post."""
        key = f"{request.id}.{request.card_ts}"
        ts = await self._post_card(replace(outbox_message, key=key, tried=True), request, drawn)
        async with self._repository.unit_of_work(request.id) as unit:
            if unit:
                await unit.save(replace(unit.request, card_ts=ts))
        return ts

    async def _post_in_thread(self, outbox_message: OutboxMessage, request: Request, message: Message) -> str:
        if request.card_ts is None:
            raise DeliveryFailed("there is no card to say it below")
        try:
            return await self._post(outbox_message, request.channel, message, thread=request.card_ts)
        except SlackApiError as error:
            if kind_of(error) is not ErrorKind.MESSAGE_GONE:
                raise
            if await self._draw_card(outbox_message.request, outbox_message) == request.card_ts:
                raise
        raise DeliveryDeferred("its card was deleted; a new one is posted", after=0.0, clean=True)

    async def _post(
        self,
        outbox_message: OutboxMessage,
        channel: str,
        message: Message,
        *,
        thread: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> str:
        if outbox_message.tried:
            async for posted in self._since(outbox_message, channel, thread):
                if facts_of(posted).get("key") == outbox_message.key:
                    return str(posted["ts"])
        payload = {"key": outbox_message.key, **(facts or {})}
        post = partial(
            self._client.chat_postMessage,
            channel=channel,
            thread_ts=thread,
            text=message.text,
            metadata={"event_type": EVENT_TYPE, "event_payload": payload},
            unfurl_links=False,
            unfurl_media=False,
        )
        with checked_before_sending(self._check_leader):
            answer = await with_known_blocks(lambda blocks: post(blocks=blocks), message.blocks)
        return str(answer["ts"])

    async def _send_list(self, outbox_message: OutboxMessage, request: Request) -> str:
        """Send the not-given list as a file; its title finds one sent before. An empty list is not sent.

        The list of a remainder goes to the first requester, if its own may not see it.
        """
        if request.purged_at:
            raise DeliveryFailed("its customers are forgotten")
        to = outbox_message.notification.to
        if to == request.requester and not await self._may_see(to, request):
            first = await first_request(self._repository, request)
            to = first.requester if first else to
        if not await self._may_see(to, request):
            raise DeliveryFailed("the person may not see the customers any more")
        channel = await direct_channel(self._client, to)
        title = not_given_file.title(request, outbox_message.key)
        if outbox_message.tried and (sent := await find_file(self._since(outbox_message, channel), title)):
            return sent
        file = await not_given_file.written(request, self._repository, self._list_writer)
        with file.content:
            if not file.rows:
                return NOBODY
            self._check_leader()
            message = not_given_file.build(request, file, title=title)
            return await upload(self._client, message, channel)

    async def _may_see(self, to: str, request: Request) -> bool:
        """Check, right before a message with customer ids, that this person may see them."""
        if to == request.requester and not request.rest_of:
            return True
        who = Person(UserId(to), request.team)
        refusal = await self._access.may_see_customers(who, request, repository=self._repository)
        if refusal and refusal.reason is RefusalReason.LOOKUP_FAILED:
            raise DeliveryDeferred(refusal.detail, after=CHANNEL_SECONDS, clean=True)
        return refusal is None

    def _check_leader(self) -> None:
        if not self._may():
            raise DeliveryDeferred("another process is the leader now", after=1.0, clean=False)

    async def _since(
        self, outbox_message: OutboxMessage, channel: str, thread: str | None = None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Read a thread, or a conversation's latest messages and all since this one was to be said."""
        searched, said_after = 0, (outbox_message.notification.at - CLOCKS_DIFFER).timestamp()
        read = self._client.conversations_history
        if thread:
            read = partial(self._client.conversations_replies, ts=thread)
        async for message in read_messages(read, channel=channel):
            yield message
            searched += 1
            if searched >= LATEST_SEARCHED and float(message["ts"]) < said_after:
                return

    async def _link(self, request: Request) -> str:
        """Ask for the card's address; empty if there is no card."""
        if request.card_ts is None:
            return ""
        try:
            answer = await self._client.chat_getPermalink(channel=request.channel, message_ts=request.card_ts)
        except SlackApiError as error:
            if isinstance(delivery_error(error), DeliveryFailed):
                return ""
            raise
        return str(answer["permalink"])


def _facts(request: Request) -> dict[str, str]:
    """Write down in a card what `CardSearch` reads if the database loses the request."""
    return {"request": request.id, "short": request.short, "rule": request.rule.id if request.rule else ""}


def facts_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read what was written down in a message of the bot."""
    return event_payload(message, EVENT_TYPE)
