"""Fifty people press every button of one request at once: one outcome, and true answers."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from bot.audit.verify import verify
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType, OutboxMessage
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import MOVES, Event, Request, State, StopReason, digest
from tests.support.postgres import BUSY_SECONDS
from tests.support.service_fixture import LEADS, POLICY, Office, Town, open_office, person

SEED: Final = 20_261_125
ONE, TWO, HELD = ChannelId("C0ONE"), ChannelId("C0TWO"), ChannelId("C0HELD")
PEOPLE: Final = tuple(UserId(f"U0P{number:02}") for number in range(50))
REQUESTER, GUEST = PEOPLE[0], PEOPLE[49]
ADMINS, APPROVERS, FIRST_YES = PEOPLE[1:4], PEOPLE[4:18], (PEOPLE[4], PEOPLE[5])
USUAL = replace(next(iter(POLICY.channels.values())), requesters=("*",), approvers=(LEADS,), notify=())
CHANNELS = (
    replace(USUAL, id=ONE),
    replace(USUAL, id=TWO, approvals=2),
    replace(USUAL, id=HELD, hold_minutes=30),
)
# without repeat_days: all crowds click on requests for the same customer
BUSY = replace(
    POLICY, admins=ADMINS, channels={channel.id: replace(channel, repeat_days=0) for channel in CHANNELS}
)


class Button(StrEnum):
    APPROVE = "Approve"
    REJECT = "Reject"
    CANCEL = "Cancel"
    CONTINUE = "Continue"
    END_HERE = "End here"
    GIVE_NOW = "Skip hold…"


class Start(StrEnum):
    WAITS_FOR_ONE = "waits for one"
    WAITS_FOR_TWO = "waits for two"
    HELD = "approved and held"
    STOPPED = "stopped"
    GIVING = "giving"


CHANNEL_OF: Final = {Start.WAITS_FOR_TWO: TWO, Start.HELD: HELD}
WORKS_ON: Final = {
    Button.APPROVE: Start.WAITS_FOR_TWO,
    Button.REJECT: Start.WAITS_FOR_ONE,
    Button.CANCEL: Start.GIVING,
    Button.CONTINUE: Start.STOPPED,
    Button.END_HERE: Start.STOPPED,
    Button.GIVE_NOW: Start.HELD,
}
"""A start for each button in which it works: of fifty people who press only it, one succeeds."""
NOT_ALLOWED: Final = frozenset(
    {
        RefusalReason.OWN_REQUEST,
        RefusalReason.NOT_AN_APPROVER,
        RefusalReason.NOT_YOURS,
        RefusalReason.NOT_AN_ADMIN,
        RefusalReason.GUEST,
    }
)
"""The refusals of people who may not press a button, in any state."""
BY_EVENT: Final = {
    Event.LAST_APPROVAL: (Button.APPROVE, NotificationType.APPROVED),
    Event.REJECTED: (Button.REJECT, NotificationType.REJECTED),
    Event.CANCELLED: (Button.CANCEL, NotificationType.CANCELLED),
    Event.CANCEL_ASKED: (Button.CANCEL, NotificationType.CANCEL_ASKED),
    Event.CONTINUED: (Button.CONTINUE, NotificationType.CONTINUED),
    Event.ENDED_HERE: (Button.END_HERE, NotificationType.ENDED_HERE),
}


@dataclass(frozen=True, slots=True)
class Press:
    """One person's click and its answer."""

    who: UserId
    button: Button
    answer: Request | Refusal


@dataclass(frozen=True, slots=True)
class Crowd:
    """Fifty people's clicks on one request, and its outcome."""

    start: Start
    before: Request
    presses: tuple[Press, ...]
    after: Request
    yeses: tuple[frozenset[UserId], frozenset[UserId]]
    """Approvers by the database: in the clicked round before the clicks, and after."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the audit."""

    kind: str
    who: str | None
    facts: Mapping[str, Any]


async def test_fifty_simultaneous_clicks_have_one_outcome_on_sqlite(sqlite_url: str) -> None:
    await many_crowds(sqlite_url, rounds=200)


async def test_fifty_simultaneous_clicks_have_one_outcome_on_postgresql(postgres_url: str) -> None:
    await many_crowds(postgres_url, rounds=30)


async def many_crowds(url: str, rounds: int) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same crowds in every run
    async with open_repository(url, pool_timeout=BUSY_SECONDS) as repository:
        office = await open_office(repository, policy=BUSY, town=town())
        crowds = [
            await one_crowd(office, chance, list(Start)[number % len(Start)], list(Button))
            for number in range(rounds)
        ]
        alike = {
            button: await one_crowd(office, chance, start, [button]) for button, start in WORKS_ON.items()
        }
        rows, said = await rows_by_request(repository), await said_by_request(repository, office)
    for crowd in [*crowds, *alike.values()]:
        hold(crowd, rows[crowd.before.id], said[crowd.before.id])
    for button, crowd in alike.items():
        assert any(isinstance(press.answer, Request) for press in crowd.presses), button


def town() -> Town:
    kinds = dict.fromkeys(PEOPLE, Account.MEMBER) | {GUEST: Account.GUEST}
    return Town(kinds=kinds, groups={LEADS: {REQUESTER, GUEST, *APPROVERS}}, posts_in={ONE, TWO, HELD})


async def one_crowd(office: Office, chance: random.Random, start: Start, choice: Sequence[Button]) -> Crowd:
    """Make a request, and let everybody press one of some buttons at once."""
    before = await started(office, start)
    yeses = await agreed(office, before, before.round)
    buttons = [chance.choice(choice) for _ in PEOPLE]
    clicking = [(who, button) for who, button in zip(PEOPLE, buttons, strict=True)]
    chance.shuffle(clicking)
    answers = await asyncio.gather(*(pressed(office, before, who, button) for who, button in clicking))
    presses = tuple(
        Press(who, button, answer) for (who, button), answer in zip(clicking, answers, strict=True)
    )
    return Crowd(
        start,
        before,
        presses,
        await office.now(before.id),
        (yeses, await agreed(office, before, before.round)),
    )


async def started(office: Office, start: Start) -> Request:
    request = await office.ask(REQUESTER, CHANNEL_OF.get(start, ONE))
    if start in {Start.WAITS_FOR_ONE, Start.WAITS_FOR_TWO}:
        return request
    await office.approve(request, FIRST_YES[0])
    if start is not Start.HELD:
        assert await office.preflight.begin(request.id)
    if start is Start.STOPPED:
        await office.repository.request_stop(request.id, StopReason.RULE_GONE, "it is gone")
        await office.completion.finish(request.id, request.round)
    return await office.now(request.id)


async def agreed(office: Office, request: Request, round_: int) -> frozenset[UserId]:
    return frozenset(approval.by for approval in await office.repository.votes(request.id, round_))


async def pressed(office: Office, seen: Request, who: UserId, button: Button) -> Request | Refusal:
    """Press a button of the card as it was drawn before all clicks."""
    decisions, by = office.decisions, person(who)
    assert seen.rule
    match button:
        case Button.APPROVE:
            return await office.approvals.approve(
                seen.id, seen.round, by, typed="", shown=digest(seen), named=()
            )
        case Button.REJECT:
            return await decisions.reject(seen.id, by, "no")
        case Button.CANCEL:
            return await decisions.cancel(seen.id, by, seen.channel)
        case Button.CONTINUE:
            return await decisions.resume(seen.id, by, seen.channel)
        case Button.END_HERE:
            return await decisions.end_here(seen.id, by, seen.channel)
        case Button.GIVE_NOW:
            return await decisions.give_now(seen.id, by, seen.channel)


async def rows_by_request(repository: SqlRepository) -> Mapping[str, list[Row]]:
    """Verify the audit and read it, request by request."""
    verdict = await verify(repository.audit)
    assert verdict.fine, verdict
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    async for row in repository.audit.rows():
        rows[row.request or ""].append(Row(row.kind, row.who, json.loads(row.facts)))
    return rows


async def said_by_request(
    repository: SqlRepository, office: Office
) -> Mapping[RequestId, list[OutboxMessage]]:
    """Send the outbox, and return it by request."""
    said: defaultdict[RequestId, list[OutboxMessage]] = defaultdict(list)
    while waiting := await repository.due_messages(office.clock.now(), limit=1000):
        for one in waiting:
            await repository.mark_sent(one, ts=f"{one.id}.0")
            said[one.request].append(one)
    return said


# what must be true of it


def hold(crowd: Crowd, rows: Sequence[Row], said: Sequence[OutboxMessage]) -> None:
    """Check a request's outcome and all answers against the database and each other."""
    moves = moves_of(crowd, rows)
    states = [crowd.before.state, *(row.facts["to"] for row in moves if "to" in row.facts)]
    assert crowd.after.state == states[-1], crowd
    the_state_fits_the_votes(crowd)
    who_was_told_yes_did_it(crowd, moves, rows)
    who_was_told_no_was_told_why(crowd, frozenset(states))
    each_thing_is_said_once(crowd, moves, said)


def moves_of(crowd: Crowd, rows: Sequence[Row]) -> list[Row]:
    """List the moves after the clicks; each must start in the state where the last one ended."""
    happened = [row for row in rows if row.kind in set(Event)]
    moves = happened[len(beginnings(crowd.start)) :]
    at = crowd.before.state
    for row in moves:
        leads_to = MOVES[at, Event(row.kind)]
        assert row.kind == Event.CANCEL_ASKED or (row.facts["from"], row.facts["to"]) == (at, leads_to)
        at = leads_to
    assert [row.kind for row in happened[: len(beginnings(crowd.start))]] == beginnings(crowd.start)
    return moves


def beginnings(start: Start) -> list[Event]:
    waits = [Event.ASKED]
    if start in {Start.WAITS_FOR_ONE, Start.WAITS_FOR_TWO}:
        return waits
    held = [*waits, Event.LAST_APPROVAL]
    gives = held if start is Start.HELD else [*held, Event.STARTED]
    return [*gives, Event.STOPPED] if start is Start.STOPPED else gives


def the_state_fits_the_votes(crowd: Crowd) -> None:
    before, after = crowd.yeses
    assert REQUESTER not in after
    assert after <= set(APPROVERS)
    assert len(after) <= crowd.before.approvals
    if crowd.before.state is State.WAITING and crowd.after.state not in {State.REJECTED, State.CANCELLED}:
        assert crowd.after.state is (
            State.APPROVED if len(after) == crowd.before.approvals else State.WAITING
        )
    assert before <= after


def who_was_told_yes_did_it(crowd: Crowd, moves: Sequence[Row], rows: Sequence[Row]) -> None:
    """Accepted clicks and audit rows match one to one; a second approval equals the first."""
    told_yes = Counter(
        (press.button, press.who) for press in crowd.presses if isinstance(press.answer, Request)
    )
    before, after = crowd.yeses
    did = Counter((BY_EVENT[Event(row.kind)][0], row.who) for row in moves if row.kind != Event.LAST_APPROVAL)
    did += Counter((Button.APPROVE, who) for who in after - before)
    again = {(Button.APPROVE, who) for who in before}
    hurried = {
        press.who
        for press in crowd.presses
        if press.button is Button.GIVE_NOW and isinstance(press.answer, Request)
    }
    assert hurried <= set(ADMINS)
    assert len(hurried) <= (crowd.start is Start.HELD)
    did += Counter((Button.GIVE_NOW, who) for who in hurried)
    assert Counter({each: times for each, times in told_yes.items() if each not in again}) == did, crowd
    written = Counter(
        row.who for row in rows if row.kind == "approval" and row.facts["round"] == crowd.before.round
    )
    assert written == Counter(after), crowd
    for press in crowd.presses:
        if isinstance(press.answer, Request):
            the_answer_names_who_did_it(crowd, press, press.answer)


def the_answer_names_who_did_it(crowd: Crowd, press: Press, answer: Request) -> None:
    """An accepted answer names its person, and a final one equals the database."""
    match press.button:
        case Button.APPROVE:
            assert press.who in crowd.yeses[1]
        case Button.REJECT | Button.END_HERE:
            assert (answer, answer.decided_by) == (crowd.after, press.who)
        case Button.CANCEL if answer.state is State.GIVING:
            assert (answer, answer.cancel_asked_by) == (crowd.after, press.who)
        case Button.CANCEL:
            assert (answer, answer.state, answer.decided_by) == (crowd.after, State.CANCELLED, press.who)
        case Button.CONTINUE:
            assert (answer.state, answer.round) == (State.APPROVED, crowd.before.round + 1)
            assert crowd.after.round == answer.round
        case Button.GIVE_NOW:
            assert answer.give_after is crowd.after.give_after is None


def who_was_told_no_was_told_why(crowd: Crowd, states: frozenset[str]) -> None:
    """A refusal names a missing permission, or a state that the request had, and who caused it."""
    for press in crowd.presses:
        refusal = press.answer
        if not isinstance(refusal, Refusal):
            continue
        if refusal.reason in NOT_ALLOWED:
            assert may_not(press), press
        elif refusal.reason is RefusalReason.NOT_HELD:
            assert press.button in {Button.GIVE_NOW, Button.CANCEL}, press
        elif refusal.reason is RefusalReason.ALREADY_VOTED:
            assert press.button is Button.APPROVE, press
        else:
            assert refusal.reason is RefusalReason.WRONG_STATE, press
            assert refusal.detail in {*states, Event.CANCEL_ASKED}, press
            if refusal.detail in {State.REJECTED, State.CANCELLED}:
                assert refusal.who == (crowd.after.decided_by,), press
            if refusal.detail == Event.CANCEL_ASKED:
                assert refusal.who == (crowd.after.cancel_asked_by,), press


def may_not(press: Press) -> bool:
    """Say whether the policy forbids a click; an approver may cancel only a request that does not wait."""
    match press.button:
        case Button.APPROVE | Button.REJECT:
            return press.who not in APPROVERS
        case Button.GIVE_NOW:
            return press.who not in ADMINS
        case Button.CANCEL:
            return press.who not in {REQUESTER, *ADMINS}
        case Button.CONTINUE | Button.END_HERE:
            return press.who not in {REQUESTER, *ADMINS}


def each_thing_is_said_once(crowd: Crowd, moves: Sequence[Row], said: Sequence[OutboxMessage]) -> None:
    """The card is redrawn once for each event, in order; so has the thread a line for what only it tells."""
    cards, lines = (
        [(one.notification.happened, one.notification.by) for one in said if one.notification.kind is kind]
        for kind in (ChannelKind.CARD, ChannelKind.LINE)
    )
    happened = [(BY_EVENT[Event(row.kind)][1], row.who) for row in moves]
    hurried = [card for card in cards if card[0] is NotificationType.HURRIED]
    assert hurried == [
        (NotificationType.HURRIED, press.who)
        for press in crowd.presses
        if press.button is Button.GIVE_NOW and isinstance(press.answer, Request)
    ]
    agreed_ = [card for card in cards if card[0] is NotificationType.AGREED]
    last = {row.who for row in moves if row.kind == Event.LAST_APPROVAL}
    assert {who for _, who in agreed_} == crowd.yeses[1] - crowd.yeses[0] - last
    assert len(agreed_) == len({who for _, who in agreed_})
    tail = [card for card in cards if card[0] not in {NotificationType.HURRIED, NotificationType.AGREED}][
        len(beginnings(crowd.start)) :
    ]
    assert tail == happened, crowd
    assert lines == [card for card in cards if card[0] not in seen_elsewhere(crowd)], crowd


def seen_elsewhere(crowd: Crowd) -> set[NotificationType]:
    """List what the thread does not repeat: the card or the summary says it."""
    elsewhere = {NotificationType.ASKED, NotificationType.STARTED}
    if crowd.before.approvals == 1 and crowd.start is not Start.HELD:
        elsewhere.add(NotificationType.APPROVED)
    if crowd.before.started_at:
        elsewhere.add(NotificationType.CANCELLED)
    return elsewhere
