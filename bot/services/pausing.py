"""The pause: while it lasts nothing starts, and what is being given stops after the batches in flight."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import Policy, Refusal
from bot.domain.ports import BackgroundTasks, Clock, Repository, UnitOfWork
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Pause, PausedFor, PauseState, Request, State, StopReason
from bot.services.access import AccessControl
from bot.services.reapproval import into_next_round

DINTEROS_FAULTS: Final = frozenset(
    {StopReason.TOKEN_REFUSED, StopReason.SCOPE_MISSING, StopReason.BUSY, StopReason.UNKNOWN_FOR_GOOD}
)
IN_A_ROW: Final = 3
"""So many requests in a row that Dintero's fault stopped, and the bot pauses itself."""
OPEN: Final = (State.WAITING, State.APPROVED, State.GIVING, State.STOPPED)


class PauseService:
    """Pauses and resumes the bot, and sees to it that everything that is open shows it."""

    def __init__(
        self, *, repository: Repository, access: AccessControl, clock: Clock, background: BackgroundTasks
    ) -> None:
        self._repository = repository
        self._access = access
        self._clock = clock
        self._background = background

    async def now(self) -> Pause | None:
        """Say whether the bot is paused."""
        return await self._repository.pause()

    async def pause(self, who: Person, why: str) -> tuple[Pause, bool] | Refusal:
        """Pause for an admin; answers the pause that lasts, and whether it is this one. The first one stands."""
        refusal = await self._access.may_administer(who)
        if refusal:
            return refusal
        wanted = Pause(self._clock.now(), who.id, why.strip())
        paused = await self._repository.begin_pause(wanted)
        await self.run_once()
        self._background.wake()
        return (await self._repository.pause() or wanted), paused

    async def resume(self, who: Person) -> bool | Refusal:
        """Resume for an admin; false where nothing was paused."""
        refusal = await self._access.may_administer(who)
        if refusal:
            return refusal
        resumed = await self._repository.end_pause(who.id, self._clock.now())
        self._background.wake()
        return resumed

    async def run_once(self) -> None:
        """See to it that what is being given stops while the bot is paused, and draw all open cards anew after a change.

        Done again after a crash, it does no more than draw a card twice.
        """
        if await self._repository.pause():
            await self._repository.stop_for_pause()
        change = await self._repository.unannounced_change()
        if change is None:
            return
        for request in await self._repository.in_state(*OPEN):
            async with self._repository.unit_of_work(request.id) as unit:
                if unit and not unit.request.ended:
                    await unit.enqueue(
                        Notification(
                            kind=ChannelKind.CARD, happened=NotificationType.PAUSED, at=self._clock.now()
                        )
                    )
        await self._repository.mark_announced(change)


def is_caught(request: Request) -> bool:
    """Say whether a giving that has run out did so for the pause alone, so that it goes on after it."""
    return request.pausing is PauseState.ASKED and request.cancel_asked_by is None and request.stop is None


async def park(unit: UnitOfWork, now: datetime) -> Request:
    """Put a giving aside whose run is over: another run begins it again in a new round, since a durable run is known by its round."""
    pause = await unit.pause()
    parked = await into_next_round(unit, replace(unit.request, pausing=PauseState.PARKED))
    by, why = (pause.by, pause.why) if pause else (None, "")
    await unit.enqueue(
        Notification(kind=ChannelKind.CARD, happened=NotificationType.PAUSED, at=now),
        Notification(kind=ChannelKind.LINE, happened=NotificationType.PAUSED, at=now, by=by, note=why),
    )
    return parked


async def after_stop(unit: UnitOfWork, policy: Policy, now: datetime) -> None:
    """Count a request that Dintero's fault stopped, and pause where it looks as if the next would fare no better.

    Without admins there would be nobody to resume, so that nothing pauses itself.
    """
    stop = unit.request.stop
    if stop not in DINTEROS_FAULTS:
        return
    in_a_row = await unit.count_fault()
    unknown = stop is StopReason.UNKNOWN_FOR_GOOD
    if not policy.admins or not (unknown or in_a_row >= IN_A_ROW):
        return
    why = PausedFor.UNKNOWN if unknown else PausedFor.FAULTS
    if await unit.begin_pause(Pause(now, None, why)):
        await unit.enqueue(
            *(
                Notification(
                    kind=ChannelKind.DIRECT, happened=NotificationType.PAUSED, at=now, to=who, note=why
                )
                for who in policy.admins
            )
        )
