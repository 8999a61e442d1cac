"""A rule that changes while Dintero does not answer is noticed before the next call."""

from collections.abc import AsyncIterator

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.request import StopReason
from sandbox.dintero import Fault, Point
from tests.support.clock import HandClock
from tests.support.engine_fixture import RULE, Ground, customers, open_ground


@pytest.fixture
async def ground(repository: SqlRepository) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero, with a clock that is moved by hand."""
    async with open_ground(repository) as opened:
        opened.clock = HandClock()
        yield opened


async def _given_after(ground: Ground, seconds: float) -> int:
    """Cut the second call, change the rule, let time pass, and count the customers who got it."""
    request = await ground.asked(customers(12))
    ground.sandbox.faults.next(None, Fault.cut())

    async def changes(point: Point, number: int) -> None:
        if point is Point.BEFORE and number == 2:
            ground.sandbox.rules[RULE].update(reward={"type": "discount_amount", "value": 99_900})
            assert isinstance(ground.clock, HandClock)
            ground.clock.pass_by(seconds=seconds)

    ground.sandbox.on_call = changes
    given = (await ground.give(request)).given
    assert (await ground.now(request)).stop is StopReason.RULE_CHANGED
    return given


async def test_after_a_minute_without_an_answer_the_rule_is_read_first(ground: Ground) -> None:
    assert await _given_after(ground, 60) == 4


async def test_within_a_minute_the_next_answer_shows_the_changed_rule(ground: Ground) -> None:
    assert await _given_after(ground, 59) == 8
