"""Time from start to ready, against bare Bolt's first answer."""

import time
from pathlib import Path
from typing import Final

from bench.metrics import Figure, median, within
from bench.processes import bare_bolt, bot_process, stand_ins

LIMIT: Final = 3.0


async def measure(folder: Path, *, times: int) -> list[Figure]:
    """Start both in turns; the bot once more before, in an empty folder."""
    bare: list[float] = []
    ours: list[float] = []
    async with stand_ins(folder) as (slack, dintero):
        for _ in range(times + 1):
            start = time.monotonic()
            async with bare_bolt(folder, slack):
                bare.append(time.monotonic() - start)
            start = time.monotonic()
            async with bot_process(folder, slack=slack, dintero=dintero):
                ours.append(time.monotonic() - start)
    against = "bare Bolt's first answer"
    return [
        within("start to ready, p50", median(ours[1:]), LIMIT, baseline=median(bare[1:]), against=against),
        within(
            "the very first start, with an empty database", ours[0], LIMIT, baseline=bare[0], against=against
        ),
    ]
