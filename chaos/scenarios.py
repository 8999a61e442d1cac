"""Chooses the days of a run and makes a new database for each, on SQLite or PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from math import ceil
from pathlib import Path
from typing import Final

from chaos.fast_clock import LAPSE
from chaos.schedule import HOURS, KILLS, MOST_STEPS, Shape
from tests.support.postgres import Server

KINDS: Final = (
    Shape(),
    Shape(postgresql=True, replicas=2),
    Shape(socket=True),
    Shape(postgresql=True, replicas=3),
)
"""The databases, in turn."""
MOST_HOURS: Final = 12.0
"""Maximum hours of a day that must end within minutes."""


def shapes(*, kills: int | None, minutes: float, sqlite_only: bool = False) -> list[Shape]:
    """List the days: whole ones for a number of kills, or one per database for some minutes together.

    >>> [(shape.postgresql, shape.kills) for shape in shapes(kills=1000, minutes=0)]
    [(False, 260), (True, 260), (False, 260), (True, 260)]
    """
    kinds = [shape for shape in KINDS if not (sqlite_only and shape.postgresql)]
    if kills:
        return [
            replace(shape, first=number * MOST_STEPS // 2)
            for number, shape in enumerate(islice(cycle(kinds), ceil(kills / KILLS)))
        ]
    here = kinds[: 1 if sqlite_only else 2]
    return [part_of(shape, min(MOST_HOURS, minutes * 60 / len(here) * LAPSE / 3600)) for shape in here]


def part_of(shape: Shape, hours: float) -> Shape:
    """Shorten a day, with everything in proportion."""
    share = hours / HOURS
    much = {name: max(1, round(getattr(shape, name) * share)) for name in ("requests", "troubles", "kills")}
    return replace(shape, hours=hours, **much)


@contextmanager
def a_database(folder: Path, server: Server | None) -> Iterator[tuple[str, Callable[[], None]]]:
    """Make an empty database; return how to restart its server."""
    if server is None:
        yield f"sqlite:///{folder}/discount-bot.db", lambda: None
        return
    with server.database(empty=True) as url:
        yield url, server.restart
