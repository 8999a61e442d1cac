"""The short form of `make chaos`: a storm of seconds in which a real bot is killed again and again, and what it is held to."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.giving.notices import Happened, Kind, Notice
from bot.giving.request import State
from bot.store.books import open_books
from bot.tryout.shop import open_shop
from chaos.holding import compare
from chaos.storm import STORMY, storm
from tests.clock import HandClock
from tests.giving.ground import customers
from tests.journeys.process import RULE, approved

ROOT: Final = Path(__file__).parent.parent
SEED: Final = 20_261_125


async def test_nothing_is_lost_given_twice_or_unsaid_in_a_short_storm(tmp_path: Path, sqlite_url: str) -> None:
    result = await storm(tmp_path, sqlite_url, seed=SEED, seconds=12)
    assert not result.comparison.faults, result.log
    assert result.kills
    assert result.comparison.requests


async def test_the_comparison_finds_what_is_lost_given_without_consent_and_unsaid(sqlite_url: str) -> None:
    who = customers(3)
    async with open_shop() as shop, open_books(sqlite_url) as books:
        request = await books.find(await approved(books, shop, who))
        assert request
        ledger = shop.dintero.ledger
        ledger.carry_out(ledger.arrived(RULE, who, request.once_key, HandClock().now()), HandClock().now())
        ledger.carry_out(ledger.arrived(RULE, who, None, HandClock().now()), HandClock().now())
        async with books.page(request.id) as page:
            assert page
            await page.say(Notice(kind=Kind.LINE, happened=Happened.STARTED, at=HandClock().now()))
        faults = "\n".join((await compare(shop, books, sqlite_url, STORMY)).faults)
    for fault in (
        "2 times",
        "given under a key of no request",
        "did not come to its end",
        "says nothing of 3",
        "before it was started",
        "never said",
    ):
        assert fault in faults


async def test_the_comparison_counts_as_unknown_what_the_bot_tells_as_unknown(sqlite_url: str) -> None:
    who, now = customers(3), HandClock().now()
    async with open_shop() as shop, open_books(sqlite_url) as books:
        request = await books.find(await approved(books, shop, who))
        assert request
        async with books.page(request.id) as page:
            assert page
            await page.keep(replace(request, state=State.GIVING, started_at=now))
        assert await books.take_up(request.id, 0)
        shop.dintero.ledger.carry_out(shop.dintero.ledger.arrived(RULE, who, request.once_key, now), now)
        async with books.page(request.id) as page:
            assert page
            await page.keep(replace(page.request, state=State.CANCELLED, cancel_asked_by=request.requester, ended_at=now))
        found = await compare(shop, books, sqlite_url, STORMY)
    assert (found.ends["unknown"], found.ends["not tried"]) == (3, 0)
    assert not [fault for fault in found.faults if "who hold" in fault]


def test_it_says_how_it_is_called() -> None:
    run = subprocess.run((sys.executable, "-m", "chaos", "--help"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0
    assert "--seed" in run.stdout
