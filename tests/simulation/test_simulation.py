"""The simulation behind docs/scale.md loses nobody, keeps the limits, and agrees with the measurement."""

from dataclasses import replace

import pytest

from bot.giving.concurrency_limit import MAX_CONCURRENT_CALLS
from simulation.arrivals import LARGEST, a_day
from simulation.parameters import AGREES_WITHIN, GIVEN
from simulation.scenario import Scenario, one_list, simulated

SMALL = Scenario(workspaces=4, replicas=2, cores=2, requests=60, customers=200_000)


@pytest.mark.parametrize(("the_list", "measured"), GIVEN.items())
def test_one_process_gives_as_fast_as_was_measured(the_list: tuple[int, int, int], measured: float) -> None:
    assert one_list(*the_list) == pytest.approx(measured, rel=AGREES_WITHIN)


def test_a_days_lists_add_up_to_what_was_planned_and_none_is_larger_than_allowed() -> None:
    day = a_day(workspaces=10, requests=500, customers=3_000_000, seed=1)
    assert sum(one.customers for one in day) == 3_000_000
    assert all(1 <= one.customers <= LARGEST for one in day)
    assert [one.at for one in day] == sorted(one.at for one in day)


def test_every_customer_gets_it_once_with_one_call_per_batch() -> None:
    day = simulated(SMALL)
    assert len(day.seen.done) == SMALL.requests
    assert day.seen.given == SMALL.customers
    assert day.seen.again == 0
    assert day.seen.sent == sum(-(-one.customers // SMALL.limits.batch) for one in day.asked)
    assert day.seen.widest <= min(MAX_CONCURRENT_CALLS, SMALL.limits.wide * SMALL.requests)


def test_a_kill_loses_nobody_and_sends_no_more_again_than_was_out_or_not_yet_written() -> None:
    quiet, day = simulated(SMALL), simulated(replace(SMALL, kills=2))
    assert day.seen.given == SMALL.customers
    assert 0 < day.seen.again <= 2 * 24
    assert day.seen.sent == quiet.seen.sent + day.seen.again
    assert max(day.took()) > SMALL.measured.taken_over


def test_a_dintero_that_turns_away_is_called_no_more_often_than_it_takes() -> None:
    plan = replace(SMALL, workspaces=1, customers=100_000, dintero_takes=5.0)
    day = simulated(plan)
    largest = max(one.customers for one in day.asked)
    assert day.seen.given == plan.customers
    assert day.seen.turned_away > 0
    assert max(day.took()) >= (largest / plan.limits.batch - 5) / 5


def test_what_is_said_in_a_channel_waits_for_what_was_said_before() -> None:
    crowded = simulated(replace(SMALL, workspaces=1, requests=1_000, customers=30_000))
    assert max(crowded.seen.lags) > 2 * SMALL.limits.message_every
    assert len(crowded.seen.lags) == 6 * 1_000


def test_the_same_seed_makes_the_same_day() -> None:
    assert simulated(SMALL).seen == simulated(SMALL).seen
