"""How many customers Dintero takes in one call, as far as that was met: no maximum is documented."""

from typing import Final

OFTEN: Final = 2
"""So often a refused batch has to go through in halves until its size is taken for the reason: once may have been a whim."""


class Sizes:
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
