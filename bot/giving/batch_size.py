"""Learns from a request's batches how large Dintero lets them be, and keeps it for the requests after it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.ports import Clock
from bot.domain.requests.request import Request
from bot.giving.lease import GivingBooks
from bot.giving.sizes import Sizes

SIZES_KEPT: Final = timedelta(days=30)
"""How long a size that was learnt is held to; then one batch finds out whether Dintero takes more by now."""


@dataclass(slots=True)
class Fitting:
    """What is learnt while one request is given."""

    sizes: Sizes
    request: Request
    books: GivingBooks
    clock: Clock
    _known: bool = False

    async def know(self) -> None:
        """Hear, once, what others have learnt."""
        if not self._known:
            self._known = True
            self.sizes.hear(await self.books.largest_batch(self.request.account, self.clock.now() - SIZES_KEPT))

    async def learn(self, size: int) -> None:
        """Keep the size of the first call that went through after a larger one was too large."""
        if self.sizes.learn(size):
            await self.books.learn_batch(self.request.account, size, self.clock.now())

    async def disproved(self, refused: int) -> None:
        """Hear of so many who were refused together, and nobody of whom was in halves: of a full batch the size may be the reason.

        Of less than half of one it hardly is.
        """
        if 2 * refused > (self.sizes.largest or self.request.batch_size):
            size = self.sizes.suspect((refused + 1) // 2)
            if size is not None:
                await self.learn(size)
