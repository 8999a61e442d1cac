"""An outage is one sentence in the log when it begins, and one when it ends."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.ids import CustomerId
from sandbox.dintero import Fault
from sandbox.shop import database_in, open_shop
from tests.journeys.process import a_process, approved
from tests.support.postgres import Server, start

TIME = r"\d+ (s|min \d+ s)"
SERVICES = (
    r"Dintero isn't answering \(it answered 503\)\. Requests wait, and continue when it is back\.",
    rf"Dintero is back after {TIME}\.",
    r"Slack isn't answering \(it answered internal_error\)\. Messages are kept, and posted when it is back\.",
    rf"Slack is back after {TIME}\.",
)
POSTGRES = (
    r".* \[info +\] ready .*",
    r".* PostgreSQL isn't answering \([a-z -]+\)\. Nothing is sent or posted until it is back\.",
    rf".* PostgreSQL is back after {TIME}\.",
    r".* \[info +\] closing",
)


@pytest.fixture
def url() -> Iterator[tuple[Server, str]]:
    """A database on a server of its own, to be stopped."""
    server = start(f"outages-{os.getpid()}")
    with server.database() as url:
        yield server, url
    server.leave()


def differing(patterns: tuple[str, ...], lines: list[str]) -> list[tuple[str, str]]:
    """Compare lines with what they should be."""
    pairs = zip_longest(patterns, lines, fillvalue="")
    return [(pattern, line) for pattern, line in pairs if not re.fullmatch(pattern, line.rstrip())]


@pytest.mark.timeout(200)
async def test_an_outage_of_dintero_or_slack_is_two_sentences_in_json(tmp_path: Path) -> None:
    url = database_in(tmp_path)
    async with open_shop() as shop, a_process(shop, tmp_path, url) as bot:
        async with open_repository(url) as repository:
            await approved(repository, shop, (CustomerId("c-1"),))
        shop.dintero.faults.always(Fault.broken(503))
        await bot.start()
        await bot.has_logged("Dintero isn't answering")
        shop.slack.faults.outage = True
        shop.dintero.faults.clear()
        await bot.has_logged("Slack isn't answering")
        shop.slack.faults.outage = False
        await shop.ann.sees("Given to 1 of 1", shop.support, within=60)
        assert await bot.stop() == 0
        lines = map(json.loads, bot.log.splitlines())
        loud = [line["event"] for line in lines if line["level"] != "info"]
    by_service = sorted(loud, key=lambda line: line.partition(" ")[0])  # one may begin before the other ends
    assert differing(SERVICES, by_service) == [], bot.log


@pytest.mark.timeout(200)
async def test_an_outage_of_postgresql_is_two_sentences_on_the_console(
    url: tuple[Server, str], tmp_path: Path
) -> None:
    server, address = url
    async with open_shop() as shop, a_process(shop, tmp_path, address, LOG_FORMAT="console") as bot:
        await bot.start()
        await bot.has_logged("ready")
        await asyncio.to_thread(server.process.stop)
        await bot.has_logged("PostgreSQL isn't answering")
        await asyncio.to_thread(server.process.ensure_postgres_running)
        await bot.has_logged("PostgreSQL is back")
        assert await bot.stop() == 0
    assert differing(POSTGRES, bot.log.splitlines()) == [], bot.log
