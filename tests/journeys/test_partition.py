"""A process cut off from PostgreSQL stops before others take over, and nothing is done twice."""

import asyncio
from pathlib import Path

from sandbox.dintero import Point
from sandbox.shop import open_shop
from tests.journeys.partition import network_to
from tests.journeys.process import a_process
from tests.journeys.test_replicas import Two

UNDER_WAY = 6
"""Calls whose outcomes it may not have saved: two in flight, and four that wait for them."""


async def test_a_process_cut_off_from_the_database_gives_nothing_more(
    tmp_path: Path, postgres_url: str
) -> None:
    folders = [tmp_path / name for name in ("cut off", "other")]
    for folder in folders:
        folder.mkdir()
    async with (
        open_shop() as shop,
        network_to(postgres_url) as (network, through),
        a_process(shop, folders[0], through) as first,
        a_process(shop, folders[1], postgres_url) as second,
    ):
        two, cut = Two(postgres_url, shop, first, second), asyncio.Event()

        async def go_dead(point: Point, number: int) -> None:
            if (point, number) == (Point.BEFORE, 5):
                network.up.clear()
                cut.set()

        await first.start()
        await first.ready()
        await second.start()
        await second.ready()
        shop.dintero.on_call = go_dead
        request = await two.is_asked()
        await asyncio.wait_for(cut.wait(), 60)
        await second.has_logged("taken over")
        await two.is_told("Given to 60 of 60")
        await two.is_told("✅ Given to 60 of 60")
        network.up.set()
        await first.has_logged("starting over")
        await two.stop()
        assert len(shop.dintero.ledger.calls) <= 15 + UNDER_WAY
        await two.all_came_out_right(request)
