"""Who people are, as Slack answers it, cached for a minute; without an answer nobody gets access."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import ChannelId, TeamId, UserId
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.errors import DirectoryUnavailable
from bot.slack.client.directory import SlackDirectory, kind_of_account, person_of
from sandbox.slack import Cut, Fault, SandboxSlack

ANN = Person(UserId("U0ANN"), TeamId("T0HOME"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
PARTS = st.fixed_dictionaries({}, optional={"id": JSON, "team_id": JSON})


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
    return SlackDirectory(client, slack.team, clock, answer_seconds=2.0)


@pytest.mark.parametrize("kind", list(AccountKind))
async def test_slack_tells_the_kind_of_an_account(
    slack: SandboxSlack, directory: SlackDirectory, kind: AccountKind
) -> None:
    somebody = slack.add_person("Ann Berg", kind=kind)
    assert await directory.profile(somebody.id) == Profile(
        somebody.id, kind, frozenset({somebody.account.team})
    )


async def test_an_account_that_slack_does_not_know_is_a_strangers(directory: SlackDirectory) -> None:
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
def test_only_an_account_that_is_plainly_ours_is_a_members(user: dict[str, Any], kind: AccountKind) -> None:
    assert kind_of_account({"id": "U1", **user}, OURS) is kind


async def test_a_user_group_has_its_members(slack: SandboxSlack, directory: SlackDirectory) -> None:
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


async def test_an_answer_is_cached_for_a_minute(
    slack: SandboxSlack, directory: SlackDirectory, clock: HandClock
) -> None:
    ann = slack.add_person("Ann")
    await directory.profile(ann.id)
    ann.account.kind = AccountKind.DEACTIVATED
    clock.pass_(59)
    assert (await directory.profile(ann.id)).kind is AccountKind.MEMBER
    assert slack.faults.calls["users.info"] == 1
    clock.pass_(1)
    assert (await directory.profile(ann.id)).kind is AccountKind.DEACTIVATED


async def test_concurrent_questions_go_out_as_one(slack: SandboxSlack, directory: SlackDirectory) -> None:
    ann = slack.add_person("Ann")
    profiles = await asyncio.gather(*(directory.profile(ann.id) for _ in range(20)))
    assert profiles == [Profile(ann.id, AccountKind.MEMBER, frozenset({slack.team}))] * 20
    assert slack.faults.calls["users.info"] == 1


async def test_a_cancelled_caller_does_not_cancel_the_call_for_others(
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
    assert (await patient).id == ann.id
    assert slack.faults.calls["users.info"] == 1


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.REFUSED]
)
async def test_a_failure_is_reported_and_not_cached(
    slack: SandboxSlack, directory: SlackDirectory, fault: Fault
) -> None:
    ann = slack.add_person("Ann")
    # aiohttp itself repeats a GET once whose connection was cut
    slack.faults.plan("users.info", fault, times=2 if fault in {Fault.CUT_BEFORE, Fault.CUT_AFTER} else 1)
    with pytest.raises(DirectoryUnavailable, match=r"Slack couldn't look up U0ANN \(.+\)\."):
        await directory.profile(ann.id)
    assert (await directory.profile(ann.id)).kind is AccountKind.MEMBER


async def test_a_missing_answer_gives_no_access(slack: SandboxSlack, directory: SlackDirectory) -> None:
    leads = slack.add_group("leads", [])
    never = asyncio.Event()

    async def hang(point: str, _method: str, _number: int) -> None:
        if point == "before":
            await never.wait()
            raise Cut

    slack.faults.on_call = hang
    with pytest.raises(DirectoryUnavailable, match=r"no answer after 2 s"):
        await directory.group(leads.id)
    never.set()


@pytest.mark.parametrize("gone", ["deleted", "disabled", "of a plan without groups"])
async def test_a_group_that_is_gone_has_no_members_and_the_admins_hear_of_it_once(
    slack: SandboxSlack, clock: HandClock, gone: str
) -> None:
    chief = slack.add_person("Chief")
    client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
    directory = SlackDirectory(client, slack.team, clock, admins=(chief.id,))
    old = slack.add_group("old", [chief])
    old.disabled = gone == "disabled"
    if gone == "deleted":
        del slack.workspace.groups[old.id]
    elif not old.disabled:
        slack.faults.plan("usergroups.users.list", Fault.REFUSED, times=2, error="plan_upgrade_required")
    for _ in range(2):
        assert await directory.group(old.id) == frozenset()
        clock.pass_(61)
    await chief.sees(f"The user group {old.id}", chief.direct)
    assert len(chief.direct.messages) == 1


async def test_a_missing_scope_is_reported_with_the_way_to_add_it(clock: HandClock) -> None:
    async with SandboxSlack(scopes=["users:read"]) as slack:
        client = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url)
        directory = SlackDirectory(client, slack.team, clock)
        with pytest.raises(DirectoryUnavailable) as caught:
            await directory.group(slack.add_group("leads", []).id)
    assert "usergroups:read" in caught.value.advice


@pytest.mark.parametrize(
    "body",
    [
        {"command": "/discount", "user_id": "U0ANN", "team_id": "T0HOME"},
        {"type": "block_actions", "user": {"id": "U0ANN", "team_id": "T0HOME"}, "team": {"id": "T0HOME"}},
        {"type": "view_submission", "user": {"id": "U0ANN"}, "team": {"id": "T0HOME"}},
        {"type": "view_submission", "user": {"id": "U0ANN", "team_id": "T0HOME"}, "team": None},
        {
            "type": "block_actions",
            "user": {"id": "U0ANN", "team_id": "T0HOME"},
            "team": {"id": "T0ELSEWHERE"},
        },
    ],
)
def test_a_person_has_an_id_and_their_own_team(body: dict[str, Any]) -> None:
    assert person_of(body) == ANN


def test_an_organisation_takes_the_place_of_a_team() -> None:
    body = {"user": {"id": "U0ANN"}, "team": None, "enterprise": {"id": "E0HOME"}}
    assert person_of(body) == Person(UserId("U0ANN"), TeamId("E0HOME"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user": {"id": "U0ANN"}},
        {"user": {"id": "U0ANN"}, "team": None},
        {"user": {"id": "U0ANN"}, "team": "T0HOME"},
        {"user": {"id": "U0ANN"}, "team": None, "enterprise": "E0HOME"},
        {"user": {"id": ""}, "team": {"id": "T0HOME"}},
        {"user": {"id": 7, "team_id": "T0HOME"}},
        {"user": {"id": "U0ANN", "team_id": ["T0HOME"]}},
        {"user_id": "U0ANN"},
        {"team_id": "T0HOME"},
        {"user_id": None, "team_id": "T0HOME"},
        {"type": "event_callback", "team_id": "T0HOME", "event": {"type": "message", "user": "U0ANN"}},
    ],
)
def test_a_payload_that_names_nobody_has_no_person(body: dict[str, Any]) -> None:
    assert person_of(body) is None


@given(
    st.fixed_dictionaries(
        {}, optional={"user": PARTS | JSON, "team": PARTS | JSON, "user_id": JSON, "team_id": JSON}
    )
)
def test_any_payload_has_a_person_with_both_ids_or_none(body: dict[str, Any]) -> None:
    who = person_of(body)
    assert who is None or (isinstance(who.id, str) and isinstance(who.team, str) and who.id and who.team)
