"""What is said, and to whom, when something happened to a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.ports import Books, Clock
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.request import Request

TOLD_DIRECTLY: Final = frozenset(
    {
        Happened.APPROVED,
        Happened.REJECTED,
        Happened.EXPIRED,
        Happened.STOPPED,
        Happened.RULE_CHANGED,
        Happened.CONSENT_VOID,
        Happened.DONE,
    }
)
TOLD_TO_CHANNELS: Final = frozenset({Happened.DONE, Happened.REJECTED, Happened.STOPPED})
ENDS_IN_PART: Final = frozenset({Happened.CANCELLED, Happened.REJECTED, Happened.EXPIRED})
"""After these, what was given before has to be summed up, if anything can have been."""


def tellings(
    request: Request,
    happened: Happened,
    at: datetime,
    *,
    by: UserId | None = None,
    note: str = "",
    notify: tuple[ChannelId, ...] = (),
    facts: Mapping[str, str] | None = None,
    in_full: bool = False,
) -> list[Notice]:
    """List all that is said when something happened: the card, its thread, the requester, the channels to be notified.

    When it has ended, the requester gets the list of those who were not given it; `in_full` tells that everybody was.
    """

    def notice(kind: Kind, to: str = "", what: Happened = happened) -> Notice:
        return Notice(kind=kind, happened=what, at=at, to=to, by=by, note=note, facts=facts or {})

    said = [notice(Kind.CARD)]
    if happened is not Happened.DONE:
        said.append(notice(Kind.LINE))
    in_part = happened in ENDS_IN_PART and request.started_at is not None
    summed_up = happened in {Happened.DONE, Happened.ENDED_HERE} or in_part
    if summed_up:
        said.append(notice(Kind.SUMMARY))
    told = Happened.DONE if happened is Happened.ENDED_HERE else happened
    if told in TOLD_DIRECTLY or (told is Happened.CANCELLED and (in_part or by != request.requester)):
        said.append(notice(Kind.DIRECT, request.requester, told))
    if summed_up and not in_full:
        said.append(notice(Kind.LIST, request.requester, Happened.LISTED))
    if told in TOLD_TO_CHANNELS:
        said.extend(notice(Kind.NOTICE, channel, told) for channel in notify)
    return said


async def see_to_card(books: Books, request: RequestId, clock: Clock) -> None:
    """Have the card drawn once more, by the outbox, which posts one that was deleted anew."""
    async with books.page(request) as page:
        if page:
            await page.say_once(Notice(kind=Kind.CARD, happened=Happened.STARTED, at=clock.now()))
