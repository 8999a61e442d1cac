"""Dintero's limits are the account's: all requests together keep them, and each has its turn."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import (
    BatchRejectedError,
    CircuitOpenError,
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from bot.giving.circuit_breaker import MAX_FAILURES_IN_A_ROW
from bot.giving.scheduler import CallScheduler, RequestQueue
from tests.support.virtual_time_loop import in_virtual_time, now

LATENCY = 0.1

Answer = DinteroError | float
"""An error after the usual time, or the seconds until a good answer."""


def down() -> DinteroError:
    return OutcomeUnknownError("Dintero answered 503")


async def _nothing_else() -> None:
    pass


@dataclass(slots=True)
class Shop:
    """A Dintero that gives these `answers`, then good ones, and notes the time of each call."""

    most: int = 96
    answers: Iterator[Answer] = field(default_factory=lambda: iter(()))
    calls: list[tuple[float, str]] = field(default_factory=list)
    under_way: int = 0
    at_once: int = 0
    alone_until: float = 0.0
    asked_at: float = 0.0
    """When it last sent a Retry-After: a call at the same moment cannot know of it yet."""
    broken: list[float] = field(default_factory=list)
    """Times of calls that broke a Retry-After."""
    _traffic: list[CallScheduler] = field(default_factory=list)

    @property
    def scheduler(self) -> CallScheduler:
        """The scheduler of the one process that calls it."""
        if not self._traffic:
            self._traffic.append(CallScheduler(first=0.5, longest=30.0, most=self.most))
        return self._traffic[0]

    async def answer(self, who: str) -> str:
        self.calls.append((now(), who))
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        if self.asked_at < now() < self.alone_until:
            self.broken.append(now())
        try:
            return await self._answer(next(self.answers, LATENCY), who)
        finally:
            self.under_way -= 1

    async def _answer(self, answer: Answer, who: str) -> str:
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return who
        await asyncio.sleep(LATENCY)
        if isinstance(answer, TransientError) and answer.retry_after:
            self.asked_at = now()
            self.alone_until = max(self.alone_until, now() + answer.retry_after)
        raise answer

    async def call_until_ok(self, line: RequestQueue, who: str = "", *, until_it_goes: bool = True) -> None:
        """Make one call, repeated until it succeeds."""
        while True:
            try:
                await line.call(lambda: self.answer(who), _nothing_else)
            except DinteroError:
                if until_it_goes:
                    await line.sleep(0.2, _nothing_else)
                    continue
            return

    async def lanes(self, line: RequestQueue, who: str, calls: int, wide: int) -> None:
        """Make `calls` calls, `wide` at once."""
        left = iter(range(calls))

        async def lane() -> None:
            for _ in left:
                await self.call_until_ok(line, who)

        await asyncio.gather(*(lane() for _ in range(wide)))


def test_while_all_is_well_no_call_waits() -> None:
    shop = Shop()

    async def work() -> None:
        await shop.lanes(RequestQueue(shop.scheduler), "", 800, 8)
        assert now() == pytest.approx(100 * LATENCY)

    in_virtual_time(work)
    assert shop.at_once == 8


ANSWERS = st.one_of(
    st.floats(0.01, 5.0),
    st.builds(
        lambda after: RateLimitedError("", retry_after=after), st.one_of(st.none(), st.floats(0.1, 50.0))
    ),
    st.builds(
        lambda after: OutcomeUnknownError("", retry_after=after),
        st.one_of(st.none(), st.none(), st.floats(0.1, 50.0)),
    ),
    st.just(BatchRejectedError("")),
)


@settings(deadline=None)
@given(
    most=st.integers(1, 12),
    requests=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 8)), min_size=1, max_size=6),
    answers=st.lists(ANSWERS, max_size=60),
)
def test_no_limit_is_broken_and_all_calls_are_made(
    most: int, requests: list[tuple[int, int]], answers: list[Answer]
) -> None:
    shop = Shop(most, iter(answers))
    wide = [min(calls, lanes) for calls, lanes in requests]

    async def work() -> None:
        async with asyncio.timeout(100_000):
            await asyncio.gather(
                *(
                    shop.lanes(RequestQueue(shop.scheduler), str(one), *request)
                    for one, request in enumerate(requests)
                )
            )

    in_virtual_time(work)
    assert shop.at_once <= min(most, sum(wide))
    assert not shop.broken
    assert len(shop.calls) >= sum(calls for calls, _ in requests)


def test_all_lanes_of_all_requests_obey_a_retry_after() -> None:
    shop = Shop(answers=iter([RateLimitedError("", retry_after=60.0)]))

    async def work() -> None:
        await asyncio.gather(*(shop.lanes(RequestQueue(shop.scheduler), str(one), 40, 4) for one in range(3)))

    in_virtual_time(work)
    later = [at for at, _ in shop.calls if at > LATENCY]
    assert not shop.broken
    assert min(later) == pytest.approx(60 + LATENCY, abs=0.01)


def test_fewer_go_out_after_a_429_and_more_again_after_good_answers() -> None:
    shop = Shop(answers=iter([*[LATENCY] * 79, RateLimitedError("")]))
    seen: list[int] = []

    async def work() -> None:
        giving = asyncio.ensure_future(shop.lanes(RequestQueue(shop.scheduler), "", 400, 8))
        while not giving.done():
            await asyncio.sleep(LATENCY)
            seen.append(shop.under_way)

    in_virtual_time(work)
    fell = min(seen[8:20])
    assert fell <= 4
    assert max(seen[20:]) == 8


@pytest.mark.parametrize("most", [1, 4])
def test_a_small_request_beside_a_huge_one_waits_for_few_answers(most: int) -> None:
    shop = Shop(most)

    async def work() -> float:
        huge = asyncio.ensure_future(shop.lanes(RequestQueue(shop.scheduler), "huge", 10_000, 32))
        await asyncio.sleep(10)
        asked = now()
        await shop.call_until_ok(RequestQueue(shop.scheduler), "small")
        took = now() - asked
        huge.cancel()
        with suppress(asyncio.CancelledError):
            await huge
        return took

    assert in_virtual_time(work) <= 3.1 * LATENCY


def test_all_requests_get_the_same_number_of_turns() -> None:
    shop = Shop(3)

    async def work() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await asyncio.gather(
                    *(
                        shop.lanes(RequestQueue(shop.scheduler), str(wide), 10_000, wide)
                        for wide in (1, 2, 8, 32)
                    )
                )

    in_virtual_time(work)
    turns = [sum(who == str(wide) for _, who in shop.calls) for wide in (2, 8, 32)]
    assert max(turns) - min(turns) <= 0.1 * max(turns)


def test_a_dintero_that_is_down_gets_one_probe_at_a_time_at_growing_intervals() -> None:
    shop = Shop(answers=iter([down()] * 1000))

    async def work() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(300):
                await asyncio.gather(
                    *(shop.lanes(RequestQueue(shop.scheduler), str(one), 100, 8) for one in range(10))
                )

    in_virtual_time(work)
    probes = [at for at, _ in shop.calls if at > 1.0]
    assert len(probes) <= 20
    assert all(later - earlier >= LATENCY for earlier, later in pairwise(probes))
    assert probes[-1] - probes[-2] >= 29


def test_all_calls_go_on_at_once_after_a_successful_probe() -> None:
    shop = Shop(answers=iter([down()] * (80 + 6)))

    async def work() -> float:
        await asyncio.gather(*(shop.lanes(RequestQueue(shop.scheduler), str(one), 8, 8) for one in range(10)))
        return now()

    ended = in_virtual_time(work)
    well = sorted(at for at, _ in shop.calls)[80 + 6]
    assert ended - well < 4


def test_dintero_does_not_count_as_down_while_calls_are_answered() -> None:
    shop = Shop(answers=iter([*[down()] * (MAX_FAILURES_IN_A_ROW - 1), LATENCY] * 20))

    async def work() -> None:
        await shop.lanes(RequestQueue(shop.scheduler), "", 20, 1)
        assert shop.scheduler.trouble is None

    in_virtual_time(work)


def test_trouble_and_alone_for_say_why_and_how_long_calls_wait() -> None:
    shop = Shop(answers=iter([RateLimitedError("fewer", retry_after=60.0)]))

    async def work() -> None:
        assert shop.scheduler.trouble is None
        await shop.call_until_ok(RequestQueue(shop.scheduler), until_it_goes=False)
        assert str(shop.scheduler.trouble) == "fewer"
        assert shop.scheduler.alone_for == pytest.approx(60)
        await asyncio.sleep(61)
        assert shop.scheduler.trouble is None

    in_virtual_time(work)


class _Unwanted(Exception):
    pass


async def _waiting(shop: Shop, line: RequestQueue, wanted: Callable[[], bool]) -> None:
    async def meanwhile() -> None:
        if not wanted():
            raise _Unwanted

    await line.call(lambda: shop.answer("unwanted"), meanwhile)


@pytest.mark.parametrize("stirred", [True, False])
def test_a_waiting_call_checks_at_once_on_recheck_and_soon_without(*, stirred: bool) -> None:
    shop = Shop(answers=iter([RateLimitedError("", retry_after=600.0)]))

    async def work() -> None:
        line, wanted = RequestQueue(shop.scheduler), [True]
        await shop.call_until_ok(line, until_it_goes=False)
        waits = asyncio.ensure_future(_waiting(shop, line, lambda: wanted[0]))
        await asyncio.sleep(10.1)
        wanted.clear()
        wanted.append(False)
        if stirred:
            line.recheck()
        before = now()
        with pytest.raises(_Unwanted):
            await waits
        assert now() - before <= (0 if stirred else 2)
        await shop.call_until_ok(line, "next")
        assert now() >= 600

    in_virtual_time(work)
    assert "unwanted" not in {who for _, who in shop.calls}


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=30), st.integers(1, 3))
def test_a_cancelled_call_frees_its_place(leave: list[float], most: int) -> None:
    shop = Shop(most)

    async def work() -> None:
        leaving = [
            asyncio.ensure_future(shop.call_until_ok(RequestQueue(shop.scheduler), "leaves")) for _ in leave
        ]
        for task, after in zip(leaving, leave, strict=True):
            asyncio.get_running_loop().call_later(after, task.cancel)
        await asyncio.gather(*leaving, return_exceptions=True)
        begun = now()
        await shop.lanes(RequestQueue(shop.scheduler), "stays", 4 * most, most)
        assert now() - begun <= 4 * LATENCY + 0.01

    in_virtual_time(work)
    assert shop.at_once <= most


# lookups


async def lookup(shop: Shop, longest: float = 5.0) -> str:
    return await shop.scheduler.lookup(lambda: shop.answer("lookup"), longest=longest)


def test_a_lookup_does_not_wait_for_batches_that_hang() -> None:
    shop = Shop(most=2, answers=iter([1_000.0, 1_000.0]))

    async def work() -> None:
        giving = [asyncio.create_task(shop.call_until_ok(RequestQueue(shop.scheduler))) for _ in range(4)]
        await asyncio.sleep(1)
        assert await lookup(shop) == "lookup"
        assert now() == pytest.approx(1 + LATENCY)
        for task in giving:
            task.cancel()
        await asyncio.gather(*giving, return_exceptions=True)

    in_virtual_time(work)


def test_a_lookup_waits_for_a_retry_after_but_not_forever() -> None:
    shop = Shop(
        answers=iter(
            [RateLimitedError("429", retry_after=4.0), LATENCY, RateLimitedError("429", retry_after=60.0)]
        )
    )

    async def work() -> None:
        with pytest.raises(RateLimitedError):
            await lookup(shop)
        assert await lookup(shop) == "lookup"
        assert now() >= LATENCY + 4
        with pytest.raises(RateLimitedError):
            await lookup(shop)
        with pytest.raises(CircuitOpenError) as away:
            await lookup(shop)
        assert away.value.turned_away

    in_virtual_time(work)
    assert not shop.broken


def test_batches_obey_the_retry_after_of_a_lookup() -> None:
    shop = Shop(answers=iter([RateLimitedError("429", retry_after=7.0)]))

    async def work() -> None:
        with pytest.raises(RateLimitedError):
            await lookup(shop)
        await shop.call_until_ok(RequestQueue(shop.scheduler), "batch")
        when, who = shop.calls[-1]
        assert when == pytest.approx(7 + LATENCY, abs=0.1)
        assert who == "batch"

    in_virtual_time(work)


def test_a_lookup_can_be_the_probe_after_an_outage() -> None:
    shop = Shop(answers=iter([down() for _ in range(MAX_FAILURES_IN_A_ROW)]))

    async def work() -> None:
        for _ in range(MAX_FAILURES_IN_A_ROW):
            with pytest.raises(OutcomeUnknownError):
                await lookup(shop)
        with pytest.raises(CircuitOpenError):
            await lookup(shop, longest=0.1)
        assert len(shop.calls) == MAX_FAILURES_IN_A_ROW
        assert await lookup(shop) == "lookup"

    in_virtual_time(work)


def test_the_duration_of_lookups_does_not_limit_batches() -> None:
    shop = Shop(answers=iter([30.0] * 20))

    async def work() -> None:
        await asyncio.gather(*(lookup(shop) for _ in range(20)))
        start = now()
        await shop.lanes(RequestQueue(shop.scheduler), "", 96, 96)
        assert now() - start == pytest.approx(LATENCY)

    in_virtual_time(work)
    assert shop.at_once == 96
