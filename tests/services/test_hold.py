"""The hold after the last approval: anybody in the channel can cancel, only an admin can end it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State, StopReason
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    DI,
    GUS,
    POLICY,
    QUICK,
    STRICT,
    SUPPORT,
    Office,
    open_office,
    person,
)

HELD = replace(
    POLICY, channels={name: replace(one, hold_minutes=10) for name, one in POLICY.channels.items()}
)


@pytest.fixture
async def office(sqlite_books: SqlRepository) -> Office:
    """Hold for ten minutes in every channel."""
    return await open_office(sqlite_books, policy=HELD)


async def approved(office: Office) -> Request:
    request = await office.ask()
    answer = await office.approve(request, BO)
    assert isinstance(answer, Request)
    return answer


async def test_nothing_is_given_before_the_hold_ends_across_restarts(office: Office) -> None:
    request = await approved(office)
    assert (request.state, request.give_after) == (State.APPROVED, office.clock.now() + timedelta(minutes=10))
    office.clock.pass_by(minutes=9, seconds=59)
    again = Office(office.repository, policy=HELD, clock=office.clock, town=office.town)
    for each in (office, again, again):
        assert await each.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is State.APPROVED
    office.clock.pass_by(seconds=1)
    assert (await again.preflight.begin(request.id)) == await office.now(request.id)
    assert (await office.now(request.id)).state is State.GIVING


async def test_without_hold_minutes_a_request_is_given_at_once(sqlite_books: SqlRepository) -> None:
    office = await open_office(sqlite_books)
    request = await approved(office)
    assert request.give_after is None
    assert await office.preflight.begin(request.id)


async def test_a_request_without_approval_is_held_as_well(office: Office) -> None:
    request = await office.ask(ANN, QUICK)
    assert request.state is State.APPROVED
    assert request.give_after
    assert await office.preflight.begin(request.id) is None
    office.clock.pass_by(minutes=10)
    assert await office.preflight.begin(request.id)


async def test_a_hold_outlives_its_policy_key(office: Office) -> None:
    request = await approved(office)
    office.under(POLICY)
    assert await office.preflight.begin(request.id) is None


@pytest.mark.parametrize("who", [ANN, BO, CHIEF, DI])
async def test_anybody_in_the_channel_may_cancel_during_the_hold(office: Office, who: UserId) -> None:
    request = await approved(office)
    for _ in range(2):
        answer = await office.decisions.cancel(request.id, person(who), SUPPORT)
        assert isinstance(answer, Request)
        assert (answer.state, answer.decided_by) == (State.CANCELLED, who)
    lines = [
        notification
        for notification in await office.unsaid()
        if notification.happened is NotificationType.CANCELLED and notification.kind is ChannelKind.LINE
    ]
    assert [line.by for line in lines] == [who]


async def test_a_command_counts_where_it_was_typed(office: Office) -> None:
    request = await approved(office)
    for elsewhere in (None, STRICT):
        answer = await office.decisions.cancel(request.short, person(DI), None, typed_in=elsewhere)
        assert isinstance(answer, Refusal)
        assert answer.reason is RefusalReason.NOT_YOURS
    assert isinstance(
        await office.decisions.cancel(request.short, person(DI), None, typed_in=SUPPORT), Request
    )


async def test_guests_may_not_cancel_and_the_hold_ends_the_right_to(office: Office) -> None:
    request = await approved(office)
    guest = await office.decisions.cancel(request.id, person(GUS), SUPPORT)
    assert isinstance(guest, Refusal)
    assert guest.reason is RefusalReason.GUEST
    office.clock.pass_by(minutes=10)
    late = await office.decisions.cancel(request.id, person(DI), SUPPORT)
    assert isinstance(late, Refusal)
    assert late.reason is RefusalReason.NOT_YOURS
    assert (await office.now(request.id)).state is State.APPROVED


async def test_only_an_admin_gives_now_and_only_what_is_held(office: Office) -> None:
    waiting = await office.ask()
    early = await office.decisions.give_now(waiting.id, person(CHIEF), SUPPORT)
    assert early == Refusal(RefusalReason.NOT_HELD)
    request = await office.approve(waiting, BO)
    assert isinstance(request, Request)
    for who in (ANN, BO, DI):
        answer = await office.decisions.give_now(request.id, person(who), SUPPORT)
        assert answer == Refusal(RefusalReason.NOT_AN_ADMIN)
    assert await office.preflight.begin(request.id) is None
    hurried = await office.decisions.give_now(request.id, person(CHIEF), SUPPORT)
    assert isinstance(hurried, Request)
    assert await office.decisions.give_now(request.id, person(CHIEF), SUPPORT) == Refusal(
        RefusalReason.NOT_HELD
    )
    assert await office.preflight.begin(request.id)
    assert [
        notification.by
        for notification in await office.unsaid()
        if notification.happened is NotificationType.HURRIED
    ] == [
        CHIEF,
        CHIEF,
    ]


async def test_an_admin_does_not_end_the_hold_of_their_own_request(office: Office) -> None:
    asked = await office.ask(CHIEF)
    request = await office.approve(asked, BO)
    assert isinstance(request, Request)
    answer = await office.decisions.give_now(request.id, person(CHIEF), SUPPORT)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.OWN_REQUEST
    assert (await office.now(request.id)).give_after == request.give_after


async def test_give_now_gives_nothing_without_its_approvals(office: Office) -> None:
    request = await approved(office)
    office.town.groups = {group: set() for group in office.town.groups}
    await office.decisions.give_now(request.id, person(CHIEF), SUPPORT)
    assert await office.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is not State.GIVING


async def test_a_continued_request_is_held_only_after_a_new_approval(
    office: Office,
) -> None:
    request = await approved(office)
    office.clock.pass_by(minutes=10)
    await office.preflight.begin(request.id)
    await office.repository.request_stop(request.id, StopReason.BUSY, "")
    await office.completion.finish(request.id, 1)
    continued = await office.decisions.resume(request.id, person(ANN), SUPPORT)
    assert isinstance(continued, Request)
    assert continued.give_after is None
    office.shelf.change(request.rule.id, active=True, receipt_text="x")  # type: ignore[union-attr]
    office.town.groups = {
        group: {ANN} for group in office.town.groups
    }  # Bo's approval no longer counts, so another is needed
    assert await office.preflight.begin(request.id) is None
    again = await office.approve(await office.now(request.id), CHIEF)
    assert isinstance(again, Request)
    assert again.give_after is not None
    assert await office.preflight.begin(request.id) is None
