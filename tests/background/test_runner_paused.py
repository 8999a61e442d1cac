"""A pause stops givings after the calls in flight; they go on by themselves, and nobody gets it twice."""

import asyncio

import pytest

from bot.app import RunningBot
from bot.domain.ids import RequestId
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import State
from tests.background.test_runner import Bots, bots, either
from tests.journeys.process import approved
from tests.support.engine_fixture import RULE, customers

__all__ = ["bots", "either"]


async def parked(bots: Bots, request: RequestId) -> None:
    """Wait until the pause has parked a giving."""
    async with asyncio.timeout(60):
        while (found := await bots.repository.find(request)) and found.pausing is not PauseState.PARKED:
            await bots.repository.ping()


async def paused_at(bots: Bots, call: int, number: int) -> RequestId:
    """Pause while a call is under way, and let it end."""
    request = await approved(bots.repository, bots.shop, customers(number))
    held, let_go = bots.at(call)
    async with bots.bot():
        await asyncio.wait_for(held.wait(), 60)
        await bots.shop.chief.command("/discount pause Dintero is down", bots.shop.support)
        await bots.shop.chief.is_told("Paused. Calls already sent")
        let_go.set()
        await parked(bots, request)
        await bots.is_told("The rest will be sent when the pause ends")
    return request


async def resume(bots: Bots, running: RunningBot) -> None:
    await bots.shop.chief.command("/discount resume", bots.shop.support)
    await bots.shop.chief.is_told("Resumed")
    running.background.wake()


async def test_a_pause_stops_after_the_calls_in_flight_and_outlasts_a_restart(either: Bots) -> None:
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


async def test_a_giving_survives_many_pauses(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(480))
    held, let_go = bots.at(2)
    async with bots.bot() as running:
        for _ in range(3):
            await asyncio.wait_for(held.wait(), 60)
            await bots.shop.chief.command("/discount pause", bots.shop.support)
            async with asyncio.timeout(60):
                while await bots.repository.may_continue(request):
                    await bots.repository.ping()
            let_go.set()
            await parked(bots, request)
            held, let_go = bots.at(
                len(bots.shop.dintero.ledger.calls) + 2
            )  # before it goes on, or that call may be over by then
            await resume(bots, running)
        let_go.set()
        await bots.is_told("Given to 480 of 480")
    found = await bots.repository.find(request)
    assert found
    assert (found.state, found.round) == (State.DONE, 4)
    assert set(bots.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_an_early_resume_waits_for_the_call_in_flight(
    bots: Bots,
) -> None:
    request = await approved(bots.repository, bots.shop, customers(40))
    held, let_go = bots.at(2)
    async with bots.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        await bots.shop.chief.command("/discount pause", bots.shop.support)
        await bots.shop.chief.is_told("Paused. Calls already sent")
        await resume(bots, running)
        calls = len(bots.shop.dintero.ledger.calls)
        for _ in range(20):
            running.background.wake()
            await bots.repository.ping()
        assert len(bots.shop.dintero.ledger.calls) == calls
        let_go.set()
        await bots.is_told("Given to 40 of 40")
    found = await bots.repository.find(request)
    assert found
    assert found.round == 2
    assert set(bots.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_a_request_that_is_cancelled_during_the_pause_ends_in_it(bots: Bots) -> None:
    request = await paused_at(bots, 2, 40)
    async with bots.bot() as running:
        await bots.shop.ann.press("Cancel request…", bots.shop.slack.messages(bots.shop.support)[0])
        running.background.wake()
        await bots.is_told("Given to ")
    assert await bots.state(request) is State.CANCELLED


@pytest.mark.parametrize("restart", [False, True])
async def test_a_request_that_is_approved_during_the_pause_is_given_after_it(
    bots: Bots, *, restart: bool
) -> None:
    async with bots.bot() as running:
        await bots.shop.chief.command("/discount pause", bots.shop.support)
        await bots.shop.chief.is_told("Paused. Calls already sent")
        request = await approved(bots.repository, bots.shop, customers(4))
        running.background.wake()
        card = await bots.is_told("Paused")
        assert "Chief types /discount resume." in bots.shop.ann.read(card)
        assert await bots.state(request) is State.APPROVED
        if not restart:
            await resume(bots, running)
            await bots.is_told("Given to 4 of 4")
    if restart:
        async with bots.bot() as running:
            running.background.wake()
            assert await bots.state(request) is State.APPROVED
            await resume(bots, running)
            await bots.is_told("Given to 4 of 4")
    assert len(bots.shop.dintero.ledger.calls) == 1
