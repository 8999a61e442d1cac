"""Does together what is asked for together: whoever comes while one lot is under way goes with the next; knows nothing of what it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, Generic, TypeVar

LONGEST_LULL: Final = 0.02
"""Seconds that the first of many waits, at most, for those that come with it."""

Item = TypeVar("Item")
Done = TypeVar("Done")
Do = Callable[[Sequence[Item]], Awaitable[Sequence[Done | Exception]]]
"""Does a lot, and answers of each in its place what came of it; what it raises is everybody's."""
Turn = Callable[[], AbstractAsyncContextManager[object]]


class Coalescer(Generic[Item, Done]):
    """One lot after the other, each of them in a turn that is waited for first.

    It is done whether or not whoever asked for it still waits.
    """

    def __init__(self, do: "Do[Item, Done]", *, turn: Turn = nullcontext, most: int | None = None) -> None:
        self._do = do
        self._turn = turn
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Done]]] = []
        self._under_way: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Done:
        """Have it done with the next lot, and answer what came of it."""
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._all())
        return await done

    async def _all(self) -> None:
        """Do what waits, and what has come meanwhile, until nothing waits."""
        while self._waiting:
            async with self._turn():
                await self._lull()
                taken = self._waiting[: self._most]
                del self._waiting[: len(taken)]
                try:
                    ends: Sequence[Done | Exception] = await self._do([item for item, _ in taken])
                except Exception as failure:  # noqa: BLE001 - whatever it is, it is for those who wait
                    ends = [failure] * len(taken)
                except BaseException:
                    for _, done in taken:
                        done.cancel()
                    raise
            for (_, done), end in zip(taken, ends, strict=True):
                if done.done():
                    continue  # whoever asked for it was cancelled
                if isinstance(end, Exception):
                    done.set_exception(end)
                else:
                    done.set_result(end)

    async def _lull(self) -> None:
        """Wait as long as each turn of the loop brings another: those who come together go together."""
        loop, seen = asyncio.get_running_loop(), 0
        until = loop.time() + LONGEST_LULL
        while seen < len(self._waiting) and loop.time() < until:
            seen = len(self._waiting)
            await asyncio.sleep(0)
