"""A restored backup lacks what happened since, so the bot starts paused and says why."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.database.backup import DATABASE, ENGINE, take_backup
from bot.database.repositories.repository import open_repository
from bot.domain.ids import RequestId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.pause import PausedFor
from bot.domain.requests.request import State
from sandbox.dintero import Point
from sandbox.shop import Shop, open_bot, open_shop
from tests.journeys.process import approved
from tests.journeys.steps import QUICKLY, Trip
from tests.support.clock import HandClock
from tests.support.engine_fixture import RULE, customers
from tests.support.postgres import Server

PAUSED = "the database is older than what I have seen"


@asynccontextmanager
async def at_work(shop: Shop, url: str, clock: HandClock) -> AsyncIterator[Trip]:
    async with open_bot(shop, url, clock=clock, retry_policy=QUICKLY) as running:
        await running.catalog.refresh()
        yield Trip(shop, running)


class Backups:
    """Saves a database, and puts it back; on PostgreSQL into another one, by its own programs."""

    def __init__(self, url: str, server: Server, folder: Path) -> None:
        self.url, self._server, self._dump = url, server, folder / "discount-bot.dump"

    def save(self) -> None:
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            shutil.copyfile(path, path.with_suffix(".backup"))
        else:
            self._server.dump(self.url, self._dump)

    def restore(self) -> None:
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
            shutil.copyfile(path.with_suffix(".backup"), path)
        else:
            self.url = self._server.restore(self._dump)


@pytest.fixture
def backups(database_url: str, postgres: Server, tmp_path: Path) -> Backups:
    return Backups(database_url, postgres, tmp_path)


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
            await shop.ann.sees("it is a restored backup, or a new one", shop.careful)
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


async def test_a_request_that_the_backup_lacks_is_found_by_its_card(backups: Backups) -> None:
    clock = HandClock()
    async with open_shop() as shop:
        async with at_work(shop, backups.url, clock) as trip:
            await trip.ask("c-1")
        backups.save()
        async with at_work(shop, backups.url, clock) as trip:
            card = await trip.ask("c-2")
            lost = await trip.request(card)
            await trip.approve(card)
            await trip.summary("Given to 1 of 1 customer")
        backups.restore()
        async with at_work(shop, backups.url, clock) as trip:
            told = await shop.chief.sees("1 request is missing from the restored backup", shop.chief.direct)
            assert lost.short in shop.chief.read(told)
            await shop.chief.sees(PAUSED, shop.chief.direct)
            await shop.ann.press("View customers", card)
            await shop.ann.is_told(f"{lost.short} is newer than the backup")
            await shop.ann.command(f"/discount cancel {lost.short}", shop.support)
            await shop.ann.is_told("Ask @Chief before you request it again")
            assert "Customers who got it there would get it twice" in (await trip.review("c-2")).text
            shop.slack.stacks.clear(shop.ann.id)
            await shop.chief.press("Mark as settled", told)
            await shop.chief.is_told("1 request settled")
            assert "would get it twice" not in (await trip.review("c-3")).text


async def test_an_approved_request_waits_again_beside_one_that_is_lost(backups: Backups) -> None:
    clock = HandClock()
    async with open_shop() as shop:
        async with at_work(shop, backups.url, clock) as trip:
            held = await trip.ask("c-1", channel=shop.careful)
            await trip.approve(held)
            await trip.approve(held, by=shop.cleo)
        backups.save()
        clock.pass_by(seconds=5)
        async with at_work(shop, backups.url, clock) as trip:
            await trip.approve(await trip.ask("c-1"))
            await trip.summary("Given to 1 of 1 customer")
        backups.restore()
        clock.pass_by(hours=1)
        async with at_work(shop, backups.url, clock) as trip:
            await shop.chief.sees(PAUSED, shop.chief.direct)
            await shop.chief.command("/discount resume", shop.support)
            await shop.ann.sees("a restored backup lacks requests for this rule", shop.careful)
            assert (await trip.request(held)).state is State.WAITING
        assert shop.dintero.ledger.holders(RULE) == {"c-1": 1}


MIXTURES = {
    "ours before, the engine's after": ("before", "after"),
    "ours before, the engine's during": ("before", "during"),
    "ours during, the engine's after": ("during", "after"),
    "ours during, the engine's missing": ("during", ""),
    "ours after, the engine's during": ("after", "during"),
    "ours after, the engine's missing": ("after", ""),
    "ours missing, the engine's during": ("", "during"),
    "both before": ("before", "before"),
    "both during": ("during", "during"),
}
"""The moments of the two SQLite files: before a giving, during it, and after it."""
SAID_BEFORE = ("approved (1 of 2)", "approved (2 of 2)")


@pytest.mark.parametrize(("ours", "engine"), MIXTURES.values(), ids=MIXTURES)
async def test_no_mixture_of_files_gives_twice_or_loses_a_customer(
    ours: str, engine: str, sqlite_url: str, tmp_path: Path
) -> None:
    who, saved = customers(40), {"": tmp_path / "missing"}
    places = {DATABASE: tmp_path / "books.db", ENGINE: tmp_path / "books.dbos.db"}

    async def save(moment: str) -> None:
        taking = partial(take_backup, version="0", now=datetime.now(UTC))
        saved[moment] = await asyncio.to_thread(taking, places[DATABASE], places[ENGINE], tmp_path / moment)

    async with open_shop() as shop:
        async with open_repository(sqlite_url) as repository:
            request = await approved(repository, shop, who)
        await save("before")
        held, let_go = hold_at(shop, call=4)
        async with open_bot(shop, sqlite_url, retry_policy=QUICKLY):
            await asyncio.wait_for(held.wait(), 60)
            await save("during")
            let_go.set()
            await shop.ann.sees("Given to 40 of 40", shop.support)
        await save("after")
        for name, place in places.items():
            for file in (place, *place.parent.glob(f"{place.name}-*")):
                file.unlink(missing_ok=True)
            if (copy := saved[ours if name == DATABASE else engine] / name).exists():
                shutil.copyfile(copy, place)
        async with open_bot(shop, sqlite_url, retry_policy=QUICKLY) as running:
            pause = await running.repository.pause()
            assert (pause and pause.why) == (None if ours == "after" else PausedFor.RESTORED)
            await shop.chief.command("/discount resume", shop.support)
            await shop.chief.is_told("Resumed" if pause else "The bot isn't paused")
            if ours:
                await _is_done(Trip(shop, running), request)
                assert (await running.repository.tally(request)).given == 40
            else:
                await shop.chief.sees("1 request is missing", shop.chief.direct)
        assert shop.dintero.ledger.holders(RULE) == dict.fromkeys(who, 1)
        card, *of_pause = shop.slack.messages(shop.support)
        assert len(of_pause) == (ours in {"before", "during"})  # else nobody waited for the end of a pause
        thread = [shop.ann.read(reply) for reply in shop.slack.thread(card)]
        assert [sum(words in line for line in thread) for words in SAID_BEFORE] == [1, 1]


def hold_at(shop: Shop, *, call: int) -> tuple[asyncio.Event, asyncio.Event]:
    """Hold a call and all later ones; returns an event for that, and a release."""
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if point is Point.AFTER and number >= call:
            held.set()
            await let_go.wait()

    shop.dintero.on_call = hold
    return held, let_go


async def _is_done(trip: Trip, request: RequestId) -> None:
    """Wait until it is done; if it stops, it says that the database is older, and goes on by a click."""
    async with asyncio.timeout(60):
        while (found := await trip.running.repository.find(request)) and found.state is not State.DONE:
            if found.state is State.STOPPED:
                assert found.note == RefusalReason.DATABASE_OLDER
                await trip.shop.ann.sees("older than what happened here", trip.support)
                await trip.shop.ann.press("Continue", trip.shop.slack.messages(trip.support)[0])
                await trip.shop.ann.is_told("with the remaining customers")
            await trip.running.repository.ping()
