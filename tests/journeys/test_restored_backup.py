"""A restored backup lacks what happened since, so the bot starts paused and says why."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.domain.requests.request import PausedFor, State
from sandbox.shop import Shop, open_bot, open_shop
from tests.journeys.steps import QUICKLY, Trip
from tests.support.clock import HandClock
from tests.support.postgres import Server

PAUSED = "the database is older than what I have seen"


@asynccontextmanager
async def at_work(shop: Shop, url: str, clock: HandClock) -> AsyncIterator[Trip]:
    async with open_bot(shop, url, clock=clock, retry_policy=QUICKLY) as running:
        await running.catalog.refresh()
        yield Trip(shop, running)


class Backups:
    """Saves a database, and puts it back; on PostgreSQL, the backup is a second database."""

    def __init__(self, url: str, server: Server) -> None:
        self.url, self._server, self._saved = url, server, ""

    def save(self) -> None:
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            shutil.copyfile(path, path.with_suffix(".backup"))
        else:
            self._saved = self._server.copy(self.url)

    def restore(self) -> None:
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
            shutil.copyfile(path.with_suffix(".backup"), path)
        else:
            self.url = self._saved


@pytest.fixture
def backups(database_url: str, postgres: Server) -> Backups:
    return Backups(database_url, postgres)


async def test_what_was_cancelled_after_a_restored_backup_is_not_given(backups: Backups) -> None:
    clock = HandClock()
    async with open_shop() as shop:
        async with at_work(shop, backups.url, clock) as trip:
            card = await trip.ask("c-1", channel=shop.careful)
            await trip.approve(card)
            await trip.approve(card, by=shop.cleo)
            request = await trip.request(card)
        backups.save()
        async with at_work(shop, backups.url, clock) as trip:
            await shop.ann.command(f"/discount cancel {request.short}", shop.careful)
            await shop.ann.is_told("is cancelled")
        backups.restore()
        clock.pass_by(minutes=30)
        async with at_work(shop, backups.url, clock) as trip:
            await shop.chief.sees(PAUSED, shop.chief.direct)
            pause = await trip.running.repository.pause()
            assert pause
            assert pause.why == PausedFor.RESTORED
            await shop.ann.sees("as after a restored backup", shop.careful)
            assert (await trip.request(card)).state is State.APPROVED
            assert shop.dintero.ledger.grants == []


async def test_a_resumed_bot_is_not_paused_again_for_the_same_backup(backups: Backups) -> None:
    clock = HandClock()
    async with open_shop() as shop:
        async with at_work(shop, backups.url, clock) as trip:
            card = await trip.ask("c-1")
        backups.save()
        async with at_work(shop, backups.url, clock) as trip:
            await trip.ask("c-2")
        backups.restore()
        async with at_work(shop, backups.url, clock) as trip:
            await shop.chief.sees(PAUSED, shop.chief.direct)
            await shop.chief.command("/discount resume", shop.support)
            await shop.chief.is_told("Resumed")
        async with at_work(shop, backups.url, clock) as trip:
            await trip.approve(card)
            await trip.summary("Given to 1 of 1 customer")


async def test_a_database_whose_last_rows_are_there_is_not_paused(backups: Backups) -> None:
    clock = HandClock()
    async with open_shop() as shop:
        for day in range(3):
            async with at_work(shop, backups.url, clock) as trip:
                await trip.ask(f"c-{day}")
                assert await trip.running.repository.pause() is None
            clock.pass_by(days=1)
