"""`python -m chaos`: prints the seed, lets everything go wrong for so many minutes, and prints what came of it."""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import uvloop
from rich.console import Console
from rich.table import Table

from bot.store.migration import migrate
from chaos import paths
from chaos.storm import Result, storm
from tests.postgres import Server, start

MINUTES: Final = 10.0
WRONG: Final = 1
LARGEST_SEED: Final = 2**32
PATHS, STORM, POSTGRESQL = 0.1, 0.5, 0.3
"""Which part of the time goes to the model's paths on each database, and to the storm on SQLite and on PostgreSQL."""


def main() -> int:
    """Run everything; 1 where anything was lost, given twice, given without consent or unsaid."""
    wanted = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whatever was started ends too
    seed = random.SystemRandom().randrange(LARGEST_SEED) if wanted.seed is None else wanted.seed
    console, seconds, began = Console(width=None if sys.stdout.isatty() else 140), wanted.minutes * 60, time.monotonic()
    console.print(f"Seed {seed}: again by  python -m chaos --seed {seed} --minutes {wanted.minutes:g}", highlight=False)
    server = None if wanted.sqlite else start(f"chaos-{os.getpid()}")  # it ends with this process
    try:
        results = _all(console, server, seed, seconds)
    except KeyboardInterrupt:
        return WRONG
    console.print(f"{time.monotonic() - began:.0f} s, seed {seed}", highlight=False)
    return WRONG if any(result.comparison.faults for result in results) else 0


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    arguments.add_argument("--seed", type=int, help="of an earlier run; the schedule is the same, what the machine makes of it may not be")
    arguments.add_argument("--minutes", type=float, default=MINUTES, help="how long it goes on, without the calm after a storm")
    arguments.add_argument("--sqlite", action="store_true", help="SQLite alone")
    return arguments.parse_args()


def _all(console: Console, server: Server | None, seed: int, seconds: float) -> list[Result]:
    """Do one part after the other, and print each as soon as it is over."""
    done = paths.on_sqlite(seed=seed, seconds=seconds * PATHS)
    console.print(f"{done} paths of the model on SQLite, held", highlight=False)
    if server is None:
        return [_a_storm(console, "SQLite", None, seed, seconds * STORM)]
    with server.database() as url:
        done = paths.on_postgresql(url, seed=seed, seconds=seconds * PATHS)
    console.print(f"{done} paths of the model on PostgreSQL, held", highlight=False)
    results = [_a_storm(console, "SQLite", None, seed, seconds * STORM)]
    with server.database() as url:
        results.append(_a_storm(console, "PostgreSQL", url, seed + 1, seconds * POSTGRESQL))
    return results


def _a_storm(console: Console, name: str, url: str | None, seed: int, seconds: float) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        where = url or f"sqlite:///{folder}/discount-bot.db"
        asyncio.run(migrate(where))
        result = uvloop.run(storm(Path(folder), where, seed=seed, seconds=seconds))
    console.print(_drawn(name, result))
    if result.comparison.faults:
        kept = Path(tempfile.gettempdir()) / f"chaos-{os.getpid()}-{name.lower()}.log"
        kept.write_text(result.log)
        console.print(f"The bot's log: {kept}", highlight=False)
    return result


def _drawn(name: str, result: Result) -> Table:
    found = result.comparison
    table = Table(f"A storm on {name}", "", title_justify="left")
    table.add_row("the bot was killed", f"{result.kills:,} times")
    table.add_row("requests", f"{found.requests:,}: " + ", ".join(f"{number:,} {state}" for state, number in found.states.most_common()))
    table.add_row("customers", f"{found.customers:,}: " + ", ".join(f"{number:,} {end}" for end, number in found.ends.most_common()))
    for what, number in sorted(result.did.items()):
        table.add_row(what, f"{number:,}")
    table.add_row("messages of the bot", f"{found.messages:,}")
    table.add_row("rows of the audit, verified", f"{found.rows:,}")
    table.add_row("lost, twice, without consent or unsaid", "none" if not found.faults else "\n".join(found.faults))
    return table


if __name__ == "__main__":
    sys.exit(main())
