"""Coalesces concurrent calls: items submitted while a batch runs go into the next one."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, Generic, TypeVar

LONGEST_LULL_SECONDS: Final = 0.02
"""How long the first item waits, at most, for others that are submitted at the same time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Coalescer(Generic[Item, Result]):
    """Runs one batch after the other, each in a `turn` that is entered first.

    `run` returns a result or an exception for each item; an exception that it raises is raised for all of
    them. A batch runs to its end even if its submitters are cancelled.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        turn: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
        most: int | None = None,
    ) -> None:
        self._run = run
        self._turn = turn
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Put an item into the next batch, and return its result."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._task is None or self._task.done():
            # an empty context: a batch belongs to no single submitter
            self._task = asyncio.create_task(self._run_all(), context=contextvars.Context())
        return await result

    async def _run_all(self) -> None:
        while self._waiting:
            async with self._turn():
                await self._lull()
                batch = self._waiting[: self._most]
                del self._waiting[: len(batch)]
                try:
                    results: Sequence[Result | Exception] = await self._run([item for item, _ in batch])
                except Exception as failure:  # noqa: BLE001 - it is raised in each submitter
                    results = [failure] * len(batch)
                except BaseException:
                    for _, future in batch:
                        future.cancel()
                    raise
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():
                    continue  # its submitter was cancelled
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    async def _lull(self) -> None:
        """Wait while each turn of the loop brings another item, so that concurrent items share a batch."""
        loop, seen = asyncio.get_running_loop(), 0
        until = loop.time() + LONGEST_LULL_SECONDS
        while seen < len(self._waiting) and loop.time() < until:
            seen = len(self._waiting)
            await asyncio.sleep(0)
