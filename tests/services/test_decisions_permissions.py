"""Permissions over a real database: who may do and see what."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import Request, State, digest
from bot.domain.requests.views import ApprovalView
from tests.support.clicks import approve, consider, reason, shown
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    ELSEWHERE,
    GUS,
    LEADS,
    NOW,
    POLICY,
    QUICK,
    STRICT,
    SUPPORT,
    Office,
    allowing,
    person,
)

# who


async def every_click(office: Office, request: Request, who: UserId, **team: Any) -> list[object]:
    """Do everything that a person can do to a request."""
    by = person(who, **team)
    return [
        await office.approvals.open(request.id, by, SUPPORT),
        await office.decisions.open_rejection(request.id, by, SUPPORT),
        await office.approvals.approve(
            request.id, request.round, by, typed=str(request.customers), shown=shown(request), named=()
        ),
        await office.decisions.reject(request.id, by, "no"),
        await office.decisions.cancel(request.id, by, SUPPORT),
        await office.decisions.resume(request.id, by, SUPPORT),
        await office.decisions.end_here(request.id, by, SUPPORT),
        await office.decisions.status(request.id, by, SUPPORT),
    ]


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (Account.GUEST, RefusalReason.GUEST),
        (Account.BOT, RefusalReason.BOT),
        (Account.DEACTIVATED, RefusalReason.DEACTIVATED),
        (Account.STRANGER, RefusalReason.STRANGER),
    ],
)
async def test_a_listed_approver_who_is_no_full_member_can_do_nothing(
    office: Office, kind: Account, refused: RefusalReason
) -> None:
    asked = await office.ask()
    office.town.kinds[BO] = kind
    assert {reason(answer) for answer in await every_click(office, asked, BO)} == {refused}
    assert await office.now(asked.id) == asked


async def test_somebody_of_another_workspace_can_do_nothing_under_a_listed_id(office: Office) -> None:
    asked = await office.ask()
    assert {reason(answer) for answer in await every_click(office, asked, CHIEF, team=ELSEWHERE)} == {
        RefusalReason.STRANGER
    }
    assert reason(await office.overview.status(person(CHIEF, ELSEWHERE), SUPPORT)) is RefusalReason.STRANGER
    assert await office.now(asked.id) == asked


async def test_failed_look_ups_refuse_everybody_with_the_reason(office: Office) -> None:
    asked = await office.ask()
    office.town.away = True
    answers = await every_click(office, asked, BO)
    assert {reason(answer) for answer in answers} == {RefusalReason.LOOKUP_FAILED}
    assert all("internal_error" in answer.detail for answer in answers if isinstance(answer, Refusal))
    assert await office.now(asked.id) == asked
    office.town.away = False
    assert isinstance(await office.approve(asked, BO), Request)


@pytest.mark.parametrize("who", [ANN, BO, CLEO, CHIEF])
async def test_nobody_approves_or_rejects_their_own_request(office: Office, who: UserId) -> None:
    asked = await office.ask(who)
    for answer in (await every_click(office, asked, who))[:4]:
        assert reason(answer) is RefusalReason.OWN_REQUEST
    assert await office.repository.votes(asked.id, 1) == ()


async def test_an_admin_who_is_no_approver_approves_nothing(office: Office) -> None:
    asked = await office.ask(channel=STRICT)
    assert reason(await office.approve(asked, CHIEF)) is RefusalReason.NOT_AN_APPROVER


async def test_an_approver_may_cancel_a_giving_but_no_waiting_request(
    office: Office,
) -> None:
    asked = await office.ask()
    assert reason(await office.decisions.cancel(asked.id, person(BO), SUPPORT)) is RefusalReason.NOT_YOURS
    await office.put(asked, state=State.GIVING, started_at=NOW)
    cancelling = await office.decisions.cancel(asked.id, person(BO), SUPPORT)
    assert isinstance(cancelling, Request)
    assert cancelling.cancel_asked_by == BO


async def test_the_approver_learns_why_the_policy_no_longer_allows_a_request(
    office: Office,
) -> None:
    asked = await office.ask(customers="a\nb\nc")
    office.under(allowing(max_customers=2))
    for answer in (await consider(office, asked), await approve(office, asked)):
        assert answer == Refusal(RefusalReason.TOO_MANY_CUSTOMERS, "3/2")
    assert await office.now(asked.id) == asked
    assert await office.repository.votes(asked.id, 1) == ()


async def test_after_its_channel_was_removed_a_request_can_only_be_seen_or_cancelled(
    office: Office,
) -> None:
    asked = await office.ask()
    office.under(replace(POLICY, channels={QUICK: POLICY.channels[QUICK]}))
    assert reason(await office.approve(asked, BO)) is RefusalReason.UNLISTED_CHANNEL
    assert reason(await office.decisions.reject(asked.id, person(BO), "no")) is RefusalReason.UNLISTED_CHANNEL
    assert isinstance(await office.decisions.status(asked.id, person(ANN), SUPPORT), RequestSnapshot)
    assert isinstance(await office.decisions.cancel(asked.id, person(ANN), SUPPORT), Request)


# looking


async def test_elsewhere_only_the_people_involved_see_a_request(office: Office) -> None:
    asked = await office.ask()
    for who, channel in ((DI, SUPPORT), (ANN, QUICK), (BO, QUICK), (CHIEF, ChannelId("D0CHIEF"))):
        assert isinstance(await office.decisions.status(asked.short, person(who), channel), RequestSnapshot)
    assert reason(await office.decisions.status(asked.short, person(DI), QUICK)) is RefusalReason.NOT_YOURS
    assert reason(await office.decisions.status(asked.short, person(GUS), SUPPORT)) is RefusalReason.GUEST


async def test_a_channel_lists_its_own_requests_and_no_drafts(office: Office) -> None:
    mine, other = await office.ask(), await office.ask(channel=STRICT)
    await office.draft()
    found = await office.overview.status(person(DI), SUPPORT)
    assert not isinstance(found, Refusal)
    assert [snapshot.request.id for snapshot in found.requests] == [mine.id]
    assert other.id not in {snapshot.request.id for snapshot in found.requests}
    assert reason(await office.overview.status(person(GUS), SUPPORT)) is RefusalReason.GUEST
    assert (
        reason(await office.overview.status(person(DI), ChannelId("C0ELSE")))
        is RefusalReason.UNLISTED_CHANNEL
    )


async def test_an_approver_sees_what_they_would_approve(office: Office) -> None:
    asked = await office.ask(customers="first\nmiddle\nlast")
    shown = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert shown.review.request == asked
    assert shown.review.rule == asked.rule
    assert shown.review.digest == digest(asked)
    assert shown.review.asked_of == (LEADS, CHIEF)
    assert not shown.count
