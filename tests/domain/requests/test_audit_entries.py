"""The audit of a request: every transition and approval with person and reason, and never a customer's id."""

from dataclasses import replace

import pytest

from bot.database.audit.log import MAX_LISTED_BATCHES
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.pause import PausedFor
from bot.domain.requests.request import Event, Request, StopReason, digest
from tests.support.audit_reader import given, kinds, told
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    NOW,
    PERCENT,
    POLICY,
    SPAR,
    SUPPORT,
    Office,
    allowing,
    open_office,
    person,
)


async def test_a_completed_request_is_audited_from_end_to_end(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="c-1\nc-2\nc-3", reason="Late delivery of c-2")
    await office.approvals.open(request.id, person(BO), SUPPORT)
    await office.approve(request, BO)
    await given(
        office, request, BatchOutcome(0, 0, 3, refused=(Refused(CustomerId("c-2"), "c-2 is nobody"),))
    )
    assert await kinds(repository) == [
        (Event.ASKED, ANN),
        ("shown", BO),
        ("approval", BO),
        (Event.LAST_APPROVAL, BO),
        (Event.STARTED, None),
        ("outcome", None),
        (Event.SETTLED, None),
    ]
    asked, shown, approval, *_, outcome, _ = await told(repository)
    assert {one.facts["digest"] for one in (asked, shown, approval)} == {digest(request)}
    assert asked.facts["approvals"] == 1
    assert asked.facts["customers"] == 3
    assert (
        outcome.facts["given"],
        outcome.facts["refused"],
        outcome.facts["unknown"],
        outcome.facts["not_tried"],
    ) == (2, 1, 0, 0)


async def test_the_outcome_of_each_batch_is_audited_in_numbers(repository: SqlRepository) -> None:
    office = (await open_office(repository)).under(allowing(batch_size=2, concurrency=1))
    request = await office.ask(customers="\n".join(f"c-{at}" for at in range(19)))
    await office.approve(request, BO)
    await office.preflight.begin(request.id)
    assert await repository.start_portion(request.id, 0)
    c2, c4 = CustomerId("c-2"), CustomerId("c-4")
    outcomes = (
        BatchOutcome(0, 0, 2),
        BatchOutcome(0, 1, 2, refused=(Refused(c2, "no"),)),
        BatchOutcome(0, 2, 2, unknown=(c4,)),
    )
    await given(office, request, *outcomes, BatchOutcome(1, 0, 2))
    (outcome,) = await told(repository, "outcome")
    assert outcome.facts["each"] == [
        [0, 0, 2, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 2, 1, 0, 1, 0],
        [1, 0, 2, 0, 0, 0],
    ]
    assert outcome.facts["batches"] == 4
    tally = await repository.tally(request.id)
    assert tally.unknown > 1  # includes batches sent without an answer
    assert {name: outcome.facts[name] for name in ("given", "refused", "unknown", "not_tried")} == {
        "given": tally.given,
        "refused": tally.refused,
        "unknown": tally.unknown,
        "not_tried": tally.not_tried,
    }


async def test_many_batches_are_audited_as_sums(sqlite_books: SqlRepository) -> None:
    office = (await open_office(sqlite_books)).under(
        allowing(batch_size=1, concurrency=1, max_customers=MAX_LISTED_BATCHES + 1)
    )
    request = await office.ask(customers="\n".join(f"c-{at}" for at in range(MAX_LISTED_BATCHES + 1)))
    await office.approve(request, BO, typed=str(MAX_LISTED_BATCHES + 1))
    await given(office, request, *(BatchOutcome(at // 8, at % 8, 1) for at in range(MAX_LISTED_BATCHES + 1)))
    (outcome,) = await told(sqlite_books, "outcome")
    assert (outcome.facts["batches"], outcome.facts["given"], outcome.facts["each"]) == (
        MAX_LISTED_BATCHES + 1,
        MAX_LISTED_BATCHES + 1,
        [],
    )


async def test_no_row_holds_a_customers_id_or_a_persons_words(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="secret-customer-1\nsecret-customer-2", reason="secret reason")
    await office.decisions.customers(request.id, person(BO), SUPPORT, 1)
    await office.decisions.reject(request.id, person(BO), "secret note")
    async for row in repository.audit.rows():
        assert "secret" not in row.facts


@pytest.mark.parametrize("how", ["reject", "cancel", "expire"])
async def test_each_end_without_a_grant_names_its_person(repository: SqlRepository, how: str) -> None:
    office = await open_office(repository)
    request = await office.ask()
    if how == "reject":
        await office.decisions.reject(request.id, person(BO), "no")
    elif how == "cancel":
        await office.decisions.cancel(request.id, person(ANN), SUPPORT)
    else:
        office.clock.pass_by(days=2)
        await office.decisions.expire_overdue()
    last = (await told(repository))[-1]
    ends = {"reject": (Event.REJECTED, BO), "cancel": (Event.CANCELLED, ANN), "expire": (Event.EXPIRED, None)}
    assert (last.kind, last.who) == ends[how]


async def test_the_audit_of_a_remainder_names_its_request(repository: SqlRepository) -> None:
    office = await open_office(repository)
    first = await office.ask(customers="a\nb")
    await office.approve(first, BO)
    await office.preflight.begin(first.id)
    await office.decisions.cancel(first.id, person(CHIEF), SUPPORT)
    await repository.record_outcomes(first.id, BatchOutcome(0, 0, 2, not_tried=(CustomerId("b"),)))
    await office.completion.finish(first.id, 1)
    draft = await office.drafts.create_remainder(first.id, person(ANN), SUPPORT)
    assert isinstance(draft, Request)
    await office.drafts.review(draft.id, person(ANN))
    await office.submit(draft.id, person(ANN))
    assert [one.facts["rest_of"] for one in await told(repository, Event.ASKED)] == [None, first.id]


async def test_a_changed_rule_and_a_void_approval_are_different_entries(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask()
    await office.approve(request, BO)
    office.shelf.change(SPAR, active=True, reward=replace(office.shelf.rules_of[PERCENT].reward))
    await office.preflight.begin(request.id)
    await office.approve(await office.now(request.id), CLEO)
    office.town.groups[POLICY.channels[SUPPORT].approvers[0]] = {BO}  # type: ignore[index]
    await office.preflight.begin(request.id)
    moves = [one.kind for one in await told(repository) if "from" in one.facts]
    assert moves == [
        Event.ASKED,
        Event.LAST_APPROVAL,
        Event.RULE_CHANGED,
        Event.LAST_APPROVAL,
        Event.CONSENT_VOID,
    ]


async def test_pause_and_resume_are_audited_once_with_person_and_without_text(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    for _ in range(2):
        await office.decisions.pause_service.pause(person(CHIEF), "secret reason")
    for _ in range(2):
        await office.decisions.pause_service.resume(person(CHIEF))
    paused, resumed = await told(repository)
    assert (paused.kind, paused.who, paused.facts) == ("paused", CHIEF, {"reason_given": True})
    assert (resumed.kind, resumed.who) == ("resumed", CHIEF)


async def test_the_bots_own_pause_is_audited_with_its_reason(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask()
    await office.approve(request, BO)
    await given(office, request, BatchOutcome(0, 0, 1, unknown=(CustomerId("c-1"),)))
    (paused,) = await told(repository, "paused")
    assert (paused.who, paused.facts) == (None, {"why": PausedFor.UNKNOWN})


async def test_a_paused_run_is_audited_when_parked_and_when_continued(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="c-1\nc-2")
    await office.approve(request, BO)
    begun = await office.preflight.begin(request.id)
    assert begun
    await office.decisions.pause_service.pause(person(CHIEF), "")
    await office.completion.finish(request.id, begun.round)
    await office.decisions.pause_service.resume(person(CHIEF))
    await office.preflight.begin(request.id)
    kept = await told(repository, "paused", "parked", "resumed", "goes_on")
    assert [one.kind for one in kept] == ["paused", "parked", "resumed", "goes_on"]


async def test_the_entries_of_hold_and_escalation_name_their_people(
    repository: SqlRepository,
) -> None:
    timed = replace(POLICY.channels[SUPPORT], hold_minutes=10, escalate_to=(DI,), expires_hours=10)
    office = (await open_office(repository)).under(
        replace(POLICY, channels={**POLICY.channels, SUPPORT: timed})
    )
    request = await office.ask()
    office.clock.pass_by(hours=6)
    await office.decisions.remind_due()
    await office.approve(request, BO)
    await office.decisions.give_now(request.id, person(CHIEF), SUPPORT)
    escalated, hurried = await told(repository, "escalated", "hurried")
    assert (escalated.who, escalated.facts["to"]) == (None, [DI])
    assert hurried.who == CHIEF


async def test_a_policy_stop_has_its_reason_and_a_continue_its_person(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask()
    await office.approve(request, BO)
    narrow = replace(POLICY.channels[SUPPORT], rules=frozenset({PERCENT}))
    stricter = Office(
        repository, policy=replace(POLICY, channels={**POLICY.channels, SUPPORT: narrow}), town=office.town
    )
    await stricter.preflight.begin(request.id)
    await office.decisions.resume(request.id, person(CHIEF), SUPPORT)
    stopped, continued = (await told(repository, Event.STOPPED, Event.CONTINUED))[-2:]
    assert (stopped.facts["stop"], stopped.facts["why"]) == (
        StopReason.POLICY,
        RefusalReason.RULE_NOT_ALLOWED,
    )
    assert (continued.kind, continued.who, continued.facts["round"]) == (Event.CONTINUED, CHIEF, 2)
    again = (await told(repository, "approval"))[-1]
    assert (again.who, again.facts["round"], again.facts["said_at"]) == (BO, 2, NOW.isoformat())


async def test_a_cancelled_run_is_audited_with_person_and_outcome(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="a\nb")
    await office.approve(request, BO)
    await office.preflight.begin(request.id)
    await office.decisions.cancel(request.id, person(CHIEF), SUPPORT)
    await repository.record_outcomes(request.id, BatchOutcome(0, 0, 2, not_tried=(CustomerId("b"),)))
    await office.completion.finish(request.id, 1)
    asked, outcome, ended = (await told(repository))[-3:]
    assert (asked.kind, asked.who) == (Event.CANCEL_ASKED, CHIEF)
    assert (outcome.facts["given"], outcome.facts["not_tried"]) == (1, 1)
    assert (ended.kind, ended.who) == (Event.WOUND_UP, CHIEF)
