"""Dintero's bad days: the thread reports once that it waits and once that it continues or stops."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.requests.request import State
from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault, Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack import Message
from tests.journeys.conftest import Opens
from tests.journeys.steps import SEED, Trip

ONE_BY_ONE = with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1)
TELLS = RetryPolicy(first=0.01, longest=0.05, total=300.0, attempts=10_000, told=0.5)
SIX = [f"c-{number}" for number in range(6)]

PASSES = {
    "429": (Fault.busy(0.1), "rate limited by Dintero"),
    "5xx after it took effect": (Fault.broken(502, after=True), "502"),
    "hanging": (Fault.hang(after=True), ""),
    "garbage with 200": (Fault.no_json(), ""),
}
STOPS = {
    "5xx for too long": (
        Fault.broken(503),
        "Dintero isn't answering",
        "When Dintero is back, @Chief types /discount resume. Then press Continue.",
        1,
    ),
    "429 for too long": (
        Fault.busy(0.1),
        "Dintero is overloaded",
        "in a few minutes",
        0,
    ),
    "the rule deleted": (Fault.not_found(), "The rule was deleted in Dintero", "End request… closes it", 0),
    "the token revoked": (
        Fault.unauthorized(),
        "Dintero rejected my credentials",
        "Then press Continue",
        0,
    ),
}


async def from_the_third_on(trip: Trip, fault: Fault) -> Message:
    """Ask for six in batches of one; two get it before Dintero's bad day begins."""
    card = await trip.ask("\n".join(SIX))

    async def begins(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 2):
            trip.shop.dintero.faults.always(fault)

    trip.shop.dintero.on_call = begins
    await trip.approve(card)
    return card


async def is_in(trip: Trip, card: Message, state: State) -> None:
    async with asyncio.timeout(60):
        while (await trip.request(card)).state is not state:
            await trip.running.repository.ping()


@pytest.mark.parametrize("day", PASSES)
async def test_a_temporary_outage_is_reported_once_and_its_end_once(opens: Opens, day: str) -> None:
    fault, why = PASSES[day]
    trip = await opens(policy=ONE_BY_ONE, retry_policy=TELLS, DINTERO_TIMEOUT="2")
    card = await from_the_third_on(trip, fault)
    waiting = trip.shop.ann.read(await trip.shop.ann.sees("Dintero isn't answering", trip.support))
    assert why in waiting
    assert waiting.endswith("Retrying; nothing for you to do.")
    trip.shop.dintero.faults.clear()
    await trip.summary("Given to 6 of 6 customers")
    assert [line.partition(" (")[0] for line in trip.thread(card)[:-1]] == [
        "⏳ Dintero isn't answering",
        "Dintero is back. Sending again.",
    ]
    assert trip.shop.dintero.ledger.holders(SEED) == dict.fromkeys(SIX, 1)


@pytest.mark.parametrize("day", STOPS)
async def test_a_permanent_failure_stops_it_with_reason_and_advice(opens: Opens, day: str) -> None:
    fault, why, cure, unknown = STOPS[day]
    trip = await opens(policy=ONE_BY_ONE, retry_policy=replace(TELLS, total=1.0, attempts=5, told=60.0))
    card = await from_the_third_on(trip, fault)
    stopped = trip.shop.ann.read(await trip.shop.ann.sees("Stopped:", trip.support))
    assert why in stopped
    assert cure in stopped
    await is_in(trip, card, State.STOPPED)
    tally = await trip.running.repository.tally((await trip.request(card)).id)
    assert (tally.given, tally.unknown, tally.not_tried) == (2, unknown, 4 - unknown)
    await trip.shop.slack.until(lambda: "Continue" in trip.shop.ann.read(card) or None)
    (line,) = await trip.shop.slack.until(lambda: trip.thread(card) or None)
    assert line.startswith("⚠️ Stopped: ")
