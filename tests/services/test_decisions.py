"""Decisions over a real database: every click is answered and acts at most once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.ids import RequestId, ShortId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import MOVES, Request, State
from tests.support.clicks import (
    CLICKS,
    EVERYTHING,
    LATER_ON,
    LOOKS,
    Action,
    approve,
    begin,
    cancel,
    carry_on,
    consider,
    end_here,
    finish,
    in_state,
    look,
    reason,
    reject,
    stopped,
    told,
)
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    GUS,
    NEWS,
    NOW,
    QUICK,
    STRICT,
    SUPPORT,
    Office,
    person,
)

# every state × every action


@pytest.mark.parametrize("state", list(State), ids=str)
@pytest.mark.parametrize("action", EVERYTHING, ids=lambda action: action.__name__)
async def test_every_action_in_every_state_makes_its_move_or_changes_nothing(
    office: Office, state: State, action: Action
) -> None:
    request = await in_state(office, state)
    answer = await action(office, request)
    now = await office.now(request.id)
    allowed = [MOVES[state, event] for event in EVERYTHING[action] if (state, event) in MOVES]
    said = await office.unsaid()
    if allowed:
        assert now.state in allowed
        assert now != request
        assert said
    else:
        assert replace(now, last_answer=None) == request
        assert {notification.kind for notification in said} <= (
            {ChannelKind.CARD} if action is look else set()
        )  # a card that was deleted comes back
    assert answer is not None or action in {begin, finish}


@pytest.mark.parametrize("state", sorted(set(State) - {State.DRAFT, State.WAITING, State.EXPIRED}))
async def test_a_late_approver_learns_who_was_first_if_that_is_why(office: Office, state: State) -> None:
    request = await in_state(office, state)
    first = (CHIEF,) if state in {State.APPROVED, State.REJECTED, State.CANCELLED} else ()
    for answer in (await approve(office, request), await consider(office, request)):
        assert answer == Refusal(RefusalReason.WRONG_STATE, state, first)
        assert isinstance(answer, Refusal)
        assert answer.name == request.short


@pytest.mark.parametrize("action", [carry_on, end_here], ids=lambda action: action.__name__)
async def test_nobody_is_named_first_while_a_request_waits(office: Office, action: Action) -> None:
    asked = await office.put(await office.ask(), decided_by=BO, round=2)
    assert await action(office, asked) == Refusal(RefusalReason.WRONG_STATE, State.WAITING)


@pytest.mark.parametrize("action", [*CLICKS, *LOOKS], ids=lambda action: action.__name__)
async def test_an_unknown_request_is_answered(office: Office, action: Action) -> None:
    asked = await office.ask()
    nobody = replace(asked, id=RequestId("8f14e45f"), short=ShortId("R-ZZZZZ"))
    assert reason(await action(office, nobody)) is RefusalReason.UNKNOWN_REQUEST
    empty = replace(asked, id=RequestId(""), short=ShortId(""))
    assert reason(await action(office, empty)) is RefusalReason.UNKNOWN_REQUEST


@pytest.mark.parametrize("action", [*CLICKS, *LOOKS], ids=lambda action: action.__name__)
async def test_a_draft_is_no_request_yet(office: Office, action: Action) -> None:
    draft = await in_state(office, State.DRAFT)
    assert reason(await action(office, draft)) is RefusalReason.UNKNOWN_REQUEST


@pytest.mark.parametrize("who", [BO, ANN, CHIEF])
async def test_a_button_in_another_channel_finds_no_request(office: Office, who: UserId) -> None:
    asked = await office.ask()
    for act in (
        office.approvals.open,
        office.decisions.open_rejection,
        office.decisions.cancel,
        office.decisions.resume,
        office.decisions.end_here,
    ):
        assert reason(await act(asked.id, person(who), QUICK)) is RefusalReason.UNKNOWN_REQUEST
    assert await office.now(asked.id) == asked


# what is told


async def test_a_rejection_reaches_card_thread_requester_and_channels(
    office: Office,
) -> None:
    asked = await office.ask()
    await office.unsaid()
    rejected = await office.decisions.reject(asked.id, person(BO), "wrong rule")
    assert isinstance(rejected, Request)
    assert (rejected.note, rejected.decided_by, rejected.ended_at) == ("wrong rule", BO, NOW)
    assert await told(office) == [
        (ChannelKind.CARD, NotificationType.REJECTED, ""),
        (ChannelKind.LINE, NotificationType.REJECTED, ""),
        (ChannelKind.DIRECT, NotificationType.REJECTED, ANN),
        (ChannelKind.NOTICE, NotificationType.REJECTED, NEWS),
    ]


async def test_an_approval_is_announced_and_wakes_the_background_tasks(office: Office) -> None:
    asked = await office.ask()
    await office.unsaid()
    woken = office.background.woken
    await office.approve(asked, BO)
    assert office.background.woken > woken
    assert await told(office) == [(ChannelKind.CARD, NotificationType.APPROVED, "")]  # the result follows


async def test_the_requester_hears_only_of_a_cancellation_by_another_person(office: Office) -> None:
    for who, directly in ((ANN, False), (CHIEF, True)):
        asked = await office.ask()
        await office.unsaid()
        await office.decisions.cancel(asked.id, person(who), None)
        assert ((ChannelKind.DIRECT, NotificationType.CANCELLED, ANN) in await told(office)) is directly


# its time


async def test_an_overdue_request_expires_once_and_the_requester_hears(office: Office) -> None:
    asked = await office.ask()
    await office.unsaid()
    assert await office.decisions.expire_overdue() == 0
    office.clock.at = LATER_ON
    assert await office.decisions.expire_overdue() == 1
    assert await office.decisions.expire_overdue() == 0
    expired = await office.now(asked.id)
    assert (expired.state, expired.ended_at, expired.decided_by) == (State.EXPIRED, LATER_ON, None)
    assert await told(office) == [
        (ChannelKind.CARD, NotificationType.EXPIRED, ""),
        (ChannelKind.LINE, NotificationType.EXPIRED, ""),
        (ChannelKind.DIRECT, NotificationType.EXPIRED, ANN),
    ]


@pytest.mark.parametrize("action", [approve, reject, cancel], ids=lambda action: action.__name__)
async def test_every_click_checks_the_expiry(office: Office, action: Action) -> None:
    asked = await office.ask()
    office.clock.at = LATER_ON
    assert reason(await consider(office, asked)) is RefusalReason.WRONG_STATE
    assert await action(office, asked) == Refusal(RefusalReason.WRONG_STATE, State.EXPIRED)
    assert (await office.now(asked.id)).state is State.EXPIRED
    assert await office.repository.votes(asked.id, 1) == ()


async def test_the_last_moment_is_in_time(office: Office) -> None:
    asked = await office.ask()
    office.clock.at = LATER_ON - timedelta(microseconds=1)
    assert isinstance(await office.approve(asked, BO), Request)


# a stopped one


async def test_continuing_carries_the_approvals_into_a_new_round(office: Office) -> None:
    before = await stopped(office, STRICT)
    continued = await office.decisions.resume(before.id, person(ANN), STRICT)
    assert isinstance(continued, Request)
    assert (continued.state, continued.round, continued.stop, continued.note) == (State.APPROVED, 2, None, "")
    assert continued.once_key == before.once_key
    assert [approval.by for approval in await office.repository.votes(before.id, 2)] == [BO, CLEO]


async def test_ending_here_keeps_the_reason_of_the_stop_and_sums_up(office: Office) -> None:
    before = await stopped(office)
    await office.unsaid()
    ended = await office.decisions.end_here(before.id, person(CHIEF), SUPPORT)
    assert isinstance(ended, Request)
    assert (ended.state, ended.note, ended.ended_at) == (State.DONE, "Dintero said no", NOW)
    assert await told(office) == [
        (ChannelKind.CARD, NotificationType.ENDED_HERE, ""),
        (ChannelKind.LINE, NotificationType.ENDED_HERE, ""),
        (ChannelKind.SUMMARY, NotificationType.ENDED_HERE, ""),
        (ChannelKind.DIRECT, NotificationType.DONE, ANN),
        (ChannelKind.LIST, NotificationType.LISTED, ANN),
        (ChannelKind.NOTICE, NotificationType.DONE, NEWS),
    ]


@pytest.mark.parametrize(("who", "may"), [(ANN, True), (BO, True), (CHIEF, True), (DI, False), (GUS, False)])
async def test_only_requester_approvers_and_admins_continue(
    office: Office, who: UserId, *, may: bool
) -> None:
    before = await stopped(office)
    assert isinstance(await office.decisions.resume(before.id, person(who), SUPPORT), Request) is may
