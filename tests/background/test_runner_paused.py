"""A pause while something is given: it stops after the calls in flight and goes on by itself over restarts; nobody gets it twice."""

import asyncio

import pytest

from bot.app import Running
from bot.domain.ids import RequestId
from bot.domain.requests.request import Pausing, State
from tests.background.test_runner import World, either, world
from tests.journeys.process import approved
from tests.support.engine_fixture import RULE, customers

__all__ = ["either", "world"]


async def parked(world: World, request: RequestId) -> None:
    """Wait until the pause has put a giving aside."""
    async with asyncio.timeout(20):
        while (found := await world.books.find(request)) and found.pausing is not Pausing.PARKED:
            await world.books.ping()


async def paused_at(world: World, call: int, number: int) -> RequestId:
    """Pause while a call is under way, and let it end."""
    request = await approved(world.books, world.shop, customers(number))
    held, let_go = world.at(call)
    async with world.bot():
        await asyncio.wait_for(held.wait(), 10)
        await world.shop.chief.command("/discount pause Dintero is down", world.shop.support)
        await world.shop.chief.is_told("Paused. Nothing starts")
        let_go.set()
        await parked(world, request)
        await world.is_told("Giving was held up")
    return request


async def resume(world: World, running: Running) -> None:
    await world.shop.chief.command("/discount resume", world.shop.support)
    await world.shop.chief.is_told("Resumed")
    running.jobs.wake()


async def test_it_stops_after_the_calls_in_flight_and_goes_on_over_a_restart(either: World) -> None:
    request = await paused_at(either, 2, 60)
    calls = len(either.shop.dintero.ledger.calls)
    assert calls < 15
    assert (await either.books.tally(request)).given == calls * 4
    async with either.bot() as running:
        running.jobs.wake()
        await asyncio.wait_for(either.books.ping(), 5)
        assert await either.state(request) is State.GIVING
        assert len(either.shop.dintero.ledger.calls) == calls
        await resume(either, running)
        await either.is_told("Given to 60 of 60")
    assert set(either.shop.dintero.ledger.holders(RULE).values()) == {1}
    assert len(either.shop.dintero.ledger.calls) == 15


async def test_it_is_paused_and_resumed_again_and_again(world: World) -> None:
    request = await approved(world.books, world.shop, customers(480))
    held, let_go = world.at(2)
    async with world.bot() as running:
        for _ in range(3):
            await asyncio.wait_for(held.wait(), 20)
            await world.shop.chief.command("/discount pause", world.shop.support)
            async with asyncio.timeout(10):
                while await world.books.goes_on(request):
                    await world.books.ping()
            let_go.set()
            await parked(world, request)
            held, let_go = world.at(
                len(world.shop.dintero.ledger.calls) + 2
            )  # before it goes on, or that call may be over by then
            await resume(world, running)
        let_go.set()
        await world.is_told("Given to 480 of 480")
    found = await world.books.find(request)
    assert found
    assert (found.state, found.round) == (State.DONE, 4)
    assert set(world.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_resumed_before_the_call_in_flight_has_ended_it_goes_on_only_after_that(world: World) -> None:
    request = await approved(world.books, world.shop, customers(40))
    held, let_go = world.at(2)
    async with world.bot() as running:
        await asyncio.wait_for(held.wait(), 10)
        await world.shop.chief.command("/discount pause", world.shop.support)
        await world.shop.chief.is_told("Paused. Nothing starts")
        await resume(world, running)
        calls = len(world.shop.dintero.ledger.calls)
        for _ in range(20):
            running.jobs.wake()
            await world.books.ping()
        assert len(world.shop.dintero.ledger.calls) == calls
        let_go.set()
        await world.is_told("Given to 40 of 40")
    found = await world.books.find(request)
    assert found
    assert found.round == 2
    assert set(world.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_what_is_cancelled_during_the_pause_ends_during_the_pause(world: World) -> None:
    request = await paused_at(world, 2, 40)
    async with world.bot() as running:
        await world.shop.ann.press("Cancel request", world.shop.slack.messages(world.shop.support)[0])
        running.jobs.wake()
        await world.is_told("Given to ")
    assert await world.state(request) is State.CANCELLED


@pytest.mark.parametrize("restart", [False, True])
async def test_what_is_approved_during_the_pause_is_given_after_it(world: World, *, restart: bool) -> None:
    async with world.bot() as running:
        await world.shop.chief.command("/discount pause", world.shop.support)
        await world.shop.chief.is_told("Paused. Nothing starts")
        request = await approved(world.books, world.shop, customers(4))
        running.jobs.wake()
        card = await world.is_told("Paused")
        assert "@Chief can end it" in world.shop.ann.read(card)
        assert await world.state(request) is State.APPROVED
        if not restart:
            await resume(world, running)
            await world.is_told("Given to 4 of 4")
    if restart:
        async with world.bot() as running:
            running.jobs.wake()
            assert await world.state(request) is State.APPROVED
            await resume(world, running)
            await world.is_told("Given to 4 of 4")
    assert len(world.shop.dintero.ledger.calls) == 1
