"""The bot of the page in a process of its own, which can be killed: `python -m sandbox.browser.bot_process`.

The first line of its input is the settings as JSON; each further line is a number of seconds to let pass. It
prints the port where it listens, and ends with its input.
"""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Final

from bot.app import run_bot
from bot.config.log_setup import set_up_logs
from bot.config.settings import Settings
from bot.giving.retry import RetryPolicy
from sandbox.passing_clock import PassingClock
from sandbox.shop import POLICY

PATIENCE: Final = RetryPolicy(first=0.25, longest=2.0, total=120.0, attempts=120)
"""Shorter than the real one, so that an outage shows its effects quickly."""


async def serve() -> None:
    """Run until the input ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    settings, clock = json.loads(await lines.readline()), PassingClock()
    clock.pass_by(timedelta(seconds=float(await lines.readline())))
    async with run_bot(Settings.read(settings), POLICY, clock=clock, retry_policy=PATIENCE) as running:
        await running.catalog.refresh()  # so that the first form knows the rules, however slow the machine
        sys.stdout.write(f"{running.port}\n")
        sys.stdout.flush()
        while line := await lines.readline():
            clock.pass_by(timedelta(seconds=float(line)))
            running.background.wake()


if __name__ == "__main__":
    set_up_logs(level="error")
    asyncio.run(serve())
