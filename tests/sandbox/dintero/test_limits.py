"""The stand-in's limits: what a gateway may refuse before Dintero hears of it."""

import pytest

from sandbox.dintero import Limits


def test_nothing_is_limited_until_it_is_set() -> None:
    assert Limits().look(1_000_000, 0.0) is None


@pytest.mark.parametrize(("unsaid", "status"), [(False, 413), (True, 400)])
def test_a_call_to_more_customers_than_it_takes_is_refused(unsaid: bool, status: int) -> None:  # noqa: FBT001 - of a table
    limits = Limits(largest=3, unsaid=unsaid)
    assert limits.look(3, 0.0) is None
    fault = limits.look(4, 0.0)
    assert fault
    assert fault.status == status


def test_more_calls_than_its_rate_are_turned_away_until_there_is_room() -> None:
    limits = Limits(calls=2, per=10)
    assert limits.look(1, 0.0) is None
    assert limits.look(1, 4.0) is None
    fault = limits.look(1, 4.5)
    assert fault
    assert (fault.status, fault.headers["Retry-After"]) == (429, "6")
    assert limits.turned_away == 1
    assert limits.look(1, 10.0) is None
    assert limits.look(1, 10.0)
