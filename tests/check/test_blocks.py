"""The check of messages and modals: Slack sees one of each, and says which block it refuses, and why."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.check.blocks import MOST_BLOCKS, MOST_NAMED, check_blocks
from bot.check.samples import messages, modals
from bot.domain.requests.request import State
from bot.slack.client.connection import ApiClient
from bot.slack.messages.direct_texts import DIRECT
from bot.slack.messages.notices import CHANNEL
from bot.slack.messages.thread_lines import LINES
from bot.slack.modals import approval, rejection, request_form, review, settings
from bot.slack.rendering.formatting import Formatter, Json, Message
from bot.web.server import close
from sandbox.slack import SandboxSlack
from sandbox.slack.state.faults import Fault

LOOK = Formatter("NOK", "Europe/Oslo", ("U0CHIEF",))
LINE = {"type": "section", "text": {"type": "mrkdwn", "text": "fine"}}
LONG = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}
FINE, BAD = Message("fine", [LINE]), Message("bad", [LINE, LONG])
MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "Sample"}}


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    async with SandboxSlack() as slack:
        yield slack


async def lines(api_url: str, said: list[tuple[str, Message]], forms: list[tuple[str, Json]]) -> list[str]:
    client = ApiClient(base_url=api_url, retry_handlers=[])
    return [str(result) async for result in check_blocks(client, said, forms)]


async def test_slack_takes_one_of_each_in_few_calls(slack: SandboxSlack) -> None:
    said, forms = list(messages(LOOK)), list(modals(LOOK))
    assert await lines(slack.api_url, said, forms) == [
        f"✓ Slack messages and forms – Slack accepts all {len(said)} messages and {len(forms)} forms"
    ]
    blocks = sum(len(message.blocks) for _, message in said)
    assert slack.faults.calls["blocks.validate"] <= 2 * blocks // MOST_BLOCKS + len(forms) + 8
    assert slack.workspace.channels == {}


def test_the_samples_have_every_kind() -> None:
    names = [name for name, _ in (*messages(LOOK), *modals(LOOK))]
    assert len(names) == len(set(names))
    for state in set(State) - {State.DRAFT}:
        assert f"card, {state}" in names
    for kind, told in (("line", LINES), ("notice", CHANNEL), ("direct message", DIRECT)):
        assert {f"{kind}, {happened}" for happened in told} <= set(names)
    callbacks = {view.get("callback_id") for _, view in modals(LOOK)}
    assert {each.CALLBACK for each in (request_form, review, approval, rejection, settings)} <= callbacks


async def test_a_refused_block_is_named_with_its_message_and_the_reason(slack: SandboxSlack) -> None:
    said = [("fine", FINE), ("bad", BAD), ("also fine", FINE)]
    forms = [("fine", MODAL | {"blocks": [LINE]}), ("bad", MODAL | {"blocks": [LINE, LINE, LONG]})]
    message, form = await lines(slack.api_url, said, forms)
    assert message.startswith("✗ message “bad” – Slack rejects block 2 (section): ")
    assert "3001 characters, 1 to 3000 are allowed. Slack won't show this. Update" in message
    assert form.startswith("✗ form “bad” – Slack rejects block 3 (section): ")


async def test_only_the_first_refusals_are_named(slack: SandboxSlack) -> None:
    assert len(await lines(slack.api_url, [(f"bad {at}", BAD) for at in range(30)], [])) == MOST_NAMED


@pytest.mark.parametrize("error", ["unknown_method", "invalid_arguments", "ratelimited"])
async def test_another_answer_of_slack_is_one_warning(slack: SandboxSlack, error: str) -> None:
    slack.faults.plan("blocks.validate", Fault.REFUSED, error=error)
    (line,) = await lines(slack.api_url, [("fine", FINE)], [])
    assert line.startswith(f"⚠ Slack messages and forms – Slack didn't check them ({error})")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"ok": False, "error": "invalid_view"}, "✗ form “sample” – Slack rejects it without a reason."),
        (
            {"ok": False, "error": "invalid_view", "errors": [{"pointer": "/title/text", "message": "long"}]},
            "✗ form “sample” – Slack rejects /title/text: long.",
        ),
        (
            {"ok": False, "error": "invalid_view", "errors": [{"pointer": "/blocks/7/x", "code": "c"}, 3]},
            "✗ form “sample” – Slack rejects /blocks/7/x: c.",
        ),
        ({"ok": False, "error": "invalid_view", "errors": "?"}, "✗ form “sample” – Slack rejects it without"),
        ("<html>", "⚠ Slack messages and forms – Slack didn't check them"),
        (None, "⚠ Slack messages and forms – Slack didn't check them"),
    ],
)
async def test_an_answer_in_another_shape_is_harmless(answer: Any, line: str) -> None:
    async with answering(answer) as api_url:
        (found,) = await lines(api_url, [], [("sample", MODAL | {"blocks": [LINE]})])
    assert found.startswith(line)


@asynccontextmanager
async def answering(answer: Any) -> AsyncIterator[str]:
    """Answer every call with this, or with status 404 for None."""

    async def respond(_request: web.Request) -> web.Response:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        kind = "application/json" if isinstance(answer, dict) else "text/plain"
        return web.Response(text=text, content_type=kind, status=404 if answer is None else 200)

    app = web.Application()
    app.router.add_post("/api/{method}", respond)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await close(runner)
