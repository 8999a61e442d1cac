"""The bot of the page in a process of its own, which can be killed: `python -m sandbox.browser.bot_process`.

The first line of its input is the settings as JSON; each further line is a number of seconds to let pass. It
prints the port where it listens, and ends with its input.
"""

import asyncio
import json
import sys
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.app import RunningBot, run_bot
from bot.config.log_setup import set_up_logs
from bot.config.settings import Settings
from bot.giving.retry import RetryPolicy
from sandbox.dintero.ordinary import use_last_week
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
        if not clock.ahead:
            await _remember_last_week(running, settings["DINTERO_ACCOUNT_ID"])
        sys.stdout.write(f"{running.port}\n")
        sys.stdout.flush()
        while line := await lines.readline():
            clock.pass_by(timedelta(seconds=float(line)))
            running.background.wake()


async def _remember_last_week(running: RunningBot, account: str) -> None:
    """Write down how often the shop's rules were used, so that their history has a picture."""
    for rule, sample in use_last_week(datetime.now(ZoneInfo(POLICY.timezone)).date()):
        await running.repository.keep_usage(account, rule, sample)


if __name__ == "__main__":
    set_up_logs(level="error")
    asyncio.run(serve())
