"""Concurrent items share a batch, batches run one at a time, and each item gets its own result."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.coalescing import MOST_CACHED, Coalescer, TtlCache


class Doing:
    """Doubles numbers, and records the batches; a held batch ends when the test lets it."""

    def __init__(self, *, held: bool = False, most: int | None = None) -> None:
        self.lots: list[list[int]] = []
        self.go = asyncio.Semaphore(0 if held else 1_000)
        self.begun = asyncio.Event()
        self.together = Coalescer(self.do, most=most)

    async def do(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.lots.append(list(numbers))
        self.begun.set()
        await self.go.acquire()
        if 13 in numbers:
            raise OSError(13)
        return [ValueError(number) if number < 0 else 2 * number for number in numbers]


async def test_concurrent_items_share_a_batch() -> None:
    doing = Doing()
    assert await asyncio.gather(*map(doing.together.submit, range(5))) == [0, 2, 4, 6, 8]
    assert doing.lots == [[0, 1, 2, 3, 4]]


async def test_items_submitted_during_a_batch_go_into_the_next() -> None:
    doing = Doing(held=True)
    first = asyncio.ensure_future(doing.together.submit(1))
    await doing.begun.wait()
    others = [asyncio.ensure_future(doing.together.submit(number)) for number in (2, 3)]
    for _ in range(2):
        doing.go.release()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert doing.lots == [[1], [2, 3]]


async def test_an_exception_reaches_only_its_item() -> None:
    doing = Doing()
    good, bad = await asyncio.gather(*map(doing.together.submit, (1, -1)), return_exceptions=True)
    assert good == 2
    assert isinstance(bad, ValueError)
    both = await asyncio.gather(*map(doing.together.submit, (1, 13)), return_exceptions=True)
    assert all(isinstance(end, OSError) for end in both)
    assert await doing.together.submit(4) == 8


async def test_a_batch_runs_even_if_a_submitter_was_cancelled() -> None:
    doing = Doing(held=True)
    asked, other = (asyncio.ensure_future(doing.together.submit(number)) for number in (1, 2))
    await doing.begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    doing.go.release()
    assert await other == 4
    assert doing.lots == [[1, 2]]


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 7))
def test_no_item_is_lost_and_no_batch_is_too_large(numbers: list[int], most: int) -> None:
    async def run() -> None:
        doing = Doing(most=most)
        assert await asyncio.gather(*map(doing.together.submit, numbers)) == [
            2 * number for number in numbers
        ]
        assert [number for lot in doing.lots for number in lot] == numbers
        assert all(0 < len(lot) <= most for lot in doing.lots)

    asyncio.run(run())


async def test_an_answer_that_is_put_outlasts_an_older_one_on_its_way() -> None:
    go = asyncio.Event()

    async def ask(_key: str) -> str:
        await go.wait()
        return "old"

    cache = TtlCache(ask, SystemClock().now)
    first = asyncio.ensure_future(cache.get("language"))
    await asyncio.sleep(0)
    cache.put("language", "new")
    go.set()
    assert (await first, await cache.get("language")) == ("old", "new")


async def test_the_oldest_answers_make_room() -> None:
    asked: list[int] = []

    async def ask(key: int) -> int:
        asked.append(key)
        return key

    cache = TtlCache(ask, SystemClock().now)
    for key in (*range(MOST_CACHED + 1), MOST_CACHED, 1, 0):
        assert await cache.get(key) == key
    assert asked == [*range(MOST_CACHED + 1), 0]
