"""A made-up shop with the bot in it, and somebody at its keyboard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.app import RunningBot
from bot.domain.requests.deadlines import is_held
from bot.domain.requests.request import State
from sandbox.shop import Shop, database_in, open_bot, open_shop
from sandbox.slack.state.changes import NeverSeen
from sandbox.terminal.activity import ActivityFeed
from sandbox.terminal.line_input import NoMoreInput
from sandbox.terminal.main import PATIENCE
from sandbox.terminal.repl import Session
from sandbox.terminal.screen import Screen
from sandbox.terminal.shifted_clock import PassingClock

Types = Callable[..., Awaitable[str]]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as shop:
        yield shop


@pytest.fixture
async def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def running(shop: Shop, clock: PassingClock, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """A bot in the shop, whose time can be let pass."""
    async with open_bot(shop, database_in(tmp_path), clock=clock, retry_policy=PATIENCE) as running:
        await running.catalog.refresh()
        yield running


@pytest.fixture
def types(shop: Shop, running: RunningBot, clock: PassingClock) -> Types:
    """Type lines, wait for the work under way, and read the screen from the first line on."""

    async def typing(*lines: str) -> str:
        screen, left = StringIO(), iter(lines)

        async def type_line(prompt: str) -> str:
            waited = await _until_nothing_is_under_way(shop, running, clock)
            line = next(left, "" if waited else None)
            if line is None:
                raise NoMoreInput
            screen.write(f"{prompt}{line}\n")
            return line

        console = Console(file=screen, width=120, highlight=False, markup=False, emoji=False)
        await Session(
            shop, Screen(console), ActivityFeed(shop.slack.workspace), type_line, clock, running.background
        ).run()
        return screen.getvalue()

    return typing


async def _until_nothing_is_under_way(shop: Shop, running: RunningBot, clock: PassingClock) -> bool:
    """Wait while the bot works, gives or posts; return whether it did.

    The session itself waits for the work after a click, but not for a giving, which may wait for Dintero.
    """
    waited = False
    while await _under_way(running, clock):
        waited = True
        with suppress(NeverSeen):
            await shop.slack.changes.until(lambda: None, 0.05)
    return waited


async def _under_way(running: RunningBot, clock: PassingClock) -> bool:
    given = await running.repository.in_state(State.APPROVED, State.GIVING)
    paused, now = await running.repository.pause(), clock.now()
    to_give = any(not (paused or is_held(request, now)) for request in given)
    return to_give or running.background.busy or bool(await running.repository.due_messages(now, limit=1))
