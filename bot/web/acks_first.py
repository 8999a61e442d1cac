"""Lets answers to Slack leave before what comes after them is begun: when many click at once, nobody's ack waits for another's form."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from bot.giving.ports import Jobs

LONGEST: Final = 0.05
"""Seconds that work waits at most, however many click: what opens a form has 3 in all."""
MOMENT: Final = 0.003
"""Seconds without a click before work is begun: of many who click together, some requests come a little later."""


class AcksFirst:
    """The port `Jobs` for whoever answers Slack: work is begun once nobody waits for an answer, a piece at a time."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._clicks = 0
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer as under way until the block ends; it is sent before the loop comes to any work."""
        self._clicks += 1
        self._under_way += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()

    def wake(self) -> None:
        """Look at once for what there is to give and to say."""
        self._jobs.wake()

    def soon(self, work: Coroutine[Any, Any, object]) -> None:
        """Do a piece of work after the click was answered."""
        self._jobs.soon(self._do(work, asyncio.get_running_loop().time() + LONGEST))

    async def _do(self, work: Coroutine[Any, Any, object], at_last: float) -> None:
        try:
            async with self._turn:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(at_last):
                        await self._calm()
        except BaseException:
            work.close()
            raise
        await work

    async def _calm(self) -> None:
        """Wait until a moment has passed without a click."""
        seen = -1
        while seen != self._clicks or self._under_way:
            await self._quiet.wait()
            seen = self._clicks
            await asyncio.sleep(MOMENT)
