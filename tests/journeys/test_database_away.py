"""Every payload is answered in time and truthfully, whatever the database does."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.delivery import WAIT_SECONDS
from bot.domain.requests.request import State
from sandbox.shop import POLICY, Shop, database_in, open_shop
from sandbox.slack import SignedHttp
from tests.journeys.process import a_process
from tests.journeys.steps import RULE, Steps
from tests.support.cancelling import cancel_at_once
from tests.support.postgres import BUSY_SECONDS, start

IN_TIME = 6.0
"""Seconds for an answer that leaves after 2, on a busy machine; work that follows an ack waits for 8."""
PATIENT = WAIT_SECONDS + 30
SORRY = "The database isn't answering. Try again in a minute. Nothing was changed."
Trouble = Callable[[], AbstractContextManager[None]]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold SQLite's write lock, as a backup or a shell may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture(params=["locked", "silent"])
def trouble(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Trouble]]:
    """A database and what happens to it: another process locks it, or its server is suspended."""
    if request.param == "locked":
        yield database_in(tmp_path), partial(locked, tmp_path / "discount-bot.db")
        return
    server = start(f"silent-{os.getpid()}")
    try:
        with server.database() as url:
            yield url, server.suspended
    finally:
        server.leave()


async def in_time(act: Awaitable[object]) -> str:
    """Do what a person does, and read its ack."""
    async with asyncio.timeout(IN_TIME):
        return str(await act)


@asynccontextmanager
async def a_bot(shop: Shop, folder: Path, url: str, *, socket_mode: bool) -> AsyncIterator[None]:
    """Run a bot in a process of its own, which Slack reaches by HTTP or by Socket Mode."""
    credentials = shop.slack.credentials
    others = {"SLACK_APP_TOKEN": credentials.app_token} if socket_mode else {}
    async with a_process(shop, folder, url, policy=POLICY, **others) as process:
        await process.start()
        await process.ready()
        if socket_mode:
            await shop.slack.socket_mode.connected()
            yield
            return
        line = SignedHttp(f"http://127.0.0.1:{process.port}/slack/events", credentials.signing_secret)
        shop.slack.line = line
        yield
        await line.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("socket_mode", [False, True])
async def test_every_payload_is_answered_in_time_and_nothing_follows(
    trouble: tuple[str, Trouble], tmp_path: Path, *, socket_mode: bool
) -> None:
    url, happens = trouble
    async with open_shop() as shop, a_bot(shop, tmp_path, url, socket_mode=socket_mode):
        steps = Steps(shop)
        card = await steps.ask("\n".join(f"c-{at}" for at in range(60)))
        await shop.bo.press("Approve…", card)
        approval = await shop.bo.sees_view(submit="Approve")
        await approval.fill({"Number of customers": "60"})
        await shop.chief.press("Cancel request…", card)
        cancellation = await shop.chief.sees_view(submit="Cancel request")
        form = await steps.form()
        await form.fill({"Rule": RULE, "Customer IDs": "c-1"})
        before = await saved(url)
        with happens():
            assert SORRY in await in_time(shop.cleo.command("/discount add", steps.support))
            assert SORRY in await in_time(form.submit())
            offered = await in_time(form.options("Rule", "spar"))
            assert RULE in offered or SORRY in offered
            await in_time(approval.submit())
            await in_time(cancel_at_once(shop.ann, card))
            await in_time(cancellation.submit())
            await in_time(shop.chief.command("/discount pause now", steps.support))
            await shop.bo.sees_view(text=SORRY, within=PATIENT)
            await shop.ann.is_told(SORRY, within=PATIENT)
            await shop.chief.sees_view(text=SORRY, within=PATIENT)
            await shop.chief.is_told(SORRY, within=PATIENT)
        assert await saved(url) == before


async def saved(url: str) -> object:
    """Read all that people can change."""
    async with open_repository(url, pool_timeout=BUSY_SECONDS) as repository:
        found = await repository.in_state(*State)
        votes = [await repository.votes(request.id, request.round) for request in found]
        typed = [await repository.load_input(request.id) for request in found]
        return found, votes, typed, await repository.pause()
