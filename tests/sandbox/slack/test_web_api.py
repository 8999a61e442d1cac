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

from bot.domain.requests.person import AccountKind
from sandbox.slack import Channel, Cut, Fault, SandboxPerson, SandboxSlack
from sandbox.slack.server import TIME_LIMIT

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
async def resources() -> AsyncIterator[World]:
    clock = HandClock()
    async with SandboxSlack(clock=clock, time_limit=TIME_LIMIT) as slack:
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


async def test_auth_test_names_bot_team_and_scopes(resources: World) -> None:
    answer = await resources.bot.auth_test()
    assert answer["user_id"] == resources.slack.bot.id
    assert answer["team_id"] == resources.slack.team
    assert "usergroups:read" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), ("xapp-sandbox", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(resources: World, token: str, error: str) -> None:
    assert await refusal(AsyncWebClient(token, base_url=resources.slack.api_url).auth_test()) == error


async def test_a_missing_scope_is_named() -> None:
    async with SandboxSlack(scopes=["chat:write"]) as slack:
        ann = slack.add_person("Ann")
        with pytest.raises(SlackApiError) as caught:
            await AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url).users_info(user=ann.id)
    assert (caught.value.response["error"], caught.value.response["needed"]) == (
        "missing_scope",
        "users:read",
    )


async def test_the_app_token_opens_a_connection(resources: World) -> None:
    answer = await AsyncWebClient(base_url=resources.slack.api_url).apps_connections_open(
        app_token=resources.slack.credentials.app_token
    )
    assert answer["url"].startswith("ws://127.0.0.1:")


async def test_an_unknown_method_is_refused(resources: World) -> None:
    assert await refusal(resources.bot.api_call("chat.shout")) == "unknown_method"


# messages


async def test_a_message_is_posted_edited_and_read_back_with_its_metadata(resources: World) -> None:
    metadata = {"event_type": "request", "event_payload": {"key": "k-1"}}
    posted = await resources.bot.chat_postMessage(channel=resources.channel.id, text="one", metadata=metadata)
    reply = await resources.bot.chat_postMessage(
        channel=resources.channel.id, text="below", thread_ts=posted["ts"], metadata=metadata
    )
    await resources.bot.chat_update(channel=resources.channel.id, ts=posted["ts"], text="two")
    history = await resources.bot.conversations_history(
        channel=resources.channel.id, include_all_metadata=True
    )
    assert [(message["text"], message["metadata"]) for message in history["messages"]] == [("two", metadata)]
    replies = await resources.bot.conversations_replies(
        channel=resources.channel.id, ts=posted["ts"], include_all_metadata=True
    )
    assert [message["ts"] for message in replies["messages"]] == [posted["ts"], reply["ts"]]
    without = await resources.bot.conversations_history(channel=resources.channel.id)
    assert "metadata" not in without["messages"][0]
    assert [edit.text for edit in resources.slack.messages(resources.channel)[0].edits] == ["one"]


async def test_a_form_body_is_read_like_json(resources: World) -> None:
    blocks = '[{"type": "section", "text": {"type": "mrkdwn", "text": "in a form"}}]'
    metadata = '{"event_type": "request", "event_payload": {}}'
    data = {"channel": resources.channel.id, "text": "x", "blocks": blocks, "metadata": metadata}
    await resources.bot.api_call("chat.postMessage", data=data)
    message = resources.slack.messages(resources.channel)[0]
    assert resources.ann.read(message) == "in a form"
    assert message.metadata == {"event_type": "request", "event_payload": {}}


async def test_timestamps_are_unique_and_increase_while_the_clock_stands_still(resources: World) -> None:
    stamps = [
        (await resources.bot.chat_postMessage(channel=resources.channel.id, text=str(n)))["ts"]
        for n in range(5)
    ]
    assert sorted(set(stamps), key=float) == stamps


async def test_history_comes_in_pages_newest_first(resources: World) -> None:
    for n in range(5):
        await resources.bot.chat_postMessage(channel=resources.channel.id, text=str(n))
    first = await resources.bot.conversations_history(channel=resources.channel.id, limit=3)
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    rest = await resources.bot.conversations_history(
        channel=resources.channel.id, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [message["text"] for message in rest["messages"]] == ["1", "0"]
    assert not rest["has_more"]
    newer = await resources.bot.conversations_history(
        channel=resources.channel.id, oldest=rest["messages"][0]["ts"]
    )
    assert [message["text"] for message in newer["messages"]] == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("setting", "error"),
    [({"bot": False}, "not_in_channel"), ({"bot": False, "private": True}, "channel_not_found")],
)
async def test_the_bot_posts_only_where_it_is_a_member(
    resources: World, setting: dict[str, Any], error: str
) -> None:
    channel = resources.slack.add_channel("elsewhere", [resources.ann], **setting)
    assert await refusal(resources.bot.chat_postMessage(channel=channel.id, text="hello")) == error


async def test_nothing_is_posted_in_an_archived_or_unknown_channel(resources: World) -> None:
    resources.channel.archived = True
    assert (
        await refusal(resources.bot.chat_postMessage(channel=resources.channel.id, text="hello"))
        == "is_archived"
    )
    assert (
        await refusal(resources.bot.chat_postMessage(channel="C0NONE", text="hello")) == "channel_not_found"
    )


async def test_a_direct_message_is_seen_by_its_person_only(resources: World) -> None:
    opened = await resources.bot.conversations_open(users=resources.ann.id)
    await resources.bot.chat_postMessage(channel=opened["channel"]["id"], text="psst")
    await resources.bot.chat_postMessage(channel=resources.ann.id, text="again")
    assert [resources.ann.read(message) for message in resources.ann.reads(resources.ann.direct)] == [
        "psst",
        "again",
    ]
    assert resources.slack.add_person("Bo").reads(resources.ann.direct) == []


async def test_an_ephemeral_is_seen_by_its_person_and_stands_in_no_history(resources: World) -> None:
    await resources.bot.chat_postEphemeral(
        channel=resources.channel.id, user=resources.ann.id, text="only you"
    )
    assert resources.ann.read(await resources.ann.is_told("only you")) == "only you"
    assert (await resources.bot.conversations_history(channel=resources.channel.id))["messages"] == []
    stranger = resources.slack.add_person("Zed")
    assert (
        await refusal(
            resources.bot.chat_postEphemeral(channel=resources.channel.id, user=stranger.id, text="x")
        )
        == "user_not_in_channel"
    )


async def test_blocks_beyond_slacks_limits_are_refused_with_the_fault(resources: World) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}
    with pytest.raises(SlackApiError) as caught:
        await resources.bot.chat_postMessage(channel=resources.channel.id, text="x", blocks=[section])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "3001" in caught.value.response["response_metadata"]["messages"][0]
    assert resources.slack.refused[0].startswith("chat.postMessage: invalid_blocks: [ERROR]")


async def test_text_is_never_missing_nor_too_long(resources: World) -> None:
    assert (
        await refusal(resources.bot.api_call("chat.postMessage", json={"channel": resources.channel.id}))
        == "no_text"
    )
    assert (
        await refusal(resources.bot.chat_postMessage(channel=resources.channel.id, text="x" * 40_001))
        == "msg_too_long"
    )


async def test_a_message_has_an_address(resources: World) -> None:
    posted = await resources.bot.chat_postMessage(channel=resources.channel.id, text="one")
    answer = await resources.bot.chat_getPermalink(channel=resources.channel.id, message_ts=posted["ts"])
    assert (
        answer["permalink"]
        == f"https://sandbox.slack.com/archives/{resources.channel.id}/p{posted['ts'].replace('.', '')}"
    )
    assert (
        await refusal(resources.bot.chat_getPermalink(channel=resources.channel.id, message_ts="1.0"))
        == "message_not_found"
    )


# people and channels


async def test_people_are_told_apart(resources: World) -> None:
    kinds = {kind: resources.slack.add_person(kind.value, kind=kind) for kind in AccountKind}
    users = {kind: (await resources.bot.users_info(user=person.id))["user"] for kind, person in kinds.items()}
    assert users[AccountKind.GUEST]["is_restricted"]
    assert users[AccountKind.BOT]["is_bot"]
    assert users[AccountKind.DEACTIVATED]["deleted"]
    assert users[AccountKind.STRANGER]["team_id"] != resources.slack.team
    assert await refusal(resources.bot.users_info(user="U0NONE")) == "user_not_found"


async def test_groups_are_listed_with_their_members(resources: World) -> None:
    leads = resources.slack.add_group("leads", [resources.ann])
    assert (await resources.bot.usergroups_users_list(usergroup=leads.id))["users"] == [resources.ann.id]
    assert [group["handle"] for group in (await resources.bot.usergroups_list())["usergroups"]] == ["leads"]
    assert await refusal(resources.bot.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_a_channel_says_whether_the_bot_is_in_it(resources: World) -> None:
    assert (await resources.bot.conversations_info(channel=resources.channel.id))["channel"][
        "is_member"
    ] is True
    mine = await resources.bot.users_conversations()
    assert [channel["name"] for channel in mine["channels"]] == ["loyalty"]


# views


async def test_a_trigger_opens_one_view_within_three_seconds(resources: World) -> None:
    first, second = (resources.slack.tickets.trigger(resources.ann.id) for _ in range(2))
    resources.clock.pass_(seconds=3)
    await resources.bot.views_open(trigger_id=first, view=modal())
    assert await refusal(resources.bot.views_open(trigger_id=first, view=modal())) == "exchanged_trigger_id"
    resources.clock.pass_(seconds=0.1)
    assert await refusal(resources.bot.views_open(trigger_id=second, view=modal())) == "expired_trigger_id"
    assert await refusal(resources.bot.views_open(trigger_id="made-up", view=modal())) == "invalid_trigger_id"


async def opened(resources: World, **more: Any) -> Json:
    answer = await resources.bot.views_open(
        trigger_id=resources.slack.tickets.trigger(resources.ann.id), view=modal(**more)
    )
    view: Json = answer["view"]
    return view


async def test_a_view_is_updated_by_either_id_while_its_hash_stands(resources: World) -> None:
    view = await opened(resources, external_id="draft-1")
    await resources.bot.views_update(
        view_id=view["id"], hash=view["hash"], view=modal("Second", external_id="draft-1")
    )
    assert (
        await refusal(resources.bot.views_update(view_id=view["id"], hash=view["hash"], view=modal("Third")))
        == "hash_conflict"
    )
    await resources.bot.views_update(external_id="draft-1", view=modal("Fourth"))
    assert (await resources.ann.sees_view()).title == "Fourth"


async def test_a_view_that_was_closed_is_not_found(resources: World) -> None:
    view = await opened(resources)
    await (await resources.ann.sees_view()).close()
    assert await refusal(resources.bot.views_update(view_id=view["id"], view=modal())) == "not_found"


async def test_three_views_stand_on_each_other_and_no_fourth(resources: World) -> None:
    root = await opened(resources)
    for n in (2, 3):
        answer = await resources.bot.views_push(
            trigger_id=resources.slack.tickets.trigger(resources.ann.id), view=modal(f"No. {n}")
        )
        assert answer["view"]["root_view_id"] == root["id"]
    trigger = resources.slack.tickets.trigger(resources.ann.id)
    assert (
        await refusal(resources.bot.views_push(trigger_id=trigger, view=modal("No. 4")))
        == "push_limit_reached"
    )
    await (await resources.ann.sees_view("No. 3")).close()
    await resources.ann.sees_view("No. 2")


async def test_an_external_id_belongs_to_one_view(resources: World) -> None:
    await opened(resources, external_id="draft-1")
    trigger = resources.slack.tickets.trigger(resources.ann.id)
    assert (
        await refusal(resources.bot.views_push(trigger_id=trigger, view=modal(external_id="draft-1")))
        == "duplicate_external_id"
    )


async def test_a_view_beyond_slacks_limits_is_refused(resources: World) -> None:
    trigger = resources.slack.tickets.trigger(resources.ann.id)
    assert (
        await refusal(resources.bot.views_open(trigger_id=trigger, view=modal("x" * 25))) == "invalid_blocks"
    )


# answering one person


async def test_a_response_address_takes_five_answers(resources: World) -> None:
    address = AsyncWebhookClient(resources.slack.tickets.response_url(resources.ann.id, resources.channel))
    answers = [await address.send(text=f"no. {n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    assert len(resources.ann.ephemerals) == 5


async def test_a_response_address_lives_for_half_an_hour(resources: World) -> None:
    address = AsyncWebhookClient(resources.slack.tickets.response_url(resources.ann.id, resources.channel))
    resources.clock.pass_(minutes=30, seconds=1)
    assert "expired_url" in (await address.send(text="late")).body


async def test_an_answer_can_take_the_place_of_the_message(resources: World) -> None:
    await resources.bot.chat_postMessage(channel=resources.channel.id, text="before")
    message = resources.slack.messages(resources.channel)[0]
    address = AsyncWebhookClient(
        resources.slack.tickets.response_url(resources.ann.id, resources.channel, message)
    )
    await address.send(text="after", replace_original=True)
    assert resources.ann.read(message) == "after"
    await address.send(delete_original=True)
    assert resources.slack.messages(resources.channel) == []


async def test_an_answer_may_be_for_all(resources: World) -> None:
    address = AsyncWebhookClient(resources.slack.tickets.response_url(resources.ann.id, resources.channel))
    await address.send(text="hear, hear", response_type="in_channel")
    assert [resources.ann.read(message) for message in resources.slack.messages(resources.channel)] == [
        "hear, hear"
    ]


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
    resources: World, fault: Fault, posted: int
) -> None:
    resources.slack.faults.plan("chat.postMessage", fault)
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await resources.bot.chat_postMessage(channel=resources.channel.id, text="hello")
    assert len(resources.slack.messages(resources.channel)) == posted
    await resources.bot.chat_postMessage(channel=resources.channel.id, text="hello")
    assert len(resources.slack.messages(resources.channel)) == posted + 1


async def test_too_many_calls_are_told_when_to_come_back(resources: World) -> None:
    resources.slack.faults.plan("chat.postMessage", Fault.RATE_LIMITED, retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await resources.bot.chat_postMessage(channel=resources.channel.id, text="hello")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert caught.value.response["error"] == "ratelimited"


async def test_a_test_can_step_in_at_each_call(resources: World) -> None:
    points: list[tuple[str, str, int, int]] = []

    async def note(point: str, method: str, number: int) -> None:
        points.append((point, method, number, len(resources.slack.messages(resources.channel))))
        if (point, number) == ("after", 2):
            raise Cut

    resources.slack.faults.on_call = note
    await resources.bot.chat_postMessage(channel=resources.channel.id, text="one")
    with pytest.raises(aiohttp.ClientError):
        await resources.bot.chat_postMessage(channel=resources.channel.id, text="two")
    method = "chat.postMessage"
    assert points == [
        ("before", method, 1, 0),
        ("after", method, 1, 1),
        ("before", method, 2, 1),
        ("after", method, 2, 2),
    ]


async def test_nothing_is_answered_in_an_outage(resources: World) -> None:
    resources.slack.faults.outage = True
    with pytest.raises(SlackApiError):
        await resources.bot.auth_test()
    resources.slack.faults.outage = False
    await resources.bot.auth_test()


def test_ids_are_made_from_names_and_never_twice() -> None:
    slack = SandboxSlack()
    ids = [slack.add_person(name).id for name in ("Ann", "Ann", "Åse Øy", "李")]
    assert ids[0] == "U0ANN"
    assert len(set(ids)) == 4
