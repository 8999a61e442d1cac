"""What stands in the audit of a request's life: every move and every yes, with who and why, and never a customer's id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.auditing.verify import verify
from bot.giving.answers import Review
from bot.giving.batches import BatchOutcome, Refused
from bot.giving.ids import CustomerId, RequestId, UserId
from bot.giving.pauses import PausedFor
from bot.giving.policy import Policy, Reason, Refusal
from bot.giving.record import canonical, digest_of_shown, policy_in_force
from bot.giving.request import Event, Request, State, StopReason, moved
from bot.store.books import SqlBooks, open_books
from bot.store.database import address
from tests.clock import HandClock
from tests.giving.office import ANN, BO, CHIEF, CLEO, DI, GUS, NOW, PERCENT, POLICY, SPAR, STRICT, SUPPORT, Office, open_office, person


@dataclass(frozen=True)
class Told:
    kind: str
    who: str | None
    facts: Mapping[str, Any]


async def told(books: SqlBooks, *kinds: str) -> list[Told]:
    """Read what the audit tells, in order."""
    assert (await verify(books.audit)).fine
    rows = [Told(row.kind, row.who, json.loads(row.facts)) async for row in books.audit.rows()]
    return [row for row in rows if not kinds or row.kind in kinds]


async def kinds(books: SqlBooks) -> list[tuple[str, str | None]]:
    return [(row.kind, row.who) for row in await told(books)]


async def given(office: Office, request: Request, *outcomes: BatchOutcome) -> None:
    begun = await office.starting.begin(request.id)
    assert begun
    for outcome in outcomes:
        await office.books.settle(request.id, outcome)
    await office.ending.finish(request.id, begun.round)


async def test_a_request_that_goes_well_is_told_from_end_to_end(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask(customers="c-1\nc-2\nc-3", reason="Late delivery of c-2")
    await office.desk.consider(request.id, person(BO), SUPPORT)
    await office.approve(request, BO)
    await given(office, request, BatchOutcome(0, 0, 3, refused=(Refused(CustomerId("c-2"), "c-2 is nobody"),)))
    assert await kinds(books) == [
        (Event.ASKED, ANN),
        ("shown", BO),
        ("approval", BO),
        (Event.LAST_APPROVAL, BO),
        (Event.STARTED, None),
        ("outcome", None),
        (Event.SETTLED, None),
    ]
    asked, shown, approval, *_, outcome, _ = await told(books)
    digest = digest_of_shown(request)
    assert {one.facts["digest"] for one in (asked, shown, approval)} == {digest}
    assert asked.facts["approvals"] == 1
    assert asked.facts["customers"] == 3
    assert (outcome.facts["given"], outcome.facts["refused"], outcome.facts["unknown"], outcome.facts["not_tried"]) == (2, 1, 0, 0)


async def test_no_row_holds_a_customers_id_or_a_persons_words(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask(customers="secret-customer-1\nsecret-customer-2", reason="secret reason")
    await office.desk.customers(request.id, person(BO), SUPPORT, 1)
    await office.desk.reject(request.id, person(BO), "secret note")
    async for row in books.audit.rows():
        assert "secret" not in row.facts


@pytest.mark.parametrize("how", ["reject", "cancel", "expire"])
async def test_each_end_without_a_gift_names_who(books: SqlBooks, how: str) -> None:
    office = await open_office(books)
    request = await office.ask()
    if how == "reject":
        await office.desk.reject(request.id, person(BO), "no")
    elif how == "cancel":
        await office.desk.cancel(request.id, person(ANN), SUPPORT)
    else:
        office.clock.pass_by(days=2)
        await office.desk.expire_overdue()
    last = (await told(books))[-1]
    ends = {"reject": (Event.REJECTED, BO), "cancel": (Event.CANCELLED, ANN), "expire": (Event.EXPIRED, None)}
    assert (last.kind, last.who) == ends[how]


async def test_whose_rest_is_asked_for_is_told(books: SqlBooks) -> None:
    office = await open_office(books)
    first = await office.ask(customers="a\nb")
    await office.approve(first, BO)
    await office.starting.begin(first.id)
    await office.desk.cancel(first.id, person(CHIEF), SUPPORT)
    await books.settle(first.id, BatchOutcome(0, 0, 2, not_tried=(CustomerId("b"),)))
    await office.ending.finish(first.id, 1)
    draft = await office.asking.open_rest(first.id, person(ANN), SUPPORT)
    assert isinstance(draft, Request)
    await office.asking.review(draft.id, person(ANN))
    await office.asking.ask(draft.id, person(ANN))
    assert [one.facts["rest_of"] for one in await told(books, Event.ASKED)] == [None, first.id]


async def test_a_changed_rule_and_a_lost_yes_are_told_apart(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask()
    await office.approve(request, BO)
    office.shelf.change(SPAR, active=True, reward=replace(office.shelf.rules_of[PERCENT].reward))
    await office.starting.begin(request.id)
    await office.approve(await office.now(request.id), CLEO)
    office.town.groups[POLICY.channels[SUPPORT].approvers[0]] = {BO}  # type: ignore[index]
    await office.starting.begin(request.id)
    moves = [one.kind for one in await told(books) if "from" in one.facts]
    assert moves == [Event.ASKED, Event.LAST_APPROVAL, Event.RULE_CHANGED, Event.LAST_APPROVAL, Event.CONSENT_VOID]


async def test_a_pause_and_its_end_are_told_once_each_with_who_and_without_their_words(books: SqlBooks) -> None:
    office = await open_office(books)
    for _ in range(2):
        await office.desk.pauses.pause(person(CHIEF), "secret reason")
    for _ in range(2):
        await office.desk.pauses.resume(person(CHIEF))
    paused, resumed = await told(books)
    assert (paused.kind, paused.who, paused.facts) == ("paused", CHIEF, {"reason_given": True})
    assert (resumed.kind, resumed.who) == ("resumed", CHIEF)


async def test_a_pause_that_the_bot_began_itself_is_told_with_its_reason(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask()
    await office.approve(request, BO)
    await given(office, request, BatchOutcome(0, 0, 1, unknown=(CustomerId("c-1"),)))
    (paused,) = await told(books, "paused")
    assert (paused.who, paused.facts) == (None, {"why": PausedFor.UNKNOWN})


async def test_a_giving_that_the_pause_caught_is_told_to_be_put_aside_and_to_go_on(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask(customers="c-1\nc-2")
    await office.approve(request, BO)
    begun = await office.starting.begin(request.id)
    assert begun
    await office.desk.pauses.pause(person(CHIEF), "")
    await office.ending.finish(request.id, begun.round)
    await office.desk.pauses.resume(person(CHIEF))
    await office.starting.begin(request.id)
    kept = await told(books, "paused", "parked", "resumed", "goes_on")
    assert [one.kind for one in kept] == ["paused", "parked", "resumed", "goes_on"]


async def test_the_end_of_a_hold_names_the_admin_and_an_escalation_whom_it_is_for(books: SqlBooks) -> None:
    timed = replace(POLICY.channels[SUPPORT], hold_minutes=10, escalate_to=(DI,), expires_hours=10)
    office = (await open_office(books)).under(replace(POLICY, channels={**POLICY.channels, SUPPORT: timed}))
    request = await office.ask()
    office.clock.pass_by(hours=6)
    await office.desk.reminding.look()
    await office.approve(request, BO)
    await office.desk.give_now(request.id, person(CHIEF), SUPPORT)
    escalated, hurried = await told(books, "escalated", "hurried")
    assert (escalated.who, escalated.facts["to"]) == (None, [DI])
    assert hurried.who == CHIEF


async def test_a_stop_by_the_policy_says_why_and_continuing_who(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask()
    await office.approve(request, BO)
    narrow = replace(POLICY.channels[SUPPORT], rules=frozenset({PERCENT}))
    stricter = Office(books, policy=replace(POLICY, channels={**POLICY.channels, SUPPORT: narrow}), town=office.town)
    await stricter.starting.begin(request.id)
    await office.desk.carry_on(request.id, person(CHIEF), SUPPORT)
    stopped, continued = (await told(books, Event.STOPPED, Event.CONTINUED))[-2:]
    assert (stopped.facts["stop"], stopped.facts["why"]) == (StopReason.POLICY, Reason.RULE_NOT_ALLOWED)
    assert (continued.kind, continued.who, continued.facts["round"]) == (Event.CONTINUED, CHIEF, 2)
    again = (await told(books, "approval"))[-1]
    assert (again.who, again.facts["round"], again.facts["said_at"]) == (BO, 2, NOW.isoformat())


async def test_a_cancelled_giving_tells_who_asked_for_it_and_what_was_given(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask(customers="a\nb")
    await office.approve(request, BO)
    await office.starting.begin(request.id)
    await office.desk.cancel(request.id, person(CHIEF), SUPPORT)
    await books.settle(request.id, BatchOutcome(0, 0, 2, not_tried=(CustomerId("b"),)))
    await office.ending.finish(request.id, 1)
    asked, outcome, ended = (await told(books))[-3:]
    assert (asked.kind, asked.who) == (Event.CANCEL_ASKED, CHIEF)
    assert (outcome.facts["given"], outcome.facts["not_tried"]) == (1, 1)
    assert (ended.kind, ended.who) == (Event.WOUND_UP, CHIEF)


@pytest.mark.parametrize(
    ("who", "reason"), [(ANN, Reason.OWN_REQUEST), (DI, Reason.NOT_AN_APPROVER), (GUS, Reason.GUEST), (UserId("U0NOBODY"), Reason.STRANGER)]
)
async def test_whoever_tries_what_they_may_not_stands_in_the_audit(books: SqlBooks, who: UserId, reason: Reason) -> None:
    office = await open_office(books)
    request = await office.ask()
    for act in (
        office.desk.consider(request.id, person(who), SUPPORT),
        office.approve(request, who),
        office.desk.reject(request.id, person(who), "no"),
    ):
        assert isinstance(await act, Refusal)
    tried = await told(books, "refused")
    assert [(one.who, one.facts["act"], one.facts["reasons"]) for one in tried] == [
        (who, act, [reason]) for act in ("approve", "approve", "reject")
    ]


async def test_what_the_policy_refuses_stands_in_the_audit_with_every_reason(books: SqlBooks) -> None:
    office = await open_office(books)
    draft = await office.draft(ANN, STRICT, rule=PERCENT, customers="\n".join(f"c-{at}" for at in range(501)))
    office.town.groups[POLICY.channels[STRICT].approvers[0]] = {BO}  # type: ignore[index]
    await office.asking.review(draft, person(ANN))
    (refused,) = await told(books, "refused")
    assert refused.facts["reasons"] == [Reason.TOO_MANY_CUSTOMERS, Reason.NO_APPROVER]
    assert refused.facts["act"] == "ask"


async def test_who_may_not_ask_and_tries_to_stands_in_the_audit(books: SqlBooks) -> None:
    office = await open_office(books)
    draft = await office.draft(GUS)
    await office.asking.form(draft, person(GUS))
    (refused,) = await told(books, "refused")
    assert (refused.who, refused.facts["reasons"]) == (GUS, [Reason.GUEST])


async def approved_and_crashed(books: SqlBooks, request: Request) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.keep(replace(page.request, state=State.APPROVED))
        raise ZeroDivisionError


async def test_nothing_is_told_of_what_was_rolled_back(books: SqlBooks) -> None:
    office = await open_office(books)
    request = await office.ask()
    before = await told(books)
    with pytest.raises(ZeroDivisionError):
        await approved_and_crashed(books, request)
    assert await told(books) == before


async def test_every_change_of_state_in_the_database_is_told(books: SqlBooks, database_url: str) -> None:
    """The database itself notes every change of state, whoever makes it; the audit has to tell the same."""
    watch(database_url)
    office = await open_office(books)
    for end in ("done", "rejected", "cancelled", "expired", "stopped", "ended"):
        request = await office.ask()
        if end == "rejected":
            await office.desk.reject(request.id, person(BO), "no")
        elif end == "cancelled":
            await office.desk.cancel(request.id, person(ANN), SUPPORT)
        elif end == "expired":
            office.clock.pass_by(days=2)
            await office.desk.expire_overdue()
        else:
            await office.approve(request, BO)
            if end == "done":
                await given(office, request, BatchOutcome(0, 0, 1))
                continue
            office.shelf.change(SPAR, active=False)
            await office.starting.begin(request.id)
            office.shelf.change(SPAR, active=True)
            if end == "ended":
                await office.desk.end_here(request.id, person(ANN), SUPPORT)
    changes = [(row.request, json.loads(row.facts)) async for row in books.audit.rows()]
    assert [(request, facts["from"], facts["to"]) for request, facts in changes if "from" in facts] == watched(database_url)


def watch(url: str) -> None:
    change = "INSERT INTO watched (request, was, becomes) VALUES (NEW.id, OLD.state, NEW.state)"
    count = "INTEGER PRIMARY KEY" if url.startswith("sqlite") else "SERIAL PRIMARY KEY"
    statements = [f"CREATE TABLE watched (id {count}, request TEXT, was TEXT, becomes TEXT)"]
    if url.startswith("sqlite"):
        statements.append(f"CREATE TRIGGER watching AFTER UPDATE ON requests WHEN OLD.state <> NEW.state BEGIN {change}; END")
    else:
        statements += [
            f"CREATE FUNCTION watching() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change}; RETURN NEW; END $$",
            "CREATE TRIGGER watching AFTER UPDATE ON requests FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION watching()",
        ]
    engine = create_engine(address(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def watched(url: str) -> list[tuple[str, str, str]]:
    engine = create_engine(address(url))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text("SELECT request, was, becomes FROM watched ORDER BY id"))]
    engine.dispose()
    return found


# who was named


async def test_a_customer_can_be_asked_for_and_nobody_else_is_found(books: SqlBooks) -> None:
    office = await open_office(books)
    first = await office.ask(customers="\n".join(f"c-{at}" for at in range(1_500)))
    second = await office.ask(customers="c-7")
    await office.draft(customers="c-8")
    assert (await books.audit.named(CustomerId("c-7"))).requests == {first.id, second.id}
    assert (await books.audit.named(CustomerId("c-1499"))).requests == {first.id}
    assert (await books.audit.named(CustomerId("c-1500"))).requests == frozenset[RequestId]()


async def test_what_was_hashed_ahead_counts_only_for_what_is_asked_for(books: SqlBooks) -> None:
    office = await open_office(books)
    draft = await office.draft(customers="\n".join(f"c-{at}" for at in range(1_500)))
    assert isinstance(await office.asking.review(draft, person(ANN)), Review)
    async with books.hashed_ahead(draft):
        async with books.page(draft) as page:
            assert page
            await page.put_customers([CustomerId(f"other-{at}") for at in range(1_500)], portion=4_000)
        async with books.page(draft) as page:
            assert page
            await page.keep(moved(page.request, Event.ASKED))
    assert (await books.audit.named(CustomerId("other-7"))).requests == {draft}
    assert (await books.audit.named(CustomerId("c-7"))).requests == frozenset[RequestId]()


async def test_the_hashes_of_customers_cannot_be_changed_unseen(sqlite_books: SqlBooks, sqlite_url: str) -> None:
    office = await open_office(sqlite_books)
    await office.ask(customers="c-1\nc-2")
    engine = create_engine(address(sqlite_url))
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_customers_no_update"))
        connection.execute(text("UPDATE audit_customers SET hashes = :none"), {"none": b""})
    engine.dispose()
    verdict = await verify(sqlite_books.audit)
    assert (verdict.seq, "hashes of the customers" in verdict.fault) == (1, True)


def test_the_same_policy_has_the_same_hash_and_another_one_another() -> None:
    def hash_of(policy: Policy) -> str:
        return str(policy_in_force(policy).facts["hash"])

    assert hash_of(POLICY) == hash_of(replace(POLICY))
    assert hash_of(POLICY) != hash_of(replace(POLICY, retention_days=91))
    assert canonical(policy_in_force(POLICY).facts)


async def test_the_time_in_the_audit_is_the_clocks(sqlite_url: str) -> None:
    clock = HandClock(NOW)
    async with open_books(sqlite_url, clock=clock) as books:
        await (await open_office(books, clock=clock)).ask()
        assert [row.at async for row in books.audit.rows()] == [int(NOW.timestamp() * 1_000_000)]


async def test_who_approved_and_then_cancels_or_ends_it_stands_there_both_times(office: Office) -> None:
    cancelled, ended = await office.ask(), await office.ask()
    for request in (cancelled, ended):
        await office.approve(request, BO)
        await office.starting.begin(request.id)
    await office.desk.cancel(cancelled.id, person(BO), SUPPORT)
    await office.books.halt(ended.id, StopReason.RULE_GONE, "it is gone")
    for request in (cancelled, ended):
        await office.ending.finish(request.id, request.round)
    await office.desk.end_here(ended.id, person(BO), SUPPORT)
    assert [row.who for row in await told(office.books, Event.WOUND_UP, Event.ENDED_HERE)] == [BO, BO]  # type: ignore[arg-type]
