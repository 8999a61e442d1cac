"""Slack's bad days: the run continues, and all messages are delivered later, in order and once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import pytest

from bot.domain.requests.request import State
from sandbox.dintero import Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack import Message, NeverSeen
from sandbox.slack.state.errors import SlackSays
from tests.journeys.conftest import Opens
from tests.journeys.steps import SEED, Trip
from tests.support.clock import HandClock

ONE_BY_ONE = with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1, approvals=2)
SIX = [f"c-{number}" for number in range(6)]
DONE = "Given to 6 of 6 customers:"
STORY = ("approved (1 of 2)", "approved (2 of 2)", "Given to 6 of 6")


@dataclass(slots=True)
class Day:
    """Ann's request for six is half given when Slack fails."""

    trip: Trip
    clock: HandClock
    card: Message
    _goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def channel(self) -> Message:
        (card,) = self.trip.shop.slack.messages(self.trip.support)
        return card

    def all_calls_meet(self, trouble: Callable[[], Exception]) -> None:
        async def on_call(point: str, _method: str, _number: int) -> None:
            if point == "before":
                raise trouble()

        self.trip.shop.slack.faults.on_call = on_call

    async def readiness(self) -> int:
        async with aiohttp.request("GET", f"http://127.0.0.1:{self.trip.running.port}/readyz") as answer:
            return answer.status

    def all_is_well(self) -> None:
        self.trip.shop.slack.faults.on_call = None

    def begin(self) -> asyncio.Event:
        """Hold the fourth call until the rest is given; the event is set once it is held."""
        held = asyncio.Event()

        async def hold(point: Point, number: int) -> None:
            if (point, number) == (Point.BEFORE, 4):
                held.set()
                await self._goes_on.wait()

        self.trip.shop.dintero.on_call = hold
        return held

    async def is_given(self) -> None:
        """Release the rest and wait until the database has it as done."""
        self._goes_on.set()
        async with asyncio.timeout(60):
            while (await self.trip.request(self.card)).state is not State.DONE:
                await self.trip.running.repository.ping()
        assert self.trip.shop.dintero.ledger.holders(SEED) == dict.fromkeys(SIX, 1)

    async def time_passes_until(self, look: Callable[[], object]) -> None:
        for _ in range(80):
            self.trip.running.background.wake()
            with suppress(NeverSeen):
                await self.trip.shop.slack.until(look, within=0.3)
                return
            self.clock.pass_by(seconds=61)
        raise AssertionError(self.trip.shop.slack.transcript(self.trip.support))

    async def all_is_told_once_and_in_order(self) -> None:
        shop = self.trip.shop
        await self.time_passes_until(lambda: "Given to 6 of 6" in shop.bo.read(self.channel) or None)
        await self.time_passes_until(lambda: len(self.trip.thread(self.channel)) >= len(STORY) or None)
        await self.time_passes_until(lambda: shop.campaigns.messages or None)
        await self.time_passes_until(
            lambda: any(DONE in told for told in self.trip.direct_texts(shop.ann)) or None
        )
        assert [words in line for words, line in zip(STORY, self.trip.thread(self.channel), strict=True)] == [
            True
        ] * 3
        assert len(shop.slack.messages(shop.campaigns)) == 1
        assert sum(DONE in told for told in self.trip.direct_texts(shop.ann)) == 1
        async with asyncio.timeout(60):
            while await self.trip.running.repository.due_messages(self.clock.now(), limit=1):
                await self.trip.running.repository.ping()


@pytest.fixture
async def day(opens: Opens) -> Day:
    """Half of it is given and reported."""
    clock = HandClock()
    trip = await opens(policy=ONE_BY_ONE, clock=clock)
    card = await trip.ask("\n".join(SIX))
    day = Day(trip, clock, card)
    held = day.begin()
    await trip.approve(card)
    await trip.approve(card, by=trip.shop.cleo)
    await asyncio.wait_for(held.wait(), 60)
    await trip.shop.slack.until(lambda: len(trip.thread(card)) == 2 or None)
    return day


async def test_a_run_continues_with_a_revoked_token_and_reports_later(day: Day) -> None:
    day.all_calls_meet(lambda: SlackSays("token_revoked"))
    await day.is_given()
    assert len(day.trip.thread(day.card)) == 2
    async with asyncio.timeout(60):
        while await day.readiness() != HTTPStatus.SERVICE_UNAVAILABLE:
            await day.trip.running.repository.ping()
    day.all_is_well()
    await day.all_is_told_once_and_in_order()
    assert await day.readiness() == HTTPStatus.OK


async def test_a_run_continues_without_the_channel_and_reports_later(
    day: Day,
) -> None:
    day.trip.support.members.discard(day.trip.shop.slack.bot.id)
    await day.is_given()
    await day.time_passes_until(
        lambda: any(DONE in told for told in day.trip.direct_texts(day.trip.shop.ann)) or None
    )
    assert len(day.trip.thread(day.card)) == 2
    day.trip.support.members.add(day.trip.shop.slack.bot.id)
    await day.all_is_told_once_and_in_order()


async def test_a_deleted_card_is_posted_again_with_the_rest_in_its_thread(day: Day) -> None:
    day.trip.shop.slack.workspace.delete(day.card)
    await day.is_given()
    await day.time_passes_until(lambda: day.trip.shop.slack.messages(day.trip.support) or None)
    await day.time_passes_until(lambda: day.trip.thread(day.channel) or None)
    (summary,) = day.trip.thread(day.channel)
    assert "Given to 6 of 6" in summary
    assert "Given to 6 of 6" in day.trip.shop.bo.read(day.channel)
    assert (await day.trip.request(day.channel)).card_ts == day.channel.ts
