"""Time and memory from a long file to its review, against a bare loop."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import constants, sample_files
from bench.metrics import Figure, median, megabytes, shorter, within
from bench.processes import begin, process, stand_ins, told

PATIENCE: Final = 600.0
"""Seconds per reading."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A file format: its writer, its baseline and its number of runs."""

    name: str
    suffix: str
    write: Callable[[Path, int], None]
    against: str
    at_most: float
    memory: float
    """Maximum bytes of bot and reading process together, each at its peak."""


TEXT: Final = Kind("CSV", ".csv", sample_files.write_text, "bare csv.reader loop", 2.0, memory=400e6)
WORKBOOK: Final = Kind("XLSX", ".xlsx", sample_files.write_workbook, "bare calamine loop", 1.5, memory=450e6)


async def measure(folder: Path, *, rows: int, times: int) -> list[Figure]:
    """Measure each format, bot and bare loop in turns."""
    (folder / "policy.toml").write_text(constants.POLICY)
    async with stand_ins(folder) as (slack, dintero):
        settings = constants.settings(slack=slack, dintero=dintero, database_url="sqlite:///discount-bot.db")
        return [
            each for kind in (TEXT, WORKBOOK) for each in await _compare(folder, kind, rows, times, settings)
        ]


async def _compare(folder: Path, kind: Kind, rows: int, times: int, settings: dict[str, str]) -> list[Figure]:
    path = folder / f"list{kind.suffix}"
    kind.write(path, rows)
    took: dict[str, list[float]] = {"bare": [], "ours": []}
    peak = 0.0
    async with AsyncExitStack() as stack:
        children = {
            who: await stack.enter_async_context(
                process("bench.file_reading_worker", who, str(path), folder=folder, settings=settings)
            )
            for who in took
        }
        for child in children.values():
            await told(child)
        for turn in range(times + 1):
            for who, child in children.items():
                seconds, *peaks = map(float, (await begin(child, patience=PATIENCE)).split())
                took[who] += [seconds] if turn else []  # the first warms up
                peak = sum(peaks) if who == "ours" else peak
    what = f"{rows:,} ids from {kind.name} to the review"
    return [
        shorter(what, median(took["ours"]), median(took["bare"]), against=kind.against, at_most=kind.at_most),
        within(f"{what}, peak memory", peak, kind.memory, unit=megabytes),
    ]
