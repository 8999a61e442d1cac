"""What is said, and to whom, when something happened to a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import Request

TOLD_DIRECTLY: Final = frozenset(
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
TOLD_TO_CHANNELS: Final = frozenset(
    {NotificationType.DONE, NotificationType.REJECTED, NotificationType.STOPPED}
)
ENDS_IN_PART: Final = frozenset(
    {NotificationType.CANCELLED, NotificationType.REJECTED, NotificationType.EXPIRED}
)
"""After these, what was given before has to be summed up, if anything can have been."""


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
    """List all that is said when something happened: the card, its thread, the requester, the channels to be notified.

    When it has ended, the requester gets the list of those who were not given it; `in_full` tells that everybody was.
    """

    def notice(kind: ChannelKind, to: str = "", what: NotificationType = happened) -> Notification:
        return Notification(kind=kind, happened=what, at=at, to=to, by=by, note=note, facts=facts or {})

    said = [notice(ChannelKind.CARD)]
    if happened is not NotificationType.DONE:
        said.append(notice(ChannelKind.LINE))
    in_part = happened in ENDS_IN_PART and request.started_at is not None
    summed_up = happened in {NotificationType.DONE, NotificationType.ENDED_HERE} or in_part
    if summed_up:
        said.append(notice(ChannelKind.SUMMARY))
    told = NotificationType.DONE if happened is NotificationType.ENDED_HERE else happened
    if told in TOLD_DIRECTLY or (told is NotificationType.CANCELLED and (in_part or by != request.requester)):
        said.append(notice(ChannelKind.DIRECT, request.requester, told))
    if summed_up and not in_full:
        said.append(notice(ChannelKind.LIST, request.requester, NotificationType.LISTED))
    if told in TOLD_TO_CHANNELS:
        said.extend(notice(ChannelKind.NOTICE, channel, told) for channel in notify)
    return said


async def request_card_redraw(repository: Repository, request: RequestId, clock: Clock) -> None:
    """Have the card drawn once more, by the outbox, which posts one that was deleted anew."""
    async with repository.unit_of_work(request) as unit:
        if unit:
            await unit.enqueue_once(
                Notification(kind=ChannelKind.CARD, happened=NotificationType.STARTED, at=clock.now())
            )
