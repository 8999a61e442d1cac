"""The list of a request's customers, a page at a time, for those alone who are concerned; each look stands in the audit."""

from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action, EntryKind, audit_refusal, entry_of
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Pause, Request, State
from bot.services.access import AccessControl

PER_PAGE: Final = 50
"""Ids on a page: of the longest and strangest ids, as JSON, these still fit into a modal's 250 kB."""


@dataclass(frozen=True, slots=True)
class CustomerPage:
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


async def load_customer_page(
    repository: Repository, access: AccessControl, request: Request, who: Person, page: int
) -> CustomerPage | Refusal:
    """Show one page; of a page that is not there, the nearest."""
    refusal = await audit_refusal(
        repository, await access.may_see_customers(who, request), Action.SHOW_CUSTOMERS, request, who
    )
    if refusal:
        return refusal
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    page = min(max(page, 1), pages_of(request))
    found = CustomerPage(
        request, page, await _read(repository, request, (page - 1) * PER_PAGE), await repository.pause()
    )
    last = found.first + len(found.customers) - 1
    entry = entry_of(
        request, EntryKind.VIEWED, who.id, first=found.first, last=last, customers=request.customers
    )
    await repository.record(entry)
    return found


def pages_of(request: Request) -> int:
    """Count the pages; there is always one."""
    return max(-(-request.customers // PER_PAGE), 1)


async def _read(repository: Repository, request: Request, start: int) -> tuple[CustomerId, ...]:
    """Read a page out of the rows of customers, over the end of one into the next."""
    size = max(request.batch_size * request.batches_per_portion, 1)
    found: tuple[CustomerId, ...] = ()
    number, skip = divmod(start, size)
    while len(found) < PER_PAGE and (portion := await repository.customers(request.id, number)):
        found += portion[skip : skip + PER_PAGE - len(found)]
        number, skip = number + 1, 0
    return found


def has_not_given_list(request: Request, tally: Tally) -> bool:
    """Say whether there is a list to be had: it ended or stopped, not everybody was given it, and it is still known who."""
    begun = request.state in {State.STOPPED, State.DONE} or (request.ended and request.started_at is not None)
    return begun and request.purged_at is None and tally.given < tally.asked


async def send_list(
    repository: Repository, access: AccessControl, clock: Clock, request: Request, who: Person
) -> Request | Refusal:
    """Send somebody the list by direct message; that they have it stands in the audit like a look at the customers.

    Who presses twice before it was sent gets it once.
    """
    refusal = await audit_refusal(
        repository, await access.may_see_customers(who, request), Action.GET_LIST, request, who
    )
    if refusal:
        return refusal
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    tally = await repository.tally(request.id)
    if not has_not_given_list(request, tally):
        return Refusal(RefusalReason.NO_LIST, request.short)
    async with repository.unit_of_work(request.id) as unit:
        if unit is None or unit.request.purged_at:
            return Refusal(RefusalReason.PURGED, request.short)
        if await unit.enqueue_once(
            Notification(kind=ChannelKind.LIST, happened=NotificationType.LISTED, at=clock.now(), to=who.id)
        ):
            not_given, asked = tally.asked - tally.given, request.customers
            unit.audit(entry_of(request, EntryKind.VIEWED, who.id, not_given=not_given, customers=asked))
        return unit.request
