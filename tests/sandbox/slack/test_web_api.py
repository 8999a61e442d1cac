"""Slack's rules, as the bot meets them in the Web API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain.requests.person import Kind
from sandbox.slack import Channel, Cut, Fault, SandboxPerson, SandboxSlack

Json = dict[str, Any]


@dataclass(slots=True)
class HandClock:
    moment: datetime = field(default_factory=lambda: datetime(2030, 1, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def pass_(self, **how_long: float) -> None:
        self.moment += timedelta(**how_long)


@dataclass(frozen=True, slots=True)
class World:
    slack: SandboxSlack
    clock: HandClock
    bot: AsyncWebClient
    ann: SandboxPerson
    channel: Channel


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = HandClock()
    async with SandboxSlack(clock=clock) as slack:
        ann = slack.add_person("Ann")
        bot = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
        yield World(slack, clock, bot, ann, slack.add_channel("loyalty", [ann]))


def modal(title: str = "Hello", **more: Any) -> Json:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
    return {"type": "modal", "title": {"type": "plain_text", "text": title}, "blocks": [section], **more}


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


# who may call what


async def test_auth_test_names_bot_team_and_scopes(world: World) -> None:
    answer = await world.bot.auth_test()
    assert answer["user_id"] == world.slack.bot.id
    assert answer["team_id"] == world.slack.team
    assert "usergroups:read" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), ("xapp-sandbox", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(world: World, token: str, error: str) -> None:
    assert await refusal(AsyncWebClient(token, base_url=world.slack.api_url).auth_test()) == error


async def test_a_missing_scope_is_named() -> None:
    async with SandboxSlack(scopes=["chat:write"]) as slack:
        ann = slack.add_person("Ann")
        with pytest.raises(SlackApiError) as caught:
            await AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url).users_info(user=ann.id)
    assert (caught.value.response["error"], caught.value.response["needed"]) == (
        "missing_scope",
        "users:read",
    )


async def test_the_app_token_opens_a_connection(world: World) -> None:
    answer = await AsyncWebClient(base_url=world.slack.api_url).apps_connections_open(
        app_token=world.slack.credentials.app_token
    )
    assert answer["url"].startswith("ws://127.0.0.1:")


async def test_an_unknown_method_is_refused(world: World) -> None:
    assert await refusal(world.bot.api_call("chat.shout")) == "unknown_method"


# messages


async def test_a_message_is_posted_edited_and_read_back_with_its_metadata(world: World) -> None:
    metadata = {"event_type": "request", "event_payload": {"key": "k-1"}}
    posted = await world.bot.chat_postMessage(channel=world.channel.id, text="one", metadata=metadata)
    reply = await world.bot.chat_postMessage(
        channel=world.channel.id, text="below", thread_ts=posted["ts"], metadata=metadata
    )
    await world.bot.chat_update(channel=world.channel.id, ts=posted["ts"], text="two")
    history = await world.bot.conversations_history(channel=world.channel.id, include_all_metadata=True)
    assert [(message["text"], message["metadata"]) for message in history["messages"]] == [("two", metadata)]
    replies = await world.bot.conversations_replies(
        channel=world.channel.id, ts=posted["ts"], include_all_metadata=True
    )
    assert [message["ts"] for message in replies["messages"]] == [posted["ts"], reply["ts"]]
    without = await world.bot.conversations_history(channel=world.channel.id)
    assert "metadata" not in without["messages"][0]
    assert [edit.text for edit in world.slack.messages(world.channel)[0].edits] == ["one"]


async def test_a_form_body_is_read_like_json(world: World) -> None:
    blocks = '[{"type": "section", "text": {"type": "mrkdwn", "text": "in a form"}}]'
    metadata = '{"event_type": "request", "event_payload": {}}'
    data = {"channel": world.channel.id, "text": "x", "blocks": blocks, "metadata": metadata}
    await world.bot.api_call("chat.postMessage", data=data)
    message = world.slack.messages(world.channel)[0]
    assert world.ann.read(message) == "in a form"
    assert message.metadata == {"event_type": "request", "event_payload": {}}


async def test_timestamps_are_unique_and_increase_while_the_clock_stands_still(world: World) -> None:
    stamps = [
        (await world.bot.chat_postMessage(channel=world.channel.id, text=str(n)))["ts"] for n in range(5)
    ]
    assert sorted(set(stamps), key=float) == stamps


async def test_history_comes_in_pages_newest_first(world: World) -> None:
    for n in range(5):
        await world.bot.chat_postMessage(channel=world.channel.id, text=str(n))
    first = await world.bot.conversations_history(channel=world.channel.id, limit=3)
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    rest = await world.bot.conversations_history(
        channel=world.channel.id, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [message["text"] for message in rest["messages"]] == ["1", "0"]
    assert not rest["has_more"]
    newer = await world.bot.conversations_history(channel=world.channel.id, oldest=rest["messages"][0]["ts"])
    assert [message["text"] for message in newer["messages"]] == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("setting", "error"),
    [({"bot": False}, "not_in_channel"), ({"bot": False, "private": True}, "channel_not_found")],
)
async def test_the_bot_posts_only_where_it_is_a_member(
    world: World, setting: dict[str, Any], error: str
) -> None:
    channel = world.slack.add_channel("elsewhere", [world.ann], **setting)
    assert await refusal(world.bot.chat_postMessage(channel=channel.id, text="hello")) == error


async def test_nothing_is_posted_in_an_archived_or_unknown_channel(world: World) -> None:
    world.channel.archived = True
    assert await refusal(world.bot.chat_postMessage(channel=world.channel.id, text="hello")) == "is_archived"
    assert await refusal(world.bot.chat_postMessage(channel="C0NONE", text="hello")) == "channel_not_found"


async def test_a_direct_message_is_seen_by_its_person_only(world: World) -> None:
    opened = await world.bot.conversations_open(users=world.ann.id)
    await world.bot.chat_postMessage(channel=opened["channel"]["id"], text="psst")
    await world.bot.chat_postMessage(channel=world.ann.id, text="again")
    assert [world.ann.read(message) for message in world.ann.reads(world.ann.direct)] == ["psst", "again"]
    assert world.slack.add_person("Bo").reads(world.ann.direct) == []


async def test_an_ephemeral_is_seen_by_its_person_and_stands_in_no_history(world: World) -> None:
    await world.bot.chat_postEphemeral(channel=world.channel.id, user=world.ann.id, text="only you")
    assert world.ann.read(await world.ann.is_told("only you")) == "only you"
    assert (await world.bot.conversations_history(channel=world.channel.id))["messages"] == []
    stranger = world.slack.add_person("Zed")
    assert (
        await refusal(world.bot.chat_postEphemeral(channel=world.channel.id, user=stranger.id, text="x"))
        == "user_not_in_channel"
    )


async def test_blocks_beyond_slacks_limits_are_refused_with_the_fault(world: World) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}
    with pytest.raises(SlackApiError) as caught:
        await world.bot.chat_postMessage(channel=world.channel.id, text="x", blocks=[section])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "3001" in caught.value.response["response_metadata"]["messages"][0]
    assert world.slack.refused[0].startswith("chat.postMessage: invalid_blocks: [ERROR]")


async def test_text_is_never_missing_nor_too_long(world: World) -> None:
    assert (
        await refusal(world.bot.api_call("chat.postMessage", json={"channel": world.channel.id})) == "no_text"
    )
    assert (
        await refusal(world.bot.chat_postMessage(channel=world.channel.id, text="x" * 40_001))
        == "msg_too_long"
    )


async def test_a_message_has_an_address(world: World) -> None:
    posted = await world.bot.chat_postMessage(channel=world.channel.id, text="one")
    answer = await world.bot.chat_getPermalink(channel=world.channel.id, message_ts=posted["ts"])
    assert (
        answer["permalink"]
        == f"https://sandbox.slack.com/archives/{world.channel.id}/p{posted['ts'].replace('.', '')}"
    )
    assert (
        await refusal(world.bot.chat_getPermalink(channel=world.channel.id, message_ts="1.0"))
        == "message_not_found"
    )


# people and channels


async def test_people_are_told_apart(world: World) -> None:
    kinds = {kind: world.slack.add_person(kind.value, kind=kind) for kind in Kind}
    users = {kind: (await world.bot.users_info(user=person.id))["user"] for kind, person in kinds.items()}
    assert users[Kind.GUEST]["is_restricted"]
    assert users[Kind.BOT]["is_bot"]
    assert users[Kind.DEACTIVATED]["deleted"]
    assert users[Kind.STRANGER]["team_id"] != world.slack.team
    assert await refusal(world.bot.users_info(user="U0NONE")) == "user_not_found"


async def test_groups_are_listed_with_their_members(world: World) -> None:
    leads = world.slack.add_group("leads", [world.ann])
    assert (await world.bot.usergroups_users_list(usergroup=leads.id))["users"] == [world.ann.id]
    assert [group["handle"] for group in (await world.bot.usergroups_list())["usergroups"]] == ["leads"]
    assert await refusal(world.bot.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_a_channel_says_whether_the_bot_is_in_it(world: World) -> None:
    assert (await world.bot.conversations_info(channel=world.channel.id))["channel"]["is_member"] is True
    mine = await world.bot.users_conversations()
    assert [channel["name"] for channel in mine["channels"]] == ["loyalty"]


# views


async def test_a_trigger_opens_one_view_within_three_seconds(world: World) -> None:
    first, second = (world.slack.tickets.trigger(world.ann.id) for _ in range(2))
    world.clock.pass_(seconds=3)
    await world.bot.views_open(trigger_id=first, view=modal())
    assert await refusal(world.bot.views_open(trigger_id=first, view=modal())) == "exchanged_trigger_id"
    world.clock.pass_(seconds=0.1)
    assert await refusal(world.bot.views_open(trigger_id=second, view=modal())) == "expired_trigger_id"
    assert await refusal(world.bot.views_open(trigger_id="made-up", view=modal())) == "invalid_trigger_id"


async def opened(world: World, **more: Any) -> Json:
    answer = await world.bot.views_open(
        trigger_id=world.slack.tickets.trigger(world.ann.id), view=modal(**more)
    )
    view: Json = answer["view"]
    return view


async def test_a_view_is_updated_by_either_id_while_its_hash_stands(world: World) -> None:
    view = await opened(world, external_id="draft-1")
    await world.bot.views_update(
        view_id=view["id"], hash=view["hash"], view=modal("Second", external_id="draft-1")
    )
    assert (
        await refusal(world.bot.views_update(view_id=view["id"], hash=view["hash"], view=modal("Third")))
        == "hash_conflict"
    )
    await world.bot.views_update(external_id="draft-1", view=modal("Fourth"))
    assert (await world.ann.sees_view()).title == "Fourth"


async def test_a_view_that_was_closed_is_not_found(world: World) -> None:
    view = await opened(world)
    await (await world.ann.sees_view()).close()
    assert await refusal(world.bot.views_update(view_id=view["id"], view=modal())) == "not_found"


async def test_three_views_stand_on_each_other_and_no_fourth(world: World) -> None:
    root = await opened(world)
    for n in (2, 3):
        answer = await world.bot.views_push(
            trigger_id=world.slack.tickets.trigger(world.ann.id), view=modal(f"No. {n}")
        )
        assert answer["view"]["root_view_id"] == root["id"]
    trigger = world.slack.tickets.trigger(world.ann.id)
    assert (
        await refusal(world.bot.views_push(trigger_id=trigger, view=modal("No. 4"))) == "push_limit_reached"
    )
    await (await world.ann.sees_view("No. 3")).close()
    await world.ann.sees_view("No. 2")


async def test_an_external_id_belongs_to_one_view(world: World) -> None:
    await opened(world, external_id="draft-1")
    trigger = world.slack.tickets.trigger(world.ann.id)
    assert (
        await refusal(world.bot.views_push(trigger_id=trigger, view=modal(external_id="draft-1")))
        == "duplicate_external_id"
    )


async def test_a_view_beyond_slacks_limits_is_refused(world: World) -> None:
    trigger = world.slack.tickets.trigger(world.ann.id)
    assert await refusal(world.bot.views_open(trigger_id=trigger, view=modal("x" * 25))) == "invalid_blocks"


# answering one person


async def test_a_response_address_takes_five_answers(world: World) -> None:
    address = AsyncWebhookClient(world.slack.tickets.response_url(world.ann.id, world.channel))
    answers = [await address.send(text=f"no. {n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    assert len(world.ann.ephemerals) == 5


async def test_a_response_address_lives_for_half_an_hour(world: World) -> None:
    address = AsyncWebhookClient(world.slack.tickets.response_url(world.ann.id, world.channel))
    world.clock.pass_(minutes=30, seconds=1)
    assert "expired_url" in (await address.send(text="late")).body


async def test_an_answer_can_take_the_place_of_the_message(world: World) -> None:
    await world.bot.chat_postMessage(channel=world.channel.id, text="before")
    message = world.slack.messages(world.channel)[0]
    address = AsyncWebhookClient(world.slack.tickets.response_url(world.ann.id, world.channel, message))
    await address.send(text="after", replace_original=True)
    assert world.ann.read(message) == "after"
    await address.send(delete_original=True)
    assert world.slack.messages(world.channel) == []


async def test_an_answer_may_be_for_all(world: World) -> None:
    address = AsyncWebhookClient(world.slack.tickets.response_url(world.ann.id, world.channel))
    await address.send(text="hear, hear", response_type="in_channel")
    assert [world.ann.read(message) for message in world.slack.messages(world.channel)] == ["hear, hear"]


# what goes wrong on purpose


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault.CUT_BEFORE, 0),
        (Fault.CUT_AFTER, 1),
        (Fault.SERVER_ERROR, 0),
        (Fault.SERVER_ERROR_AFTER, 1),
        (Fault.RATE_LIMITED, 0),
    ],
)
async def test_a_planned_fault_happens_before_or_after_the_effect(
    world: World, fault: Fault, posted: int
) -> None:
    world.slack.faults.plan("chat.postMessage", fault)
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await world.bot.chat_postMessage(channel=world.channel.id, text="hello")
    assert len(world.slack.messages(world.channel)) == posted
    await world.bot.chat_postMessage(channel=world.channel.id, text="hello")
    assert len(world.slack.messages(world.channel)) == posted + 1


async def test_too_many_calls_are_told_when_to_come_back(world: World) -> None:
    world.slack.faults.plan("chat.postMessage", Fault.RATE_LIMITED, retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await world.bot.chat_postMessage(channel=world.channel.id, text="hello")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert caught.value.response["error"] == "ratelimited"


async def test_a_test_can_step_in_at_each_call(world: World) -> None:
    points: list[tuple[str, str, int, int]] = []

    async def note(point: str, method: str, number: int) -> None:
        points.append((point, method, number, len(world.slack.messages(world.channel))))
        if (point, number) == ("after", 2):
            raise Cut

    world.slack.faults.on_call = note
    await world.bot.chat_postMessage(channel=world.channel.id, text="one")
    with pytest.raises(aiohttp.ClientError):
        await world.bot.chat_postMessage(channel=world.channel.id, text="two")
    method = "chat.postMessage"
    assert points == [
        ("before", method, 1, 0),
        ("after", method, 1, 1),
        ("before", method, 2, 1),
        ("after", method, 2, 2),
    ]


async def test_nothing_is_answered_in_an_outage(world: World) -> None:
    world.slack.faults.outage = True
    with pytest.raises(SlackApiError):
        await world.bot.auth_test()
    world.slack.faults.outage = False
    await world.bot.auth_test()


def test_ids_are_made_from_names_and_never_twice() -> None:
    slack = SandboxSlack()
    ids = [slack.add_person(name).id for name in ("Ann", "Ann", "Åse Øy", "李")]
    assert ids[0] == "U0ANN"
    assert len(set(ids)) == 4
