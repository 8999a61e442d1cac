"""`discount-bot sandbox`: opens the shop, plays the demo, and hands over to the prompt."""

import asyncio
import io
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.config.log_setup import set_up_logs
from bot.errors import DiscountBotError
from bot.giving.retry import RetryPolicy
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.slack.state.changes import NeverSeen
from sandbox.terminal import texts
from sandbox.terminal.activity import ActivityFeed
from sandbox.terminal.demo import play
from sandbox.terminal.line_input import at_a_terminal, left_as_it_was, type_line
from sandbox.terminal.repl import Session
from sandbox.terminal.screen import Screen
from sandbox.terminal.shifted_clock import PassingClock

PATIENCE: Final = RetryPolicy(first=0.05, longest=2.0, total=60.0, attempts=60)
"""Shorter than the real one, so that an outage shows its effects quickly."""
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


async def try_out() -> None:
    """Play the demo and, at a terminal, run the prompt.

    Raises:
        DiscountBotError: a step of the demo failed.
    """
    _prepare()
    screen = Screen()
    playing = asyncio.ensure_future(_play(screen))
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, playing.cancel)
    with suppress(asyncio.CancelledError):
        try:
            await playing
        except NeverSeen as missing:
            raise DiscountBotError(f"The try-out stopped: {missing}") from missing
    if at_a_terminal():
        screen.say(f"\n{texts.GOODBYE}", "dim")


async def _play(screen: Screen) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="discount-bot-", ignore_cleanup_errors=True) as folder,
        left_as_it_was(),
    ):
        clock = PassingClock()
        async with (
            open_shop() as shop,
            open_bot(shop, database_in(Path(folder)), clock=clock, retry_policy=PATIENCE) as running,
        ):
            await running.catalog.refresh()  # so that the first form knows them, however slow the machine
            screen.say(texts.WELCOME)
            watch = ActivityFeed(shop.slack.workspace)
            await play(shop, screen, watch)
            if not at_a_terminal():
                screen.say(texts.NO_KEYBOARD, "dim")
                return
            screen.heading(texts.YOURS)
            screen.say(texts.START)
            await Session(shop, screen, watch, type_line, clock, running.background).run()


def _prepare() -> None:
    """Ignore proxies, silence the log, and replace characters that the terminal cannot show."""
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    set_up_logs(level="error")
