"""A requester who left: nothing is given, and no approval counts until they may request again."""

from typing import Any

import pytest

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType, RequestSnapshot
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.requests.views import ApprovalView
from tests.support.service_fixture import (
    AGENTS,
    ANN,
    BO,
    CLEO,
    QUICK,
    SUPPORT,
    Office,
    allowing,
    person,
)

LEFT = Refusal(RefusalReason.REQUESTER_LEFT)


async def approved(office: Office) -> Request:
    asked = await office.ask()
    await office.approve(asked, BO)
    await office.unsaid()
    return await office.now(asked.id)


async def leaves_the_list(office: Office) -> None:
    office.under(allowing(requesters=(BO,)))


async def leaves_the_group(office: Office) -> None:
    office.under(allowing(requesters=(AGENTS,)))
    office.town.groups[AGENTS] = {BO}


async def leaves_the_workspace(office: Office) -> None:
    office.town.kinds[ANN] = Account.DEACTIVATED


async def becomes_a_guest(office: Office) -> None:
    office.town.kinds[ANN] = Account.GUEST


LEAVES = pytest.mark.parametrize(
    "leave", [leaves_the_list, leaves_the_group, leaves_the_workspace, becomes_a_guest]
)


@LEAVES
async def test_an_approved_request_waits_again_and_loses_its_approvals(
    either_office: Office, leave: Any
) -> None:
    office = either_office
    request = await approved(office)
    await leave(office)
    assert await office.preflight.begin(request.id) is None
    now = await office.now(request.id)
    assert (now.state, now.round) == (State.WAITING, 2)
    assert not await office.repository.votes(now.id, 2)
    told = [
        (notification.kind, notification.note)
        for notification in await office.unsaid()
        if notification.happened is NotificationType.CONSENT_VOID
    ]
    assert told == [
        (kind, RefusalReason.REQUESTER_LEFT if kind is not ChannelKind.CARD else told[0][1])
        for kind in (ChannelKind.CARD, ChannelKind.LINE, ChannelKind.DIRECT)
    ]


@LEAVES
async def test_it_cannot_be_approved_but_can_be_rejected(office: Office, leave: Any) -> None:
    asked = await office.ask()
    await leave(office)
    assert await office.approvals.open(asked.id, person(BO), SUPPORT) == LEFT
    assert await office.approve(asked, BO) == LEFT
    assert not await office.repository.votes(asked.id, 1)
    assert isinstance(await office.decisions.open_rejection(asked.id, person(BO), SUPPORT), RequestSnapshot)
    rejected = await office.decisions.reject(asked.id, person(BO), "they left")
    assert isinstance(rejected, Request)
    assert rejected.state is State.REJECTED


async def test_once_they_may_request_again_it_can_be_approved_and_is_given(office: Office) -> None:
    request = await approved(office)
    await becomes_a_guest(office)
    await office.preflight.begin(request.id)
    office.town.kinds[ANN] = Account.MEMBER
    again = await office.now(request.id)
    assert isinstance(await office.approvals.open(again.id, person(CLEO), SUPPORT), ApprovalView)
    await office.approve(again, CLEO)
    giving = await office.preflight.begin(again.id)
    assert giving
    assert giving.state is State.GIVING


async def test_an_earlier_approval_delivered_again_is_still_accepted(office: Office) -> None:
    asked = await office.ask()
    yes = await office.approve(asked, BO)
    await leaves_the_list(office)
    assert await office.approve(asked, BO) == yes


async def test_a_request_without_approval_stops(office: Office) -> None:
    asked = await office.ask(channel=QUICK)
    office.town.groups[AGENTS] = {BO}
    assert await office.preflight.begin(asked.id) is None
    now = await office.now(asked.id)
    assert (now.state, now.stop, now.note) == (State.STOPPED, StopReason.POLICY, RefusalReason.REQUESTER_LEFT)


async def test_a_request_that_the_policy_forbids_stops_in_any_case(office: Office) -> None:
    request = await approved(office)
    office.under(allowing(requesters=(BO,), rules=frozenset({"another"})))
    assert await office.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is State.STOPPED


async def test_nothing_is_approved_or_given_while_the_requester_look_up_fails(
    office: Office,
) -> None:
    request = await approved(office)
    office.town.away = True
    assert await office.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is State.APPROVED


async def test_a_request_that_the_policy_now_forbids_can_be_rejected(office: Office) -> None:
    asked = await office.ask()
    office.under(allowing(rules=frozenset({"another"})))
    assert isinstance(await office.approvals.open(asked.id, person(BO), SUPPORT), Refusal)
    assert isinstance(await office.decisions.open_rejection(asked.id, person(BO), SUPPORT), RequestSnapshot)
