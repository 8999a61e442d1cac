"""Lets answers to Slack leave before what comes after them is begun: when many click at once, nobody's ack waits for another's form."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from bot.domain.ports import BackgroundTasks

MOMENT: Final = 0.003
"""Seconds without a click before work is begun: of many who click together, some requests come a little later."""
PACE: Final = 0.001
"""Seconds from piece to piece, in which a new click is noticed; what comes after one takes about as long to draw."""
LATE: Final = 0.001
"""Seconds. Begun all the same, pieces would run into each other, and the next click's answer wait for several of them."""
WAITING: Final = 64
"""Pieces of work that wait at most. Beyond that each click begins the oldest, so that a rush that lasts cannot pile work up."""
LONGEST: Final = 0.5
"""Seconds that work waits at most: what opens a form has 3 in all."""


class DeferredWork:
    """The port `BackgroundTasks` for whoever answers Slack: work is begun once nobody waits for an answer, a piece at a time."""

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._clicks = 0
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next_look: asyncio.Handle | None = None

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer as under way until the block ends; it is sent before the loop comes to any work."""
        self._clicks += 1
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._look_soon()

    def wake(self) -> None:
        """Look at once for what there is to give and to say."""
        self._background.wake()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Do a piece of work after the click was answered."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._background.spawn(_in_turn(work, turn))
        if len(self._waiting) > WAITING:
            self._begin_oldest()
        self._look_soon()

    def _look_soon(self) -> None:
        if self._next_look:
            self._next_look.cancel()
        if self._waiting and not self._under_way:
            self._look_in(MOMENT, self._clicks)

    def _look_in(self, seconds: float, clicks: int) -> None:
        self._next_look = asyncio.get_running_loop().call_later(
            seconds, self._look, clicks, time.monotonic() + seconds
        )

    def _look(self, clicks: int, due: float) -> None:
        """Begin what waits, piece by piece, as long as nobody has clicked since; a look that comes late tells of a piece still at work."""
        if self._waiting and clicks == self._clicks:
            if time.monotonic() - due < LATE:
                self._begin_oldest()
            self._look_in(PACE, clicks)

    def _begin_oldest(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else its work has waited for too long, or was cancelled
                turn.set_result(None)
                return


async def _in_turn(work: Coroutine[Any, Any, object], turn: asyncio.Future[None]) -> None:
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await turn
    except BaseException:
        work.close()
        raise
    await work
