"""Whether Slack is heard over Socket Mode, by the age of the last frame: to the SDK, a connection on which nothing comes is a good one."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import WSMessage
from slack_sdk.socket_mode.aiohttp import SocketModeClient

PING: Final = 5.0
"""Seconds from one ping of ours to the next; each is answered, so that a live connection is never silent for longer."""
SILENT_PINGS: Final = 4
"""So many without an answer, and nobody is there: `/readyz` says so, and the connection is made anew."""

log = structlog.get_logger()


class SocketWatch:
    """Watches one client. By the monotonic clock: the SDK goes by the machine's, which can be set."""

    def __init__(
        self, client: SocketModeClient, *, ping: float = PING, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._ping = ping
        self._ticks = ticks
        self._heard_at = self._anew_at = ticks()
        self._pong = client.last_ping_pong_time
        client.on_message_listeners.append(self._hear)

    async def is_heard(self) -> bool:
        """Say whether Slack is there."""
        return not self.silent and await self._client.is_connected()

    @property
    def silent(self) -> bool:
        """Whether nothing has come for too long, whatever connections there were."""
        self._look_for_a_pong()
        return self._age >= self._ping * SILENT_PINGS

    async def watch(self) -> None:
        """Connect anew whenever it has been silent for too long, until cancelled."""
        while True:
            await asyncio.sleep(self._ping)
            if self.silent and self._ticks() - self._anew_at >= self._ping * SILENT_PINGS:
                await self._connect_anew()

    @property
    def _age(self) -> float:
        return self._ticks() - self._heard_at

    async def _hear(self, _message: WSMessage) -> None:
        self._heard_at = self._ticks()

    def _look_for_a_pong(self) -> None:
        """Take note of an answer to a ping, of which the SDK tells nobody, but keeps when that ping went out."""
        if self._client.last_ping_pong_time not in {None, self._pong}:
            self._pong, self._heard_at = self._client.last_ping_pong_time, self._ticks()

    async def _connect_anew(self) -> None:
        log.warning("Slack is silent; connecting anew", seconds=round(self._age, 1))
        self._anew_at = self._ticks()
        with suppress(Exception):  # what fails is tried again after as long a silence
            await asyncio.wait_for(
                self._client.connect_to_new_endpoint(force=True), self._ping * SILENT_PINGS
            )
