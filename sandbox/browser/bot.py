"""Starts, kills and restarts the page's bot, a process of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.errors import DiscountBotError
from sandbox.passing_clock import PassingClock
from sandbox.shop import Shop, database_in, settings_for
from sandbox.slack.transport.delivery import SignedHttp

DINTERO_TIMEOUT_SECONDS: Final = "5"
"""So that a call that hangs shows its effect soon."""
KEPT: Final = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT"})
"""What the bot sees of the environment: no credentials, and no proxies."""


class BotState(StrEnum):
    """The states of the process."""

    STARTING = "starting"
    RUNNING = "running"
    DEAD = "stopped"


class Bot:
    """A bot with its database in a folder; its clock goes with the page's."""

    def __init__(self, shop: Shop, folder: Path, clock: PassingClock) -> None:
        """Prepare a bot that does not run yet."""
        self.state = BotState.DEAD
        self._shop = shop
        self._folder = folder
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it; without effect while it runs."""
        if self.state is not BotState.DEAD:
            return
        self._tell(BotState.STARTING)
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox.browser.bot_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(os.environ),
            start_new_session=True,  # the terminal's Ctrl-C is for this process, which ends the bot
        )
        self._watching = asyncio.create_task(self._watch(process))
        settings = settings_for(
            self._shop, database_in(self._folder), DINTERO_TIMEOUT=DINTERO_TIMEOUT_SECONDS
        )
        self._write(json.dumps(settings))
        self._write(str(self._clock.ahead.total_seconds()))

    async def runs(self) -> None:
        """Wait until it runs.

        Raises:
            DiscountBotError: it ended before.
        """
        await self._shop.slack.until(lambda: self.state is not BotState.STARTING)
        if self.state is BotState.DEAD:
            raise DiscountBotError("The sandbox's bot ended at its start; its errors are above.")

    async def kill(self) -> None:
        """Kill it and its own processes, as a crash of the machine does."""
        if self._process and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._watching:
            await asyncio.shield(self._watching)

    def pass_by(self, while_: timedelta) -> None:
        """Let time pass for everybody."""
        self._clock.pass_by(while_)
        if self.state is not BotState.DEAD:
            self._write(str(while_.total_seconds()))
        self._shop.slack.changes.happened()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        if port := (await process.stdout.readline()).decode().strip():
            await self._shop.slack.line.close()
            secret = self._shop.slack.credentials.signing_secret
            self._shop.slack.line = SignedHttp(f"http://127.0.0.1:{port}/slack/events", secret)
            self._tell(BotState.RUNNING)
        await process.wait()
        self._tell(BotState.DEAD)

    def _write(self, line: str) -> None:
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(f"{line}\n".encode())

    def _tell(self, state: BotState) -> None:
        self.state = state
        self._shop.slack.changes.happened()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name in KEPT}
