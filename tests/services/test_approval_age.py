"""An approval older than `expires_hours` is renewed before anything more is given, on every path."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.policy.policy import Policy, RefusalReason
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Request, State, StopReason
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    SUPPORT,
    Office,
    allowing,
    open_office,
    person,
)

HOURS = 24
HELD = allowing(hold_minutes=(HOURS - 1) * 60)


async def held(office: Office, request: Request) -> None:
    assert await office.preflight.begin(request.id) is None


async def unbegun(office: Office, request: Request) -> None:
    """Slack and Dintero are away, or the bot is closed."""


async def giving(office: Office, request: Request) -> None:
    assert await office.preflight.begin(request.id)


async def parked(office: Office, request: Request) -> None:
    await giving(office, request)
    await office.decisions.pause_service.pause(person(CHIEF), "")
    await office.completion.finish(request.id, request.round)
    await office.decisions.pause_service.resume(person(CHIEF))
    assert (await office.now(request.id)).pausing is PauseState.PARKED


async def stopped(office: Office, request: Request) -> None:
    await giving(office, request)
    await office.repository.request_stop(request.id, StopReason.BUSY, "")
    await office.completion.finish(request.id, request.round)


async def approved(repository: SqlRepository, policy: Policy) -> tuple[Office, Request]:
    office = await open_office(repository, policy=policy)
    request = await office.approve(await office.ask(customers="c-1\nc-2"), BO)
    assert isinstance(request, Request)
    return office, request


async def goes_on(office: Office, request: Request) -> bool:
    """Continue a request in another process, as far as it may."""
    other = Office(office.repository, policy=office.access.policy, clock=office.clock, town=office.town)
    other.shelf = office.shelf
    if (await office.now(request.id)).state is State.STOPPED:
        await other.decisions.resume(request.id, person(ANN), SUPPORT)
    begun = await other.under(office.access.policy).preflight.begin(request.id)
    fresh = other.under(office.access.policy).preflight
    return bool(begun) and await fresh.admit(request.id, begun.round if begun else 0) is not None


@pytest.mark.parametrize("before", [held, unbegun, giving, parked, stopped])
async def test_an_old_approval_is_renewed_before_anything_more_is_given(
    sqlite_books: SqlRepository, before: Callable[[Office, Request], Awaitable[None]]
) -> None:
    office, request = await approved(sqlite_books, HELD if before is held else allowing())
    await before(office, request)
    await office.unsaid()
    office.clock.pass_by(hours=HOURS)
    assert not await goes_on(office, request)
    waiting = await office.now(request.id)
    assert (waiting.state, waiting.stop, waiting.pausing) == (State.WAITING, None, PauseState.NO)
    (line,) = [
        one
        for one in await office.unsaid()
        if one.happened is NotificationType.CONSENT_VOID and one.kind is ChannelKind.LINE
    ]
    assert line.note == RefusalReason.APPROVAL_OLD
    again = await office.approve(waiting, CLEO)
    assert isinstance(again, Request)
    office.clock.pass_by(hours=HOURS - 1)
    assert await goes_on(office, request)


@pytest.mark.parametrize("before", [held, unbegun, giving, parked, stopped])
async def test_a_fresh_approval_lets_it_go_on(
    sqlite_books: SqlRepository, before: Callable[[Office, Request], Awaitable[None]]
) -> None:
    office, request = await approved(sqlite_books, HELD if before is held else allowing())
    await before(office, request)
    office.clock.pass_by(hours=HOURS - 1)
    assert await goes_on(office, request)


async def test_of_two_approvals_none_may_be_too_old(office: Office) -> None:
    office.under(allowing(approvals=2, expires_hours=10))
    asked = await office.ask()
    await office.approve(asked, BO)
    office.clock.pass_by(hours=9)
    await office.approve(asked, CLEO)
    giving = await office.preflight.begin(asked.id)
    assert giving
    assert await office.preflight.admit(giving.id, giving.round) == asked.asked_at + timedelta(hours=10)  # type: ignore[operator]


async def test_a_giving_during_which_the_approvals_get_too_old_waits_again(office: Office) -> None:
    asked = await office.ask(customers="c-1\nc-2")
    await office.approve(asked, BO)
    giving = await office.preflight.begin(asked.id)
    assert giving
    await office.repository.request_stop(giving.id, StopReason.POLICY, RefusalReason.APPROVAL_OLD)
    await office.completion.finish(giving.id, giving.round)
    waiting = await office.now(asked.id)
    assert (waiting.state, waiting.round, waiting.stop) == (State.WAITING, 2, None)


async def test_nobody_is_asked_again_for_what_is_given_already(office: Office) -> None:
    asked = await office.ask(customers="c-1\nc-2")
    await office.approve(asked, BO)
    giving = await office.preflight.begin(asked.id)
    assert giving
    await office.repository.start_portion(giving.id, 0)
    await office.repository.record_outcomes(giving.id, BatchOutcome(0, 0, 2))
    office.clock.pass_by(hours=HOURS * 7)
    office.town.groups = {group: set() for group in office.town.groups}
    assert await goes_on(office, giving)
    await office.completion.finish(giving.id, giving.round)
    assert (await office.now(asked.id)).state is State.DONE
