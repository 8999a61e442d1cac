"""A bot process that is restarted whenever it ends, as by a supervisor."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from chaos.fast_clock import Cell
from chaos.instrumented_process import Instrumented, live
from tests.journeys.process import leave_room, lines_of
from tests.support.forking import FORKING

PATIENT: Final = 120.0
"""Seconds to start, on a busy machine and after an hour without Slack."""
OUT_WITHIN: Final = 10.0
"""Maximum seconds from SIGTERM to exit."""
AGAIN: Final = 0.3
"""Seconds until a process that ended by itself is restarted."""


@dataclass(slots=True)
class Replica:
    """`discount-bot run`, again and again. `settings` may change between lives."""

    name: str
    folder: Path
    settings: dict[str, str]
    began: float
    faults: list[str] = field(default_factory=list)
    lives: int = 0
    ended_by_itself: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it is ready."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while a process lives."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no process lives."""
    _process: ForkServerProcess | None = None
    _expected: bool = False
    _may_live: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def steps(self) -> Cell:
        """Choose the write to SQLite at which it dies."""
        return Cell(self._path("steps"))

    @property
    def pid(self) -> int:
        """The current process id, or 0."""
        process = self._process
        return process.pid or 0 if process and not self.gone.is_set() else 0

    async def live_on(self) -> None:
        """Start it, and restart it after each end, until cancelled."""
        self._may_live.set()
        while True:
            await self._may_live.wait()
            self._over.clear()
            await self._one_life()
            self._over.set()
            if not self._expected:
                self.ended_by_itself += 1
                await asyncio.sleep(AGAIN)

    async def _one_life(self) -> None:
        """Run one process to its end; a ready one ends only on request."""
        self.steps.value = 0
        reading, writing = FORKING.Pipe(duplex=False)
        life = Instrumented(self.folder, self.settings, self.began, self._path("steps"))
        self._expected = False
        self._process = process = FORKING.Process(target=live, args=(writing, life), daemon=True)
        await asyncio.to_thread(process.start)
        writing.close()
        self.lives += 1
        self.gone.clear()
        self.begun.set()
        try:
            await self._hear(reading)
            await asyncio.to_thread(process.join)
            if self.up.is_set() and not self._expected:
                self.faults.append(f"{self.name} ended by itself after it had stood, with {process.exitcode}")
        finally:
            self.up.clear()
            self.begun.clear()
            self.gone.set()

    async def _hear(self, output: Connection) -> None:
        """Log its output until it ends, and notice when it is ready."""
        with self.log.open("ab") as log:
            async with lines_of(output) as lines:
                async for line in lines:
                    log.write(line)
                    if b'"event": "ready"' in line:
                        self.up.set()
                    if b'"event": "closing"' in line:
                        self.up.clear()

    async def stands(self) -> None:
        """Wait until it is ready.

        Raises:
            TimeoutError: it never was.
        """
        await asyncio.wait_for(self.up.wait(), PATIENT)

    async def kill(self) -> bool:
        """Kill it; return whether it was alive."""
        return self._sends(signal.SIGKILL) and await self._has_gone()

    async def ends(self) -> None:
        """Stop it, and check that it exits in time with success."""
        loop, process = asyncio.get_running_loop(), self._process
        asked, stood = loop.time(), self.up.is_set()
        if not self._sends(signal.SIGTERM):
            return
        await self._has_gone()
        took, code = loop.time() - asked, process.exitcode if process else None
        if (
            stood and code == 0 and took > OUT_WITHIN + 1
        ):  # a second for what this busy process takes to see it
            self.faults.append(f"{self.name} took {took:.1f} s to end")
        if stood and code not in {0, -signal.SIGKILL}:
            self.faults.append(f"{self.name} ended with {code}")

    async def ends_for_good(self) -> None:
        """Stop it without a restart, even if it is starting."""
        await self._until_over(self.ends)

    async def dies_for_good(self) -> None:
        """Kill it without a restart."""
        await self._until_over(self.kill)

    async def _until_over(self, end: Callable[[], Awaitable[object]]) -> None:
        self._may_live.clear()
        while not self._over.is_set():
            await end()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), AGAIN)

    def begins_again(self) -> None:
        """Start it again."""
        self._may_live.set()

    def suspend(self) -> None:
        """Suspend it."""
        self._sends(signal.SIGSTOP, expected=False)

    def wake(self) -> None:
        """Continue it."""
        self._sends(signal.SIGCONT, expected=False)

    def fill_disk(self, *, full: bool = True) -> None:
        """Fill its disk, or free it."""
        if self.pid:
            leave_room(self.pid, any_=not full)

    def expects_to_die(self) -> None:
        """Expect its next end."""
        self._expected = True

    @property
    def log(self) -> Path:
        """The file with the output of its processes."""
        return self._path("log")

    def _path(self, of: str) -> Path:
        return self.folder / f"{self.name}.{of}"

    def _sends(self, sign: signal.Signals, *, expected: bool = True) -> bool:
        if not self.pid:
            return False
        self._expected = self._expected or expected
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)
        return True

    async def _has_gone(self) -> bool:
        await asyncio.wait_for(self.gone.wait(), PATIENT)
        return True


@asynccontextmanager
async def living(replica: Replica) -> AsyncIterator[Replica]:
    """Run it until the block ends, then kill it."""
    task = asyncio.create_task(replica.live_on())
    try:
        yield replica
    finally:
        if not task.done():
            await replica.dies_for_good()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
