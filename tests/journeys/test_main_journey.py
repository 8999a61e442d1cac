"""The main journey: request, approval, run and summary, over both Slack transports."""

from pathlib import Path

import pytest

from sandbox.shop import database_in, open_bot, open_shop
from tests.journeys.steps import SEED, Trip


@pytest.mark.parametrize("way", ["http", "socket mode"])
async def test_a_discount_is_requested_approved_given_and_summarized(tmp_path: Path, way: str) -> None:
    async with (
        open_shop() as shop,
        open_bot(shop, database_in(tmp_path), socket_mode=way == "socket mode") as running,
    ):
        await _whole_trip(Trip(shop, running))


async def test_the_same_on_postgresql(postgres_url: str) -> None:
    async with open_shop() as shop, open_bot(shop, postgres_url) as running:
        await _whole_trip(Trip(shop, running))


async def _whole_trip(trip: Trip) -> None:
    await trip.running.catalog.refresh()
    card = await trip.ask("c-1\nc-2, c-3; c-2", Reason="late parcel")
    await trip.approve(card)
    summary = await trip.summary("Given to 3 of 3 customers")
    assert summary.thread_ts == card.ts
    assert trip.shop.dintero.ledger.holders(SEED) == {"c-1": 1, "c-2": 1, "c-3": 1}
    assert not trip.shop.slack.refused
