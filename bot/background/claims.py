"""The requests that this process gives, each held under a number of its own for as long as the process's lease lasts."""

import asyncio
from dataclasses import dataclass, field

from bot.cluster.membership import Standing, Term
from bot.domain.ids import RequestId
from bot.domain.ports import Books, Clock, Dintero
from bot.errors import TakenOver
from bot.giving.engine import Giving
from bot.giving.lease import HeldBooks, HeldDintero
from bot.giving.retry import Patience
from bot.giving.scheduler import Traffic


@dataclass(slots=True, eq=False)
class HeldGiving:
    """One run of a request's giving. It takes the request with its first portion: a run that has nothing to do takes it from nobody."""

    request: RequestId
    givings: "HeldGivings"
    term: Term
    _giving: Giving | None = None
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def portion(self, number: int) -> None:
        """Give to one row of customers.

        Raises:
            Interrupted: the program is closing, or another process gives it now.
        """
        async with self._taking:
            giving = self._giving = self._giving or await self._take()
        await giving.portion(number)

    def look_again(self) -> None:
        """Let nothing more out before the books were asked whether the giving goes on."""
        if self._giving:
            self._giving.look_again()

    async def _take(self) -> Giving:
        of = self.givings
        await self.term.ours()
        # what is read meanwhile is the same whoever holds it: nothing of it changes while it is given
        found, fence = await asyncio.gather(
            of.books.find(self.request), of.books.claim(self.request, term=self.term.number or None)
        )
        if found is None or found.rule is None:
            raise LookupError(self.request)
        if fence is None:
            raise TakenOver(self.request)
        books, dintero = HeldBooks(of.books, fence, self.term), HeldDintero(of.dintero, self.term)
        return Giving(found, found.rule, books, dintero, of.patience, of.closing, of.clock, of.traffic)


@dataclass(frozen=True, slots=True)
class HeldGivings:
    """All that runs now, and what each is given with."""

    books: Books
    dintero: Dintero
    patience: Patience
    closing: asyncio.Event
    clock: Clock
    traffic: Traffic
    standing: Standing
    _running: set[HeldGiving] = field(default_factory=set)

    def begin(self, request: RequestId) -> HeldGiving:
        """Begin a run; of one request there can be two for a moment, of which the later one holds it."""
        giving = HeldGiving(request, self, Term(self.standing, self.standing.term))
        self._running.add(giving)
        return giving

    def end(self, giving: HeldGiving) -> None:
        """Forget a run that is over."""
        self._running.discard(giving)

    def look_again(self) -> None:
        """Let nothing more out before the books were asked whether it goes on: somebody may have cancelled."""
        for giving in self._running:
            giving.look_again()
