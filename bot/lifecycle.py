"""Runs a bot until somebody ends the program, and is out in time then, whatever hangs."""

import asyncio
import gc
import os
import signal
import threading
from typing import Final

import structlog

from bot.app import run_bot
from bot.config.settings import Settings
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.giving.retry import RetryPolicy

LEAVE_SECONDS: Final = 9.5
"""From the signal to the end of the process, whatever hangs; who supervises it commonly kills after ten."""

log = structlog.get_logger()


async def run(
    settings: Settings, policy: Policy, *, clock: Clock | None = None, retry_policy: RetryPolicy | None = None
) -> None:
    """Run until SIGTERM or SIGINT; then be out within ten seconds. Clock and patience are the real ones unless others are handed in.

    Raises:
        ConfigError: Slack does not take the bot's token, or nobody can listen on the port.
    """
    ready, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with run_bot(settings, policy, clock=clock, retry_policy=retry_policy) as running:
            # what is there by now stays: going through it in every full collection held up all answers for 80 ms
            gc.collect()
            gc.freeze()
            ready.set()
            log.info(
                "ready",
                port=running.port,
                account=settings.dintero_account_id,
                socket_mode=settings.socket_mode,
                replica=running.replica,
            )
            await ended.wait()
            log.info("closing")

    def end() -> None:
        """Who is still starting, perhaps waiting for a Slack that is away, has nothing to bring to an end."""
        ended.set()
        _leave_in_time()
        if not ready.is_set():
            working.cancel()

    working = asyncio.create_task(work())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, end)
    await asyncio.wait({working})
    if not (working.cancelled() and ended.is_set()):
        await working


def _leave_in_time() -> None:
    """End the process by force where something hangs: all that counts is written, and the next start goes on from there."""
    watchdog = threading.Timer(LEAVE_SECONDS, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()
