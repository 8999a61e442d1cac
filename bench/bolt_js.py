"""Acks per second in bursts of fifty, against Bolt for JavaScript with an empty handler."""

import asyncio
import os
import shutil
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from bench.ack_latency import BARE, Server, connected, forms_opened, take_turn
from bench.constants import BOT_TOKEN, SIGNING_SECRET
from bench.metrics import Figure, as_many, median, not_measured
from bench.payloads import commands
from bench.processes import (
    answering,
    both_servers,
    free_port,
    program,
)

VERSION: Final = "5.1.0"
"""The version of @slack/bolt; pinned as the baseline."""
AT_ONCE: Final = 50
AT_LEAST: Final = 0.8
INSTALLING: Final = 180.0
WHAT: Final = f"/discount add acked a second, {AT_ONCE} at once"
BASELINE: Final = f"Bolt for JavaScript {VERSION}, empty handler"
SCRIPT: Final = Path(__file__).with_name("bolt.js")


async def measure(folder: Path, *, bursts: int, install: bool) -> list[Figure]:
    """Measure both in turns; each burst starts when the last one's forms are open."""
    where = await _installed(install=install)
    if where is None:
        return [
            not_measured(
                WHAT, f"{BASELINE}: needs npm" + ("" if install else ", and is installed by a full run")
            )
        ]
    async with AsyncExitStack() as stack:
        slack, bare, ours = await stack.enter_async_context(both_servers(folder))
        theirs = await stack.enter_async_context(javascript_bolt(folder, slack, where))
        to_them, to_bare, to_us = [
            await stack.enter_async_context(connected(one, AT_ONCE)) for one in (theirs, bare, ours)
        ]
        took: tuple[list[float], list[float], list[float]] = ([], [], [])
        for burst in range(bursts + bursts // 5 + 1):
            took[0].append(await _burst(to_us, f"ours {burst}"))
            await forms_opened(slack, (burst + 1) * AT_ONCE)
            took[1].append(await _burst(to_bare, f"bare {burst}"))
            took[2].append(await _burst(to_them, f"theirs {burst}"))
    ours_did, bare_did, they_did = (
        AT_ONCE / median(times[-bursts:]) for times in took
    )  # the first ones warm up
    return [
        as_many(WHAT, ours_did, they_did, against=BASELINE, at_least=AT_LEAST),
        as_many(f"{BARE}, the same", bare_did, they_did, against=BASELINE),
    ]


async def _burst(server: Server, series: str) -> float:
    """Time a burst until the last ack."""
    start = time.monotonic()
    await take_turn(server, AT_ONCE, series)
    return time.monotonic() - start


@asynccontextmanager
async def javascript_bolt(folder: Path, slack: int, where: Path) -> AsyncIterator[int]:
    """Start it; yield its port after its first ack."""
    port, settings = free_port(), {"NODE_PATH": str(where / "node_modules")}
    told = (str(port), str(slack), BOT_TOKEN, SIGNING_SECRET)
    async with program("node", str(SCRIPT), *told, name="bolt.js", folder=folder, settings=settings) as child:
        await answering(port, commands(1, series="first")[0][1], child)
        yield port


async def _installed(*, install: bool) -> Path | None:
    """Find Bolt for JavaScript in the user's cache, where npm installs it once; None if unavailable."""
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "discount-bot-bench"
        / f"bolt-{VERSION}"
    )
    there = cache / "node_modules" / "@slack" / "bolt" / "package.json"
    if not there.exists() and install and shutil.which("npm") and shutil.which("node"):
        cache.mkdir(parents=True, exist_ok=True)
        options = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(cache))
        npm = await asyncio.create_subprocess_exec(
            "npm", "install", *options, f"@slack/bolt@{VERSION}", stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            await asyncio.wait_for(npm.wait(), INSTALLING)
        except TimeoutError:
            npm.kill()
    return cache if there.exists() and shutil.which("node") else None
