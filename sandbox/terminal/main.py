"""`discount-bot sandbox --terminal`: opens the shop and plays the journey."""

import asyncio
import io
import os
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.config.log_setup import set_up_logs
from bot.errors import DiscountBotError
from bot.giving.retry import RetryPolicy
from sandbox.dintero.ordinary import shop_rules
from sandbox.dintero.server import SandboxDintero
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.slack.state.changes import NeverSeen
from sandbox.terminal.activity import ActivityFeed
from sandbox.terminal.demo import play
from sandbox.terminal.screen import Screen

PATIENCE: Final = RetryPolicy(first=0.05, longest=2.0, total=60.0, attempts=60)
"""Shorter than the real one, so that an outage shows its effects quickly."""
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
WELCOME: Final = (
    "A demo shop on your machine. Slack and Dintero are simulated; the bot is real.\n"
    "No credentials needed, and nothing leaves this computer."
)
GOODBYE: Final = "Done. The demo data has been deleted. To try it yourself in a browser: discount-bot sandbox"


async def play_journey() -> None:
    """Play the journey until it or a signal ends it.

    Raises:
        DiscountBotError: a step of the journey failed.
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
            raise DiscountBotError(f"The demo stopped: {missing}") from missing
    screen.say(f"\n{GOODBYE}", "dim")


async def _play(screen: Screen) -> None:
    with tempfile.TemporaryDirectory(prefix="discount-bot-", ignore_cleanup_errors=True) as folder:
        async with (
            open_shop(dintero=SandboxDintero(shop_rules(datetime.now(UTC)))) as shop,
            open_bot(shop, database_in(Path(folder)), retry_policy=PATIENCE) as running,
        ):
            await running.catalog.refresh()  # so that the first form knows them, however slow the machine
            screen.say(WELCOME)
            await play(shop, screen, ActivityFeed(shop.slack.workspace))


def _prepare() -> None:
    """Ignore proxies, silence the log, and replace characters that the terminal cannot show."""
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    set_up_logs(level="error")
