"""Several processes on one PostgreSQL: each takes clicks, and a dead or hung one is replaced."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.request import State
from sandbox.dintero import Point
from sandbox.shop import Shop, open_shop
from sandbox.slack.transport.delivery import SignedHttp
from tests.journeys.process import RULE, BotProcess, a_process, approved
from tests.journeys.steps import Steps
from tests.support.postgres import Server

EVERYBODY = tuple(CustomerId(f"customer-{number:03}") for number in range(60))
PATIENT = 150.0
MANY_SECONDS = 60.0
"""Far more than an idle machine takes, which `make bench` measures."""
LATER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Two:
    """A shop with two bots on one database; the first is the leader."""

    url: str
    shop: Shop
    first: BotProcess
    second: BotProcess

    @asynccontextmanager
    async def clicks_go_to(self, process: BotProcess) -> AsyncIterator[None]:
        line = SignedHttp(
            f"http://127.0.0.1:{process.port}/slack/events", self.shop.slack.credentials.signing_secret
        )
        self.shop.slack.line = line
        try:
            yield
        finally:
            await line.close()

    async def start(self) -> None:
        """Start both at once, and find the leader."""
        both = (self.first, self.second)
        await asyncio.gather(*(process.start() for process in both))
        await asyncio.gather(*(process.ready() for process in both))
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            names = await (await connection.execute("SELECT name FROM replicas ORDER BY term")).fetchall()
        self.first, self.second = sorted(both, key=lambda process: names.index((process.replica,)))

    async def is_asked(self) -> RequestId:
        """Save an approved request, and notify the bots as the bot that took the last click does."""
        async with open_repository(self.url) as repository:
            request = await approved(repository, self.shop, EVERYBODY)
            await repository.notify("whoever took the click")
        return request

    async def is_told(self, words: str) -> None:
        await self.shop.ann.sees(words, self.shop.support, within=PATIENT)

    async def card_says(self, words: str) -> None:
        (card,) = self.shop.slack.messages(self.shop.support)
        await self.shop.slack.until(lambda: words in self.shop.ann.read(card), PATIENT)

    async def stop(self) -> None:
        for process in (self.first, self.second):
            if process.alive:
                assert await process.stop() == 0, process.log

    async def all_came_out_right(self, request: RequestId) -> None:
        """Check that everything visible is as if nothing had failed."""
        shop = self.shop
        async with open_repository(self.url) as repository:
            tally, found, unsaid = (
                await repository.tally(request),
                await repository.find(request),
                await repository.due_messages(LATER, limit=10),
            )
        assert found
        assert (found.state, unsaid) == (State.DONE, ())
        assert (tally.given, tally.refused, tally.left) == (len(EVERYBODY), 0, 0)
        assert shop.dintero.ledger.holders(RULE) == dict.fromkeys(EVERYBODY, 1)
        assert len({call.key for call in shop.dintero.ledger.calls}) == 1
        (card,) = shop.slack.messages(shop.support)
        replies = [shop.ann.read(reply) for reply in shop.slack.thread(card)]
        assert [
            sum(words in reply for reply in replies)
            for words in ("approved (1 of 2)", "approved (2 of 2)", "Given to")
        ] == [1] * 3
        assert len(replies) == 3, replies
        assert len(shop.slack.messages(shop.campaigns)) == 1
        assert sum(not message.deleted for message in shop.ann.direct.messages) == 2


@asynccontextmanager
async def _two(folder: Path, url: str) -> AsyncIterator[Two]:
    """Prepare two bots without starting them."""
    async with (
        open_shop() as shop,
        a_process(shop, folder, url, LOG_LEVEL="debug") as one,
        a_process(shop, folder, url, LOG_LEVEL="debug") as another,
    ):
        yield Two(url, shop, one, another)


@pytest.fixture
async def two(tmp_path: Path, postgres_url: str) -> AsyncIterator[Two]:
    """Two bots on a database of this test's own."""
    async with _two(tmp_path, postgres_url) as prepared:
        yield prepared


async def test_a_killed_bots_run_continues_in_the_other(two: Two) -> None:
    loop, times = asyncio.get_running_loop(), list[float]()

    async def kill_in_the_middle(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 4):
            times.append(loop.time())
            await two.first.kill()
            raise asyncio.CancelledError
        if point is Point.BEFORE and times:
            times.append(loop.time())

    await two.start()
    two.shop.dintero.on_call = kill_in_the_middle
    request = await two.is_asked()
    await two.is_told("Given to 60 of 60")
    await two.card_says("Given to 60 of 60")
    await two.stop()
    killed, *went_on = times
    assert went_on[0] - killed < MANY_SECONDS
    await two.all_came_out_right(request)


async def test_a_hung_bot_is_replaced_and_does_nothing_when_it_resumes(two: Two) -> None:
    others, let_go = asyncio.Event(), asyncio.Event()
    held = list[int]()

    async def stop_in_the_middle(point: Point, number: int) -> None:
        """Suspend the first at its fifth call, and hold calls after the sixth, which may be its own too.

        These are two of the other bot and one that the first had sent already: harmless, with the same key.
        """
        if (point, number) == (Point.BEFORE, 5):
            two.first.suspend()
        elif point is Point.BEFORE and number > 6:
            held.append(number)
            others.set()
            await let_go.wait()

    await two.start()
    two.shop.dintero.on_call = stop_in_the_middle
    request = await two.is_asked()
    await asyncio.wait_for(others.wait(), PATIENT)
    two.first.wake()
    await two.first.has_logged("starting over")
    await two.first.has_logged("Asyncio task cancelled for workflow")
    assert len(held) <= 3
    let_go.set()
    await two.is_told("Given to 60 of 60")
    await two.card_says("Given to 60 of 60")
    await two.stop()
    await two.all_came_out_right(request)


async def test_two_bots_that_start_on_an_empty_database_work_together(
    tmp_path: Path, postgres: Server
) -> None:
    with postgres.database(empty=True) as url:
        async with _two(tmp_path, url) as two:
            await two.start()
            people = Steps(two.shop)
            async with two.clicks_go_to(two.first):
                card = await people.ask("one, two")
            async with two.clicks_go_to(two.second):
                await people.approve(card)
                await two.is_told("Given to 2 of 2")
                other = await people.ask("three")
            async with two.clicks_go_to(two.first):
                await people.approve(other)
                await two.is_told("Given to 1 of 1")
            await two.stop()
            assert len(two.shop.slack.messages(two.shop.support)) == 2
            assert [len(people.thread(one)) for one in (card, other)] == [1, 1]
            assert not two.shop.dintero.ledger.more_than_once(RULE)


async def test_of_two_simultaneous_migrations_one_does_the_work(
    tmp_path: Path, empty_database_url: str
) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_database_url}
    command = (sys.executable, "-m", "bot", "migrate")
    both = [
        await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment, stdout=PIPE)
        for _ in range(2)
    ]
    told = sorted(stdout.decode() for stdout, _ in await asyncio.gather(*(one.communicate() for one in both)))
    assert [one.returncode for one in both] == [0, 0]
    assert ["already up to date" in told[0], "updated to schema" in told[1]] == [True, True], told
