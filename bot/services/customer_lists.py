"""The list of a request's customers, a page at a time, for those alone who are concerned; each look stands in the audit."""

from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Reason, Refusal
from bot.domain.ports import Books
from bot.domain.requests.audit_entries import Act, looked, noted
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request
from bot.services.access import Door

PER_PAGE: Final = 50
"""Ids on a page: of the longest and strangest ids, as JSON, these still fit into a modal's 250 kB."""


@dataclass(frozen=True, slots=True)
class Roster:
    """One page of a request's customers; pages are counted from 1."""

    request: Request
    page: int
    customers: tuple[CustomerId, ...]
    pause: Pause | None = None

    @property
    def pages(self) -> int:
        """How many there are."""
        return pages_of(self.request)

    @property
    def first(self) -> int:
        """Which of all customers stands first on this page, counted from 1."""
        return (self.page - 1) * PER_PAGE + 1


async def roster_of(books: Books, door: Door, request: Request, who: Person, page: int) -> Roster | Refusal:
    """Show one page; of a page that is not there, the nearest."""
    refusal = await noted(books, await door.concerned(who, request), Act.SHOW_CUSTOMERS, request, who)
    if refusal:
        return refusal
    if request.purged_at:
        return Refusal(Reason.PURGED, request.short)
    page = min(max(page, 1), pages_of(request))
    found = Roster(request, page, await _read(books, request, (page - 1) * PER_PAGE), await books.pause())
    await books.record(looked(request, who.id, found.first, found.first + len(found.customers) - 1))
    return found


def pages_of(request: Request) -> int:
    """Count the pages; there is always one."""
    return max(-(-request.customers // PER_PAGE), 1)


async def _read(books: Books, request: Request, start: int) -> tuple[CustomerId, ...]:
    """Read a page out of the rows of customers, over the end of one into the next."""
    size = max(request.batch_size * request.batches_per_portion, 1)
    found: tuple[CustomerId, ...] = ()
    number, skip = divmod(start, size)
    while len(found) < PER_PAGE and (portion := await books.customers(request.id, number)):
        found += portion[skip : skip + PER_PAGE - len(found)]
        number, skip = number + 1, 0
    return found
