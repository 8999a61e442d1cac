"""Says what stands in the outbox, in order within each thread, later where Slack does not take it now."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.domain.ports import Announcer, Clock, Repository
from bot.domain.requests.notification import ChannelKind, OutboxMessage
from bot.errors import DeliveryDeferred, DeliveryFailed
from bot.services.fallbacks import FallbackNotifier

AT_ONCE: Final = 8
"""Messages under way at the same time; each belongs to another thread or conversation."""
SHORTEST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 300.0
PROBED_EVERY: Final = 30.0
"""Seconds until a Slack that is away is asked again, at most, with a few messages; so much later, all is said once it is back."""
FAULT_WAIT: Final = 5.0
"""Seconds until a message is tried again that met a fault of the bot's own."""
AWAY_TOLD: Final = 5
"""Attempts, a minute apart, after which somebody is told of a channel that the bot was taken out of; from then on the waits grow."""
LIST_LOOK: Final = 0.5
"""Seconds until it is looked, while lists are under way, whether there is something else to say."""
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class OutboxRelay:
    """Empties the outbox. A message whose end is not known is looked for by its key before it is posted again."""

    def __init__(
        self,
        *,
        repository: Repository,
        announcer: Announcer,
        clock: Clock,
        fallback: FallbackNotifier | None = None,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may = may
        """Whether this process, of several, still is the one that says it."""
        self._repository = repository
        self._announcer = announcer
        self._clock = clock
        self._fallback = fallback or FallbackNotifier(repository, clock)
        self._troubled_since = LONG_AGO
        self.troubled_until = LONG_AGO
        """Until then nothing need be asked of Slack: it is away, or asked to be left alone."""
        self.refused = ""
        """Slack's word for why it does not take the bot's token, while it does not."""

    async def deliver_due(self) -> int:
        """Say all that can be said now, and tell how many messages that were; a list, which may take a minute, holds up nothing else.

        A failure is raised only when every message under way has ended: one still on its way must not be picked up a second time.
        """
        said, lists = 0, dict[int, asyncio.Task[bool]]()
        try:
            while (due := await self._due(lists)) or lists:
                lists |= {
                    one.id: asyncio.create_task(self._say(one))
                    for one in due
                    if one.notification.kind is ChannelKind.LIST
                }
                said += await self._all([one for one in due if one.notification.kind is not ChannelKind.LIST])
                if not due:
                    await asyncio.wait(lists.values(), timeout=LIST_LOOK, return_when=asyncio.FIRST_COMPLETED)
                for one in [one for one, task in lists.items() if task.done()]:
                    said += lists.pop(one).result()
        finally:
            await _end(lists.values())
        return said

    async def _due(self, lists: Collection[int]) -> list[OutboxMessage]:
        """Read what to say next, but for the lists that are under way."""
        due = (
            await self._repository.due_messages(self._clock.now(), limit=AT_ONCE + len(lists))
            if self._may() and not self._left_alone()
            else ()
        )
        return [one for one in due if one.id not in lists]

    async def _all(self, due: Sequence[OutboxMessage]) -> int:
        said = 0
        for end in await asyncio.gather(*map(self._say, due), return_exceptions=True):
            if isinstance(end, BaseException):
                raise end
            said += end
        return said

    def _left_alone(self) -> bool:
        """Say whether Slack is left alone; not any more where the clock was put back."""
        return self._troubled_since <= self._clock.now() < self.troubled_until

    async def _say(self, outbox_message: OutboxMessage) -> bool:
        await self._repository.mark_attempt(outbox_message)
        try:
            ts = await self._announcer.deliver(outbox_message)
        except Exception as fault:  # noqa: BLE001 - each is told apart below
            if self._may():  # else it is another's by now, to say and to write down
                await self._not_said(outbox_message, fault)
            return False
        await self._repository.mark_sent(outbox_message, ts=ts)
        self.refused = ""
        log.info(
            "said",
            request_id=outbox_message.request,
            kind=outbox_message.notification.kind,
            happened=outbox_message.notification.happened,
        )
        return True

    async def _not_said(self, outbox_message: OutboxMessage, fault: Exception) -> None:
        match fault:
            case DeliveryDeferred(patience=timedelta() as patience) if self._is_over(
                outbox_message, patience
            ):
                await self._never(outbox_message, DeliveryFailed(str(fault), code=fault.code))
            case DeliveryDeferred():
                await self._put_off(outbox_message, fault)
            case DeliveryFailed():
                await self._fallback.enqueue(outbox_message, fault)
                await self._never(outbox_message, fault)
            case _:
                log.error(
                    "not said",
                    request_id=outbox_message.request,
                    kind=outbox_message.notification.kind,
                    exc_info=fault,
                )
                await self._put_off(
                    outbox_message, DeliveryDeferred(type(fault).__name__, after=FAULT_WAIT, clean=False)
                )

    def _is_over(self, outbox_message: OutboxMessage, patience: timedelta) -> bool:
        return (
            outbox_message.attempts > AWAY_TOLD
            and self._clock.now() - outbox_message.notification.at > patience
        )

    async def _never(self, outbox_message: OutboxMessage, never: DeliveryFailed) -> None:
        await self._repository.mark_failed(outbox_message, why=str(never))
        log.error(
            "never said",
            request_id=outbox_message.request,
            kind=outbox_message.notification.kind,
            to=outbox_message.notification.to,
            why=str(never),
        )

    async def _put_off(self, outbox_message: OutboxMessage, later: DeliveryDeferred) -> None:
        """Wait as long as Slack asked for; where it did not say, longer each time."""
        wait = self._wait(outbox_message, later)
        now = self._clock.now()
        if later.all_wait:
            self._leave_alone(now, wait if later.clean else min(wait, PROBED_EVERY))
        self._tell_of_the_token(later)
        if later.patience and outbox_message.attempts == AWAY_TOLD:
            await self._fallback.enqueue(outbox_message, DeliveryFailed(str(later), code=later.code))
        await self._repository.reschedule(
            outbox_message, until=now + timedelta(seconds=wait), clean=later.clean
        )
        log.warning(
            "said later",
            request_id=outbox_message.request,
            kind=outbox_message.notification.kind,
            why=str(later),
            seconds=round(wait, 1),
        )

    def _wait(self, outbox_message: OutboxMessage, later: DeliveryDeferred) -> float:
        wait = max(later.after, SHORTEST_WAIT)
        if later.clean:
            return wait if not later.patience or outbox_message.attempts < AWAY_TOLD else LONGEST_WAIT
        return min(wait * (1 << min(outbox_message.attempts, 8)), LONGEST_WAIT)

    def _leave_alone(self, now: datetime, seconds: float) -> None:
        """Ask nothing more of Slack for a while; each further one asking is for the longest of them."""
        self._troubled_since = now
        self.troubled_until = max(
            now + timedelta(seconds=seconds), self.troubled_until if self._left_alone() else LONG_AGO
        )

    def _tell_of_the_token(self, later: DeliveryDeferred) -> None:
        """Say it once in the log, as what it is: nothing can be said in Slack of this."""
        if later.all_wait and later.code and not self.refused:
            log.error(
                "Slack does not take the bot's token; giving goes on, and what there is to say is kept",
                why=later.code,
                advice="Install the app again, set SLACK_BOT_TOKEN to its token, and start the bot again",
            )
        if later.all_wait:
            self.refused = later.code


async def _end(tasks: Iterable[asyncio.Task[bool]]) -> None:
    """End what is left where the others failed, or the program closes: what may have gone out is looked for when it is said again."""
    left = list(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
