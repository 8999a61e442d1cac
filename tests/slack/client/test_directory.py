import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.requests.person import Kind, Profile
from bot.errors import PeopleUnavailable
from bot.slack.client.directory import SlackPeople, kind_of
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
def people(slack: SandboxSlack, clock: HandClock) -> SlackPeople:
    client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
    return SlackPeople(client, slack.team, clock, answer_within=0.5)


@pytest.mark.parametrize("kind", list(Kind))
async def test_slack_says_who_somebody_is(slack: SandboxSlack, people: SlackPeople, kind: Kind) -> None:
    somebody = slack.add_person("Ann Berg", kind=kind)
    assert await people.profile(somebody.id) == Profile(somebody.id, kind, "Ann Berg")


async def test_whom_slack_does_not_know_is_a_stranger(people: SlackPeople) -> None:
    assert (await people.profile(UserId("U0NOBODY"))).kind is Kind.STRANGER


OURS = TeamId("T0OURS")


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ({"team_id": OURS}, Kind.MEMBER),
        ({"team_id": OURS, "is_ultra_restricted": True}, Kind.GUEST),
        ({"team_id": OURS, "is_workflow_bot": True}, Kind.BOT),
        ({"team_id": OURS, "id": "USLACKBOT"}, Kind.BOT),
        ({"team_id": OURS, "is_stranger": True}, Kind.STRANGER),
        ({"team_id": "T0OTHER"}, Kind.STRANGER),
        ({}, Kind.STRANGER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER", OURS]}}, Kind.MEMBER),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER"]}}, Kind.STRANGER),
        ({"team_id": OURS, "deleted": True, "is_bot": True}, Kind.DEACTIVATED),
    ],
)
def test_only_who_is_plainly_one_of_ours_is_a_member(user: dict[str, Any], kind: Kind) -> None:
    assert kind_of({"id": "U1", **user}, OURS) is kind


async def test_a_user_group_is_its_members(slack: SandboxSlack, people: SlackPeople) -> None:
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    leads = slack.add_group("leads", [ann, bo])
    assert await people.group(leads.id) == {ann.id, bo.id}


async def test_the_bot_posts_only_where_it_is_a_member_and_the_channel_is_in_use(
    slack: SandboxSlack, people: SlackPeople
) -> None:
    closed = slack.add_channel("closed", [])
    closed.archived = True
    found = [
        slack.add_channel("in", []),
        slack.add_channel("out", [], bot=False),
        slack.add_channel("secret", [], bot=False, private=True),
    ]
    assert [await people.can_post(channel.id) for channel in [*found, closed]] == [True, False, False, False]
    assert await people.can_post(ChannelId("C0NONE")) is False


async def test_an_answer_is_remembered_for_a_minute(
    slack: SandboxSlack, people: SlackPeople, clock: HandClock
) -> None:
    ann = slack.add_person("Ann")
    assert people.peek(ann.id) is None
    await people.profile(ann.id)
    ann.account.kind = Kind.DEACTIVATED
    clock.pass_(59)
    assert (await people.profile(ann.id)).kind is Kind.MEMBER
    assert people.peek(ann.id) == await people.profile(ann.id)
    clock.pass_(1)
    assert people.peek(ann.id) is None
    assert (await people.profile(ann.id)).kind is Kind.DEACTIVATED


async def test_many_who_ask_at_once_ask_once(slack: SandboxSlack, people: SlackPeople) -> None:
    ann = slack.add_person("Ann")
    profiles = await asyncio.gather(*(people.profile(ann.id) for _ in range(20)))
    assert len({profile.name for profile in profiles}) == 1
    assert slack.faults.calls["users.info"] == 1


async def test_who_gives_up_waiting_does_not_spoil_it_for_the_others(
    slack: SandboxSlack, people: SlackPeople
) -> None:
    ann = slack.add_person("Ann")
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_point: str, _method: str, _number: int) -> None:
        asked.set()
        await go_on.wait()

    slack.faults.on_call = hold
    impatient, patient = (
        asyncio.create_task(people.profile(ann.id)),
        asyncio.create_task(people.profile(ann.id)),
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
    slack: SandboxSlack, people: SlackPeople, fault: Fault
) -> None:
    ann = slack.add_person("Ann")
    # aiohttp itself repeats a GET once whose connection was cut
    slack.faults.plan("users.info", fault, times=2 if fault in {Fault.CUT_BEFORE, Fault.CUT_AFTER} else 1)
    with pytest.raises(PeopleUnavailable, match=r"Slack could not say who U0ANN is: .+"):
        await people.profile(ann.id)
    assert people.peek(ann.id) is None
    assert (await people.profile(ann.id)).kind is Kind.MEMBER


async def test_no_answer_is_no_leave(slack: SandboxSlack, people: SlackPeople) -> None:
    leads = slack.add_group("leads", [])
    never = asyncio.Event()

    async def hang(point: str, _method: str, _number: int) -> None:
        if point == "before":
            await never.wait()
            raise Cut

    slack.faults.on_call = hang
    with pytest.raises(PeopleUnavailable, match=r"no answer within 0\.5 seconds"):
        await people.group(leads.id)
    never.set()


async def test_an_unknown_group_is_said(people: SlackPeople) -> None:
    with pytest.raises(PeopleUnavailable, match="no_such_subteam"):
        await people.group(GroupId("S0NONE"))


async def test_a_missing_scope_is_named_with_its_cure(clock: HandClock) -> None:
    async with SandboxSlack(scopes=["users:read"]) as slack:
        client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url)
        people = SlackPeople(client, slack.team, clock)
        with pytest.raises(PeopleUnavailable) as caught:
            await people.group(slack.add_group("leads", []).id)
    assert "usergroups:read" in caught.value.advice
