"""What was given and used over time: honest about what is not known."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rules.usage_history import (
    FEWEST_POINTS,
    MOST_POINTS,
    DailyGrants,
    UsagePoint,
    UsageSample,
    usage_history,
)

FIRST = date(2026, 11, 3)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_both_are_counted_from_the_first_sample() -> None:
    samples = [UsageSample(day(0), 100), UsageSample(day(1), 104), UsageSample(day(3), 110)]
    grants = [DailyGrants(day(0), 2), DailyGrants(day(3), 5), DailyGrants(day(-4), 900)]
    assert usage_history(samples, grants) == (
        UsagePoint(day(0), 2, 0),
        UsagePoint(day(1), 2, 4),
        UsagePoint(day(3), 7, 10),
    )


def test_a_day_without_a_sample_has_the_last_known_use() -> None:
    samples = [UsageSample(day(0), 1), UsageSample(day(2), 4)]
    history = usage_history(samples, [DailyGrants(day(1), 3), DailyGrants(day(5), 1)])
    assert [(point.given, point.used) for point in history] == [(0, 0), (3, 0), (3, 3), (4, 3)]


def test_without_samples_it_is_the_history_of_what_was_given() -> None:
    history = usage_history([], [DailyGrants(day(at), 2) for at in range(3)])
    assert [(point.given, point.used) for point in history] == [(2, None), (4, None), (6, None)]


def test_two_days_are_no_history_and_neither_is_nothing_at_all() -> None:
    assert usage_history([UsageSample(day(0), 1), UsageSample(day(1), 4)], []) == ()
    assert usage_history([UsageSample(day(at), 7) for at in range(9)], []) == ()
    assert usage_history([], []) == ()


def test_the_current_total_replaces_the_one_written_down_earlier_that_day() -> None:
    samples = [UsageSample(day(at), at) for at in range(3)]
    assert usage_history([*samples, UsageSample(day(2), 9)], [])[-1].used == 9


@given(
    st.lists(st.builds(UsageSample, st.integers(0, 90).map(day), st.integers(0, 10**6))),
    st.lists(st.builds(DailyGrants, st.integers(0, 90).map(day), st.integers(0, 10**6))),
)
def test_a_history_is_short_in_order_and_never_falls_below_nothing(
    samples: list[UsageSample], grants: list[DailyGrants]
) -> None:
    history = usage_history(samples, grants)
    assert not history or FEWEST_POINTS <= len(history) <= MOST_POINTS
    assert [point.day for point in history] == sorted({point.day for point in history})
    assert all(point.given >= 0 and (point.used is None or point.used >= 0) for point in history)
