"""Announcements: the notifications of an event, and their recipients."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import (
    HELD_UNTIL,
    WAITED,
    ChannelKind,
    Notification,
    NotificationType,
)
from bot.domain.requests.request import Request

ENDS_IN_PART: Final = frozenset(
    {NotificationType.CANCELLED, NotificationType.REJECTED, NotificationType.EXPIRED}
)
"""Ends that need a summary if the giving had started."""
SENT_TO_REQUESTER: Final = frozenset(
    {
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

    Each tells somebody what they would not see elsewhere; an end is told to the thread and to the requester.
    After an end the requester gets the list of customers who were not given the discount, unless `in_full`.
    """
    card = Notification(kind=ChannelKind.CARD, happened=happened, at=at, by=by, note=note, facts=facts or {})
    in_part = happened in ENDS_IN_PART and request.started_at is not None
    summed_up = happened in {NotificationType.DONE, NotificationType.ENDED_HERE} or in_part
    done = NotificationType.DONE if happened is NotificationType.ENDED_HERE else happened
    direct = replace(card, kind=ChannelKind.DIRECT, happened=done, to=request.requester)
    notifications = [card]
    if _has_line(card, request, summed_up=summed_up):
        notifications.append(replace(card, kind=ChannelKind.LINE))
    if summed_up:
        notifications.append(replace(card, kind=ChannelKind.SUMMARY))
    if done in SENT_TO_REQUESTER or _is_news(card, request, in_part=in_part):
        notifications.append(direct)
    if summed_up and not in_full:
        notifications.append(replace(direct, kind=ChannelKind.LIST, happened=NotificationType.LISTED))
    if done in SENT_TO_CHANNELS:
        notifications += [replace(direct, kind=ChannelKind.NOTICE, to=channel) for channel in notify]
    return notifications


def held_facts(request: Request) -> dict[str, str]:
    """Record the end of the hold in a notification: the hold may be over when it is delivered."""
    return {HELD_UNTIL: request.give_after.isoformat()} if request.give_after else {}


def _has_line(event: Notification, request: Request, *, summed_up: bool) -> bool:
    """Tell whether the thread has to hear of an event beside the card and the summary."""
    match event.happened:
        case NotificationType.ASKED | NotificationType.DONE:
            return False  # the card, or the summary, says it
        case NotificationType.APPROVED:
            return request.approvals > 1 or HELD_UNTIL in event.facts
        case NotificationType.STARTED:
            return WAITED in event.facts  # else it follows the approval at once
        case NotificationType.CANCELLED | NotificationType.EXPIRED:
            return not summed_up  # the summary says why the others were left out
    return True


def _is_news(event: Notification, request: Request, *, in_part: bool) -> bool:
    """Tell whether the requester has to wait, or others did something."""
    if event.happened is NotificationType.APPROVED:
        return HELD_UNTIL in event.facts
    return event.happened is NotificationType.CANCELLED and (in_part or event.by != request.requester)


async def request_card_redraw(repository: Repository, request: RequestId, clock: Clock) -> None:
    """Redraw the card through the outbox, which posts a deleted card again."""
    async with repository.unit_of_work(request) as unit:
        if unit:
            await unit.enqueue_once(
                Notification(kind=ChannelKind.CARD, happened=NotificationType.STARTED, at=clock.now())
            )
