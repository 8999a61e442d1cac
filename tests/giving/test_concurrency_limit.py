"""Additive up, multiplicative down, and a Dintero that wants to be left alone is."""

from hypothesis import given
from hypothesis import strategies as st

from bot.giving.concurrency_limit import ANSWERS, ENOUGH, Flow

USUAL = 0.1


def busy(width: int, most: int = 64) -> Flow:
    """A flow with so many calls under way, that knows what is usual."""
    flow = Flow(most)
    flow.under_way = width
    for _ in range(ANSWERS):
        flow.answered(USUAL, flow.cuts)
    return flow


def test_while_all_is_well_nobody_waits() -> None:
    flow = Flow(8)
    for _ in range(8):
        assert flow.room(0.0)
        flow.under_way += 1
    assert not flow.room(0.0)


def test_half_as_many_go_out_after_a_429_as_were_under_way() -> None:
    flow = busy(8)
    flow.cut(flow.cuts)
    assert flow.width == 4


def test_calls_that_went_out_together_count_once() -> None:
    flow = busy(8)
    cuts = flow.cuts
    for _ in range(8):
        flow.cut(cuts)
    assert flow.width == 4


def test_one_call_always_goes_out() -> None:
    flow = busy(1)
    for _ in range(5):
        flow.cut(flow.cuts)
    assert flow.width == 1


def test_a_round_of_good_answers_lets_one_more_call_out() -> None:
    flow = busy(8)
    flow.cut(flow.cuts)
    for width in (4, 5, 6):
        for _ in range(width):
            flow.answered(USUAL, flow.cuts)
        assert flow.width in {width, width + 1}
    assert flow.width > 5


def test_an_answer_much_slower_than_usual_is_like_a_429() -> None:
    flow = busy(8)
    flow.answered(1.0, flow.cuts)
    assert flow.width == 4


def test_a_call_that_hung_is_like_a_slow_answer_and_changes_nothing_of_what_is_usual() -> None:
    flow = busy(8)
    for _ in range(ANSWERS):
        flow.failed(30.0, flow.cuts)
    flow.answered(1.0, flow.cuts)
    assert flow.width == 1


def test_a_failure_that_comes_at_once_cuts_nothing() -> None:
    flow = busy(8)
    flow.failed(0.001, flow.cuts)
    assert flow.width == 64


def test_a_stutter_of_some_milliseconds_is_not_slow() -> None:
    flow = Flow(8)
    for _ in range(ENOUGH):
        flow.answered(0.002, flow.cuts)
    flow.answered(0.2, flow.cuts)
    assert flow.width == 8


def test_a_dintero_that_stays_slower_becomes_usual_and_as_many_go_out_as_before() -> None:
    flow = busy(8, most=8)
    for _ in range(20 * ANSWERS):
        flow.answered(2.0, flow.cuts)
    assert flow.width == 8


EVENTS = st.lists(st.one_of(st.floats(0.0, 60.0), st.sampled_from(["cut", "narrow"])), max_size=200)


@given(st.integers(1, 100), EVENTS)
def test_whatever_comes_it_lets_out_at_least_one_and_never_more_than_the_most(
    most: int, events: list[float | str]
) -> None:
    flow = Flow(most)
    for event in events:
        flow.under_way = flow.width
        match event:
            case "cut":
                flow.cut(flow.cuts)
            case "narrow":
                flow.narrow()
            case float():
                flow.answered(event, flow.cuts)
        assert 1 <= flow.width <= most


@given(st.lists(st.floats(0.0, 1000.0), min_size=1), st.floats(0.0, 2000.0))
def test_it_is_left_alone_for_the_longest_that_it_asked(asked: list[float], now: float) -> None:
    flow = Flow(8)
    for until in asked:
        flow.leave_alone(until)
    assert flow.room(now) is (now >= max(asked))
