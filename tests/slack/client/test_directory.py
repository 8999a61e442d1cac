import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.requests.person import AccountKind, Profile
from bot.errors import DirectoryUnavailable
from bot.slack.client.directory import SlackDirectory, kind_of
from sandbox.slack import Cut, Fault, SandboxSlack


@dataclass(slots=True)
class HandClock:
    moment: datetime = field(default_factory=lambda: datetime(2030, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def pass_(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    async with SandboxSlack() as slack:
        yield slack


@pytest.fixture
def directory(slack: SandboxSlack, clock: HandClock) -> SlackDirectory:
    client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
    return SlackDirectory(client, slack.team, clock, answer_within=2.0)


@pytest.mark.parametrize("kind", list(AccountKind))
async def test_slack_says_who_somebody_is(
    slack: SandboxSlack, directory: SlackDirectory, kind: AccountKind
) -> None:
    somebody = slack.add_person("Ann Berg", kind=kind)
    assert await directory.profile(somebody.id) == Profile(somebody.id, kind, "Ann Berg")


async def test_whom_slack_does_not_know_is_a_stranger(directory: SlackDirectory) -> None:
    assert (await directory.profile(UserId("U0NOBODY"))).kind is AccountKind.STRANGER


OURS = TeamId("T0OURS")


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ({"team_id": OURS}, AccountKind.MEMBER),
        ({"team_id": OURS, "is_ultra_restricted": True}, AccountKind.GUEST),
        ({"team_id": OURS, "is_workflow_bot": True}, AccountKind.BOT),
        ({"team_id": OURS, "id": "USLACKBOT"}, AccountKind.BOT),
        ({"team_id": OURS, "is_stranger": True}, AccountKind.STRANGER),
        ({"team_id": "T0OTHER"}, AccountKind.STRANGER),
        ({}, AccountKind.STRANGER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER", OURS]}}, AccountKind.MEMBER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER"]}}, AccountKind.STRANGER),
        ({"team_id": OURS, "deleted": True, "is_bot": True}, AccountKind.DEACTIVATED),
    ],
)
def test_only_who_is_plainly_one_of_ours_is_a_member(user: dict[str, Any], kind: AccountKind) -> None:
    assert kind_of({"id": "U1", **user}, OURS) is kind


async def test_a_user_group_is_its_members(slack: SandboxSlack, directory: SlackDirectory) -> None:
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    leads = slack.add_group("leads", [ann, bo])
    assert await directory.group(leads.id) == {ann.id, bo.id}


async def test_the_bot_posts_only_where_it_is_a_member_and_the_channel_is_in_use(
    slack: SandboxSlack, directory: SlackDirectory
) -> None:
    closed = slack.add_channel("closed", [])
    closed.archived = True
    found = [
        slack.add_channel("in", []),
        slack.add_channel("out", [], bot=False),
        slack.add_channel("secret", [], bot=False, private=True),
    ]
    assert [await directory.can_post(channel.id) for channel in [*found, closed]] == [
        True,
        False,
        False,
        False,
    ]
    assert await directory.can_post(ChannelId("C0NONE")) is False


async def test_an_answer_is_remembered_for_a_minute(
    slack: SandboxSlack, directory: SlackDirectory, clock: HandClock
) -> None:
    ann = slack.add_person("Ann")
    assert directory.peek(ann.id) is None
    await directory.profile(ann.id)
    ann.account.kind = AccountKind.DEACTIVATED
    clock.pass_(59)
    assert (await directory.profile(ann.id)).kind is AccountKind.MEMBER
    assert directory.peek(ann.id) == await directory.profile(ann.id)
    clock.pass_(1)
    assert directory.peek(ann.id) is None
    assert (await directory.profile(ann.id)).kind is AccountKind.DEACTIVATED


async def test_many_who_ask_at_once_ask_once(slack: SandboxSlack, directory: SlackDirectory) -> None:
    ann = slack.add_person("Ann")
    profiles = await asyncio.gather(*(directory.profile(ann.id) for _ in range(20)))
    assert len({profile.name for profile in profiles}) == 1
    assert slack.faults.calls["users.info"] == 1


async def test_who_gives_up_waiting_does_not_spoil_it_for_the_others(
    slack: SandboxSlack, directory: SlackDirectory
) -> None:
    ann = slack.add_person("Ann")
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_point: str, _method: str, _number: int) -> None:
        asked.set()
        await go_on.wait()

    slack.faults.on_call = hold
    impatient, patient = (
        asyncio.create_task(directory.profile(ann.id)),
        asyncio.create_task(directory.profile(ann.id)),
    )
    await asked.wait()
    impatient.cancel()
    go_on.set()
    assert (await patient).name == "Ann"
    assert slack.faults.calls["users.info"] == 1


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.REFUSED]
)
async def test_when_slack_cannot_say_that_is_said_and_asked_again(
    slack: SandboxSlack, directory: SlackDirectory, fault: Fault
) -> None:
    ann = slack.add_person("Ann")
    # aiohttp itself repeats a GET once whose connection was cut
    slack.faults.plan("users.info", fault, times=2 if fault in {Fault.CUT_BEFORE, Fault.CUT_AFTER} else 1)
    with pytest.raises(DirectoryUnavailable, match=r"Slack could not say who U0ANN is: .+"):
        await directory.profile(ann.id)
    assert directory.peek(ann.id) is None
    assert (await directory.profile(ann.id)).kind is AccountKind.MEMBER


async def test_no_answer_is_no_leave(slack: SandboxSlack, directory: SlackDirectory) -> None:
    leads = slack.add_group("leads", [])
    never = asyncio.Event()

    async def hang(point: str, _method: str, _number: int) -> None:
        if point == "before":
            await never.wait()
            raise Cut

    slack.faults.on_call = hang
    with pytest.raises(DirectoryUnavailable, match=r"no answer within 2 seconds"):
        await directory.group(leads.id)
    never.set()


async def test_an_unknown_group_is_said(directory: SlackDirectory) -> None:
    with pytest.raises(DirectoryUnavailable, match="no_such_subteam"):
        await directory.group(GroupId("S0NONE"))


async def test_a_missing_scope_is_named_with_its_cure(clock: HandClock) -> None:
    async with SandboxSlack(scopes=["users:read"]) as slack:
        client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url)
        directory = SlackDirectory(client, slack.team, clock)
        with pytest.raises(DirectoryUnavailable) as caught:
            await directory.group(slack.add_group("leads", []).id)
    assert "usergroups:read" in caught.value.advice
