"""A tiny real Bolt app between people and the stand-in, over signed HTTP and over Socket Mode."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import CannotDo, Channel, SandboxPerson, SandboxSlack, SignedHttp

Json = dict[str, Any]
RULES = {"Spar 100": "r-100", "Spar 200": "r-200", "Nissepris": "r-nisse"}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def form(*, more: bool = False, rule: str = "") -> Json:
    chosen = {"initial_option": {"text": plain(rule), "value": RULES[rule]}} if rule else {}
    select = {"type": "external_select", "action_id": "rule", "min_query_length": 0, **chosen}
    ids = {"type": "plain_text_input", "action_id": "ids", "multiline": True, "max_length": 100}
    key = {"type": "plain_text_input", "action_id": "key"}
    button = {"type": "button", "action_id": "more", "text": plain("More…")}
    below = (
        {
            "type": "input",
            "block_id": "key",
            "optional": True,
            "label": plain("Once-only key"),
            "element": key,
        }
        if more
        else {"type": "actions", "block_id": "more", "elements": [button]}
    )
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Give a discount"),
        "submit": plain("Review"),
        "blocks": [
            {"type": "input", "block_id": "rule", "label": plain("Rule"), "element": select},
            {"type": "input", "block_id": "ids", "label": plain("Customer IDs"), "element": ids},
            below,
        ],
    }


def review(values: Json) -> Json:
    rule = values["rule"]["rule"]["selected_option"]["text"]["text"]
    ids = values["ids"]["ids"]["value"]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"*{rule}* for {ids}"}}
    return {
        "type": "modal",
        "callback_id": "review",
        "title": plain("Review"),
        "submit": plain("Ask for approval"),
        "private_metadata": f"{rule}|{ids}",
        "external_id": "review-1",
        "blocks": [section],
    }


def card(text: str, *, open_: bool = True) -> list[Json]:
    approve = {
        "type": "button",
        "action_id": "approve",
        "value": "42",
        "text": plain("Approve…"),
        "style": "primary",
    }
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return [section, {"type": "actions", "elements": [approve]}] if open_ else [section]


def tiny_app(slack: SandboxSlack, channel: Channel) -> AsyncApp:
    client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url)
    app = AsyncApp(
        client=client, signing_secret=slack.credentials.signing_secret, process_before_response=True
    )

    @app.command("/discount")
    async def command(ack: AsyncAck, command: Json, client: AsyncWebClient) -> None:
        if command["text"].startswith("add"):
            await client.views_open(
                trigger_id=command["trigger_id"], view=form(rule=command["text"][3:].strip())
            )
            await ack()
        else:
            await ack(f"I heard “{command['text']}” from <@{command['user_id']}>")

    @app.options("rule")
    async def rules(ack: AsyncAck, payload: Json) -> None:
        typed = payload["value"].casefold()
        await ack(
            options=[
                {"text": plain(name), "value": rule}
                for name, rule in RULES.items()
                if typed in name.casefold()
            ]
        )

    @app.action("more")
    async def more(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=form(more=True))
        await ack()

    @app.view("form")
    async def filled(ack: AsyncAck, view: Json) -> None:
        values = view["state"]["values"]
        if "/" in values["ids"]["ids"]["value"]:
            await ack(response_action="errors", errors={"ids": "“/” is reserved"})
        else:
            await ack(response_action="update", view=review(values))

    @app.view("review")
    async def asked(ack: AsyncAck, view: Json, client: AsyncWebClient) -> None:
        await client.chat_postMessage(
            channel=channel.id, text="A request", blocks=card(view["private_metadata"])
        )
        await ack()

    @app.action("approve")
    async def approve(ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond) -> None:
        who, ts = body["user"]["id"], body["message"]["ts"]
        await client.chat_update(
            channel=channel.id, ts=ts, text="Approved", blocks=card(f"approved by <@{who}>", open_=False)
        )
        await client.chat_postMessage(
            channel=channel.id, thread_ts=ts, text=f"<@{who}> said yes to {body['actions'][0]['value']}"
        )
        await respond("Thank you", replace_original=False)
        await ack()

    return app


@asynccontextmanager
async def over_http(slack: SandboxSlack, app: AsyncApp) -> AsyncIterator[None]:
    async def take(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.add_routes([web.post("/slack/events", take)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.line = SignedHttp(
        f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events", slack.credentials.signing_secret
    )
    try:
        yield
    finally:
        await slack.line.close()
        await runner.cleanup()


@asynccontextmanager
async def over_socket(slack: SandboxSlack, app: AsyncApp) -> AsyncIterator[None]:
    client = AsyncWebClient(slack.credentials.app_token, base_url=slack.api_url)
    handler = AsyncSocketModeHandler(app, slack.credentials.app_token, web_client=client, ping_interval=1)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await slack.socket_mode.connected()
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class World:
    slack: SandboxSlack
    channel: Channel
    ann: SandboxPerson
    bo: SandboxPerson


@pytest.fixture(params=[over_http, over_socket], ids=["http", "socket"])
async def resources(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with SandboxSlack() as slack:
        ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
        channel = slack.add_channel("loyalty", [ann, bo])
        async with request.param(slack, tiny_app(slack, channel)):
            yield World(slack, channel, ann, bo)


async def test_a_command_is_answered_to_the_person_alone(resources: World) -> None:
    seen = await resources.ann.command("/discount a & b", resources.channel)
    assert seen.text == "I heard “a & b” from @Ann"
    assert [resources.ann.read(message) for message in resources.ann.ephemerals] == [seen.text]
    assert resources.bo.ephemerals == []
    assert resources.slack.messages(resources.channel) == []


async def test_a_request_goes_from_the_form_to_the_approval(resources: World) -> None:
    await resources.ann.command("/discount add", resources.channel)
    modal = await resources.ann.sees_view("Give a discount", submit="Review")
    await modal.fill({"Rule": "Spar 100", "Customer IDs": "c-1\nc-2"})
    assert (await modal.submit()).errors == {}
    asked = await resources.ann.sees_view("Review")
    assert "Spar 100 for c-1" in asked.text
    await asked.submit()
    await resources.ann.sees_no_view()
    message = await resources.bo.sees("Spar 100|c-1", resources.channel)
    reaction = await resources.bo.press("Approve…", message)
    assert not reaction.trouble
    assert resources.bo.read(message) == "approved by @Bo"
    assert [resources.ann.read(reply) for reply in resources.slack.thread(message)] == ["@Bo said yes to 42"]
    assert await resources.bo.is_told("Thank you")
    assert resources.slack.refused == []
    assert (
        "Discount bot\n  approved by @Bo\n    Discount bot\n      @Bo said yes to 42"
        in resources.slack.transcript(resources.channel)
    )


async def test_a_redraw_keeps_what_was_typed(resources: World) -> None:
    await resources.ann.command("/discount add Spar 200", resources.channel)
    modal = await resources.ann.sees_view("Give a discount")
    assert modal.values == {"Rule": "Spar 200", "Customer IDs": ""}
    await modal.fill({"Customer IDs": "c-1"})
    await modal.press("More…")
    await resources.ann.sees_view(label="Once-only key")
    assert modal.values == {"Rule": "Spar 200", "Customer IDs": "c-1", "Once-only key": ""}


async def test_an_error_stands_beside_its_field(resources: World) -> None:
    await resources.ann.command("/discount add Nissepris", resources.channel)
    modal = await resources.ann.sees_view()
    await modal.fill({"Customer IDs": "/"})
    assert (await modal.submit()).errors == {"Customer IDs": "“/” is reserved"}
    assert "✗ “/” is reserved" in modal.text
    assert modal.values["Customer IDs"] == "/"


async def test_slack_itself_refuses_empty_required_inputs(resources: World) -> None:
    await resources.ann.command("/discount add", resources.channel)
    modal = await resources.ann.sees_view()
    before = len(resources.slack.deliveries)
    refused = {"Rule": "This field is required", "Customer IDs": "This field is required"}
    assert (await modal.submit()).errors == refused
    assert len(resources.slack.deliveries) == before


async def test_a_person_can_only_do_what_is_there_to_do(resources: World) -> None:
    await resources.ann.command("/discount add", resources.channel)
    modal = await resources.ann.sees_view()
    with pytest.raises(CannotDo, match="not one of"):
        await modal.fill({"Rule": "Spar"})
    with pytest.raises(CannotDo, match="100 characters"):
        await modal.fill({"Customer IDs": "x" * 101})
    with pytest.raises(CannotDo, match="no button"):
        await modal.press("Less…")
    await modal.close()
    with pytest.raises(CannotDo, match="not on top"):
        await modal.submit()


async def test_options_are_those_that_the_bot_offers(resources: World) -> None:
    await resources.ann.command("/discount add", resources.channel)
    modal = await resources.ann.sees_view()
    assert [option["value"] for option in await modal.options("Rule", "spar")] == ["r-100", "r-200"]


async def test_a_delivery_can_come_twice(resources: World) -> None:
    await resources.ann.command("/discount hello", resources.channel)
    ack = await resources.slack.deliver_again()
    assert ack.ok
    assert "hello" in ack.body["text"]
    assert len(resources.slack.deliveries) == 2


async def test_an_outage_of_the_web_api_is_trouble_for_the_person(resources: World) -> None:
    await resources.ann.command("/discount add Nissepris", resources.channel)
    modal = await resources.ann.sees_view()
    patience, resources.slack.board.time_limit = resources.slack.board.time_limit, timedelta(seconds=1)
    resources.slack.faults.outage = True
    assert (await modal.press("More…")).trouble == "We had some trouble connecting. Try again?"
    resources.slack.faults.outage, resources.slack.board.time_limit = False, patience
    assert not (await modal.press("More…")).trouble
