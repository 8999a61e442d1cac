"""The audit has every attempt and every change, and shows no customer who was not asked about."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from bot.audit.verify import verify
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import CustomerId, RequestId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.audit_entries import canonical, policy_in_force
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import Event, Request, State, StopReason
from tests.support.audit_reader import given, naming, told
from tests.support.clock import HandClock
from tests.support.service_fixture import (
    ANN,
    BO,
    DI,
    GUS,
    NOW,
    PERCENT,
    POLICY,
    SPAR,
    STRICT,
    SUPPORT,
    Office,
    open_office,
    person,
)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (ANN, RefusalReason.OWN_REQUEST),
        (DI, RefusalReason.NOT_AN_APPROVER),
        (GUS, RefusalReason.GUEST),
        (UserId("U0NOBODY"), RefusalReason.STRANGER),
    ],
)
async def test_every_refused_action_is_audited_with_its_person(
    repository: SqlRepository, who: UserId, reason: RefusalReason
) -> None:
    office = await open_office(repository)
    request = await office.ask()
    for act in (
        office.approvals.open(request.id, person(who), SUPPORT),
        office.approve(request, who),
        office.decisions.reject(request.id, person(who), "no"),
    ):
        assert isinstance(await act, Refusal)
    tried = await told(repository, "refused")
    assert [(one.who, one.facts["act"], one.facts["reasons"]) for one in tried] == [
        (who, act, [reason]) for act in ("approve", "approve", "reject")
    ]


@pytest.mark.parametrize(("who", "reason"), [(DI, RefusalReason.NOT_AN_ADMIN), (GUS, RefusalReason.GUEST)])
async def test_a_refused_action_leaves_a_row(
    repository: SqlRepository, who: UserId, reason: RefusalReason
) -> None:
    office = await open_office(repository)
    request, decisions = await office.ask(), office.decisions
    acts = {
        "pause": decisions.pause_service.pause(person(who), "a secret reason"),
        "resume": decisions.pause_service.resume(person(who)),
        "skip_hold": decisions.give_now(request.id, person(who), SUPPORT),
        "cancel": decisions.cancel(request.short, person(who), SUPPORT),
        "continue": decisions.resume(request.id, person(who), SUPPORT),
        "end_here": decisions.end_here(request.id, person(who), SUPPORT),
        "show_customers": decisions.customers(request.id, person(who), SUPPORT, 1),
        "get_list": decisions.send_list(request.id, person(who), SUPPORT),
    }
    for act in acts.values():
        assert isinstance(await act, Refusal)
    tried = await told(repository, "refused")
    expected = {RefusalReason.NOT_AN_ADMIN, RefusalReason.NOT_YOURS} if who == DI else {reason}
    assert [(one.who, one.facts["act"]) for one in tried] == [(who, act) for act in acts]
    assert {why for one in tried for why in one.facts["reasons"]} == expected
    assert "secret" not in str(tried)
    assert (await verify(repository.audit)).fine


async def test_refusals_by_the_policy_are_audited_with_every_reason(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    draft = await office.draft(ANN, STRICT, rule=PERCENT, customers="\n".join(f"c-{at}" for at in range(501)))
    office.town.groups[POLICY.channels[STRICT].approvers[0]] = {BO}  # type: ignore[index]
    await office.drafts.review(draft, person(ANN))
    (refused,) = await told(repository, "refused")
    assert refused.facts["reasons"] == [RefusalReason.TOO_MANY_CUSTOMERS, RefusalReason.NO_APPROVER]
    assert refused.facts["act"] == "ask"


async def test_a_refused_requester_is_audited(repository: SqlRepository) -> None:
    office = await open_office(repository)
    draft = await office.draft(GUS)
    await office.drafts.form(draft, person(GUS))
    (refused,) = await told(repository, "refused")
    assert (refused.who, refused.facts["reasons"]) == (GUS, [RefusalReason.GUEST])


async def approved_and_crashed(repository: SqlRepository, request: Request) -> None:
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(replace(unit.request, state=State.APPROVED))
        raise ZeroDivisionError


async def test_a_rolled_back_change_is_not_audited(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask()
    before = await told(repository)
    with pytest.raises(ZeroDivisionError):
        await approved_and_crashed(repository, request)
    assert await told(repository) == before


async def test_every_change_of_state_in_the_database_is_audited(
    repository: SqlRepository, database_url: str
) -> None:
    """A database trigger records every change of state; the audit must have the same."""
    watch(database_url)
    office = await open_office(repository)
    for end in ("done", "rejected", "cancelled", "expired", "stopped", "ended"):
        request = await office.ask()
        if end == "rejected":
            await office.decisions.reject(request.id, person(BO), "no")
        elif end == "cancelled":
            await office.decisions.cancel(request.id, person(ANN), SUPPORT)
        elif end == "expired":
            office.clock.pass_by(days=2)
            await office.decisions.expire_overdue()
        else:
            await office.approve(request, BO)
            if end == "done":
                await given(office, request, BatchOutcome(0, 0, 1))
                continue
            office.shelf.change(SPAR, active=False)
            await office.preflight.begin(request.id)
            office.shelf.change(SPAR, active=True)
            if end == "ended":
                await office.decisions.end_here(request.id, person(ANN), SUPPORT)
    changes = [(row.request, json.loads(row.facts)) async for row in repository.audit.rows()]
    assert [
        (request, facts["from"], facts["to"]) for request, facts in changes if "from" in facts
    ] == watched(database_url)


def watch(url: str) -> None:
    change = "INSERT INTO watched (request, was, becomes) VALUES (NEW.id, OLD.state, NEW.state)"
    count = "INTEGER PRIMARY KEY" if url.startswith("sqlite") else "SERIAL PRIMARY KEY"
    statements = [f"CREATE TABLE watched (id {count}, request TEXT, was TEXT, becomes TEXT)"]
    if url.startswith("sqlite"):
        statements.append(
            "CREATE TRIGGER watching AFTER UPDATE ON requests WHEN OLD.state <> NEW.state"
            f" BEGIN {change}; END"
        )
    else:
        statements += [
            (
                "CREATE FUNCTION watching() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {change}; RETURN NEW; END $$"
            ),
            (
                "CREATE TRIGGER watching AFTER UPDATE ON requests FOR EACH ROW"
                " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION watching()"
            ),
        ]
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def watched(url: str) -> list[tuple[str, str, str]]:
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        found = [
            tuple(row)
            for row in connection.execute(text("SELECT request, was, becomes FROM watched ORDER BY id"))
        ]
    engine.dispose()
    return found


async def test_the_audit_finds_the_given_customer_and_nobody_else(repository: SqlRepository) -> None:
    office = await open_office(repository)
    first = await office.ask(customers="\n".join(f"c-{at}" for at in range(1_500)))
    second = await office.ask(customers="c-7")
    await office.draft(customers="c-8")
    assert await naming(repository, CustomerId("c-7")) == {first.id, second.id}
    assert await naming(repository, CustomerId("c-1499")) == {first.id}
    assert await naming(repository, CustomerId("c-1500")) == frozenset[RequestId]()


async def test_a_change_of_customer_hashes_is_detected(sqlite_books: SqlRepository, sqlite_url: str) -> None:
    office = await open_office(sqlite_books)
    await office.ask(customers="c-1\nc-2")
    engine = create_engine(parse_url(sqlite_url))
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_customers_no_update"))
        connection.execute(text("UPDATE audit_customers SET hashes = :none"), {"none": b""})
    engine.dispose()
    verdict = await verify(sqlite_books.audit)
    assert (verdict.seq, "customer hashes" in verdict.fault) == (1, True)


def test_the_same_policy_has_the_same_hash_and_another_one_another() -> None:
    def hash_of(policy: Policy) -> str:
        return str(policy_in_force(policy, "T11112222").facts["hash"])

    assert hash_of(POLICY) == hash_of(replace(POLICY))
    assert hash_of(POLICY) != hash_of(replace(POLICY, retention_days=91))
    assert canonical(policy_in_force(POLICY, "T11112222").facts)


async def test_audit_entries_have_the_time_of_the_clock(sqlite_url: str) -> None:
    clock = HandClock(NOW)
    async with open_repository(sqlite_url, clock=clock) as repository:
        await (await open_office(repository, clock=clock)).ask()
        assert [row.at async for row in repository.audit.rows()] == [int(NOW.timestamp() * 1_000_000)]


async def test_an_approver_who_later_cancels_is_audited_both_times(office: Office) -> None:
    cancelled, ended = await office.ask(), await office.ask()
    for request in (cancelled, ended):
        await office.approve(request, BO)
        await office.preflight.begin(request.id)
    await office.decisions.cancel(cancelled.id, person(BO), SUPPORT)
    await office.repository.request_stop(ended.id, StopReason.RULE_GONE, "it is gone")
    for request in (cancelled, ended):
        await office.completion.finish(request.id, request.round)
    await office.decisions.end_here(ended.id, person(BO), SUPPORT)
    assert [row.who for row in await told(office.repository, Event.WOUND_UP, Event.ENDED_HERE)] == [BO, BO]
