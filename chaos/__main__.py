"""`python -m chaos`: prints the seed, runs scenario after scenario, and prints the results."""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console

from bot.database.migrate import migrate
from chaos import model_paths
from chaos.report import drawn
from chaos.run import Result, day
from chaos.scenarios import a_database, shapes
from chaos.schedule import Shape, plan
from tests.support.postgres import Server, start

MINUTES: Final = 10.0
WRONG: Final = 1
LARGEST_SEED: Final = 2**32
PATHS: Final = 0.1
"""The share of the time for the model's paths on each database; the scenarios get the rest."""


def main(arguments: Sequence[str]) -> int:
    """Run everything; return 1 if anything was lost, given twice, given without consent or never posted."""
    wanted = _read(arguments)
    seed = random.SystemRandom().randrange(LARGEST_SEED) if wanted.seed is None else wanted.seed
    console, began = Console(width=None if sys.stdout.isatty() else 140, highlight=False), time.monotonic()
    length = f"--kills {wanted.kills}" if wanted.kills else f"--minutes {wanted.minutes:g}"
    again = f"python -m chaos --seed {seed} {length}" + " --sqlite" * wanted.sqlite
    console.print(f"Seed {seed}: again by  {again}")
    books = shapes(sqlite_only=wanted.sqlite, kills=wanted.kills, minutes=wanted.minutes * (1 - 2 * PATHS))
    if wanted.plan:
        for number, shape in enumerate(books):
            console.print(str(plan(seed + number, shape)), soft_wrap=True)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whatever was started ends too
    logging.getLogger("psycopg.pool").setLevel(
        logging.CRITICAL
    )  # that of the comparison: PostgreSQL is restarted under it too
    server = None if wanted.sqlite else start(f"chaos-{os.getpid()}")  # it ends with this process
    results: list[Result] = []
    try:
        _paths(console, server, seed, 0 if wanted.kills else wanted.minutes * 60 * PATHS)
        results.extend(_days(console, server, seed, books))
    except KeyboardInterrupt:
        console.print("Interrupted: what follows is of the days that were over.")
    console.print(drawn(results, again))
    console.print(f"{time.monotonic() - began:.0f} s, seed {seed}")
    return WRONG if len(results) < len(books) or any(result.comparison.faults for result in results) else 0


def _read(given: Sequence[str]) -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    arguments.add_argument(
        "--seed",
        type=int,
        help="of an earlier run; the schedule is the same, what the machine makes of it may not be",
    )
    arguments.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        help="about how long it goes on, without the calm after a day",
    )
    arguments.add_argument(
        "--kills",
        type=int,
        help="in place of that: whole days of 200 requests in turn, until it was killed so often",
    )
    arguments.add_argument("--sqlite", action="store_true", help="SQLite alone")
    arguments.add_argument(
        "--plan", action="store_true", help="print the schedule, hour by hour, and do nothing of it"
    )
    return arguments.parse_args(given)


def _paths(console: Console, server: Server | None, seed: int, seconds: float) -> None:
    """Walk the model's paths on both databases."""
    if not seconds:
        return
    console.print(f"{model_paths.on_sqlite(seed=seed, seconds=seconds)} paths of the model on SQLite, held")
    if server:
        with server.database() as url:
            console.print(
                f"{model_paths.on_postgresql(url, seed=seed, seconds=seconds)} "
                "paths of the model on PostgreSQL, held"
            )


def _days(console: Console, server: Server | None, seed: int, books: list[Shape]) -> Iterator[Result]:
    """Run scenario after scenario, and print each result at once."""
    for number, shape in enumerate(books):
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory() as folder,
            a_database(Path(folder), server if shape.postgresql else None) as (url, restart),
        ):
            asyncio.run(migrate(url))
            result = uvloop.run(day(Path(folder), url, plan(seed + number, shape), restart=restart))
        where = (
            f"PostgreSQL, {shape.replicas} replicas"
            if shape.postgresql
            else "SQLite, Socket Mode"
            if shape.socket
            else "SQLite, HTTP"
        )
        faults = result.comparison.faults
        said = (
            f"{result.kills.total()} kills, {result.comparison.requests} requests, "
            f"differences: {len(faults) or 'none'}"
        )
        console.print(f"Day {number + 1} of {len(books)} ({where}): {said}; {time.monotonic() - began:.0f} s")
        if faults:
            kept = Path(tempfile.gettempdir()) / f"chaos-{os.getpid()}-{number + 1}.log"
            kept.write_text(result.log)
            console.print("\n".join(faults), f"The bot's log: {kept}", sep="\n", markup=False)
        yield result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
