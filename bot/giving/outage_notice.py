"""Posts in a request's thread once that it waits for Dintero, and once that it goes on."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.clock import loop_time
from bot.domain.ports import Clock
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import State
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import TransientError


@dataclass(slots=True)
class OutageNotifier:
    """Measures how long no call of a request was answered, calls that were not sent included.

    The request's row says whether the outage was posted (`posted`): after a crash, a process posts neither
    message twice, and posts the end of an outage that another process posted.
    """

    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork | None]]
    clock: Clock
    told_after: float
    posted: bool
    _since: float | None = None
    _answered_at: float = 0.0
    _posting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def failed(self, why: TransientError, *, since: float | None = None) -> None:
        """Note a failure or a wait, perhaps since a call went out; post it after `told_after` seconds."""
        now = loop_time()
        if self._since is None:
            self._since = max(now if since is None else since, self._answered_at)
        if not self.posted and now - self._since >= self.told_after:
            await self._post(why, now - self._since)

    async def answered(self) -> None:
        """Note an answer; post that the request goes on, if the thread knows of an outage."""
        self._answered_at, self._since = loop_time(), None
        if self.posted:
            await self._post(None, 0.0)

    async def _post(self, why: TransientError | None, seconds: float) -> None:
        waits = why is not None
        async with self._posting:
            if self.posted is waits:
                return
            at = self.clock.now() - timedelta(seconds=seconds)
            happened = NotificationType.WAITING if waits else NotificationType.GOES_ON
            async with self.unit_of_work() as unit:
                if (
                    unit
                    and unit.request.state is State.GIVING
                    and (unit.request.waits_since is None) is waits
                ):
                    await unit.save(replace(unit.request, waits_since=at if waits else None))
                    notification = Notification(
                        kind=ChannelKind.LINE, happened=happened, at=at, note=str(why or "")
                    )
                    await unit.enqueue(notification)
            self.posted = waits
