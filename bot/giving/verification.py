"""What Dintero's list of a rule has of the customers whose end is unknown: it is told, and nothing is concluded from it.

Whoever stands there may have had the discount before, by hand or by another request: the list says nothing of keys. So they stay unknown.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId, RuleId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.batches import Outcome, Tally, Verification
from bot.domain.requests.request import Request
from bot.domain.rules.rule import HOLDERS_PAGE, Holder
from bot.errors import DinteroError
from bot.giving.lookups import RuleLookups

MOST_PAGES: Final = 50
"""Of one look: where a request alone has given it to more customers than stand on these, looking shows too little to be of use."""
SECONDS: Final = 60.0
"""Of one look: the end of a giving waits for it."""


@dataclass(slots=True)
class _Seen:
    """What was seen of the list so far."""

    unknown: frozenset[CustomerId]
    there: frozenset[CustomerId] = frozenset()
    refs: int = 0
    whole: bool = False

    def on(self, page: Sequence[Holder]) -> bool:
        """Look at a page; answers whether that was enough."""
        self.there |= self.unknown.intersection(ref.customer for ref in page if ref.customer)
        self.refs += len(page)
        self.whole = not page or self.there == self.unknown
        return self.whole


class OutcomeVerifier:
    """Looks the unknown up, a bounded number of pages far."""

    def __init__(
        self,
        *,
        repository: Repository,
        lookups: RuleLookups,
        clock: Clock,
        seconds: float = SECONDS,
        most_pages: int = MOST_PAGES,
    ) -> None:
        self._repository = repository
        self._lookups = lookups
        self._clock = clock
        self._seconds = seconds
        self._most_pages = most_pages

    async def verify(self, request: Request, tally: Tally) -> None:
        """Look up the unknown of a request, and keep what that showed; done again, the newer look stands."""
        most = self._most_pages * HOLDERS_PAGE
        if request.rule is None or request.reserved or not 0 < tally.unknown <= most:
            return
        seen = _Seen(await self._unknown(request))
        failed = await self._read(request, request.rule.id, seen) if tally.given <= most else ""
        found = Verification(
            self._clock.now(),
            len(seen.unknown),
            there=len(seen.there),
            refs=seen.refs,
            whole=seen.whole,
            failed=failed,
        )
        await self._repository.save_verification(request.id, found, seen.there)

    async def _read(self, request: Request, rule: RuleId, seen: _Seen) -> str:
        """Read as far as it takes, or the bounds let; answers what kept it from that."""
        try:
            async with asyncio.timeout(self._seconds):
                async for page in self._pages(rule, patient=request.cancel_asked_by is None):
                    if seen.on(page):
                        break
        except TimeoutError:
            return "Dintero took too long"
        except DinteroError as error:
            return str(error)
        return ""

    async def _unknown(self, request: Request) -> frozenset[CustomerId]:
        return frozenset(
            [
                one.customer
                async for portion in self._repository.not_given(request.id)
                for one in portion
                if one.outcome is Outcome.UNKNOWN
            ]
        )

    async def _pages(self, rule: RuleId, *, patient: bool) -> AsyncIterator[tuple[Holder, ...]]:
        """Read page after page, an empty one at the end of the list.

        That a page follows the id of the last ref before it is a reading of ours: so a list that repeats itself is not read for ever, and
        nobody takes it for the whole.
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
