"""The customers of a request: page by page, or as the list of those who were not given the discount."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Repository
from bot.domain.requests.audit_entries import EntryKind, entry_of
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request, State
from bot.domain.unit_of_work import UnitOfWork

PER_PAGE: Final = 50
"""Ids on a page: even the longest and strangest ones still fit, as JSON, into a modal's 250 kB."""


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of a request's customers; pages are counted from 1."""

    request: Request
    page: int
    customers: tuple[CustomerId, ...]
    pause: Pause | None = None

    @property
    def pages(self) -> int:
        """The number of pages; there is always one."""
        return max(-(-self.request.customers // PER_PAGE), 1)

    @property
    def first(self) -> int:
        """The number of the first customer on this page, counted from 1."""
        return (self.page - 1) * PER_PAGE + 1


async def load_page(
    repository: Repository, request: Request, who: Person, number: int
) -> CustomerPage | Refusal:
    """Load the page with this number, or the nearest, and audit that this person saw it."""
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    page = CustomerPage(request, 1, (), await repository.pause())
    page = replace(page, page=min(max(number, 1), page.pages))
    page = replace(page, customers=await _read(repository, request, page.first - 1))
    last = page.first + len(page.customers) - 1
    await repository.record(
        entry_of(request, EntryKind.VIEWED, who.id, first=page.first, last=last, customers=request.customers)
    )
    return page


async def _read(repository: Repository, request: Request, start: int) -> tuple[CustomerId, ...]:
    """Read one page from the stored portions, which it may straddle."""
    size = max(request.batch_size * request.batches_per_portion, 1)
    found: tuple[CustomerId, ...] = ()
    number, skip = divmod(start, size)
    while len(found) < PER_PAGE and (portion := await repository.customers(request.id, number)):
        found += portion[skip : skip + PER_PAGE - len(found)]
        number, skip = number + 1, 0
    return found


def has_not_given_list(request: Request, tally: Tally) -> bool:
    """Say whether a stopped or ended request left customers without the discount, and is not purged."""
    begun = request.state in {State.STOPPED, State.DONE} or (request.ended and request.started_at is not None)
    return begun and request.purged_at is None and tally.given < tally.asked


async def enqueue_list(unit: UnitOfWork, *, who: Person, tally: Tally, now: datetime) -> Request | Refusal:
    """Enqueue the list as a direct message, and audit it; a second press before it is sent adds nothing."""
    request = unit.request
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    if not has_not_given_list(request, tally):
        return Refusal(RefusalReason.NO_LIST, request.short)
    notification = Notification(kind=ChannelKind.LIST, happened=NotificationType.LISTED, at=now, to=who.id)
    if await unit.enqueue_once(notification):
        not_given, asked = tally.asked - tally.given, request.customers
        unit.audit(entry_of(request, EntryKind.VIEWED, who.id, not_given=not_given, customers=asked))
    return request
