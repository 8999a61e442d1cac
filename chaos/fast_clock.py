"""A clock on which a day passes in minutes, shared by all processes of a run, with clock jumps."""

import asyncio
import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

LAPSE: Final = 240.0
"""Seconds of the day per real second."""
_DOUBLE: Final = struct.Struct("d")


class Cell:
    """A number that several processes share, in a file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_DOUBLE.pack(0.0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _DOUBLE.size)

    @property
    def value(self) -> float:
        """Read it."""
        return float(_DOUBLE.unpack_from(self._map)[0])

    @value.setter
    def value(self, value: float) -> None:
        _DOUBLE.pack_into(self._map, 0, value)


class LapsedClock:
    """A `Clock` on which a day takes minutes; the same folder and start give the same time."""

    def __init__(self, began: float, folder: Path) -> None:
        self.began = began
        self._ahead = Cell(folder / "ahead")

    @classmethod
    def beginning(cls, folder: Path) -> Self:
        """Start the day now."""
        return cls(time.time(), folder)

    @property
    def hours(self) -> float:
        """Hours of the day that have passed, whatever the clock shows."""
        return (time.time() - self.began) * LAPSE / 3600

    async def until(self, hours: float) -> None:
        """Wait for an hour of the day."""
        await asyncio.sleep(max(0.0, (hours - self.hours) * 3600 / LAPSE))

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.fromtimestamp(self.began, UTC) + timedelta(hours=self.hours + self._ahead.value)

    def jump(self, hours: float) -> None:
        """Set the clock ahead or back."""
        self._ahead.value = hours
