"""In HTTP mode a dead Slack is noticed by a question now and then, or soon after a call that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from slack_sdk.errors import SlackApiError

from bot.slack.client.connection import ApiClient, ApiWatch, open_client, watch_api
from sandbox.slack import SandboxSlack
from sandbox.slack.state.faults import Cut

SOON, NEVER = 0.01, 1e9
POLL = "usergroups.list"
"""A method that always answers here."""


@dataclass
class Slack:
    """A Slack whose calls can be cut or kept waiting, and which notes how many questions it has at once."""

    sandbox: SandboxSlack
    watched: ApiClient
    other: ApiClient
    """A client that nothing watches."""
    away: bool = False
    hangs: bool = False
    asked: int = 0
    now: int = 0
    most: int = 0
    _hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_call(self, point: str, method: str, _number: int) -> None:
        if (point, method) != ("before", "auth.test"):
            return
        self.asked, self.now = self.asked + 1, self.now + 1
        self.most = max(self.most, self.now)
        try:
            if self.hangs:
                await self._hanging.wait()
            if self.away:
                raise Cut
        finally:
            self.now -= 1

    async def pass_by(self) -> None:
        """Let some time pass."""
        with suppress(SlackApiError):
            await self.other.api_call(POLL)

    async def until(self, watch: ApiWatch, *, heard: bool) -> None:
        async with asyncio.timeout(60):
            while await watch.is_heard() is not heard:
                await self.pass_by()

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(60):
            while self.asked < times:
                await self.pass_by()


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with (
        SandboxSlack() as sandbox,
        open_client(sandbox.api_url, sandbox.credentials.bot_token) as watched,
        open_client(sandbox.api_url, sandbox.credentials.bot_token) as other,
    ):
        slack = Slack(sandbox, watched, other)
        sandbox.faults.on_call = slack.on_call
        yield slack
        slack._hanging.set()  # noqa: SLF001


async def test_a_slack_that_does_not_answer_is_away_until_it_does(slack: Slack) -> None:
    async with watch_api(slack.watched, quiet=SOON, retry=SOON) as watch:
        await slack.until_asked(3)
        assert await watch.is_heard()
        slack.away = True
        await slack.until(watch, heard=False)
        slack.away = False
        await slack.until(watch, heard=True)
    assert slack.most == 1


async def test_a_slack_that_hangs_is_away_and_is_asked_once_at_a_time(slack: Slack) -> None:
    async with watch_api(slack.watched, quiet=SOON, retry=SOON, answer=0.1) as watch:
        ended: list[Exception | None] = []
        slack.watched.on_end_listeners.append(ended.append)
        slack.hangs = True
        await slack.until(watch, heard=False)
        assert isinstance(ended[-1], TimeoutError)  # so that the log tells this outage too
        slack.hangs = False
        await slack.until(watch, heard=True)


async def test_one_unanswered_question_is_not_enough(slack: Slack) -> None:
    slack.away = True
    async with watch_api(slack.watched, quiet=NEVER, retry=NEVER) as watch:
        await watch.ask()
        assert await watch.is_heard()
        await watch.ask()
        assert not await watch.is_heard()


async def test_any_answer_counts_and_saves_a_question(slack: Slack) -> None:
    seconds = [0.0]
    watch = ApiWatch(slack.watched, quiet=30, ticks=lambda: seconds[0])
    for seconds[0] in (29.0, 58.0, 87.0):
        assert not watch.is_due
        await slack.watched.api_call(POLL)
    seconds[0] = 117.0
    assert watch.is_due


async def test_a_failed_call_brings_the_question_forward(slack: Slack) -> None:
    async with watch_api(slack.watched, quiet=NEVER, retry=SOON) as watch:
        slack.away = True
        with suppress(Exception):
            await slack.watched.auth_test()
        await slack.until(watch, heard=False)


async def test_a_revoked_token_counts_as_away_and_other_refusals_do_not(slack: Slack) -> None:
    watch = ApiWatch(slack.watched, quiet=NEVER)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await slack.watched.conversations_info(channel="C0NOWHERE")
    assert await watch.is_heard()
    good, slack.watched.token = slack.watched.token, "xoxb-revoked"
    await watch.ask()
    assert not await watch.is_heard()
    assert not watch.is_due  # it is asked now and then: it answers
    slack.watched.token = good
    await watch.ask()
    assert await watch.is_heard()
