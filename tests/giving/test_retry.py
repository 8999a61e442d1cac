"""The retry policy: the waits between attempts, and its end."""

import pytest

from bot.errors import CircuitOpenError, OutcomeUnknownError, TransientError
from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault
from tests.support.engine_fixture import Ground, customers


def test_waits_double_with_jitter_up_to_the_longest() -> None:
    retry_policy = RetryPolicy(first=1, longest=5)
    first, second, third, *others = [retry_policy.wait(attempt) for attempt in range(1, 7)]
    assert 1 <= first <= 2
    assert 2 <= second <= 3
    assert 4 <= third <= 5
    assert others == [5, 5, 5]
    assert retry_policy.wait(100_000) == 5


@pytest.mark.parametrize(
    ("error", "repeats"),
    [
        (OutcomeUnknownError(""), True),
        (OutcomeUnknownError("", retry_after=60.0), True),
        (OutcomeUnknownError("", retry_after=61.0), False),
        (CircuitOpenError("", turned_away=False), False),
    ],
)
def test_a_wait_longer_than_the_policy_is_not_waited(error: TransientError, *, repeats: bool) -> None:
    assert RetryPolicy(total=60.0).repeats(error) is repeats


async def test_a_call_is_not_repeated_after_the_total_time(ground: Ground) -> None:
    ground.sandbox.faults.always(Fault.cut())
    await ground.give(await ground.asked(customers(4)), retry_policy=RetryPolicy(total=0.0))
    assert len(ground.ledger.calls) == 1
