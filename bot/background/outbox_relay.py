"""Delivers the outbox: in order within each thread, and later if Slack does not take a message now."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

import stamina
import structlog

from bot.clock import NEVER, PutBackDetector
from bot.database.repositories.repository import SqlRepository
from bot.domain.ports import Announcer, Clock
from bot.domain.requests.notification import ChannelKind, OutboxMessage
from bot.errors import DeliveryDeferred, DeliveryFailed
from bot.services.fallbacks import FallbackNotifier

MAX_CONCURRENT_SENDS: Final = 8
"""Messages under way at once; each belongs to another thread or conversation."""
SHORTEST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 300.0
PROBE_SECONDS: Final = 30.0
"""Longest pause while Slack is away; then a few messages probe whether it is back."""
FAULT_WAIT_SECONDS: Final = 5.0
"""Wait after a fault of the bot's own."""
FALLBACK_AFTER_ATTEMPTS: Final = 5
"""Attempts, a minute apart, before a person hears that the bot left a channel; after them the waits grow."""
WITHDRAW_ATTEMPTS: Final = 5
WITHDRAW_SECONDS: Final = 60.0
"""How long the deletion of a copy is tried again."""
POLL_SECONDS: Final = 0.5
"""How often messages that became due are looked for while others are under way."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class OutboxRelay:
    """Delivers what is due. A message that may have been posted is searched for by its key first."""

    repository: SqlRepository
    announcer: Announcer
    clock: Clock
    fallback: FallbackNotifier
    may: Callable[[], bool] = lambda: True
    """Whether this process still is the one that delivers."""
    _put_back: PutBackDetector = field(default_factory=PutBackDetector)
    troubled_until: datetime = NEVER
    """No call to Slack goes out before then: it is away, or asked for a pause."""
    refused: str = ""
    """Slack's error code while it refuses the bot's token."""

    async def deliver_due(self, news: asyncio.Event | None = None) -> int:
        """Deliver all that is due, and count it: the next message goes out as soon as one has ended.

        `news` is set when there are new messages. A list may take a minute; it takes the place of no other
        message. A failure is raised once all under way have ended: none may be picked up a second time.
        """
        news, sends, delivered = news or asyncio.Event(), dict[asyncio.Task[bool], OutboxMessage](), 0
        woken, failure = asyncio.create_task(news.wait()), None
        try:
            while True:
                news.clear()
                for message in await self._due(sends.values()) if failure is None else ():
                    sends[asyncio.create_task(self._deliver(message))] = message
                if not sends or (failure and not _places_taken(sends.values())):
                    break
                woken = asyncio.create_task(news.wait()) if woken.done() else woken
                done, _ = await asyncio.wait(
                    {*sends, woken}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done & sends.keys():
                    del sends[task]
                    failure = failure or task.exception()
                    delivered += task.exception() is None and task.result()
        finally:
            await _cancel(woken, *sends)
        if failure:
            raise failure
        return delivered

    async def _due(self, under_way: Collection[OutboxMessage]) -> list[OutboxMessage]:
        """Read the next messages for which there is a place, without those under way.

        A message under way is the first of its lane, so that nothing overtakes it there.
        """
        free = MAX_CONCURRENT_SENDS - _places_taken(under_way)
        if not self.may() or not free:
            return []
        now = self.clock.now()
        if self._put_back.was_put_back(now):
            self.troubled_until = NEVER
            await self.repository.end_waits(now)
        if now < self.troubled_until:
            return []
        busy = {message.id for message in under_way}
        found = await self.repository.due_messages(now, limit=MAX_CONCURRENT_SENDS + len(busy))
        due = [message for message in found if message.id not in busy]
        lists = [message for message in due if _is_list(message)]
        return lists + [message for message in due if not _is_list(message)][:free]

    async def _deliver(self, message: OutboxMessage) -> bool:
        await self.repository.mark_attempt(message)
        try:
            ts = await self.announcer.deliver(message)
        except Exception as error:  # noqa: BLE001 - each kind is handled below
            if self.may():  # else another process delivers it by now, and records that
                await self._handle(message, error)
            return False
        if not await self.repository.mark_sent(message, ts=ts):
            # this process was suspended while it posted, and its successor could not find the post yet
            await self._withdraw(message, ts)
            return False
        self.refused = ""
        log.info("delivered", happened=message.notification.happened, **_named(message))
        return True

    async def _withdraw(self, message: OutboxMessage, ts: str) -> None:
        retry = stamina.AsyncRetryingCaller(attempts=WITHDRAW_ATTEMPTS, timeout=WITHDRAW_SECONDS)
        try:
            await retry(_wait_to_withdraw, self.announcer.withdraw, message, ts)
        except (DeliveryDeferred, DeliveryFailed) as error:
            log.error(  # noqa: TRY400 - the cause is in its words
                "a message is in Slack twice", why=str(error), ts=ts, advice="Delete one", **_named(message)
            )
        else:
            log.warning("a copy of a message was deleted", **_named(message))

    async def _handle(self, message: OutboxMessage, error: Exception) -> None:
        match error:
            case DeliveryDeferred(patience=timedelta() as patience) if (
                message.attempts > FALLBACK_AFTER_ATTEMPTS
                and self.clock.now() - message.notification.at > patience
            ):
                await self._give_up(message, str(error))
            case DeliveryDeferred():
                await self._postpone(message, error)
            case DeliveryFailed():
                await self.fallback.enqueue(message, error)
                await self._give_up(message, str(error))
            case _:
                log.error("a delivery met a fault of the bot", exc_info=error, **_named(message))
                deferred = DeliveryDeferred(type(error).__name__, after=FAULT_WAIT_SECONDS, clean=False)
                await self._postpone(message, deferred)

    async def _give_up(self, message: OutboxMessage, why: str) -> None:
        await self.repository.mark_failed(message, why=why)
        log.error("never delivered", to=message.notification.to, why=why, **_named(message))

    async def _postpone(self, message: OutboxMessage, deferred: DeliveryDeferred) -> None:
        """Wait as long as Slack asked for; if it did not say, longer each time."""
        now, wait = self.clock.now(), self._wait(message, deferred)
        if deferred.all_wait:
            pause = now + timedelta(seconds=wait if deferred.clean else min(wait, PROBE_SECONDS))
            self.troubled_until = max(pause, self.troubled_until)  # never sooner than one that lasts
            if deferred.code and not self.refused:
                log.error(  # in Slack nobody can be told
                    "Slack does not take the bot's token; giving goes on, and its messages are kept",
                    why=deferred.code,
                    advice="Install the app again, set SLACK_BOT_TOKEN to its token, and start the bot again",
                )
            self.refused = deferred.code
        if deferred.patience and message.attempts == FALLBACK_AFTER_ATTEMPTS:
            await self.fallback.enqueue(message, DeliveryFailed(str(deferred), code=deferred.code))
        await self.repository.reschedule(message, until=now + timedelta(seconds=wait), clean=deferred.clean)
        write = log.debug if deferred.all_wait else log.warning  # Slack's outage has a sentence of its own
        write("delivery postponed", why=str(deferred), seconds=round(wait, 1), **_named(message))

    def _wait(self, message: OutboxMessage, deferred: DeliveryDeferred) -> float:
        wait = max(deferred.after, SHORTEST_WAIT_SECONDS)
        if not deferred.clean:
            return min(wait * (1 << min(message.attempts, 8)), LONGEST_WAIT_SECONDS)
        if deferred.patience and message.attempts >= FALLBACK_AFTER_ATTEMPTS:
            return LONGEST_WAIT_SECONDS
        return wait


def _is_list(message: OutboxMessage) -> bool:
    return message.notification.kind is ChannelKind.LIST


def _places_taken(under_way: Collection[OutboxMessage]) -> int:
    return sum(not _is_list(message) for message in under_way)


async def _cancel(*tasks: asyncio.Task[bool] | asyncio.Task[Literal[True]]) -> None:
    """Cancel and await: what a cancelled task may have posted is searched for when it is delivered again."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _wait_to_withdraw(error: Exception) -> float | bool:
    return isinstance(error, DeliveryDeferred) and error.after


def _named(message: OutboxMessage) -> dict[str, object]:
    return {"request_id": message.request, "kind": message.notification.kind}
