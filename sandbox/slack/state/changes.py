"""Waiting for something to become true: woken by every change, never by a timer."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

Seen = TypeVar("Seen")

PATIENCE: Final = 60.0
"""Seconds after which something has not come: none that a test measures, so a busy machine has time enough."""


class NeverSeen(TimeoutError):
    """What was waited for did not come; the message says what there was instead."""


class Changes:
    """Wakes whoever waits each time that anything changes."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._waiting: set[asyncio.Event] = set()

    def happened(self) -> None:
        """Wake everybody who waits, to look again."""
        for waiting in self._waiting:
            waiting.set()

    async def until(
        self, look: Callable[[], Seen | None], within: float = PATIENCE, *, instead: Callable[[], str] = str
    ) -> Seen:
        """Wait until `look` sees something (anything true), and return that.

        Raises:
            NeverSeen: nothing was seen within so many seconds; `instead` tells what there was.
        """
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(within):
                while not (seen := look()):
                    changed.clear()
                    await changed.wait()
                return seen
        except TimeoutError:
            raise NeverSeen(f"not within {within:g} seconds; there was instead:\n{instead()}") from None
        finally:
            self._waiting.discard(changed)
