"""Announcements: the notifications of an event, and their recipients."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import Request

SENT_TO_REQUESTER: Final = frozenset(
    {
        NotificationType.APPROVED,
        NotificationType.REJECTED,
        NotificationType.EXPIRED,
        NotificationType.STOPPED,
        NotificationType.RULE_CHANGED,
        NotificationType.CONSENT_VOID,
        NotificationType.DONE,
    }
)
SENT_TO_CHANNELS: Final = frozenset(
    {NotificationType.DONE, NotificationType.REJECTED, NotificationType.STOPPED}
)
ENDS_IN_PART: Final = frozenset(
    {NotificationType.CANCELLED, NotificationType.REJECTED, NotificationType.EXPIRED}
)
"""Ends that need a summary if the giving had started."""


def notifications_for(
    request: Request,
    happened: NotificationType,
    at: datetime,
    *,
    by: UserId | None = None,
    note: str = "",
    notify: tuple[ChannelId, ...] = (),
    facts: Mapping[str, str] | None = None,
    in_full: bool = False,
) -> list[Notification]:
    """List the notifications of an event: card, thread, requester, and channels to notify.

    At the end the requester gets the list of customers who were not given the discount, unless `in_full`.
    """
    card = Notification(kind=ChannelKind.CARD, happened=happened, at=at, by=by, note=note, facts=facts or {})
    notifications = [card]
    if happened is not NotificationType.DONE:
        notifications.append(replace(card, kind=ChannelKind.LINE))
    in_part = happened in ENDS_IN_PART and request.started_at is not None
    summed_up = happened in {NotificationType.DONE, NotificationType.ENDED_HERE} or in_part
    if summed_up:
        notifications.append(replace(card, kind=ChannelKind.SUMMARY))
    done = NotificationType.DONE if happened is NotificationType.ENDED_HERE else happened
    direct = replace(card, kind=ChannelKind.DIRECT, happened=done, to=request.requester)
    if done in SENT_TO_REQUESTER or (
        done is NotificationType.CANCELLED and (in_part or by != request.requester)
    ):
        notifications.append(direct)
    if summed_up and not in_full:
        notifications.append(replace(direct, kind=ChannelKind.LIST, happened=NotificationType.LISTED))
    if done in SENT_TO_CHANNELS:
        notifications += [replace(direct, kind=ChannelKind.NOTICE, to=channel) for channel in notify]
    return notifications


async def request_card_redraw(repository: Repository, request: RequestId, clock: Clock) -> None:
    """Redraw the card through the outbox, which posts a deleted card again."""
    async with repository.unit_of_work(request) as unit:
        if unit:
            await unit.enqueue_once(
                Notification(kind=ChannelKind.CARD, happened=NotificationType.STARTED, at=clock.now())
            )
