"""Tells a request's thread once that it waits for Dintero, and once that it goes on; knows nothing of why, or of calls."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.ports import Clock
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import Request, State
from bot.errors import TransientError
from bot.giving.lease import DeliveryRepository


class OutageNotifier:
    """How long nothing of a request was answered though something was asked, or would have been, were Dintero not left alone.

    Whether the thread was told stands in the request's row: who starts after a crash tells neither twice, and tells the end of what
    another began.
    """

    def __init__(
        self, request: Request, repository: DeliveryRepository, clock: Clock, *, told_after: float
    ) -> None:
        self._request = request.id
        self._repository = repository
        self._clock = clock
        self._told_after = told_after
        self._told = request.waits_since is not None
        self._since: float | None = None
        self._answered_at = 0.0
        self._telling = asyncio.Lock()

    async def lasts(self, why: TransientError, *, since: float | None = None) -> None:
        """Hear that something is waited for, perhaps since a call went out; tell the thread where it has lasted."""
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = max(now if since is None else since, self._answered_at)
        if not self._told and now - self._since >= self._told_after:
            await self._tell(why, now - self._since)

    def ends(self) -> bool:
        """Hear of an answer; true where the thread knows of the silence, and has to be told."""
        self._answered_at, self._since = asyncio.get_running_loop().time(), None
        return self._told

    async def tell_end(self) -> None:
        """Tell the thread that it goes on."""
        await self._tell(None, 0.0)

    async def _tell(self, why: TransientError | None, lasted: float) -> None:
        async with self._telling:
            if self._told is (why is not None):
                return
            at = self._clock.now() - timedelta(seconds=lasted)
            happened, note = (
                (NotificationType.GOES_ON, "") if why is None else (NotificationType.WAITING, str(why))
            )
            async with self._repository.unit_of_work(self._request) as unit:
                if (
                    unit
                    and unit.request.state is State.GIVING
                    and (unit.request.waits_since is None) is (why is not None)
                ):
                    await unit.save(replace(unit.request, waits_since=None if why is None else at))
                    await unit.enqueue(
                        Notification(kind=ChannelKind.LINE, happened=happened, at=at, note=note)
                    )
            self._told = why is not None
