"""Looks up customers with an unknown outcome among the rule's holders, and records the result.

A holder may have had the discount before, by hand or by another request: the list shows no idempotency keys.
So the outcomes stay unknown.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId, RuleId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.batches import HolderSearch, Outcome, Tally, Verification
from bot.domain.requests.request import Request
from bot.domain.rules.rule import HOLDERS_PAGE, Holder
from bot.errors import DinteroError
from bot.giving.lookups import RuleLookups

MAX_PAGES: Final = 50
"""A rule that this request alone gave to more customers than fit on these pages is not looked up."""
TIMEOUT_SECONDS: Final = 60.0
"""The end of a giving waits for the verification."""


@dataclass(frozen=True, slots=True)
class OutcomeVerifier:
    """Reads a bounded number of pages of the holders."""

    repository: Repository
    lookups: RuleLookups
    clock: Clock
    seconds: float = TIMEOUT_SECONDS
    most_pages: int = MAX_PAGES

    async def verify(self, request: Request, tally: Tally) -> None:
        """Look up the unknown customers of a request, and save the result over an earlier one."""
        if found := await self.look_up(request, tally):
            await self.repository.save_verification(request.id, found.verification, found.confirmed)

    async def look_up(self, request: Request, tally: Tally) -> HolderSearch | None:
        """Look up the unknown customers of a request, and save nothing; None if the list cannot show them."""
        most = self.most_pages * HOLDERS_PAGE
        if request.rule is None or request.reserved or not 0 < tally.unknown <= most:
            return None
        unknown = await self._unknown(request)
        pages = self._pages(request, request.rule.id, self.most_pages if tally.given <= most else 0)
        confirmed, refs, complete, failed = frozenset[CustomerId](), 0, False, ""
        try:
            async with asyncio.timeout(self.seconds):
                async for page in pages:
                    confirmed |= unknown.intersection(ref.customer for ref in page if ref.customer)
                    refs += len(page)
                    complete = not page or confirmed == unknown
                    if complete:
                        break
        except TimeoutError:
            failed = "Dintero took too long"
        except DinteroError as error:
            failed = str(error)
        found = Verification(
            self.clock.now(), len(unknown), there=len(confirmed), refs=refs, whole=complete, failed=failed
        )
        return HolderSearch(found, confirmed)

    async def _unknown(self, request: Request) -> frozenset[CustomerId]:
        return frozenset(
            [
                one.customer
                async for portion in self.repository.not_given(request.id)
                for one in portion
                if one.outcome is Outcome.UNKNOWN
            ]
        )

    async def _pages(self, request: Request, rule: RuleId, number: int) -> AsyncIterator[tuple[Holder, ...]]:
        """Read page after page, an empty one at the end of the list.

        We assume that a page continues after the last id of the one before it. A list that repeats itself is
        read no further, and does not count as complete.
        """
        seen, after = set[str](), None
        for _ in range(number):
            page = await self.lookups.refs(rule, after=after, patient=request.cancel_asked_by is None)
            new = tuple(ref for ref in page if ref.id not in seen)
            if page and not new:
                return
            yield new
            if not page:
                return
            seen.update(ref.id for ref in new)
            after = page[-1].id
