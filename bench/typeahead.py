"""Latency of the rule search over ten thousand rules, through the whole HTTP path."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Final

from bench import raw_http
from bench.ack_latency import BARE, connected, forms_opened, take_turn
from bench.constants import PEOPLE
from bench.metrics import Figure, percentile, within
from bench.payloads import suggestion
from bench.processes import both_servers

LIMIT: Final = 0.020
TYPED: Final = (
    "",
    "f",
    "fj",
    "fjord",
    "fjordkaffe sp",
    "o",
    "øyvær",
    "ary",
    "kaffe 3 for",
    "50",
    "(40)",
    "gavekort på 500",
    "zzz",
    "a e i",
)
"""From an empty text, which finds all, to one that finds nothing."""


async def measure(folder: Path, *, rules: int, count: int) -> list[Figure]:
    """Measure each text equally often, one request at a time."""
    async with both_servers(folder, rules=rules) as (slack, bare, ours):
        async with connected(ours, 1) as server:
            await take_turn(server, 1, "form")
        await forms_opened(slack, 1)
        view = json.loads(await raw_http.get(slack, "/bench/view"))
        await _all_rules(ours, view, rules)
        times: dict[int, list[float]] = {bare: [], ours: []}
        requests = [suggestion(view, PEOPLE[0], typed) for typed in TYPED]
        for number in range(count // len(requests)):
            times[ours] += await _typing(ours, requests)
            if number % len(requests) == 0:
                times[bare] += await _typing(bare, requests)
    name = f"rules while typing, over {rules:,}"
    return [
        within(
            f"{name}, p{share * 100:.0f}",
            percentile(times[ours], share),
            LIMIT,
            baseline=percentile(times[bare], share),
            against=BARE,
        )
        for share in (0.5, 0.99)
    ]


async def _typing(port: int, requests: list[bytes]) -> list[float]:
    times = []
    async with raw_http.line_to(port) as line:
        for request in requests:
            start = time.monotonic()
            await line.ask(request)
            times.append(time.monotonic() - start)
    return times


async def _all_rules(port: int, view: dict[str, Any], rules: int) -> None:
    """Wait until the bot has read all rules: the search then finds the maximum."""
    wanted = min(rules, 100) // 2
    async with asyncio.timeout(30):
        while True:
            async with raw_http.line_to(port) as line:
                found = json.loads(await line.ask(suggestion(view, PEOPLE[0], "")))
            if len(found.get("options", [])) >= wanted:
                return
            await asyncio.sleep(0.1)
