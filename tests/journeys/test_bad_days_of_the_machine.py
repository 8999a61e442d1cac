"""The machine's bad days: the bot stops with a clear error, or waits and then continues."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.background.durable_engine import engine_url
from bot.database.repositories.repository import open_repository
from bot.domain.ids import CustomerId
from bot.domain.requests.request import State
from sandbox.dintero import Point
from sandbox.shop import Shop, open_shop
from tests.journeys.process import RULE, BotProcess, a_process, approved
from tests.support.postgres import Server, start

EVERYBODY = tuple(CustomerId(f"customer-{number:02}") for number in range(40))
PATIENT = 60.0
LATER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Machine:
    """A bot process in the middle of a run when its machine fails."""

    shop: Shop
    bot: BotProcess
    url: str
    held: asyncio.Event
    goes_on: asyncio.Event

    async def comes_out_right(self) -> None:
        """Check that everything visible is as if nothing had failed."""
        shop = self.shop
        await shop.ann.sees("Given to 40 of 40", shop.support, within=PATIENT)
        await shop.ann.sees("✅ Given to 40 of 40", shop.support, within=PATIENT)
        assert await self.bot.stop() == 0
        assert shop.dintero.ledger.holders(RULE) == dict.fromkeys(EVERYBODY, 1)
        async with open_repository(self.url) as repository:
            (request,) = await repository.in_state(State.DONE)
            tally, unsaid = await repository.tally(request.id), await repository.due_messages(LATER, limit=1)
        assert (tally.given, tally.left, unsaid) == (40, 0, ())
        (card,) = shop.slack.messages(shop.support)
        thread = [shop.ann.read(reply) for reply in shop.slack.thread(card)]
        story = ("approved (1 of 2)", "approved (2 of 2)", "Given to 40 of 40")
        assert [words in line for words, line in zip(story, thread, strict=True)] == [True] * 3


@asynccontextmanager
async def half_given(folder: Path, url: str) -> AsyncIterator[Machine]:
    """Hold the fourth of ten calls until the test releases it."""
    held, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 4):
            held.set()
            await goes_on.wait()

    async with open_shop() as shop, a_process(shop, folder, url) as bot:
        shop.dintero.on_call = hold
        async with open_repository(url) as repository:
            await approved(repository, shop, EVERYBODY)
        await bot.start()
        await asyncio.wait_for(held.wait(), PATIENT)
        await shop.ann.sees("approved (2 of 2)", shop.support, within=PATIENT)
        yield Machine(shop, bot, url, held, goes_on)


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """Make a process's writes fail, as on a full disk: no file may grow or be overwritten."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(*urls: str) -> Iterator[None]:
    """Hold SQLite's write lock, as a backup or a shell may."""
    connections = [sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None) for url in urls]
    for connection in connections:
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        for connection in connections:
            with closing(connection):
                connection.execute("ROLLBACK")


async def test_a_full_disk_is_reported_and_the_run_continues_with_space(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with half_given(tmp_path, sqlite_url) as machine:
        with no_room(machine.bot.pid):
            machine.goes_on.set()
            await machine.bot.has_logged("SQLite isn't answering")
        await machine.comes_out_right()


async def test_a_run_waits_for_a_locked_database_and_then_continues(tmp_path: Path, sqlite_url: str) -> None:
    async with half_given(tmp_path, sqlite_url) as machine:
        with locked(sqlite_url, engine_url(sqlite_url)):
            machine.goes_on.set()
            await machine.bot.has_logged("database is locked")
        await machine.comes_out_right()


@pytest.fixture
def own_server() -> Iterator[tuple[Server, str]]:
    """A PostgreSQL server of this test's own, which can be restarted, and a database on it."""
    server = start(f"restart-{os.getpid()}")
    try:
        with server.database() as url:
            yield server, url
    finally:
        server.leave()


async def test_a_postgresql_restart_in_the_middle_loses_nothing(
    tmp_path: Path, own_server: tuple[Server, str]
) -> None:
    server, url = own_server
    async with half_given(tmp_path, url) as machine:
        machine.goes_on.set()
        await asyncio.to_thread(server.restart)
        await machine.comes_out_right()
