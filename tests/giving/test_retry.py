"""How a call is repeated: the waits between its attempts, without waiting for them."""

import pytest

from bot.errors import TransientError
from bot.giving.retry import RetryPolicy, repeating


async def waits_of(retry_policy: RetryPolicy) -> list[float]:
    """Repeat a call that never succeeds, and list the waits between its attempts."""
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(seconds)

    async def call() -> None:
        raise TransientError("away")

    with pytest.raises(TransientError):
        await repeating(retry_policy, rest)(call)
    return waits


async def test_waits_double_with_jitter_up_to_the_longest() -> None:
    first, second, third, *others = await waits_of(RetryPolicy(first=1, longest=5, total=60, attempts=6))
    assert 1 <= first <= 2
    assert 2 <= second <= 3
    assert 4 <= third <= 5
    assert others == [5, 5]


async def test_a_call_is_not_repeated_once_patience_is_over() -> None:
    assert await waits_of(RetryPolicy(total=0.0)) == []
