"""Runs a bot until a signal ends it, and leaves in time even if something hangs."""

import asyncio
import gc
import os
import signal
import threading
from typing import Final

import structlog

from bot.app import run_bot
from bot.config.redaction import MIN_SECRET_LENGTH
from bot.config.settings import Settings
from bot.database.address import is_encrypted, parse_url
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.giving.retry import RetryPolicy

EXIT_SECONDS: Final = 9.5
"""From the signal to the end of the process; supervisors commonly kill after ten."""

log = structlog.get_logger()


async def run(
    settings: Settings, policy: Policy, *, clock: Clock | None = None, retry_policy: RetryPolicy | None = None
) -> None:
    """Run until SIGTERM or SIGINT, then end within ten seconds; raises ConfigError as `run_bot` does."""
    _warn(settings)
    ready, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with run_bot(settings, policy, clock=clock, retry_policy=retry_policy) as running:
            _freeze()
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
        ended.set()
        _limit_time()
        if not ready.is_set():
            working.cancel()  # nothing to drain if start-up has not finished (Slack may be unreachable)

    working = asyncio.create_task(work())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, end)
    await asyncio.wait({working})
    if not (working.cancelled() and ended.is_set()):
        await working


def _freeze() -> None:
    """Collect nothing of what stays: 10,000 rules, for example, would hold up every answer for 0.2 s."""
    gc.collect()
    gc.freeze()


def _limit_time() -> None:
    """End the process by force if it hangs: all that counts is written, so the next start goes on."""
    watchdog = threading.Timer(EXIT_SECONDS, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()


def _warn(settings: Settings) -> None:
    """Log what is allowed and not advisable."""
    if not is_encrypted(parse_url(settings.database_url.get_secret_value())):
        log.warning(
            "connections to PostgreSQL may not use TLS", advice="add ?sslmode=verify-full to DATABASE_URL"
        )
    if settings.key and len(settings.key) < MIN_SECRET_LENGTH:
        log.warning("AUDIT_KEY is too short to be secret", advice="set a long random one")
