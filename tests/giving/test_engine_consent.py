"""A run gives nothing once its approvals are too old, and nothing for another account than its client's."""

from datetime import timedelta

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import StopReason
from sandbox.dintero import Point
from tests.support.clock import HandClock
from tests.support.engine_fixture import Ground, customers


async def test_a_run_stops_when_its_approvals_get_too_old(both: Ground) -> None:
    both.clock = clock = HandClock()
    both.until = clock.now() + timedelta(hours=1)
    request = await both.asked(customers(12))

    async def pass_by(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 2):
            clock.pass_by(hours=1)

    both.sandbox.on_call = pass_by
    tally = await both.give(request)
    assert (tally.given, tally.not_tried, len(both.ledger.calls)) == (8, 4, 2)
    found = await both.now(request)
    assert (found.stop, found.note) == (StopReason.POLICY, RefusalReason.APPROVAL_OLD)


async def test_a_run_of_another_account_makes_no_call(both: Ground) -> None:
    request = await both.change(await both.asked(customers(8)), account="P11112222")
    tally = await both.give(request)
    assert (tally.given, tally.not_tried, both.ledger.calls) == (0, 8, [])
    found = await both.now(request)
    assert found.stop is StopReason.POLICY
