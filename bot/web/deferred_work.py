"""Background work that starts after the acks: nobody's ack waits for another person's form to be drawn.

In `make bench` a lone click's median ack takes 0.16 of bare Bolt's time; the target is 0.25. Without this it
took 0.14 to 0.30, on a loaded machine.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from bot.domain.delivery import current_delivery
from bot.domain.ports import BackgroundTasks

MAX_WAIT_SECONDS: Final = 0.5
"""How long work waits for acks: Slack gives 3 s in all to open a form."""


class DeferredWork:
    """The port `BackgroundTasks` for handlers: starts work piece by piece, between acks."""

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._acks = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Hold work back until the block ends; the event loop sends the ack before it starts any."""
        self._acks += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._acks -= 1
            if not self._acks:
                self._idle.set()

    def wake(self) -> None:
        """Look at once for what there is to give and to post."""
        self._background.wake()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run work once no ack is pending."""
        if delivery := current_delivery():
            delivery.has_work = True
        self._background.spawn(self._run(work))

    async def _run(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            with suppress(TimeoutError):
                # one at a time: between two pieces the loop notices new clicks
                async with asyncio.timeout(MAX_WAIT_SECONDS), self._turn:
                    await self._idle.wait()
        except BaseException:
            work.close()
            raise
        await work
