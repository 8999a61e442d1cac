"""What Dintero's list of a rule has of the customers whose end is unknown: it is told, and nothing is concluded from it.

Whoever stands there may have had the discount before, by hand or by another request: the list says nothing of keys. So they stay unknown.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from bot.errors import DinteroError
from bot.giving.batches import End, Tally
from bot.giving.ids import CustomerId, RuleId
from bot.giving.looks import Looks
from bot.giving.ports import Books, Clock
from bot.giving.refs import PAGE, ReadBack, Ref
from bot.giving.request import Request

MOST_PAGES: Final = 50
"""Of one look: where a request alone has given it to more customers than stand on these, looking shows too little to be of use."""
SECONDS: Final = 60.0
"""Of one look: the end of a giving waits for it."""


class ReadingBack:
    """Looks the unknown up, a bounded number of pages far."""

    def __init__(self, *, books: Books, looks: Looks, clock: Clock, seconds: float = SECONDS, most_pages: int = MOST_PAGES) -> None:
        self._books = books
        self._looks = looks
        self._clock = clock
        self._seconds = seconds
        self._most_pages = most_pages

    async def look(self, request: Request, tally: Tally) -> None:
        """Look up the unknown of a request, and keep what that showed; done again, the newer look stands."""
        if request.rule is None or request.reserved or not 0 < tally.unknown <= self._most_pages * PAGE:
            return
        unknown = await self._unknown(request)
        there, refs, whole, failed = frozenset[CustomerId](), 0, False, ""
        if tally.given <= self._most_pages * PAGE:
            try:
                async with asyncio.timeout(self._seconds):
                    async for page in self._pages(request.rule.id):
                        there |= unknown.intersection(ref.customer for ref in page if ref.customer)
                        refs, whole = refs + len(page), not page or there == unknown
                        if whole:
                            break
            except TimeoutError:
                failed = "Dintero took too long"
            except DinteroError as error:
                failed = str(error)
        found = ReadBack(self._clock.now(), len(unknown), there=len(there), refs=refs, whole=whole, failed=failed)
        await self._books.keep_read_back(request.id, found, there)

    async def _unknown(self, request: Request) -> frozenset[CustomerId]:
        return frozenset([one.customer async for portion in self._books.not_given(request.id) for one in portion if one.end is End.UNKNOWN])

    async def _pages(self, rule: RuleId) -> AsyncIterator[tuple[Ref, ...]]:
        """Read page after page, an empty one at the end of the list.

        That a page follows the id of the last ref before it is a reading of ours: so a list that repeats itself is not read for ever, and
        nobody takes it for the whole.
        """
        seen, after = set[str](), None
        for _ in range(self._most_pages):
            page = await self._looks.refs(rule, after=after)
            new = tuple(ref for ref in page if ref.id not in seen)
            if page and not new:
                return
            yield new
            if not page:
                return
            seen.update(ref.id for ref in new)
            after = page[-1].id
