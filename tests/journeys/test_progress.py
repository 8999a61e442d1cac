"""Progress on the card and in the status while Dintero is slow; it never delays the run."""

import asyncio
from contextlib import suppress

from sandbox.dintero import Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack import Message, NeverSeen
from tests.journeys.conftest import Opens
from tests.journeys.steps import Trip
from tests.support.clock import HandClock

ONE_BY_ONE = with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1)


def held_back(trip: Trip, call: int) -> tuple[asyncio.Event, asyncio.Event]:
    """Make Dintero hold its nth answer until the second event is set; the first is set once it does."""
    reached, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if (point, number) == (Point.BEFORE, call):
            reached.set()
            await goes_on.wait()

    trip.shop.dintero.on_call = hold
    return reached, goes_on


async def shows(trip: Trip, card: Message, clock: HandClock, text: str) -> None:
    """Advance the time until the card shows this; an edit before the last outcome was saved shows less."""
    for _ in range(40):
        clock.pass_by(seconds=4)
        with suppress(NeverSeen):
            await trip.shop.slack.until(lambda: text in trip.shop.ann.read(card) or None, within=1.5)
            return
    raise AssertionError(trip.shop.ann.read(card))


async def test_card_and_status_show_the_progress_and_then_the_end(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(policy=ONE_BY_ONE, clock=clock)
    reached, goes_on = held_back(trip, 4)
    card = await trip.ask("\n".join(f"c-{number}" for number in range(10)))
    await trip.approve(card)
    await reached.wait()
    await shows(trip, card, clock, "3 of 10 given")
    assert "░" in trip.shop.ann.read(card)
    await trip.shop.ann.command("/discount status", trip.support)
    await trip.shop.ann.is_told("30%")
    goes_on.set()
    await trip.summary("Given to 10 of 10 customers")
    await trip.shop.slack.until(lambda: "✅ Given to 10 of 10 customers" in trip.shop.ann.read(card) or None)


async def test_a_run_continues_while_slack_is_down_and_reports_later(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(policy=ONE_BY_ONE, clock=clock)
    reached, goes_on = held_back(trip, 2)
    card = await trip.ask("\n".join(f"c-{number}" for number in range(40)))
    await trip.approve(card)
    await reached.wait()
    trip.shop.slack.faults.outage = True
    last, ends = held_back(trip, 40)
    goes_on.set()
    await asyncio.wait_for(last.wait(), 60)
    ends.set()
    trip.shop.slack.faults.outage = False
    clock.pass_by(minutes=10)  # the longer the outage, the longer the bot waits before it asks Slack again
    await trip.summary("Given to 40 of 40 customers")
