"""The time of a day that passes in minutes, the same for all processes of a run, with the jumps that its clock is made to take."""

import asyncio
import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

LAPSE: Final = 240.0
"""Seconds of the day that pass in one."""
_DOUBLE: Final = struct.Struct("d")


class Cell:
    """A number that several processes see at once, in a file of theirs."""

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
    """The port `Clock`, by which a day is over in minutes; whoever has the same folder and beginning tells the same time."""

    def __init__(self, began: float, folder: Path) -> None:
        self.began = began
        self._ahead = Cell(folder / "ahead")

    @classmethod
    def beginning(cls, folder: Path) -> Self:
        """Let the day begin now."""
        return cls(time.time(), folder)

    @property
    def hours(self) -> float:
        """Say how many hours of the day are over, whatever the clock shows."""
        return (time.time() - self.began) * LAPSE / 3600

    async def until(self, hours: float) -> None:
        """Wait until so many hours of the day are over."""
        await asyncio.sleep(max(0.0, (hours - self.hours) * 3600 / LAPSE))

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        return datetime.fromtimestamp(self.began, UTC) + timedelta(hours=self.hours + self._ahead.value)

    def jump(self, hours: float) -> None:
        """Go so much before or behind the right time."""
        self._ahead.value = hours
