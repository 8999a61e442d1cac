"""Failures in a row open the breaker, one probe at a time tries again, and one answer closes it."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BatchRejectedError, DinteroError, OutcomeUnknownError, RateLimitedError
from bot.giving.circuit_breaker import MAX_FAILURES_IN_A_ROW, BreakerOpenError, CircuitBreaker
from tests.support.virtual_time_loop import in_virtual_time

FIRST, LONGEST = 0.5, 8.0
DOWN = OutcomeUnknownError("503")


@dataclass
class Line:
    """A breaker with a clock of its own, and calls that end when the test says so."""

    at: float = 0.0
    moves: list[bool] = field(default_factory=list)
    sent: list[asyncio.Future[None]] = field(default_factory=list)
    ends: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Close the breaker."""
        self.breaker = CircuitBreaker(
            first=FIRST, longest=LONGEST, now=lambda: self.at, changed=self.moves.append
        )

    async def send(self) -> asyncio.Future[None] | None:
        """Make a call; None if it does not go out."""
        before = len(self.sent)

        async def make() -> None:
            self.sent.append(asyncio.get_running_loop().create_future())
            await self.sent[-1]

        task = asyncio.ensure_future(self.breaker.call(make))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.ends.append(task)
        if len(self.sent) > before:
            return self.sent[-1]
        assert isinstance(task.exception(), BreakerOpenError)
        return None

    async def ends_with(self, call: asyncio.Future[None], error: DinteroError | None) -> None:
        if error:
            call.set_exception(error)
        else:
            call.set_result(None)
        for _ in range(3):
            await asyncio.sleep(0)

    async def fail(self, times: int = MAX_FAILURES_IN_A_ROW) -> None:
        for _ in range(times):
            call = await self.send()
            assert call
            await self.ends_with(call, DOWN)

    async def close(self) -> None:
        for task in self.ends:
            task.cancel()
        await asyncio.gather(*self.ends, return_exceptions=True)


async def seconds_until_a_probe(line: Line) -> float | None:
    with pytest.raises(BreakerOpenError) as refused:
        await line.breaker.call(lambda: asyncio.sleep(0))
    return refused.value.retry_after


@pytest.mark.parametrize("answer", [None, BatchRejectedError(""), RateLimitedError("429", retry_after=5.0)])
async def test_only_failures_in_a_row_open_it(answer: DinteroError | None) -> None:
    line = Line()
    await line.fail(MAX_FAILURES_IN_A_ROW - 1)
    call = await line.send()
    assert call
    await line.ends_with(call, answer)
    await line.fail(MAX_FAILURES_IN_A_ROW - 1)
    assert line.breaker.closed
    await line.fail(1)
    assert line.moves == [False]
    await line.close()


async def test_waits_double_from_the_first_to_the_longest_and_begin_again_after_an_answer() -> None:
    line = Line()
    for _ in range(2):
        await line.fail()
        for wait in (0.5, 1.0, 2.0, 4.0, 8.0, 8.0):
            assert await seconds_until_a_probe(line) == wait
            line.at += wait
            await line.fail(1)
        line.at += LONGEST
        probe = await line.send()
        assert probe
        assert await seconds_until_a_probe(line) is None
        await line.ends_with(probe, None)
        assert line.breaker.closed
        assert line.moves == [False] * 7 + [True]
        line.moves.clear()
    await line.close()


@pytest.mark.parametrize("answer", [BatchRejectedError(""), RateLimitedError("429", retry_after=5.0)])
async def test_a_probe_that_is_refused_or_turned_away_closes_it(answer: DinteroError) -> None:
    line = Line()
    await line.fail()
    line.at += FIRST
    probe = await line.send()
    assert probe
    await line.ends_with(probe, answer)
    assert line.moves == [False, True]
    await line.close()


async def test_after_a_cancelled_probe_the_next_call_probes() -> None:
    line = Line()
    await line.fail()
    line.at += FIRST
    assert await line.send()
    line.ends[-1].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not line.breaker.closed
    assert await line.send()
    await line.close()


@pytest.mark.parametrize("late", [None, DOWN])
async def test_a_late_answer_from_before_it_opened_changes_nothing(late: DinteroError | None) -> None:
    line = Line()
    old = await line.send()
    assert old
    await line.fail()
    line.at += FIRST
    probe = await line.send()
    assert probe
    await line.ends_with(old, late)
    assert line.moves == [False]
    assert await line.send() is None
    await line.ends_with(probe, None)
    assert line.moves == [False, True]
    await line.close()


@dataclass
class Expected:
    """The state that the breaker promises to have."""

    wait: float = 0.0
    failures: int = 0
    probe_at: float = 0.0
    probing: bool = False
    current: set[asyncio.Future[None]] = field(default_factory=set)
    """The calls under way that went out since the last change of state."""

    def may_send(self, at: float) -> bool:
        return not self.wait or (not self.probing and at >= self.probe_at)

    def sent(self, call: asyncio.Future[None]) -> None:
        self.probing = bool(self.wait)
        self.current = {call} if self.probing else self.current | {call}

    def ended(self, call: asyncio.Future[None], at: float, *, down: bool) -> None:
        if call not in self.current:
            return
        self.current.discard(call)
        self.failures = self.failures + 1 if down else 0
        if not down and self.wait:
            self.wait = 0.0
        elif down and (self.wait or self.failures == MAX_FAILURES_IN_A_ROW):
            self.wait = min(2 * self.wait, LONGEST) or FIRST
            self.probe_at = at + self.wait
        else:
            return
        self.probing, self.failures = False, 0
        self.current.clear()


STEPS = st.lists(
    st.one_of(
        st.just("send"),
        st.tuples(st.sampled_from([None, DOWN, RateLimitedError("")]), st.integers(0, 20)),
        st.floats(0.0, 10.0),
    ),
    max_size=120,
)
Step = str | float | tuple[DinteroError | None, int]


async def take(step: Step, line: Line, expected: Expected) -> None:
    under_way = [call for call in line.sent if not call.done()]
    match step:
        case "send":
            may = expected.may_send(line.at)
            call = await line.send()
            assert (call is not None) is may
            if call:
                expected.sent(call)
        case float():
            line.at += step
        case (error, number) if under_way:
            call = under_way[number % len(under_way)]
            await line.ends_with(call, error)
            expected.ended(call, line.at, down=error is DOWN)


@given(STEPS)
def test_at_any_time_one_probe_goes_out_only_after_the_wait(steps: list[Step]) -> None:
    async def work() -> None:
        line, expected = Line(), Expected()
        for step in steps:
            await take(step, line, expected)
            assert line.breaker.closed is not bool(expected.wait)
        await line.close()

    in_virtual_time(work)
