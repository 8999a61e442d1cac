"""A pause while something is given: it stops after the calls in flight and goes on by itself over restarts; nobody gets it twice."""

import asyncio

import pytest

from bot.app import RunningBot
from bot.domain.ids import RequestId
from bot.domain.requests.request import PauseState, State
from tests.background.test_runner import World, either, resources
from tests.journeys.process import approved
from tests.support.engine_fixture import RULE, customers

__all__ = ["either", "resources"]


async def parked(resources: World, request: RequestId) -> None:
    """Wait until the pause has put a giving aside."""
    async with asyncio.timeout(60):
        while (found := await resources.repository.find(request)) and found.pausing is not PauseState.PARKED:
            await resources.repository.ping()


async def paused_at(resources: World, call: int, number: int) -> RequestId:
    """Pause while a call is under way, and let it end."""
    request = await approved(resources.repository, resources.shop, customers(number))
    held, let_go = resources.at(call)
    async with resources.bot():
        await asyncio.wait_for(held.wait(), 60)
        await resources.shop.chief.command("/discount pause Dintero is down", resources.shop.support)
        await resources.shop.chief.is_told("Paused. Nothing starts")
        let_go.set()
        await parked(resources, request)
        await resources.is_told("Giving was held up")
    return request


async def resume(resources: World, running: RunningBot) -> None:
    await resources.shop.chief.command("/discount resume", resources.shop.support)
    await resources.shop.chief.is_told("Resumed")
    running.background.wake()


async def test_it_stops_after_the_calls_in_flight_and_goes_on_over_a_restart(either: World) -> None:
    request = await paused_at(either, 2, 60)
    calls = len(either.shop.dintero.ledger.calls)
    assert calls < 15
    assert (await either.repository.tally(request)).given == calls * 4
    async with either.bot() as running:
        running.background.wake()
        await asyncio.wait_for(either.repository.ping(), 60)
        assert await either.state(request) is State.GIVING
        assert len(either.shop.dintero.ledger.calls) == calls
        await resume(either, running)
        await either.is_told("Given to 60 of 60")
    assert set(either.shop.dintero.ledger.holders(RULE).values()) == {1}
    assert len(either.shop.dintero.ledger.calls) == 15


async def test_it_is_paused_and_resumed_again_and_again(resources: World) -> None:
    request = await approved(resources.repository, resources.shop, customers(480))
    held, let_go = resources.at(2)
    async with resources.bot() as running:
        for _ in range(3):
            await asyncio.wait_for(held.wait(), 60)
            await resources.shop.chief.command("/discount pause", resources.shop.support)
            async with asyncio.timeout(60):
                while await resources.repository.may_continue(request):
                    await resources.repository.ping()
            let_go.set()
            await parked(resources, request)
            held, let_go = resources.at(
                len(resources.shop.dintero.ledger.calls) + 2
            )  # before it goes on, or that call may be over by then
            await resume(resources, running)
        let_go.set()
        await resources.is_told("Given to 480 of 480")
    found = await resources.repository.find(request)
    assert found
    assert (found.state, found.round) == (State.DONE, 4)
    assert set(resources.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_resumed_before_the_call_in_flight_has_ended_it_goes_on_only_after_that(
    resources: World,
) -> None:
    request = await approved(resources.repository, resources.shop, customers(40))
    held, let_go = resources.at(2)
    async with resources.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        await resources.shop.chief.command("/discount pause", resources.shop.support)
        await resources.shop.chief.is_told("Paused. Nothing starts")
        await resume(resources, running)
        calls = len(resources.shop.dintero.ledger.calls)
        for _ in range(20):
            running.background.wake()
            await resources.repository.ping()
        assert len(resources.shop.dintero.ledger.calls) == calls
        let_go.set()
        await resources.is_told("Given to 40 of 40")
    found = await resources.repository.find(request)
    assert found
    assert found.round == 2
    assert set(resources.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_what_is_cancelled_during_the_pause_ends_during_the_pause(resources: World) -> None:
    request = await paused_at(resources, 2, 40)
    async with resources.bot() as running:
        await resources.shop.ann.press(
            "Cancel request", resources.shop.slack.messages(resources.shop.support)[0]
        )
        running.background.wake()
        await resources.is_told("Given to ")
    assert await resources.state(request) is State.CANCELLED


@pytest.mark.parametrize("restart", [False, True])
async def test_what_is_approved_during_the_pause_is_given_after_it(
    resources: World, *, restart: bool
) -> None:
    async with resources.bot() as running:
        await resources.shop.chief.command("/discount pause", resources.shop.support)
        await resources.shop.chief.is_told("Paused. Nothing starts")
        request = await approved(resources.repository, resources.shop, customers(4))
        running.background.wake()
        card = await resources.is_told("Paused")
        assert "@Chief can end it" in resources.shop.ann.read(card)
        assert await resources.state(request) is State.APPROVED
        if not restart:
            await resume(resources, running)
            await resources.is_told("Given to 4 of 4")
    if restart:
        async with resources.bot() as running:
            running.background.wake()
            assert await resources.state(request) is State.APPROVED
            await resume(resources, running)
            await resources.is_told("Given to 4 of 4")
    assert len(resources.shop.dintero.ledger.calls) == 1
