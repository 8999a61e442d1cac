"""The list of customers without the discount: who gets it, when, and its audit entry."""

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State, StopReason
from tests.services.results.test_remainder import ended
from tests.support.audit_reader import told
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    DI,
    ELSEWHERE,
    GUS,
    NOW,
    QUICK,
    SUPPORT,
    Office,
    open_office,
    person,
)


async def lists(office: Office) -> list[UserId]:
    """Send the outbox, and name the recipients of lists."""
    return [
        UserId(notification.to)
        for notification in await office.unsaid()
        if notification.kind is ChannelKind.LIST
    ]


@pytest.mark.parametrize("who", [ANN, BO, CHIEF])
async def test_requester_approvers_and_admins_get_the_list_and_the_audit_says_so(
    sqlite_books: SqlRepository, who: UserId
) -> None:
    office = await open_office(sqlite_books)
    request = await ended(office)
    await office.unsaid()
    assert isinstance(await office.decisions.send_list(request.id, person(who), SUPPORT), Request)
    (notification,) = await office.unsaid()
    assert (notification.kind, notification.happened, notification.to) == (
        ChannelKind.LIST,
        NotificationType.LISTED,
        who,
    )
    looks = [(row.who, row.facts) for row in await told(sqlite_books, "looked")]
    assert looks == [(who, {"short": request.short, "not_given": 3, "customers": 4})]


@pytest.mark.parametrize(
    ("who", "reason"),
    [(DI, RefusalReason.NOT_YOURS), (GUS, RefusalReason.GUEST), (UserId("U0X"), RefusalReason.STRANGER)],
)
async def test_all_others_are_refused_and_their_attempt_is_audited(
    sqlite_books: SqlRepository, who: UserId, reason: RefusalReason
) -> None:
    office = await open_office(sqlite_books)
    request = await ended(office)
    sent = await office.decisions.send_list(request.id, person(who), SUPPORT)
    assert isinstance(sent, Refusal)
    assert sent.reason is reason
    assert await lists(office) == []
    tries = [(row.who, row.facts["act"]) for row in await told(sqlite_books, "refused")]
    assert tries == [(who, "get_list")]


async def test_another_workspace_or_another_channels_button_is_refused(office: Office) -> None:
    request = await ended(office)
    elsewhere = await office.decisions.send_list(request.id, person(BO, ELSEWHERE), SUPPORT)
    other = await office.decisions.send_list(request.id, person(BO), QUICK)
    assert [no.reason for no in (elsewhere, other) if isinstance(no, Refusal)] == [
        RefusalReason.STRANGER,
        RefusalReason.UNKNOWN_REQUEST,
    ]


async def test_pressing_twice_sends_the_list_once_and_again_only_later(either_office: Office) -> None:
    office = either_office
    request = await ended(office)
    await office.unsaid()
    for _ in range(2):
        assert isinstance(await office.decisions.send_list(request.id, person(BO), SUPPORT), Request)
    await office.decisions.send_list(request.id, person(CHIEF), SUPPORT)
    assert await lists(office) == [BO, CHIEF]
    await office.decisions.send_list(request.id, person(BO), SUPPORT)
    assert await lists(office) == [BO]


async def test_a_stopped_request_has_a_list(office: Office) -> None:
    request = await ended(office)
    await office.put(request, state=State.STOPPED, stop=StopReason.BUSY, ended_at=None)
    assert isinstance(await office.decisions.send_list(request.id, person(ANN), SUPPORT), Request)


@pytest.mark.parametrize("state", [State.WAITING, State.APPROVED, State.GIVING])
async def test_a_giving_request_has_no_list_yet(office: Office, state: State) -> None:
    request = await office.put(await ended(office), state=state, ended_at=None)
    assert await office.decisions.send_list(request.id, person(ANN), SUPPORT) == Refusal(
        RefusalReason.NO_LIST, request.short
    )


async def test_a_request_that_never_started_has_no_list(office: Office) -> None:
    request = await office.ask(customers="a\nb")
    await office.decisions.reject(request.id, person(BO), "no")
    assert await office.decisions.send_list(request.id, person(ANN), SUPPORT) == Refusal(
        RefusalReason.NO_LIST, request.short
    )


async def test_a_purged_request_has_no_list(office: Office) -> None:
    request = await ended(office)
    async with office.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.redact(NOW)
    assert await office.decisions.send_list(request.id, person(ANN), SUPPORT) == Refusal(
        RefusalReason.PURGED, request.short
    )
