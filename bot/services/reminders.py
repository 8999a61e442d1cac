"""Reminders and escalation of what waits: due-times in the books, each said once whatever crashes."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.ids import RequestId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.ports import Clock, Repository, UnitOfWork
from bot.domain.requests.deadlines import approvers_of, is_expired, pending_approvers, reminded
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import State
from bot.errors import DirectoryUnavailable
from bot.services.access import AccessControl


class ReminderService:
    """Looks at the due-times of what waits; the time moves on in the same transaction that puts the words into the outbox."""

    def __init__(self, *, repository: Repository, access: AccessControl, clock: Clock) -> None:
        self._repository = repository
        self._access = access
        self._clock = clock

    async def run_once(self) -> int:
        """Escalate and remind of whatever is due, and say how many requests that were."""
        due = await self._repository.due(self._clock.now())
        for request in due:
            names = await self._names(request)
            async with self._repository.unit_of_work(request) as unit:
                if unit:
                    await self._act(unit, names, self._clock.now())
        return len(due)

    async def _act(self, unit: UnitOfWork, names: tuple[str, ...], now: datetime) -> None:
        request = unit.request
        if request.state is not State.WAITING or is_expired(request, now):
            return
        policy = self._access.policy.channels.get(request.channel)
        if policy is None:
            await unit.save(replace(request, remind_at=None, escalate_at=None))
            return
        if request.escalate_at and request.escalate_at <= now:
            await self._escalate(unit, policy, now)
        if unit.request.remind_at and unit.request.remind_at <= now:
            await self._remind(unit, policy, names, now)

    async def _escalate(self, unit: UnitOfWork, policy: ChannelPolicy, now: datetime) -> None:
        """Ask others too; from now on they may approve this request."""
        await unit.save(replace(unit.request, escalate_at=None, escalated_to=policy.escalate_to))
        if not policy.escalate_to:
            return
        names = pending_approvers(policy.escalate_to, unit.request, ())
        await unit.enqueue(
            Notification(kind=ChannelKind.CARD, happened=NotificationType.ESCALATED, at=now),
            Notification(
                kind=ChannelKind.LINE,
                happened=NotificationType.ESCALATED,
                at=now,
                facts={"who": " ".join(names)},
            ),
        )

    async def _remind(
        self, unit: UnitOfWork, policy: ChannelPolicy, names: tuple[str, ...], now: datetime
    ) -> None:
        if not policy.remind_minutes:
            await unit.save(replace(unit.request, remind_at=None))
            return
        await unit.save(reminded(unit.request, timedelta(minutes=policy.remind_minutes), now))
        escalated = (
            who for who in unit.request.escalated_to if who in policy.escalate_to
        )  # perhaps only just now
        asked = dict.fromkeys([*names, *escalated])
        still = pending_approvers(asked, unit.request, [approval.by for approval in await unit.votes()])
        await unit.enqueue(
            Notification(
                kind=ChannelKind.LINE,
                happened=NotificationType.REMINDED,
                at=now,
                facts={"who": " ".join(still)},
            )
        )

    async def _names(self, request: RequestId) -> tuple[str, ...]:
        """Name who can approve; of a group in which somebody has said yes, the others by name. Asked before the row is locked."""
        found = await self._repository.find(request)
        policy = self._access.policy.channels.get(found.channel) if found else None
        if found is None or policy is None:
            return ()
        names, votes = approvers_of(policy, found), await self._repository.votes(request, found.round)
        try:
            return (
                await self._access.expand_groups(names, [approval.by for approval in votes])
                if votes
                else names
            )
        except DirectoryUnavailable:
            return names  # the whole group is better than nobody
