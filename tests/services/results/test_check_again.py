"""Check again: who may, what it records, and that it gives nobody anything and settles nothing."""

import asyncio
from collections.abc import Mapping

import pytest

from bot.domain.ids import CustomerId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import HolderSearch, Outcome, Tally, Verification
from bot.domain.requests.notification import ChannelKind
from bot.domain.requests.request import Event, Request, State, StopReason
from bot.domain.rules.rule import Holder
from bot.errors import OutcomeUnknownError
from bot.giving.lookups import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.giving.verification import OutcomeVerifier
from bot.services.results.check_again import CheckAgainService, Checked, LookUp
from tests.services.results.test_remainder import ended
from tests.support.audit_reader import told
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    DI,
    GUS,
    NOW,
    QUICK,
    SPAR,
    SUPPORT,
    Office,
    person,
)

C = CustomerId("c")


async def stopped(office: Office) -> Request:
    """Stop a request: a is given, b refused, c unconfirmed, d not sent."""
    request = await office.put(
        await ended(office), state=State.STOPPED, stop=StopReason.UNKNOWN_FOR_GOOD, ended_at=None
    )
    await office.unsaid()
    return await office.now(request.id)


def service(office: Office, look_up: LookUp | None = None) -> CheckAgainService:
    lookups = RuleLookups(office.shelf, CallScheduler(first=0.01, longest=0.02))
    return CheckAgainService(
        repository=office.repository,
        access=office.access,
        clock=office.clock,
        background=office.background,
        look_up=look_up or OutcomeVerifier(office.repository, lookups, office.clock).look_up,
    )


def listed(office: Office, *customers: str) -> None:
    office.shelf.refs_of[SPAR] = [Holder(f"ref-{at}", CustomerId(one)) for at, one in enumerate(customers)]


async def entries(office: Office, kind: str) -> list[tuple[str | None, Mapping[str, object]]]:
    return [(row.who, row.facts) for row in await told(office.repository, kind)]


@pytest.mark.parametrize("who", [ANN, BO, CHIEF])
async def test_requester_approvers_and_admins_check_and_the_audit_says_so(
    office: Office, who: UserId
) -> None:
    request = await stopped(office)
    listed(office, "a", "c")
    found = Verification(NOW, 1, there=1, refs=2, whole=True)
    assert await service(office).check(request.id, person(who), SUPPORT) == Checked(request, 1, found)
    assert await office.repository.verification(request.id) == found
    assert await office.repository.confirmed_customers(request.id) == {"c"}
    assert [(one.kind, one.to) for one in await office.unsaid()] == [(ChannelKind.CARD, "")]
    assert await entries(office, "checked") == [
        (who, {"short": request.short, "unconfirmed": 1, "listed": 1})
    ]


@pytest.mark.parametrize(
    ("who", "reason"),
    [(DI, RefusalReason.NOT_YOURS), (GUS, RefusalReason.GUEST), (UserId("U0X"), RefusalReason.STRANGER)],
)
async def test_all_others_are_refused_and_their_attempt_is_audited(
    office: Office, who: UserId, reason: RefusalReason
) -> None:
    request = await stopped(office)
    refused = await service(office).check(request.id, person(who), SUPPORT)
    assert isinstance(refused, Refusal)
    assert refused.reason is reason
    assert office.shelf.refs_read == 0
    assert [(who_, facts["act"]) for who_, facts in await entries(office, "refused")] == [
        (who, "check_again")
    ]


async def test_a_check_changes_no_outcome_and_gives_nobody_anything(either_office: Office) -> None:
    office = either_office
    request = await stopped(office)
    listed(office, "a", "b", "c", "d")
    before = [one async for portion in office.repository.not_given(request.id) for one in portion]
    await service(office).check(request.id, person(ANN), SUPPORT)
    after = [one async for portion in office.repository.not_given(request.id) for one in portion]
    assert after == before
    assert [one.outcome for one in after] == [Outcome.REFUSED, Outcome.UNKNOWN, Outcome.NOT_TRIED]
    assert await office.repository.tally(request.id) == Tally(4, given=1, refused=1, unknown=1)
    assert await office.now(request.id) == request


@pytest.mark.parametrize("state", [State.WAITING, State.APPROVED, State.GIVING, State.DONE])
async def test_only_a_stopped_request_is_checked(office: Office, state: State) -> None:
    request = await office.put(await stopped(office), state=state)
    refused = await service(office).check(request.id, person(ANN), SUPPORT)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.detail) == (RefusalReason.WRONG_STATE, state)
    assert office.shelf.refs_read == 0


async def test_another_channels_button_is_refused(office: Office) -> None:
    request = await stopped(office)
    refused = await service(office).check(request.id, person(ANN), QUICK)
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.UNKNOWN_REQUEST


async def test_one_check_of_a_request_runs_at_a_time(office: Office) -> None:
    request, reading, go_on = await stopped(office), asyncio.Event(), asyncio.Event()

    async def slow(_request: Request, _tally: Tally) -> HolderSearch:
        reading.set()
        await go_on.wait()
        return HolderSearch(Verification(NOW, 1, there=1, refs=1, whole=True), frozenset({C}))

    checks = service(office, slow)
    first = asyncio.create_task(checks.check(request.id, person(ANN), SUPPORT))
    await reading.wait()
    second = await checks.check(request.id, person(BO), SUPPORT)
    assert isinstance(second, Checked)
    assert second.running
    go_on.set()
    assert isinstance(await first, Checked)
    third = await checks.check(request.id, person(BO), SUPPORT)
    assert isinstance(third, Checked)
    assert not third.running


async def test_a_check_that_ends_after_continue_records_nothing(either_office: Office) -> None:
    office = either_office
    request = await stopped(office)

    async def overtaken(_request: Request, _tally: Tally) -> HolderSearch:
        await office.decisions.resume(request.id, person(ANN), SUPPORT)
        return HolderSearch(Verification(NOW, 1, there=1, refs=1, whole=True), frozenset({C}))

    late = await service(office, overtaken).check(request.id, person(BO), SUPPORT)
    assert isinstance(late, Refusal)
    assert late.reason is RefusalReason.WRONG_STATE
    assert await office.repository.verification(request.id) is None
    assert (await office.now(request.id)).state is State.APPROVED
    assert [row.who for row in await told(office.repository, "checked")] == [BO]


async def test_a_failed_check_is_told_and_leaves_an_earlier_result(office: Office) -> None:
    request = await stopped(office)
    listed(office, "c")
    await service(office).check(request.id, person(ANN), SUPPORT)
    office.shelf.failure = OutcomeUnknownError("connection lost")
    failed = await service(office).check(request.id, person(ANN), SUPPORT)
    assert isinstance(failed, Checked)
    assert failed.verification == Verification(NOW, 1, failed="connection lost")
    kept = await office.repository.verification(request.id)
    assert kept == Verification(NOW, 1, there=1, refs=1, whole=True)


async def test_a_failed_check_is_recorded_where_nothing_was_known(office: Office) -> None:
    request = await stopped(office)
    office.shelf.failure = OutcomeUnknownError("cut")
    await service(office).check(request.id, person(ANN), SUPPORT)
    assert await office.repository.verification(request.id) == Verification(NOW, 1, failed="cut")


async def test_after_a_check_the_request_can_still_continue_and_end(office: Office) -> None:
    request = await stopped(office)
    listed(office, "c")
    await service(office).check(request.id, person(ANN), SUPPORT)
    ended_here = await office.decisions.end_here(request.id, person(ANN), SUPPORT)
    assert isinstance(ended_here, Request)
    assert ended_here.state is State.DONE
    assert Event.ENDED_HERE in {row.kind async for row in office.repository.audit.rows()}
