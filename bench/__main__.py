"""`python -m bench`: measures everything and prints the table; `--quick` only checks that it works."""

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from bench import (
    ack_latency,
    ack_under_load,
    backups,
    bolt_js,
    file_reading,
    growth,
    idle_cost,
    outage,
    recovery,
    setup,
    soak,
    startup,
    throughput,
    typeahead,
    waits,
)
from bench.metrics import Figure
from bench.processes import Broken, forks
from bench.report import drawn, markdown
from bench.workload import Workload

BROKEN: Final = 1


Measuring = Callable[[Path], Awaitable[list[Figure]]]
Parts = dict[str, Measuring]


def _loads(alone: int, bursts: int, row: int) -> tuple[ack_latency.Load, ...]:
    """The loads: one at a time; bursts of fifty; fifty without a pause."""
    return (
        ack_latency.Load("1 at once", alone, 1, 2, p50=0.25, p99=1.0),
        ack_latency.Load("50 at once", bursts * 50, 50, bursts, p99=1.0),
        ack_latency.Load("50 without a pause", row, 50, 1),
    )


AS_FAST: Final = {"aiohttp": 0.97, "httpx": 0.95}
EIGHT_WIDE: Final = throughput.Line(Workload(100_000, 500, 8), 7, (1,), bare=AS_FAST, ideal=0.92)
MILLION: Final = throughput.Line(Workload(1_000_000, 1_000, 32), 5, (1, 3), bare={"aiohttp": 0.97})

SIZES: Final = (10_000, 100_000, 1_000_000)
"""Ended requests."""

FULL: Final[Parts] = {
    "acks": lambda folder: ack_latency.measure(folder, _loads(2_000, 100, 2_500)),
    "javascript": lambda folder: bolt_js.measure(folder, bursts=50, install=True),
    "typeahead": lambda folder: typeahead.measure(folder, rules=10_000, count=1_400),
    "waits": lambda folder: waits.measure(folder, clicks=24),
    "giving": lambda folder: throughput.measure(folder, [EIGHT_WIDE, MILLION]),
    "meanwhile": lambda folder: ack_under_load.measure(folder, plan=MILLION.plan, times=6, idle=5.0),
    "reading": lambda folder: file_reading.measure(folder, rows=1_000_000, times=5),
    "waiting": lambda folder: idle_cost.measure(folder, waiting=10_000, seconds=20.0),
    "idle": lambda folder: idle_cost.measure_on_postgres(folder, seconds=60.0),
    "kills": lambda folder: recovery.measure(
        folder, plan=Workload(100_000, 100, 8), kills=3, on_postgres=True
    ),
    "soak": lambda folder: soak.measure(folder, requests=2_000),
    "outage": lambda folder: outage.measure(folder, seconds=(10.0, 30.0, 150.0), suspended=30.0),
    "start": lambda folder: startup.measure(folder, times=5),
    "setup": lambda folder: setup.measure(folder, times=5, install=True),
    "growth": lambda folder: growth.measure(folder, sizes=SIZES),
    "backup": lambda folder: backups.measure(folder, megabytes=1_000),
}
"""The parts, in the order of the table."""

QUICK: Final[Parts] = {
    "acks": lambda folder: ack_latency.measure(folder, _loads(20, 2, 100)),
    "javascript": lambda folder: bolt_js.measure(folder, bursts=2, install=False),
    "typeahead": lambda folder: typeahead.measure(folder, rules=200, count=14),
    "waits": lambda folder: waits.measure(folder, clicks=1),
    "giving": lambda folder: throughput.measure(
        folder, [throughput.Line(Workload(4_000, 500, 8), 1, bare=AS_FAST, ideal=0.92)]
    ),
    "meanwhile": lambda folder: ack_under_load.measure(
        folder, plan=Workload(20_000, 500, 8), times=1, idle=0.2
    ),
    "reading": lambda folder: file_reading.measure(folder, rows=4_000, times=1),
    "waiting": lambda folder: idle_cost.measure(folder, waiting=50, seconds=1.0),
    "idle": lambda folder: idle_cost.measure_on_postgres(folder, seconds=1.0),
    "kills": lambda folder: recovery.measure(folder, plan=Workload(4_000, 50, 8), kills=1, on_postgres=False),
    "soak": lambda folder: soak.measure(folder, requests=2),
    "outage": lambda folder: outage.measure(folder, seconds=(3.0,), suspended=3.0),
    "start": lambda folder: startup.measure(folder, times=1),
    "setup": lambda folder: setup.measure(folder, times=1, install=False),
    "growth": lambda folder: growth.measure(folder, sizes=(50,), turns=1, clicks=1, on_postgres=False),
    "backup": lambda folder: backups.measure(folder, megabytes=5),
}


async def measure(parts: Parts, console: Console) -> list[Figure]:
    """Measure part by part, each with its own folder and processes."""
    _end_on_signal()
    figures: list[Figure] = []
    for name, part in parts.items():
        with tempfile.TemporaryDirectory() as folder, console.status(f"Measuring: {name} …"):
            figures += await part(Path(folder))
    return figures


def _end_on_signal() -> None:
    """End all processes on SIGTERM."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def main() -> int:
    """Print the table; missed targets are not a failure."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a few samples of each and shorter times")
    arguments.add_argument(
        "--only", action="append", choices=FULL, help="measure this part alone; may be repeated"
    )
    arguments.add_argument(
        "--markdown", action="store_true", help="the table once more, as docs/performance.md has it"
    )
    arguments.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, help="ended requests for growth, other than a million"
    )
    wanted = arguments.parse_args()
    console, began = Console(width=None if sys.stdout.isatty() else 150), time.monotonic()
    try:
        full = {**FULL, "growth": lambda folder: growth.measure(folder, sizes=wanted.sizes)}
        parts = QUICK if wanted.quick else full
        forks.set(wanted.quick)
        figures = uvloop.run(
            measure({name: part for name, part in parts.items() if name in (wanted.only or parts)}, console)
        )
    except asyncio.CancelledError:
        return BROKEN
    except Broken as broken:
        Console(stderr=True, markup=False, highlight=False).print(f"The measuring broke: {broken}")
        return BROKEN
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    console.print(drawn(figures, f"{machine}; {time.monotonic() - began:.0f} s of measuring"))
    if wanted.markdown:
        print(markdown(figures))  # noqa: T201 - to be copied: not wrapped
    return 0


if __name__ == "__main__":
    sys.exit(main())
