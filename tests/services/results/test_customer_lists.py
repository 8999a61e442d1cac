"""The customers of a request: who sees them, in pages, with an audit entry for each view."""

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId, RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import State
from bot.services.results.customer_lists import PER_PAGE, CustomerPage
from tests.support.audit_reader import told
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    DI,
    ELSEWHERE,
    GUS,
    QUICK,
    SUPPORT,
    open_office,
    person,
)

IDS = [f"c-{at}" for at in range(2_000)]


@pytest.mark.parametrize("who", [ANN, BO, CHIEF])
async def test_requester_approvers_and_admins_see_the_customers(
    sqlite_books: SqlRepository, who: UserId
) -> None:
    office = await open_office(sqlite_books)
    request = await office.ask(customers="a\nb")
    shown = await office.decisions.customers(request.id, person(who), SUPPORT, 1)
    assert isinstance(shown, CustomerPage)
    assert shown.customers == ("a", "b")
    looks = [(row.who, row.facts) for row in await told(sqlite_books, "looked")]
    assert looks == [(who, {"short": request.short, "first": 1, "last": 2, "customers": 2})]


@pytest.mark.parametrize(
    ("who", "reason"),
    [(DI, RefusalReason.NOT_YOURS), (GUS, RefusalReason.GUEST), (UserId("U0X"), RefusalReason.STRANGER)],
)
async def test_all_others_are_refused_and_their_attempt_is_audited(
    sqlite_books: SqlRepository, who: UserId, reason: RefusalReason
) -> None:
    office = await open_office(sqlite_books)
    request = await office.ask(customers="a\nb")
    shown = await office.decisions.customers(request.id, person(who), SUPPORT, 1)
    assert isinstance(shown, Refusal)
    assert shown.reason is reason
    tries = [(row.who, row.facts["act"]) for row in await told(sqlite_books, "looked", "refused")]
    assert tries == [(who, "show_customers")]


async def test_another_workspace_or_another_channels_button_is_refused(
    sqlite_books: SqlRepository,
) -> None:
    office = await open_office(sqlite_books)
    request = await office.ask()
    elsewhere = await office.decisions.customers(request.id, person(BO, ELSEWHERE), SUPPORT, 1)
    other = await office.decisions.customers(request.id, person(BO), QUICK, 1)
    assert [no.reason for no in (elsewhere, other) if isinstance(no, Refusal)] == [
        RefusalReason.STRANGER,
        RefusalReason.UNKNOWN_REQUEST,
    ]


async def test_the_pages_hold_every_customer_once_and_in_order(sqlite_books: SqlRepository) -> None:
    office = await open_office(sqlite_books)
    request = await office.put(await office.ask(customers="\n".join(IDS)), state=State.WAITING)
    async with sqlite_books.unit_of_work(request.id) as unit:
        assert unit
        await unit.put_packed(pack(await _all(sqlite_books, request.id), portion=70))
    await office.put(request, batch_size=7, batches_per_portion=10)
    seen: list[str] = []
    for number in range(1, 41):
        shown = await office.decisions.customers(request.id, person(BO), SUPPORT, number)
        assert isinstance(shown, CustomerPage)
        assert shown.pages == 40
        assert shown.first == len(seen) + 1
        seen += shown.customers
    assert seen == IDS


@pytest.mark.parametrize(("asked", "got"), [(0, 1), (-3, 1), (3, 3), (4, 3), (10**9, 3)])
async def test_a_missing_page_shows_the_nearest(sqlite_books: SqlRepository, asked: int, got: int) -> None:
    office = await open_office(sqlite_books)
    request = await office.ask(customers="\n".join(IDS[: 2 * PER_PAGE + 1]))
    shown = await office.decisions.customers(request.id, person(BO), SUPPORT, asked)
    assert isinstance(shown, CustomerPage)
    assert shown.page == got


async def _all(repository: SqlRepository, request: RequestId) -> list[CustomerId]:
    return [
        customer
        for number in range(await repository.portions(request))
        for customer in await repository.customers(request, number)
    ]
