"""Reminders and escalation of what waits: due-times in the books, each said once whatever crashes."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.ids import RequestId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.ports import Books, Clock, Page
from bot.domain.requests.deadlines import approvers_of, is_over, reminded, still_asked
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.request import State
from bot.errors import PeopleUnavailable
from bot.services.access import Door


class Reminding:
    """Looks at the due-times of what waits; the time moves on in the same transaction that puts the words into the outbox."""

    def __init__(self, *, books: Books, door: Door, clock: Clock) -> None:
        self._books = books
        self._door = door
        self._clock = clock

    async def look(self) -> int:
        """Escalate and remind of whatever is due, and say how many requests that were."""
        due = await self._books.due(self._clock.now())
        for request in due:
            names = await self._names(request)
            async with self._books.page(request) as page:
                if page:
                    await self._act(page, names, self._clock.now())
        return len(due)

    async def _act(self, page: Page, names: tuple[str, ...], now: datetime) -> None:
        request = page.request
        if request.state is not State.WAITING or is_over(request, now):
            return
        policy = self._door.policy.channels.get(request.channel)
        if policy is None:
            await page.keep(replace(request, remind_at=None, escalate_at=None))
            return
        if request.escalate_at and request.escalate_at <= now:
            await self._escalate(page, policy, now)
        if page.request.remind_at and page.request.remind_at <= now:
            await self._remind(page, policy, names, now)

    async def _escalate(self, page: Page, policy: ChannelPolicy, now: datetime) -> None:
        """Ask others too; from now on they may approve this request."""
        await page.keep(replace(page.request, escalate_at=None, escalated_to=policy.escalate_to))
        if not policy.escalate_to:
            return
        names = still_asked(policy.escalate_to, page.request, ())
        await page.say(
            Notice(kind=Kind.CARD, happened=Happened.ESCALATED, at=now),
            Notice(kind=Kind.LINE, happened=Happened.ESCALATED, at=now, facts={"who": " ".join(names)}),
        )

    async def _remind(self, page: Page, policy: ChannelPolicy, names: tuple[str, ...], now: datetime) -> None:
        if not policy.remind_minutes:
            await page.keep(replace(page.request, remind_at=None))
            return
        await page.keep(reminded(page.request, timedelta(minutes=policy.remind_minutes), now))
        escalated = (
            who for who in page.request.escalated_to if who in policy.escalate_to
        )  # perhaps only just now
        asked = dict.fromkeys([*names, *escalated])
        still = still_asked(asked, page.request, [vote.by for vote in await page.votes()])
        await page.say(
            Notice(kind=Kind.LINE, happened=Happened.REMINDED, at=now, facts={"who": " ".join(still)})
        )

    async def _names(self, request: RequestId) -> tuple[str, ...]:
        """Name who can approve; of a group in which somebody has said yes, the others by name. Asked before the row is locked."""
        found = await self._books.find(request)
        policy = self._door.policy.channels.get(found.channel) if found else None
        if found is None or policy is None:
            return ()
        names, votes = approvers_of(policy, found), await self._books.votes(request, found.round)
        try:
            return await self._door.without(names, [vote.by for vote in votes]) if votes else names
        except PeopleUnavailable:
            return names  # the whole group is better than nobody
