"""The page in a real browser; a test that fails prints what the page showed."""

import os
import sys
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
from playwright.async_api import Page

from gallery.browser import browser_path, open_browser
from sandbox.browser.bot import Bot
from sandbox.browser.sandbox import Sandbox, open_sandbox
from sandbox.browser.server import PageServer, serve_page
from sandbox.dintero.server import SandboxDintero
from sandbox.passing_clock import PassingClock
from sandbox.shop import open_shop
from sandbox.slack.server import SandboxSlack

PATIENCE = 30_000
"""Milliseconds to wait for something; the machine may be busy."""
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let the fixtures know that the test has failed."""
    try:
        return (yield)
    except BaseException:
        item.stash[FAILED] = True
        raise


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def served(sandbox: Sandbox) -> AsyncIterator[PageServer]:
    async with serve_page(sandbox) as served:
        yield served


@pytest.fixture
async def without_bot(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox whose bot does not run, for what needs none."""
    clock = PassingClock()
    slack, dintero = SandboxSlack(clock=clock), SandboxDintero(clock=clock.now)
    async with open_shop(slack=slack, dintero=dintero) as shop:
        yield Sandbox(shop, Bot(shop, tmp_path, clock), clock, tmp_path)


@pytest.fixture
async def served_without_bot(without_bot: Sandbox) -> AsyncIterator[PageServer]:
    async with serve_page(without_bot) as served:
        yield served


async def describe(page: Page, sandbox: Sandbox) -> str:
    """Describe what a person sees on the page, and what went wrong between Slack and the bot."""
    slack = sandbox.shop.slack
    inputs = page.locator("input, textarea").evaluate_all(
        "all => all.map(({id, value}) => `${id}: ${value}`)"
    )
    acks = [
        f"{one.payload.get('type', one.kind)}: {one.ack.status} {one.ack.trouble}" for one in slack.deliveries
    ]
    return "\n".join(
        [
            "The page showed:",
            await page.locator("body").inner_text(),
            f"Its inputs: {await inputs}",
            f"The bot: {sandbox.bot.state}",
            f"Its acks: {acks}",
            f"Its refused calls: {slack.refused}",
        ]
    )


@pytest.fixture
async def page(served: PageServer, sandbox: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """The page, at a desk's width; an error of its script fails the test."""
    if browser_path() is None and "CI" not in os.environ:
        pytest.skip("there is no Chromium on this machine")
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": 1400, "height": 860})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "warning" else None)
        page.set_default_timeout(PATIENCE)
        await page.goto(served.url)
        yield page
        if request.node.stash.get(FAILED, default=False):
            sys.stderr.write(await describe(page, sandbox))
        assert errors == []
