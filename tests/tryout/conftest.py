"""A made-up shop with the bot in it, and somebody at its keyboard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.tryout.main import PATIENCE
from bot.tryout.screen import Screen
from bot.tryout.session import Session
from bot.tryout.shop import Shop, database_in, open_bot, open_shop
from bot.tryout.terminal import NoMoreInput
from bot.tryout.time import PassingClock
from bot.tryout.watching import Watch

Types = Callable[..., Awaitable[str]]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as shop:
        yield shop


@pytest.fixture
async def later(shop: Shop, tmp_path: Path) -> AsyncIterator[Callable[[timedelta], None]]:
    """A bot in the shop, whose time can be let pass."""
    clock = PassingClock()
    async with open_bot(shop, database_in(tmp_path), clock=clock, patience=PATIENCE) as running:
        await running.rules.refresh()
        yield lambda while_: clock.pass_by(while_, running.jobs.wake)


@pytest.fixture
def types(shop: Shop, later: Callable[[timedelta], None]) -> Types:
    """Type lines as one person at the keyboard, and read the screen from the first of them on."""

    async def typing(*lines: str) -> str:
        screen, left = StringIO(), iter(lines)

        async def type_line(prompt: str) -> str:
            line = next(left, None)
            if line is None:
                raise NoMoreInput
            screen.write(f"{prompt}{line}\n")
            return line

        console = Console(file=screen, width=120, highlight=False, markup=False, emoji=False)
        await Session(shop, Screen(console), Watch(shop.slack.workspace), type_line, later=later).run()
        return screen.getvalue()

    return typing
