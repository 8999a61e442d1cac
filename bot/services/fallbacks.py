"""Who is told instead when something cannot be said: whoever asked, of a thread; the admins, of another channel or of somebody."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.ids import ChannelId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import Request
from bot.errors import DeliveryFailed

FALLBACKS = "instead"
"""The fact by which a word to an admin is known to have been meant for somebody else."""
PASSING: frozenset[NotificationType] = frozenset({NotificationType.APPROVED})
"""What nobody else has to hear: more will be said of it."""


class FallbackNotifier:
    """Puts into the outbox what is told instead."""

    def __init__(self, repository: Repository, clock: Clock, admins: Sequence[str] = ()) -> None:
        self._repository = repository
        self._clock = clock
        self._admins = tuple(admins)
        self._told_of: set[str] = set()
        """Channels of which the admins were told: of each once, as long as the process lives, whatever there was to say in it."""

    async def enqueue(self, outbox_message: OutboxMessage, never: DeliveryFailed) -> None:
        """Tell whoever can be told, where anybody has to be."""
        async with self._repository.unit_of_work(outbox_message.request) as unit:
            if unit:
                await unit.enqueue(*self._notices(outbox_message.notification, unit.request, never))

    def _notices(self, lost: Notification, request: Request, never: DeliveryFailed) -> list[Notification]:
        match lost.kind:
            case ChannelKind.LIST:
                return [self._direct(lost.to, NotificationType.LIST_LOST, never)]
            case ChannelKind.CARD if request.card_ts is None:
                return (
                    [] if request.ended else [self._direct(request.requester, NotificationType.UNSEEN, never)]
                )
            case ChannelKind.CARD | ChannelKind.LINE | ChannelKind.SUMMARY:
                return (
                    [self._direct(request.requester, NotificationType.UNTOLD, never, request.channel)]
                    if request.card_ts
                    else []
                )
            case ChannelKind.NOTICE:
                return self._of_a_channel(lost.to, never)
            case ChannelKind.DIRECT:
                return self._of_somebody(lost)

    def _of_a_channel(self, channel: str, never: DeliveryFailed) -> list[Notification]:
        if channel in self._told_of:
            return []
        self._told_of.add(channel)
        return [self._direct(admin, NotificationType.UNTOLD, never, channel) for admin in self._admins]

    def _of_somebody(self, lost: Notification) -> list[Notification]:
        """Tell the admins the same; what cannot be told to an admin stands in the log."""
        if lost.to in self._admins or lost.happened in PASSING:
            return []
        return [replace(lost, to=admin, facts={**lost.facts, FALLBACKS: lost.to}) for admin in self._admins]

    def _direct(
        self, to: str, happened: NotificationType, never: DeliveryFailed, channel: str = ""
    ) -> Notification:
        facts = {"slack": never.code} | ({"channel": ChannelId(channel)} if channel else {})
        return Notification(
            kind=ChannelKind.DIRECT,
            happened=happened,
            at=self._clock.now(),
            to=to,
            note=str(never),
            facts=facts,
        )
