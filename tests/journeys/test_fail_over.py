"""After a fail-over of PostgreSQL the bot recovers by itself, and says meanwhile that it is not ready."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import pytest

from sandbox.shop import open_bot, open_shop
from tests.journeys.steps import QUICKLY, Trip
from tests.support.standby import Pair, pair

RECOVERY_SECONDS = 20.0


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as opened:
        yield opened


async def readiness(trip: Trip) -> int:
    async with aiohttp.request("GET", f"http://127.0.0.1:{trip.running.port}/readyz") as answer:
        return answer.status


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        while not await look():
            await asyncio.to_thread(lambda: None)


@pytest.mark.parametrize("way", [Pair.make_read_only, Pair.silence])
async def test_the_bot_goes_on_within_seconds_after_a_fail_over(
    servers: Pair, way: Callable[[Pair], None]
) -> None:
    async with open_shop() as shop, open_bot(shop, servers.url, retry_policy=QUICKLY) as running:
        trip = Trip(shop, running)
        await running.catalog.refresh()
        await trip.approve(await trip.ask("c-1"))
        await trip.summary("Given to 1 of 1 customer")
        card = await trip.ask("c-2, c-3")
        assert await readiness(trip) == 200

        async def ready() -> bool:
            return await readiness(trip) == 200

        await asyncio.to_thread(way, servers)
        await until(ready)
        await trip.approve(card)
        await trip.summary("Given to 2 of 2 customers")
