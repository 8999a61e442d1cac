"""Fallbacks: who hears of a message that cannot be delivered: the requester, or the admins."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import Request
from bot.errors import DeliveryFailed

FALLBACKS = "instead"
"""The fact that marks a message to an admin as meant for another person."""


@dataclass(frozen=True, slots=True)
class FallbackNotifier:
    """Enqueues messages in place of undeliverable ones."""

    repository: Repository
    clock: Clock
    admins: Sequence[str] = ()
    _reported_channels: set[str] = field(default_factory=set)
    """Channels that the admins know of: each is reported once per process."""

    async def enqueue(self, outbox_message: OutboxMessage, never: DeliveryFailed) -> None:
        """Enqueue the fallbacks of a message that failed for good."""
        async with self.repository.unit_of_work(outbox_message.request) as unit:
            if unit:
                await unit.enqueue(*self._fallbacks(outbox_message.notification, unit.request, never))

    def _fallbacks(self, lost: Notification, request: Request, never: DeliveryFailed) -> list[Notification]:
        def direct(to: str, happened: NotificationType, channel: str = "") -> Notification:
            return Notification(
                kind=ChannelKind.DIRECT,
                happened=happened,
                at=self.clock.now(),
                to=to,
                note=str(never),
                facts={"slack": never.code} | ({"channel": channel} if channel else {}),
            )

        match lost.kind:
            case ChannelKind.LIST:  # the admins see the customers of a remainder; its requester may not
                to = (self.admins or [lost.to]) if request.rest_of else [lost.to]
                return [direct(one, NotificationType.LIST_LOST) for one in to]
            case ChannelKind.CARD if request.card_ts is None:
                return [] if request.ended else [direct(request.requester, NotificationType.UNSEEN)]
            case ChannelKind.CARD | ChannelKind.LINE | ChannelKind.SUMMARY:
                untold = direct(request.requester, NotificationType.UNTOLD, request.channel)
                return [untold] if request.card_ts else []
            case ChannelKind.NOTICE:
                if lost.to in self._reported_channels:
                    return []
                self._reported_channels.add(lost.to)
                return [direct(admin, NotificationType.UNTOLD, lost.to) for admin in self.admins]
            case ChannelKind.DIRECT:
                # A lost message to an admin is in the log; an approval is followed by more messages.
                if lost.to in self.admins or lost.happened is NotificationType.APPROVED:
                    return []
                facts = {**lost.facts, FALLBACKS: lost.to}
                return [replace(lost, to=admin, facts=facts) for admin in self.admins]
