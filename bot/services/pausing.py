"""The pause: while it lasts nothing starts, and what is being given stops after the batches in flight."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import Policy, Refusal
from bot.domain.ports import Books, Clock, Jobs, Page
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.person import Person
from bot.domain.requests.request import Pausing, Request, State, StopReason
from bot.services.access import Door
from bot.services.reapproval import into_next_round

DINTEROS_FAULTS: Final = frozenset(
    {StopReason.TOKEN_REFUSED, StopReason.SCOPE_MISSING, StopReason.BUSY, StopReason.UNKNOWN_FOR_GOOD}
)
IN_A_ROW: Final = 3
"""So many requests in a row that Dintero's fault stopped, and the bot pauses itself."""
OPEN: Final = (State.WAITING, State.APPROVED, State.GIVING, State.STOPPED)


class Pauses:
    """Pauses and resumes the bot, and sees to it that everything that is open shows it."""

    def __init__(self, *, books: Books, door: Door, clock: Clock, jobs: Jobs) -> None:
        self._books = books
        self._door = door
        self._clock = clock
        self._jobs = jobs

    async def now(self) -> Pause | None:
        """Say whether the bot is paused."""
        return await self._books.pause()

    async def pause(self, who: Person, why: str) -> tuple[Pause, bool] | Refusal:
        """Pause for an admin; answers the pause that lasts, and whether it is this one. The first one stands."""
        refusal = await self._door.admin(who)
        if refusal:
            return refusal
        wanted = Pause(self._clock.now(), who.id, why.strip())
        paused = await self._books.begin_pause(wanted)
        await self.look()
        self._jobs.wake()
        return (await self._books.pause() or wanted), paused

    async def resume(self, who: Person) -> bool | Refusal:
        """Resume for an admin; false where nothing was paused."""
        refusal = await self._door.admin(who)
        if refusal:
            return refusal
        resumed = await self._books.end_pause(who.id, self._clock.now())
        self._jobs.wake()
        return resumed

    async def look(self) -> None:
        """See to it that what is being given stops while the bot is paused, and draw all open cards anew after a change.

        Done again after a crash, it does no more than draw a card twice.
        """
        if await self._books.pause():
            await self._books.hold_up()
        change = await self._books.untold_change()
        if change is None:
            return
        for request in await self._books.in_state(*OPEN):
            async with self._books.page(request.id) as page:
                if page and not page.request.ended:
                    await page.say(Notice(kind=Kind.CARD, happened=Happened.PAUSED, at=self._clock.now()))
        await self._books.told_change(change)


def is_caught(request: Request) -> bool:
    """Say whether a giving that has run out did so for the pause alone, so that it goes on after it."""
    return request.pausing is Pausing.ASKED and request.cancel_asked_by is None and request.stop is None


async def park(page: Page, now: datetime) -> Request:
    """Put a giving aside whose run is over: another run begins it again in a new round, since a durable run is known by its round."""
    pause = await page.pause()
    parked = await into_next_round(page, replace(page.request, pausing=Pausing.PARKED))
    by, why = (pause.by, pause.why) if pause else (None, "")
    await page.say(
        Notice(kind=Kind.CARD, happened=Happened.PAUSED, at=now),
        Notice(kind=Kind.LINE, happened=Happened.PAUSED, at=now, by=by, note=why),
    )
    return parked


async def after_stop(page: Page, policy: Policy, now: datetime) -> None:
    """Count a request that Dintero's fault stopped, and pause where it looks as if the next would fare no better.

    Without admins there would be nobody to resume, so that nothing pauses itself.
    """
    stop = page.request.stop
    if stop not in DINTEROS_FAULTS:
        return
    in_a_row = await page.count_fault()
    unknown = stop is StopReason.UNKNOWN_FOR_GOOD
    if not policy.admins or not (unknown or in_a_row >= IN_A_ROW):
        return
    why = PausedFor.UNKNOWN if unknown else PausedFor.FAULTS
    if await page.begin_pause(Pause(now, None, why)):
        await page.say(
            *(
                Notice(kind=Kind.DIRECT, happened=Happened.PAUSED, at=now, to=who, note=why)
                for who in policy.admins
            )
        )
