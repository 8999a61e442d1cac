"""Coalesces concurrent calls: many items into one batch, and many questions into one that is cached."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

LONGEST_LULL_SECONDS: Final = 0.02
"""How long the first item waits, at most, for others that are submitted at the same time."""

CACHE_TIME: Final = timedelta(seconds=60)
MOST_CACHED: Final = 5_000

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Coalescer(Generic[Item, Result]):
    """Runs one batch after the other; items that come meanwhile go into the next. Each enters a `turn` first.

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


class TtlCache(Generic[Key, Answer]):
    """Caches answers for a minute. Concurrent questions for a key go out as one; failures are not cached."""

    def __init__(
        self,
        ask: Callable[[Key], Awaitable[Answer]],
        now: Callable[[], datetime],
        *,
        is_cached: Callable[[Answer], bool] = lambda _: True,
    ) -> None:
        self._ask = ask
        self._is_cached = is_cached
        self._now = now
        self._answers: dict[Key, tuple[datetime, Answer]] = {}
        self._calls: dict[Key, asyncio.Task[Answer]] = {}

    async def get(self, key: Key) -> Answer:
        """Answer from the cache, or ask."""
        asked_at, answer = self._answers.get(key, (None, None))
        if asked_at and answer is not None and timedelta(0) <= self._now() - asked_at < CACHE_TIME:
            return answer
        if key not in self._calls:
            self._calls[key] = asyncio.create_task(self._call(key))
            self._calls[key].add_done_callback(_retrieve)
        # a caller that stops waiting must not cancel the call for the others
        return await asyncio.shield(self._calls[key])

    def put(self, key: Key, answer: Answer) -> None:
        """Cache an answer that is known without asking; one that is still on its way is not cached."""
        self._calls.pop(key, None)
        self._keep(key, self._now(), answer)

    async def _call(self, key: Key) -> Answer:
        asked_at = self._now()
        try:
            answer = await self._ask(key)
        finally:
            if is_latest := self._calls.get(key) is asyncio.current_task():
                del self._calls[key]
        if is_latest and self._is_cached(answer):
            self._keep(key, asked_at, answer)
        return answer

    def _keep(self, key: Key, asked_at: datetime, answer: Answer) -> None:
        self._answers.pop(key, None)
        self._answers[key] = asked_at, answer
        if len(self._answers) > MOST_CACHED:
            del self._answers[next(iter(self._answers))]


def _retrieve(call: asyncio.Task[Any]) -> None:
    """Retrieve a failure, or the event loop would complain when every caller has stopped waiting."""
    if not call.cancelled():
        call.exception()
