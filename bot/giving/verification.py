"""Looks up customers with an unknown outcome among the rule's holders, and records the result.

A holder may have had the discount before, by hand or by another request: the list does not show idempotency keys. So the
outcomes stay unknown.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId, RuleId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.batches import Outcome, Tally
from bot.domain.requests.request import Request
from bot.domain.rules.holders import PAGE, Holder, Verification
from bot.errors import DinteroError
from bot.giving.calls import RuleLookups

MAX_PAGES: Final = 50
"""A rule that this request alone gave to more customers than fit on these pages is not looked up."""
TIMEOUT_SECONDS: Final = 60.0
"""The end of a giving waits for the verification."""


@dataclass(slots=True)
class _Seen:
    """The part of the list that was read so far."""

    unknown: frozenset[CustomerId]
    confirmed: frozenset[CustomerId] = frozenset()
    refs: int = 0
    complete: bool = False

    def add(self, page: Sequence[Holder]) -> None:
        """Note a page; the list is complete at its end, or once all unknown customers were found."""
        self.confirmed |= self.unknown.intersection(ref.customer for ref in page if ref.customer)
        self.refs += len(page)
        self.complete = not page or self.confirmed == self.unknown


class OutcomeVerifier:
    """Reads a bounded number of pages of the holders."""

    def __init__(
        self,
        *,
        repository: Repository,
        lookups: RuleLookups,
        clock: Clock,
        seconds: float = TIMEOUT_SECONDS,
        most_pages: int = MAX_PAGES,
    ) -> None:
        self._repository = repository
        self._lookups = lookups
        self._clock = clock
        self._seconds = seconds
        self._most_pages = most_pages

    async def verify(self, request: Request, tally: Tally) -> None:
        """Look up the unknown customers of a request, and save the result over an earlier one."""
        most = self._most_pages * PAGE
        if request.rule is None or request.reserved or not 0 < tally.unknown <= most:
            return
        seen = _Seen(
            frozenset(
                [
                    one.customer
                    async for portion in self._repository.not_given(request.id)
                    for one in portion
                    if one.outcome is Outcome.UNKNOWN
                ]
            )
        )
        failed = await self._read(request, request.rule.id, seen) if tally.given <= most else ""
        found = Verification(
            self._clock.now(),
            len(seen.unknown),
            there=len(seen.confirmed),
            refs=seen.refs,
            whole=seen.complete,
            failed=failed,
        )
        await self._repository.save_verification(request.id, found, seen.confirmed)

    async def _read(self, request: Request, rule: RuleId, seen: _Seen) -> str:
        """Read until all are found, or to the bounds; return the reason of a failure."""
        try:
            async with asyncio.timeout(self._seconds):
                async for page in self._pages(rule, patient=request.cancel_asked_by is None):
                    seen.add(page)
                    if seen.complete:
                        break
        except TimeoutError:
            return "Dintero took too long"
        except DinteroError as error:
            return str(error)
        return ""

    async def _pages(self, rule: RuleId, *, patient: bool) -> AsyncIterator[tuple[Holder, ...]]:
        """Read page after page, an empty one at the end of the list.

        We assume that a page continues after the last id of the one before it. A list that repeats itself ends the
        reading, and does not count as complete.
        """
        seen, after = set[str](), None
        for _ in range(self._most_pages):
            page = await self._lookups.refs(rule, after=after, patient=patient)
            new = tuple(ref for ref in page if ref.id not in seen)
            if page and not new:
                return
            yield new
            if not page:
                return
            seen.update(ref.id for ref in new)
            after = page[-1].id
