"""How actions reach the bot, and what people see if they do not; the bot is a bare server or client here."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.requests.person import AccountKind
from sandbox.slack import CannotDo, Message, NeverSeen, SandboxSlack, SignedHttp

Json = dict[str, Any]
MOMENT = timedelta(seconds=0.05)
Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/slack/events", answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def button(label: str, **more: Any) -> Json:
    return {
        "type": "button",
        "action_id": "act",
        "text": {"type": "plain_text", "text": label},
        "value": "7",
        **more,
    }


def post(slack: SandboxSlack, channel_id: str, *buttons: Json) -> Message:
    blocks = [{"type": "actions", "block_id": "row", "elements": list(buttons)}]
    return slack.workspace.post(slack.channel(channel_id), text="a card", blocks=blocks)


async def heard(slack: SandboxSlack, act: Callable[[], Awaitable[object]]) -> Json:
    """Let somebody act, and give back what the bot would hear of it."""
    await act()
    return slack.deliveries[-1].payload


async def test_http_is_signed_as_slack_signs() -> None:
    verifier = SignatureVerifier("shh")
    seen: list[tuple[bool, Json]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.text()
        seen.append((verifier.is_valid_request(body, dict(request.headers)), parse_qs(body)))
        return web.Response()

    async with listening(answer) as url, SandboxSlack() as slack:
        slack.line = SignedHttp(url, "shh")
        ann = slack.add_person("Ann")
        reaction = await ann.command("/discount add a&b", slack.add_channel("loyalty", [ann]))
    assert not reaction.trouble
    assert [valid for valid, _ in seen] == [True]
    assert seen[0][1]["text"] == ["add a&amp;b"]


async def test_who_waits_longer_than_slack_does_sees_a_timeout() -> None:
    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    async with listening(answer) as url, SandboxSlack(time_limit=MOMENT) as slack:
        slack.line = SignedHttp(url, "shh")
        ann = slack.add_person("Ann")
        reaction = await ann.command("/discount", slack.add_channel("loyalty", [ann]))
        never.set()
    assert reaction.trouble == '/discount failed with the error "operation_timeout"'


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_any_other_status_than_200_is_a_failure(status: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with listening(answer) as url, SandboxSlack() as slack:
        slack.line = SignedHttp(url, "shh")
        ann = slack.add_person("Ann")
        channel = slack.add_channel("loyalty", [ann])
        assert "dispatch_failed" in (await ann.command("/discount", channel)).trouble
        message = post(slack, channel.id, button("Approve…"))
        assert (await ann.press("Approve…", message)).trouble == "⚠ This app did not respond"


async def test_nobody_there_is_a_failure() -> None:
    async with SandboxSlack() as slack:
        ann = slack.add_person("Ann")
        channel = slack.add_channel("loyalty", [ann])
        assert "dispatch_failed" in (await ann.command("/discount", channel)).trouble
        slack.line = SignedHttp("http://127.0.0.1:9/slack/events", "shh")
        assert "dispatch_failed" in (await ann.command("/discount", channel)).trouble


@asynccontextmanager
async def connected(slack: SandboxSlack, *, acks: bool = True) -> AsyncIterator[SocketModeClient]:
    async def take(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if acks:
            await client.send_socket_mode_response(
                SocketModeResponse(request.envelope_id, {"text": f"heard {request.type}"})
            )

    web_client = AsyncWebClient(base_url=slack.api_url)
    client = SocketModeClient(slack.credentials.app_token, web_client=web_client, ping_interval=0.2)
    client.socket_mode_request_listeners.append(take)
    before = slack.socket_mode.connections
    try:
        await client.connect()  # type: ignore[no-untyped-call]
        await slack.until(lambda: slack.socket_mode.connections > before)
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]


async def test_each_of_the_bots_connections_is_used() -> None:
    async with SandboxSlack() as slack, connected(slack) as first, connected(slack) as second:
        ann = slack.add_person("Ann")
        channel = slack.add_channel("loyalty", [ann])
        for _ in range(2):
            assert (await ann.command("/discount", channel)).text == "heard slash_commands"
        await first.close()  # type: ignore[no-untyped-call]
        await slack.until(lambda: slack.socket_mode.connections == 1)
        assert (await ann.command("/discount", channel)).text == "heard slash_commands"
        assert await second.is_connected()


async def test_the_bot_comes_back_when_it_is_asked_to_connect_anew() -> None:
    async with SandboxSlack() as slack, connected(slack):
        ann = slack.add_person("Ann")
        await slack.socket_mode.disconnect("warning")
        await slack.until(
            lambda: slack.faults.calls["apps.connections.open"] == 2 and slack.socket_mode.connections == 1
        )
        assert (
            await ann.command("/discount", slack.add_channel("loyalty", [ann]))
        ).text == "heard slash_commands"


async def test_the_bot_comes_back_when_its_connection_is_cut() -> None:
    async with SandboxSlack() as slack, connected(slack):
        await slack.socket_mode.cut()
        await slack.until(
            lambda: slack.faults.calls["apps.connections.open"] == 2 and slack.socket_mode.connections == 1
        )


async def test_no_ack_over_the_socket_is_a_timeout_too() -> None:
    async with SandboxSlack(time_limit=MOMENT) as slack, connected(slack, acks=False):
        ann = slack.add_person("Ann")
        assert (
            "operation_timeout"
            in (await ann.command("/discount", slack.add_channel("loyalty", [ann]))).trouble
        )


async def test_a_connection_that_ends_takes_the_ack_with_it() -> None:
    async with SandboxSlack() as slack, connected(slack, acks=False) as client:
        heard = asyncio.Event()

        async def hear(*_: object) -> None:
            heard.set()

        client.socket_mode_request_listeners.append(hear)
        ann = slack.add_person("Ann")
        waiting = asyncio.create_task(ann.command("/discount", slack.add_channel("loyalty", [ann])))
        await heard.wait()
        await slack.socket_mode.cut()
        assert "dispatch_failed" in (await waiting).trouble


# the payloads, and what people can and cannot do; nobody listens, so each act fails after it was sent


async def test_a_command_says_where_and_who() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann Berg")
    room = slack.add_channel("secret", [ann], private=True)
    payload = await heard(slack, lambda: ann.command("/discount  add x", room))
    assert {
        key: payload[key] for key in ("command", "text", "user_id", "channel_id", "channel_name", "team_id")
    } == {
        "command": "/discount",
        "text": "add x",
        "user_id": "U0ANNBERG",
        "channel_id": room.id,
        "channel_name": "privategroup",
        "team_id": slack.team,
    }
    assert (await heard(slack, lambda: ann.command("/discount", ann.direct)))[
        "channel_name"
    ] == "directmessage"


async def test_a_press_says_which_message_and_with_what_value() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    channel = slack.add_channel("loyalty", [ann])
    message = post(slack, channel.id, button("Approve…", style="primary"))
    payload = await heard(slack, lambda: ann.press("Approve…", message))
    assert payload["type"] == "block_actions"
    assert payload["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": False,
    }
    assert payload["message"]["ts"] == message.ts
    assert payload["response_url"].endswith(tuple("0123456789"))
    assert (payload["actions"][0]["value"], payload["actions"][0]["block_id"]) == ("7", "row")
    assert json.loads(json.dumps(payload)) == payload


async def test_a_stranger_is_of_another_team_in_every_payload() -> None:
    slack = SandboxSlack()
    zed = slack.add_person("Zed", kind=AccountKind.STRANGER)
    channel = slack.add_channel("shared", [zed])
    message = post(slack, channel.id, button("Approve…"))
    pressed = await heard(slack, lambda: zed.press("Approve…", message))
    assert pressed["user"]["team_id"] == pressed["team"]["id"] == "T0ELSEWHERE"
    assert (await heard(slack, lambda: zed.command("/discount", channel)))["team_id"] == "T0ELSEWHERE"


async def test_a_button_that_was_seen_can_be_pressed_after_it_went() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    message = post(slack, slack.add_channel("loyalty", [ann]).id, button("Approve…"))
    seen = message.as_it_is()
    slack.workspace.edit(message, text="done", blocks=[])
    with pytest.raises(CannotDo, match="no button"):
        await ann.press("Approve…", message)
    payload = await heard(slack, lambda: ann.press("Approve…", seen))
    assert payload["message"]["text"] == "a card"


async def test_a_confirmation_can_be_declined_and_then_nothing_is_sent() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    words = {"title": "Sure?", "text": "It cannot be undone", "confirm": "Yes", "deny": "No"}
    confirm = {key: {"type": "plain_text", "text": text} for key, text in words.items()}
    message = post(slack, slack.add_channel("loyalty", [ann]).id, button("Cancel", confirm=confirm))
    assert (await ann.press("Cancel", message, confirm=False)).confirmed == "It cannot be undone"
    assert slack.deliveries == []
    assert (await ann.press("Cancel", message)).confirmed == "It cannot be undone"
    assert len(slack.deliveries) == 1


async def test_nobody_reaches_into_a_channel_they_are_not_in() -> None:
    slack = SandboxSlack()
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    channel = slack.add_channel("loyalty", [ann])
    message = post(slack, channel.id, button("Approve…"))
    with pytest.raises(CannotDo):
        await bo.command("/discount", channel)
    with pytest.raises(CannotDo):
        await bo.press("Approve…", message)
    assert bo.reads(channel) == []


async def test_a_closed_view_is_told_where_the_bot_asked_for_it() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Hello"},
        "blocks": [section],
        "notify_on_close": True,
    }
    slack.stacks.push(ann.id, view)
    payload = await heard(slack, (await ann.sees_view("Hello")).close)
    assert (payload["type"], payload["view"]["title"]["text"]) == ("view_closed", "Hello")
    assert ann.view is None


async def test_what_never_comes_is_said_with_what_came_instead() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    channel = slack.add_channel("loyalty", [ann])
    slack.workspace.post(channel, text="something else")
    with pytest.raises(NeverSeen, match="something else"):
        await ann.sees("the card", channel, within=0.01)
    with pytest.raises(NeverSeen, match="no modal"):
        await ann.sees_view("Review", within=0.01)
    with pytest.raises(NeverSeen, match="#loyalty"):
        await slack.until(lambda: False, within=0.01)
