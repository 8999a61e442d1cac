"""`python -m bench`: measures everything once, and prints the table; `--quick` takes a few samples of each, to see that it works."""

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from bench import acks, giving, start, typeahead
from bench.figures import Figure, drawn
from bench.lists import Plan
from bench.processes import Broken

BROKEN: Final = 1


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    loads: tuple[acks.Load, ...]
    rules: int
    typings: int
    givings: tuple[giving.Line, ...]
    starts: int


def _loads(alone: int, bursts: int, row: int) -> tuple[acks.Load, ...]:
    """Name the loads: one after the other; fifty who come together, and then nobody; fifty without a pause."""
    return (
        acks.Load("1 at once", alone, 1, 2, p50=0.25, p99=1.0),
        acks.Load("50 at once", bursts * 50, 50, bursts, p99=1.0),
        acks.Load("50 without a pause", row, 50, 1),
    )


GIVINGS: Final = (
    giving.Line(Plan(100_000, 500, 8), 5, (1,), bare=0.97, ideal=0.92),
    giving.Line(Plan(1_000_000, 1_000, 32), 3, (1, 3), bare=0.97),
)
FULL: Final = Size(_loads(2_000, 100, 2_500), 10_000, 1_400, GIVINGS, 5)
QUICK: Final = Size(_loads(20, 2, 100), 200, 14, (giving.Line(Plan(4_000, 500, 8), 1, bare=0.97, ideal=0.92),), 1)

Measuring = Callable[[Path, Size], Awaitable[list[Figure]]]
PARTS: Final[dict[str, Measuring]] = {
    "acks": lambda folder, size: acks.measure(folder, size.loads),
    "typeahead": lambda folder, size: typeahead.measure(folder, rules=size.rules, count=size.typings),
    "giving": lambda folder, size: giving.measure(folder, size.givings),
    "start": lambda folder, size: start.measure(folder, times=size.starts),
}


async def measure(parts: list[str], size: Size, console: Console) -> list[Figure]:
    """Measure part by part, each in a folder of its own and with processes of its own."""
    _end_on_signal()
    figures: list[Figure] = []
    for part in parts:
        with tempfile.TemporaryDirectory() as folder, console.status(f"Measuring: {part} …"):
            figures += await PARTS[part](Path(folder), size)
    return figures


def _end_on_signal() -> None:
    """Let SIGTERM end all that was started too."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def main() -> int:
    """Print the table; targets that are missed are no failure of the measuring."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a few samples of each, without PostgreSQL")
    arguments.add_argument("--only", action="append", choices=PARTS, help="measure this part alone; may be repeated")
    wanted = arguments.parse_args()
    console, began = Console(width=None if sys.stdout.isatty() else 150), time.monotonic()
    try:
        figures = uvloop.run(measure(wanted.only or list(PARTS), QUICK if wanted.quick else FULL, console))
    except asyncio.CancelledError:
        return BROKEN
    except Broken as broken:
        Console(stderr=True, markup=False, highlight=False).print(f"The measuring broke: {broken}")
        return BROKEN
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    console.print(drawn(figures, f"{machine}; {time.monotonic() - began:.0f} s of measuring"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
