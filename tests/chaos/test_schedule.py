"""A day's schedule is a value: the same for the same seed, within bounds, and complete."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.__main__ import main
from chaos.scenarios import shapes
from chaos.schedule import (
    CALLS,
    MOST_CALLS,
    MOST_STEPS,
    ON_POSTGRESQL,
    ON_SQLITE,
    OVER_SOCKET,
    FaultKind,
    KillPoint,
    Shape,
    plan,
)

FEW = settings(max_examples=20)
SEEDS = st.integers(min_value=0, max_value=2**32)
WHOLE = {False: Shape(), True: Shape(postgresql=True, replicas=3)}


@FEW
@given(seed=SEEDS, postgresql=st.booleans())
def test_the_same_seed_draws_up_the_same_day(seed: int, *, postgresql: bool) -> None:
    shape = WHOLE[postgresql]
    assert plan(seed, shape) == plan(seed, shape)
    assert str(plan(seed, shape)) == str(plan(seed, shape))


@FEW
@given(seed=SEEDS, postgresql=st.booleans())
def test_everything_happens_within_its_day_to_somebody_who_is_there(seed: int, *, postgresql: bool) -> None:
    shape = WHOLE[postgresql]
    drawn = plan(seed, shape)
    assert (len(drawn.asks), len(drawn.troubles), len(drawn.kills)) == (
        shape.requests,
        shape.troubles,
        shape.kills,
    )
    hours = [
        *(ask.at for ask in drawn.asks),
        *(one.at for one in drawn.troubles),
        *(kill.at for kill in drawn.kills),
    ]
    assert all(0 <= at <= shape.hours for at in hours)
    assert all(one.at + one.lasts <= shape.hours + 1e-9 for one in drawn.troubles)
    assert all(1 <= ask.size <= shape.largest and 0 <= ask.who < shape.people for ask in drawn.asks)
    assert {one.replica for one in drawn.troubles} | {kill.replica for kill in drawn.kills} == set(
        range(shape.replicas)
    )


@FEW
@given(seed=SEEDS, postgresql=st.booleans())
def test_a_whole_day_has_every_trouble_that_its_machine_can_have(seed: int, *, postgresql: bool) -> None:
    there = {trouble.what for trouble in plan(seed, WHOLE[postgresql]).troubles}
    assert there == set(FaultKind) - OVER_SOCKET - (ON_SQLITE if postgresql else ON_POSTGRESQL)


def test_the_requests_of_a_day_are_of_all_sizes() -> None:
    sizes = sorted(ask.size for ask in plan(1, Shape()).asks)
    assert sizes[0] < 10
    assert sizes[-1] > 50_000


def test_days_in_turn_kill_a_thousand_times_and_at_every_numbered_step_and_call() -> None:
    days = [plan(number, shape) for number, shape in enumerate(shapes(kills=1_000, minutes=0))]
    kills = [kill for day in days for kill in day.kills]
    assert len(kills) >= 1_000
    assert {kill.nth for kill in kills if kill.how is KillPoint.AT_A_STEP} == set(range(1, MOST_STEPS + 1))
    points = {(kill.call, kill.nth) for kill in kills if kill.call}
    assert points >= {(call, nth) for call in CALLS for nth in range(1, MOST_CALLS + 1)}


def test_it_prints_its_schedule_and_how_to_have_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "1", "--minutes", "1", "--plan"]) == 0
    told = capsys.readouterr().out
    assert "again by  python -m chaos --seed 1 --minutes 1" in told
    assert "somebody asks for" in told
