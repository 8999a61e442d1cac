"""Faults of the host: processes, disk, clock, database and network, as scheduled."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from chaos.fast_clock import LapsedClock
from chaos.replica import Replica
from chaos.schedule import FaultKind, Trouble
from sandbox.tcp_proxy import TcpProxy

FARTHEST: Final = 2.0
"""Hours of a clock jump, in either direction."""
SHORTEST: Final = 0.02
"""The least part of it when the clock is put back."""
UNUSABLE: Final[dict[FaultKind, Callable[[str], str]]] = {
    FaultKind.NO_DNS: lambda _: "https://dintero.invalid/v1",
    FaultKind.NO_TLS: lambda url: url.replace("http://", "https://"),
}
"""An address without a Dintero."""
READER: Final = b"bot.spreadsheets.reader"
LOOKED_FOR: Final = 5.0
LOOK: Final = 0.02


@dataclass(slots=True)
class HostFaults:
    """Applies host faults to the replicas and their database. `url` bypasses the proxies."""

    replicas: list[Replica]
    clock: LapsedClock
    url: str
    wires: list[TcpProxy]
    restart: Callable[[], None] = lambda: None
    """Restarts PostgreSQL under load."""
    _restarting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def happens(self, trouble: Trouble, seconds: float) -> None:
        """Apply a fault for its duration."""
        replica = self.replicas[trouble.replica]
        match trouble.what:
            case FaultKind.ASKED_TO_END:
                await replica.ends()
            case FaultKind.RESTARTED:
                async with self._restarting:
                    await asyncio.to_thread(self.restart)
            case FaultKind.NO_READER:
                await self._kill_reader(replica)
            case FaultKind.CLOCK:
                await self._jump((trouble.amount * 2 - 1) * FARTHEST)
            case FaultKind.SUSPENDED:
                await _meanwhile(seconds, replica.suspend, replica.wake)
            case FaultKind.DISK_FULL:
                await _meanwhile(seconds, replica.fill_disk, lambda: replica.fill_disk(full=False))
            case FaultKind.NO_DNS | FaultKind.NO_TLS:
                await self._looks_elsewhere(replica, UNUSABLE[trouble.what], seconds)
            case FaultKind.LOCKED:
                await self._lock(seconds, of_engine=trouble.amount < 1 / 2)
            case FaultKind.SPLIT:
                await self._split(self.wires[trouble.replica], seconds, silent=trouble.amount < 1 / 2)
            case _:
                raise AssertionError(trouble)

    async def put_back(self, amount: float, seconds: float) -> None:
        """Put the clock back in the middle of another fault, by minutes or hours."""
        await asyncio.sleep(seconds / 2)
        await self._jump(-max(amount, SHORTEST) * FARTHEST)

    async def _jump(self, hours: float) -> None:
        self.clock.jump(hours)
        try:
            await asyncio.sleep(1 + abs(hours))
        finally:
            self.clock.jump(0.0)

    async def _looks_elsewhere(
        self, replica: Replica, elsewhere: Callable[[str], str], seconds: float
    ) -> None:
        """Point a replica at an address without a Dintero, for one life."""
        right = replica.settings["DINTERO_API_URL"]
        if right.startswith("https") or "invalid" in right:
            return
        replica.settings["DINTERO_API_URL"] = elsewhere(right)
        try:
            await replica.ends()
            await asyncio.sleep(seconds)
        finally:
            replica.settings["DINTERO_API_URL"] = right
            await asyncio.shield(asyncio.ensure_future(replica.ends()))

    async def _lock(self, seconds: float, *, of_engine: bool) -> None:
        """Lock what every writer needs: the file, at times the engine's, or the table of requests."""
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            await _lock_file(path.replace(".db", ".dbos.db") if of_engine else path, seconds)
            return
        with suppress(psycopg.Error):  # it may be restarted meanwhile
            async with await psycopg.AsyncConnection.connect(self.url) as connection:
                await connection.execute("SET lock_timeout = '5s'")
                await connection.execute("LOCK TABLE requests IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(seconds)

    async def _split(self, proxy: TcpProxy, seconds: float, *, silent: bool) -> None:
        if not silent:
            proxy.cut = True
            proxy.end_all()
        proxy.silent = silent
        try:
            await asyncio.sleep(seconds)
        finally:
            proxy.silent = proxy.cut = False

    async def _kill_reader(self, replica: Replica) -> None:
        """Kill a file-reading process, as an out-of-memory killer does."""
        for _ in range(round(LOOKED_FOR / LOOK)):
            for child in _children(replica.pid):
                with suppress(OSError):
                    if READER in _command(child):
                        os.kill(child, signal.SIGKILL)
                        return
            await asyncio.sleep(LOOK)


async def _lock_file(path: str, seconds: float) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as connection:
        with suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)


async def _meanwhile(seconds: float, begin: Callable[[], None], end: Callable[[], None]) -> None:
    begin()
    try:
        await asyncio.sleep(seconds)
    finally:
        end()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [
            int(child)
            for path in Path(f"/proc/{pid}/task").glob("*/children")
            for child in path.read_text().split()
        ]
    return []
