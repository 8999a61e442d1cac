"""Access control: a reason for every refusal, and nobody is admitted while look-ups fail."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import State
from bot.errors import DirectoryUnavailable
from bot.services.access import AccessControl
from tests.support.service_fixture import (
    AGENTS,
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    ELSEWHERE,
    GUS,
    LEADS,
    POLICY,
    QUICK,
    SUPPORT,
    TEAM,
    Office,
    person,
)

UNLISTED = ChannelId("C0RANDOM")
NOBODY = UserId("U0NOBODY")

Asks = Callable[[Office, UserId, TeamId, ChannelId], Awaitable[ChannelPolicy | Refusal | None]]


async def as_member(
    office: Office, who: UserId, team: TeamId, channel: ChannelId
) -> ChannelPolicy | Refusal | None:
    return await office.access.may_use_channel(person(who, team), channel)


async def as_requester(
    office: Office, who: UserId, team: TeamId, channel: ChannelId
) -> ChannelPolicy | Refusal | None:
    return await office.access.may_request(person(who, team), channel)


async def as_approver(
    office: Office, who: UserId, team: TeamId, channel: ChannelId
) -> ChannelPolicy | Refusal | None:
    request = await office.ask(DI)
    return await office.access.may_decide(person(who, team), replace(request, channel=channel))


async def as_canceller(
    office: Office, who: UserId, team: TeamId, channel: ChannelId
) -> ChannelPolicy | Refusal | None:
    request = await office.ask(DI)
    return await office.access.may_cancel(
        person(who, team), replace(request, channel=channel, state=State.GIVING)
    )


async def as_seer(
    office: Office, who: UserId, team: TeamId, channel: ChannelId
) -> ChannelPolicy | Refusal | None:
    request = await office.ask(DI)
    return await office.access.may_view(
        person(who, team), replace(request, channel=channel), ChannelId("D0SOMEWHERE")
    )


WAYS = (as_member, as_requester, as_approver, as_canceller, as_seer)
CLOSED_WITH_THE_CHANNEL = (as_member, as_requester, as_approver)


def reason(answer: object) -> RefusalReason | None:
    return answer.reason if isinstance(answer, Refusal) else None


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (AccountKind.GUEST, RefusalReason.GUEST),
        (AccountKind.BOT, RefusalReason.BOT),
        (AccountKind.DEACTIVATED, RefusalReason.DEACTIVATED),
        (AccountKind.STRANGER, RefusalReason.STRANGER),
    ],
)
async def test_only_full_members_pass_any_check(
    office: Office, way: Asks, kind: AccountKind, refused: RefusalReason
) -> None:
    for who in (ANN, BO, CHIEF):
        office.town.kinds[who] = kind
        assert await way(office, who, TEAM, SUPPORT) == Refusal(refused, who)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_person_unknown_to_slack_is_a_stranger(office: Office, way: Asks) -> None:
    assert reason(await way(office, NOBODY, TEAM, SUPPORT)) is RefusalReason.STRANGER


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("channel", [SUPPORT, UNLISTED])
async def test_a_workspace_that_is_not_the_accounts_is_refused(
    office: Office, way: Asks, channel: ChannelId
) -> None:
    await office.ask(DI)
    for who in (ANN, BO, CHIEF, DI):
        assert await way(office, who, ELSEWHERE, channel) == Refusal(RefusalReason.STRANGER)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_failed_look_up_admits_nobody_and_says_so(office: Office, way: Asks) -> None:
    request = await office.ask(DI)
    office.town.away = True
    policy = office.access.policy
    away = AccessControl(policy, office.town, TEAM, office.account)
    answers = [
        await away.may_use_channel(person(ANN), SUPPORT),
        await away.may_request(person(ANN), SUPPORT),
        await away.may_decide(person(BO), request),
        await away.may_cancel(person(DI), request),
        await away.may_view(person(DI), request, SUPPORT),
        await away.can_post(SUPPORT),
    ]
    assert {reason(answer) for answer in answers} == {RefusalReason.LOOKUP_FAILED}
    with pytest.raises(DirectoryUnavailable):
        await away.electorate(policy.channels[SUPPORT], ANN)
    office.town.away = False
    assert reason(await way(office, GUS, TEAM, SUPPORT)) is RefusalReason.GUEST


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_sister_workspaces_member_passes_where_the_account_says_so(office: Office, way: Asks) -> None:
    who = BO if way is as_approver else CHIEF
    for team in (ELSEWHERE, TeamId("E0ORGANISATION")):
        assert reason(await way(office, who, team, SUPPORT)) is RefusalReason.STRANGER
    office.town.teams[who] = frozenset({TEAM, ELSEWHERE, TeamId("E0ORGANISATION")})
    for team in (ELSEWHERE, TeamId("E0ORGANISATION")):
        assert reason(await way(office, who, team, SUPPORT)) is None


async def test_a_group_without_members_leaves_the_others_in_and_is_named(office: Office) -> None:
    office.town.groups[LEADS] = set()
    request = await office.ask(DI)
    assert await office.access.may_decide(person(CHIEF), request) is None
    refused = await office.access.may_decide(person(BO), request)
    assert refused == Refusal(RefusalReason.NOT_AN_APPROVER, SUPPORT, (LEADS, CHIEF))
    assert refused.empty == (LEADS,)


@pytest.mark.parametrize("way", CLOSED_WITH_THE_CHANNEL, ids=lambda way: way.__name__)
async def test_an_unlisted_channel_is_closed_to_everybody(office: Office, way: Asks) -> None:
    for who in (ANN, BO, CHIEF):
        assert await way(office, who, TEAM, UNLISTED) == Refusal(RefusalReason.UNLISTED_CHANNEL, UNLISTED)


async def test_without_allowed_channels_everything_is_refused(office: Office) -> None:
    office.under(replace(POLICY, channels={}))
    for channel in (SUPPORT, QUICK, UNLISTED, ChannelId("")):
        policy = await office.access.allowed_channel(person(CHIEF), channel)
        assert reason(policy) is RefusalReason.UNLISTED_CHANNEL


async def test_the_present_members_of_a_group_count(office: Office) -> None:
    assert await office.access.may_request(person(ANN), QUICK) is None
    assert await office.access.may_request(person(DI), QUICK) == Refusal(RefusalReason.NOT_A_REQUESTER, QUICK)
    office.town.groups[AGENTS] = {DI}
    assert await office.access.may_request(person(DI), QUICK) is None
    assert reason(await office.access.may_request(person(ANN), QUICK)) is RefusalReason.NOT_A_REQUESTER


async def test_being_an_admin_gives_no_right_to_request(office: Office) -> None:
    assert reason(await office.access.may_request(person(CHIEF), QUICK)) is RefusalReason.NOT_A_REQUESTER


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        (BO, None),
        (CLEO, None),
        (CHIEF, None),
        (ANN, RefusalReason.NOT_AN_APPROVER),
        (DI, RefusalReason.OWN_REQUEST),
    ],
)
async def test_approvers_are_those_listed_and_never_the_requester(
    office: Office, who: UserId, refused: RefusalReason | None
) -> None:
    assert reason(await as_approver(office, who, TEAM, SUPPORT)) is refused


async def test_the_requester_is_refused_even_as_a_member_of_the_approver_group(office: Office) -> None:
    request = await office.ask(BO)
    assert await office.access.may_decide(person(BO), request) == Refusal(
        RefusalReason.OWN_REQUEST, BO, (LEADS, CHIEF)
    )


async def test_a_request_can_be_cancelled_after_its_channel_was_removed(office: Office) -> None:
    request = await office.ask(DI)
    office.under(replace(POLICY, channels={}))
    assert [reason(await office.access.may_cancel(person(who), request)) for who in (DI, CHIEF, BO)] == [
        None,
        None,
        RefusalReason.NOT_YOURS,
    ]


async def test_a_channel_without_the_bot_differs_from_a_failed_look_up(
    office: Office,
) -> None:
    assert await office.access.can_post(SUPPORT) is None
    office.town.posts_in.clear()
    assert await office.access.can_post(SUPPORT) == Refusal(RefusalReason.CANNOT_POST, SUPPORT)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ""),
        ({"approvers": ("S0GONE",)}, "0/1"),
        ({"approvers": (GUS, NOBODY)}, "0/1"),
        ({"approvers": (BO,), "requesters": (BO,)}, "1/2"),
        ({"approvers": (BO,), "requesters": (BO, ANN)}, ""),
        ({"approvers": (LEADS,), "requesters": (LEADS,)}, ""),
        ({"approvers": (LEADS,), "approvals": 3}, "2/3"),
        ({"approvals": 0, "approvers": ()}, ""),
    ],
)
async def test_a_channel_in_which_nobody_could_approve_is_known(
    office: Office, changes: dict[str, Any], missing: str
) -> None:
    office.town.groups[GroupId("S0GONE")] = set()
    policy = replace(POLICY.channels[SUPPORT], **changes)
    assert await office.access.missing_approvers(policy) == missing
