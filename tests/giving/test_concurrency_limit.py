"""Additive increase, multiplicative decrease, and a Retry-After is obeyed."""

from hypothesis import given
from hypothesis import strategies as st

from bot.giving.concurrency_limit import ANSWERS_KEPT, MIN_ANSWERS, BatchSizeLimit, ConcurrencyLimiter

USUAL = 0.1


def busy(width: int, most: int = 64) -> ConcurrencyLimiter:
    """Make a limiter with calls under way that knows the usual time."""
    limiter = ConcurrencyLimiter(most)
    limiter.under_way = width
    for _ in range(ANSWERS_KEPT):
        limiter.answered(USUAL, limiter.cuts)
    return limiter


def test_while_all_is_well_no_call_waits() -> None:
    limiter = ConcurrencyLimiter(8)
    for _ in range(8):
        assert limiter.has_capacity(0.0)
        limiter.under_way += 1
    assert not limiter.has_capacity(0.0)


def test_a_429_halves_the_calls_under_way() -> None:
    limiter = busy(8)
    limiter.cut(limiter.cuts)
    assert limiter.width == 4


def test_calls_that_went_out_together_count_once() -> None:
    limiter = busy(8)
    cuts = limiter.cuts
    for _ in range(8):
        limiter.cut(cuts)
    assert limiter.width == 4


def test_one_call_always_goes_out() -> None:
    limiter = busy(1)
    for _ in range(5):
        limiter.cut(limiter.cuts)
    assert limiter.width == 1


def test_a_round_of_good_answers_lets_one_more_call_out() -> None:
    limiter = busy(8)
    limiter.cut(limiter.cuts)
    for width in (4, 5, 6):
        for _ in range(width):
            limiter.answered(USUAL, limiter.cuts)
        assert limiter.width in {width, width + 1}
    assert limiter.width > 5


def test_an_answer_much_slower_than_usual_is_like_a_429() -> None:
    limiter = busy(8)
    limiter.answered(1.0, limiter.cuts)
    assert limiter.width == 4


def test_a_call_that_hung_counts_as_slow_but_not_as_usual() -> None:
    limiter = busy(8)
    for _ in range(ANSWERS_KEPT):
        limiter.failed(30.0, limiter.cuts)
    limiter.answered(1.0, limiter.cuts)
    assert limiter.width == 1


def test_an_immediate_failure_cuts_nothing() -> None:
    limiter = busy(8)
    limiter.failed(0.001, limiter.cuts)
    assert limiter.width == 64


def test_a_stutter_of_some_milliseconds_is_not_slow() -> None:
    limiter = ConcurrencyLimiter(8)
    for _ in range(MIN_ANSWERS):
        limiter.answered(0.002, limiter.cuts)
    limiter.answered(0.2, limiter.cuts)
    assert limiter.width == 8


def test_a_dintero_that_stays_slower_gets_as_many_calls_again() -> None:
    limiter = busy(8, most=8)
    for _ in range(20 * ANSWERS_KEPT):
        limiter.answered(2.0, limiter.cuts)
    assert limiter.width == 8


EVENTS = st.lists(st.one_of(st.floats(0.0, 60.0), st.sampled_from(["cut", "narrow"])), max_size=200)


@given(st.integers(1, 100), EVENTS)
def test_the_width_stays_between_one_and_the_maximum(most: int, events: list[float | str]) -> None:
    limiter = ConcurrencyLimiter(most)
    for event in events:
        limiter.under_way = limiter.width
        match event:
            case "cut":
                limiter.cut(limiter.cuts)
            case "narrow":
                limiter.reset()
            case float():
                limiter.answered(event, limiter.cuts)
        assert 1 <= limiter.width <= most


@given(st.lists(st.floats(0.0, 1000.0), min_size=1), st.floats(0.0, 2000.0))
def test_dintero_is_left_alone_for_the_longest_time_it_asked_for(asked: list[float], now: float) -> None:
    limiter = ConcurrencyLimiter(8)
    for until in asked:
        limiter.leave_alone(until)
    assert limiter.has_capacity(now) is (now >= max(asked))


# the size of a batch


def test_a_batch_size_that_was_learnt_only_shrinks() -> None:
    size_limit = BatchSizeLimit()
    assert size_limit.largest is None
    for size in (250, 400, 125):
        size_limit.learn(size)
    assert size_limit.largest == 125


def test_a_refusal_that_both_halves_disprove_counts_the_second_time() -> None:
    size_limit = BatchSizeLimit()
    size_limit.suspect(250)
    assert size_limit.largest is None
    size_limit.suspect(200)
    assert size_limit.largest == 200
