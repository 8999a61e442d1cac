"""Waits for a condition: woken by every change, never by a timer."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

Seen = TypeVar("Seen")

PATIENCE: Final = 60.0
"""Seconds to wait at most; generous, since no test measures it and the machine may be busy."""


class NeverSeen(TimeoutError):
    """The awaited thing did not come; the message says what was there instead."""


class Changes:
    """Wakes all waiters at each change."""

    def __init__(self) -> None:
        """Start with no waiters."""
        self.count = 0
        """How many there were: compared with an earlier count, it misses none."""
        self._waiting: set[asyncio.Event] = set()

    def happened(self) -> None:
        """Wake all waiters to check again."""
        self.count += 1
        for waiting in self._waiting:
            waiting.set()

    async def until(
        self, look: Callable[[], Seen | None], within: float = PATIENCE, *, instead: Callable[[], str] = str
    ) -> Seen:
        """Wait until `look` returns something true, and return it.

        Raises:
            NeverSeen: it did not in time; `instead` describes what was there.
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
