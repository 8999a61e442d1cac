"""Reminders and escalation of waiting requests: each due time takes effect once, across crashes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.ports import Clock, Repository
from bot.domain.requests.authorization import approvers_of, pending_approvers
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import Request, State
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import DirectoryUnavailable
from bot.services.access import AccessControl

REMINDERS: Final = 3
"""At one, two and four times `remind_minutes` after the request."""


@dataclass(frozen=True, slots=True)
class ReminderService:
    """Sends what is due; the next due time and the message are written in one transaction.

    After an approval, `remind_at` is the time to tell the requester of it, if there is no result by then.
    """

    repository: Repository
    access: AccessControl
    clock: Clock

    async def remind(self, request: RequestId) -> None:
        """Escalate a waiting request, remind its approvers, or tell of an approval, where that is due."""
        names = await self._approvers(request)  # asks Slack, so before the row is locked
        async with self.repository.unit_of_work(request) as unit:
            now = self.clock.now()
            if unit and unit.request.state in {State.APPROVED, State.GIVING}:
                await _tell_of_approval(unit, now)
            if unit is None or unit.request.state is not State.WAITING or unit.request.is_expired(now):
                return
            policy = self.access.policy.channels.get(unit.request.channel)
            if self.access.check_account(unit.request):
                return  # nobody can approve it here
            if policy is None:
                await unit.save(replace(unit.request, remind_at=None, escalate_at=None))
                return
            if unit.request.escalate_at and unit.request.escalate_at <= now:
                await self._escalate(unit, policy, now)
            if unit.request.remind_at and unit.request.remind_at <= now:
                await self._remind(unit, policy, names, now)

    async def _escalate(self, unit: UnitOfWork, policy: ChannelPolicy, now: datetime) -> None:
        await unit.save(replace(unit.request, escalate_at=None, escalated_to=policy.escalate_to))
        if not policy.escalate_to:
            return
        card = Notification(kind=ChannelKind.CARD, happened=NotificationType.ESCALATED, at=now)
        names = pending_approvers(policy.escalate_to, unit.request)
        await unit.enqueue(card, replace(card, kind=ChannelKind.LINE, facts={"who": " ".join(names)}))

    async def _remind(
        self, unit: UnitOfWork, policy: ChannelPolicy, names: tuple[str, ...], now: datetime
    ) -> None:
        if not policy.remind_minutes:
            await unit.save(replace(unit.request, remind_at=None))
            return
        await unit.save(reminded(unit.request, timedelta(minutes=policy.remind_minutes), now))
        escalated = (who for who in unit.request.escalated_to if who in policy.escalate_to)
        asked = dict.fromkeys([*names, *escalated])  # the escalation may be new
        pending = pending_approvers(asked, unit.request, [approval.by for approval in await unit.votes()])
        facts = {"who": " ".join(pending)}
        await unit.enqueue(
            Notification(kind=ChannelKind.LINE, happened=NotificationType.REMINDED, at=now, facts=facts)
        )

    async def _approvers(self, request: RequestId) -> tuple[str, ...]:
        """Name who can approve; a group in which somebody has approved is replaced by its other members."""
        found = await self.repository.find(request)
        policy = self.access.policy.channels.get(found.channel) if found else None
        if found is None or policy is None:
            return ()
        names, votes = approvers_of(policy, found), await self.repository.votes(request, found.round)
        try:
            return await self.access.expand_groups(names, [vote.by for vote in votes]) if votes else names
        except DirectoryUnavailable:
            return names  # the whole group is better than nobody


def reminded(request: Request, every: timedelta, now: datetime) -> Request:
    """Move a request past all reminders that are due: after an outage, one reminder is sent for all."""
    at, over = request.remind_at, request.reminded
    while at is not None and at <= now:
        at, over = at + every * 2**over, over + 1
        if over >= REMINDERS:
            at = None
    return replace(request, remind_at=at, reminded=over)


async def _tell_of_approval(unit: UnitOfWork, now: datetime) -> None:
    """Tell the requester of an approval that has no result yet."""
    request = unit.request
    if request.remind_at is None or request.remind_at > now:
        return
    await unit.save(replace(request, remind_at=None))
    if request.is_held(now):  # it was told of the hold; only release 0.2.0 left a reminder here
        return
    await unit.enqueue(
        Notification(
            kind=ChannelKind.DIRECT,
            happened=NotificationType.APPROVED,
            at=now,
            to=request.requester,
            by=request.decided_by,
        )
    )
