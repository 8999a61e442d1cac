"""The pause: nothing starts, and a giving stops after its batches in flight."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.policy.policy import Policy, Refusal
from bot.domain.ports import BackgroundTasks, Clock, Repository
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import Pause, PausedFor, PauseState
from bot.domain.requests.person import Person
from bot.domain.requests.request import OPEN, Request, StopReason
from bot.domain.unit_of_work import UnitOfWork
from bot.services.access import AccessControl, audit_refusals
from bot.services.approving.reapproval import into_next_round

DINTERO_FAULTS: Final = frozenset(
    {StopReason.TOKEN_REFUSED, StopReason.SCOPE_MISSING, StopReason.BUSY, StopReason.UNKNOWN_FOR_GOOD}
)
MAX_FAULTS_IN_A_ROW: Final = 3
"""After so many requests stopped by Dintero's fault, the bot pauses itself."""


class PauseChange(StrEnum):
    """What an admin's `pause` changed."""

    BEGUN = "begun"
    REASON = "reason"
    """The bot was paused already; the new reason replaces the earlier one."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PauseService:
    """Pauses and resumes the bot, and redraws the open cards."""

    repository: Repository
    access: AccessControl
    clock: Clock
    background: BackgroundTasks

    async def now(self) -> Pause | None:
        """Return the pause, if the bot is paused."""
        return await self.repository.pause()

    async def pause(self, who: Person, why: str) -> tuple[Pause, PauseChange] | Refusal:
        """Pause for an admin; return the pause in force, and what this changed."""
        if refusal := await self._may_administer(who, Action.PAUSE):
            return refusal
        wanted = Pause(self.clock.now(), who.id, why.strip())
        change = await self._begin(wanted)
        await self.run_once()
        self.background.wake()
        return (await self.repository.pause() or wanted), change

    async def resume(self, who: Person) -> bool | Refusal:
        """Resume for an admin; False if nothing was paused."""
        if refusal := await self._may_administer(who, Action.RESUME):
            return refusal
        resumed = await self.repository.end_pause(who.id, self.clock.now())
        self.background.wake()
        return resumed

    async def _begin(self, wanted: Pause) -> PauseChange:
        """Pause, or replace the reason of the pause; that of a restored backup stays until it is settled."""
        if await self.repository.begin_pause(wanted):
            return PauseChange.BEGUN
        now = await self.repository.pause()
        is_same = now is not None and (now.by, now.why) == (wanted.by, wanted.why)
        if not wanted.why or is_same or (now and now.by is None and now.why == PausedFor.RESTORED):
            return PauseChange.NONE
        return PauseChange.REASON if await self.repository.replace_pause(wanted) else PauseChange.NONE

    async def _may_administer(self, who: Person, act: Action) -> Refusal | None:
        refusal = await self.access.may_administer(who)
        if refusal:
            await audit_refusals(self.repository, [refusal], act, None, who)
        return refusal

    async def run_once(self) -> None:
        """Stop running givings during a pause; after a change, redraw all open cards.

        The change's own transaction would miss a request that is submitted while it commits.
        """
        if await self.repository.pause():
            await self.repository.stop_for_pause()
        change = await self.repository.unannounced_change()
        if change is None:
            return
        for request in await self.repository.in_state(*OPEN):
            async with self.repository.unit_of_work(request.id) as unit:
                if unit and not unit.request.ended:
                    await unit.enqueue(_of_pause(ChannelKind.CARD, await unit.pause(), self.clock.now()))
        await self.repository.mark_announced(change)


def is_caught(request: Request) -> bool:
    """Say whether a run ended only because of the pause, and so continues after it."""
    return request.pausing is PauseState.ASKED and request.cancel_asked_by is None and request.stop is None


async def park(unit: UnitOfWork, now: datetime) -> Request:
    """Park a giving in its next round; its next run needs a round of its own, which is part of its id."""
    pause = await unit.pause()  # it may be over by now
    await unit.enqueue(_of_pause(ChannelKind.CARD, pause, now))
    if pause:
        await unit.enqueue(_of_pause(ChannelKind.LINE, pause, now))
    parked = replace(unit.request, pausing=PauseState.PARKED, told_of_pause=pause is not None)
    return await into_next_round(unit, parked)


def _of_pause(kind: ChannelKind, pause: Pause | None, now: datetime) -> Notification:
    happened = NotificationType.PAUSED if pause else NotificationType.RESUMED
    by, why = (pause.by, pause.why) if pause else (None, "")
    return Notification(kind=kind, happened=happened, at=now, by=by, note=why)


async def after_stop(unit: UnitOfWork, policy: Policy, now: datetime) -> None:
    """Count a request stopped by Dintero's fault, and pause if the next would likely stop as well.

    Without admins the bot never pauses itself: nobody could resume it.
    """
    stop = unit.request.stop
    if stop not in DINTERO_FAULTS:
        return
    faults = await unit.count_fault()
    unknown = stop is StopReason.UNKNOWN_FOR_GOOD
    if not policy.admins or not (unknown or faults >= MAX_FAULTS_IN_A_ROW):
        return
    why = PausedFor.UNKNOWN if unknown else PausedFor.FAULTS
    if await unit.begin_pause(Pause(now, None, why)):
        direct = Notification(kind=ChannelKind.DIRECT, happened=NotificationType.PAUSED, at=now, note=why)
        await unit.enqueue(*(replace(direct, to=admin) for admin in policy.admins))
