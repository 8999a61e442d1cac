"""How many customers Dintero takes in one call, as far as that was met: no maximum is documented."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.ports import Clock
from bot.domain.requests.request import Request
from bot.giving.lease import DeliveryRepository

OFTEN: Final = 2
"""So often a refused batch has to go through in halves until its size is taken for the reason: once may have been a whim."""


class BatchSizeLimit:
    """The largest call that is sent, once a larger one was refused for its size; it only shrinks."""

    def __init__(self) -> None:
        self.largest: int | None = None
        self._suspected: list[int] = []

    def hear(self, size: int | None) -> None:
        """Take over what an earlier process, or another one, has learnt."""
        if size is not None:
            self.learn(size)

    def learn(self, size: int) -> bool:
        """Note that a call went through whose larger one was too large; answers whether that is news."""
        if self.largest is not None and self.largest <= size:
            return False
        self.largest = size
        return True

    def suspect(self, size: int) -> int | None:
        """Note that calls of this size went through where one of both was refused, and nobody in it; answers the size to be learnt."""
        self._suspected.append(size)
        return min(self._suspected) if len(self._suspected) >= OFTEN else None


SIZES_KEPT: Final = timedelta(days=30)
"""How long a size that was learnt is held to; then one batch finds out whether Dintero takes more by now."""


@dataclass(slots=True)
class BatchSizeLearner:
    """What is learnt while one request is given."""

    size_limit: BatchSizeLimit
    request: Request
    repository: DeliveryRepository
    clock: Clock
    _known: bool = False

    async def know(self) -> None:
        """Hear, once, what others have learnt."""
        if not self._known:
            self._known = True
            self.size_limit.hear(
                await self.repository.largest_batch(self.request.account, self.clock.now() - SIZES_KEPT)
            )

    async def learn(self, size: int) -> None:
        """Keep the size of the first call that went through after a larger one was too large."""
        if self.size_limit.learn(size):
            await self.repository.learn_batch(self.request.account, size, self.clock.now())

    async def disproved(self, refused: int) -> None:
        """Hear of so many who were refused together, and nobody of whom was in halves: of a full batch the size may be the reason.

        Of less than half of one it hardly is.
        """
        if 2 * refused > (self.size_limit.largest or self.request.batch_size):
            size = self.size_limit.suspect((refused + 1) // 2)
            if size is not None:
                await self.learn(size)
