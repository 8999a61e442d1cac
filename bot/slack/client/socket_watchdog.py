"""Watches Socket Mode by the age of the last frame: the SDK trusts a connection on which nothing arrives."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import WSMessage
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.outages import Outage

PING_SECONDS: Final = 5.0
"""The interval of our pings. Slack answers each, so a live connection is never silent for longer."""
MAX_SILENT_PINGS: Final = 4
"""After so many unanswered pings `/readyz` reports Slack as away, and the bot reconnects."""
LOOKS_PER_PING: Final = 10
"""A pong counts from the look that finds it: `/readyz` is late by a tenth of a ping at most."""


class SocketWatch:
    """Watches one client by the monotonic clock: the SDK uses the machine's, which can be set."""

    def __init__(
        self,
        client: SocketModeClient,
        *,
        ping: float = PING_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._ping = ping
        self._max_silence = ping * MAX_SILENT_PINGS
        self._ticks = ticks
        self._received_at = self._reconnected_at = ticks()
        self._pong = client.last_ping_pong_time
        meanwhile = "No command or click arrives until it is back."
        self._outage = Outage("Slack's Socket Mode", meanwhile, ticks=ticks)
        client.on_message_listeners.append(self._on_message)
        # before its own reconnect the SDK would forget the last pong, and then take a ping for a pong
        client.is_ping_pong_failing = _never  # type: ignore[method-assign]

    async def is_heard(self) -> bool:
        """Tell whether Slack is connected and not silent."""
        return not self.silent and await self._client.is_connected()

    @property
    def silent(self) -> bool:
        """Whether nothing has arrived for too long, on any connection."""
        # the SDK reports no pong, but keeps when the answered ping went out
        if self._client.last_ping_pong_time not in {None, self._pong}:
            self._pong, self._received_at = self._client.last_ping_pong_time, self._ticks()
        return self._ticks() - self._received_at >= self._max_silence

    async def watch(self) -> None:
        """Reconnect after each silence that is too long, until cancelled."""
        while True:
            await asyncio.sleep(self._ping / LOOKS_PER_PING)
            await self._note_outage()
            if not self.silent or self._ticks() - self._reconnected_at < self._max_silence:
                continue
            self._reconnected_at = self._ticks()
            with suppress(Exception):  # a failure is repeated after another silence
                async with asyncio.timeout(self._max_silence):
                    await self._client.connect_to_new_endpoint(force=True)

    async def _note_outage(self) -> None:
        if await self.is_heard():
            self._outage.answered()
        else:
            self._outage.failed("nothing arrives" if self.silent else "it is not connected")

    async def _on_message(self, _message: WSMessage) -> None:
        self._received_at = self._ticks()


async def _never() -> bool:
    return False
