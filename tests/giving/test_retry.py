"""The waits of a retry policy."""

from bot.giving.retry import RetryPolicy


def test_waits_double_with_jitter_up_to_the_longest() -> None:
    first, second, third, *others = map(RetryPolicy(first=1, longest=5).wait, range(1, 6))
    assert 1 <= first <= 2
    assert 2 <= second <= 3
    assert 4 <= third <= 5
    assert others == [5, 5]
