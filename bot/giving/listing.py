"""The list of those who were not given the discount: who can have it, and when there is one; knows not what it looks like."""

from bot.domain.policy.policy import Reason, Refusal
from bot.domain.ports import Books, Clock
from bot.domain.requests.audit_entries import Act, got_list, noted
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request, State
from bot.services.access import Door


def has_list(request: Request, tally: Tally) -> bool:
    """Say whether there is a list to be had: it ended or stopped, not everybody was given it, and it is still known who."""
    begun = request.state in {State.STOPPED, State.DONE} or (request.ended and request.started_at is not None)
    return begun and request.purged_at is None and tally.given < tally.asked


async def send_list(books: Books, door: Door, clock: Clock, request: Request, who: Person) -> Request | Refusal:
    """Send somebody the list by direct message; that they have it stands in the audit like a look at the customers.

    Who presses twice before it was sent gets it once.
    """
    refusal = await noted(books, await door.concerned(who, request), Act.GET_LIST, request, who)
    if refusal:
        return refusal
    if request.purged_at:
        return Refusal(Reason.PURGED, request.short)
    tally = await books.tally(request.id)
    if not has_list(request, tally):
        return Refusal(Reason.NO_LIST, request.short)
    async with books.page(request.id) as page:
        if page is None or page.request.purged_at:
            return Refusal(Reason.PURGED, request.short)
        if await page.say_once(Notice(kind=Kind.LIST, happened=Happened.LISTED, at=clock.now(), to=who.id)):
            page.note(got_list(request, who.id, tally.asked - tally.given))
        return page.request
