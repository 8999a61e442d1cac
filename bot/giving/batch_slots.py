"""The slots of a giving: how many batches are in flight, how many more wait for their outcome to be written, who waits for a slot."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class BatchSlots:
    """So many batches in flight, first come first served, and as many more whose outcome is being written."""

    def __init__(self, wide: int) -> None:
        self._free = asyncio.Semaphore(wide)
        self._unsettled = asyncio.Semaphore(2 * wide)
        self._waiting: set[Hashable] = set()
        self._none_waits = asyncio.Event()
        self._none_waits.set()

    async def all_out(self) -> None:
        """Wait until nobody waits for a slot."""
        await self._none_waits.wait()

    def line_up(self, batches: Iterable[Hashable]) -> None:
        """Let batches wait for a slot, each of which takes its `turn`; whoever lets them sees that they `leave` in the end."""
        self._waiting.update(batches)
        self._let_know()

    def leave(self, batches: Iterable[Hashable]) -> None:
        """Let batches wait no more: they had their turns, or were cancelled before."""
        self._waiting.difference_update(batches)
        self._let_know()

    @asynccontextmanager
    async def turn(self, batch: Hashable) -> AsyncIterator[AbstractAsyncContextManager[None]]:
        """Wait until few enough outcomes are unwritten; answers the batch's slot, which is waited for when it is entered."""
        async with self._unsettled:
            yield self._slot(batch)

    @asynccontextmanager
    async def _slot(self, batch: Hashable) -> AsyncIterator[None]:
        async with self._free:
            self.leave((batch,))
            yield

    def _let_know(self) -> None:
        if self._waiting:
            self._none_waits.clear()
        else:
            self._none_waits.set()
