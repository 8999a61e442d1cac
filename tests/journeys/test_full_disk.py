"""A full disk: clicks get an error, nothing is given without a record, and all continues later."""

import asyncio
from pathlib import Path

import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.ids import CustomerId
from sandbox.dintero import Point
from sandbox.shop import open_shop
from sandbox.slack import SignedHttp
from tests.journeys.process import RULE, a_process, approved

EVERYBODY = tuple(CustomerId(f"customer-{number:03}") for number in range(100))
SIZE, CONCURRENCY = 4, 2
FULL_AT = 5
PATIENT = 60.0


@pytest.mark.timeout(300)
async def test_a_full_disk_stops_it_clearly_until_there_is_space(tmp_path: Path, sqlite_url: str) -> None:
    async with (
        open_shop() as shop,
        open_repository(sqlite_url) as repository,
        a_process(shop, tmp_path, sqlite_url) as process,
    ):
        request = await approved(repository, shop, EVERYBODY, size=SIZE, concurrency=CONCURRENCY)

        async def fill(point: Point, number: int) -> None:
            if (point, number) == (Point.AFTER, FULL_AT):
                process.fill_disk()

        shop.dintero.on_call = fill
        await process.start()
        await process.ready()
        await process.has_logged("disk I/O error")
        line = shop.slack.line = SignedHttp(
            f"http://127.0.0.1:{process.port}/slack/events", shop.slack.credentials.signing_secret
        )
        told = await shop.ann.command("/discount add", shop.support)
        assert "Nothing was changed." in told.text, told
        assert "Try again in a minute." in told.text, told
        assert not told.trouble
        await shop.chief.command("/discount pause", shop.support)
        await shop.chief.is_told("Nothing was changed.", within=PATIENT)
        assert await repository.pause() is None
        assert process.alive
        assert len(shop.dintero.ledger.calls) <= FULL_AT + 3 * CONCURRENCY, (
            "what cannot be written down is not given on and on"
        )
        process.fill_disk(full=False)
        await shop.ann.sees("Given to 100 of 100", shop.support, within=PATIENT)
        await shop.ann.command("/discount add", shop.support)
        await shop.ann.sees_view(submit="Review")
        await line.close()
        assert await asyncio.wait_for(process.stop(), PATIENT) == 0, process.log
        tally = await repository.tally(request)
        assert (tally.given, tally.left) == (len(EVERYBODY), 0)
        assert shop.dintero.ledger.holders(RULE) == dict.fromkeys(EVERYBODY, 1)
