"""The desk over real books: every click is answered, changes what it may, and never more than once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.giving.answers import Consideration
from bot.giving.desk import needs_count
from bot.giving.ids import ChannelId, RequestId, ShortId, UserId
from bot.giving.notices import Happened, Kind, Story
from bot.giving.people import Kind as Account
from bot.giving.policy import Policy, Reason, Refusal
from bot.giving.request import MOVES, Event, Request, State, digest
from bot.giving.terms import terms_of
from bot.store.books import SqlBooks, open_books
from tests.giving.office import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    ELSEWHERE,
    GUS,
    LEADS,
    NEWS,
    NOW,
    PERCENT,
    POLICY,
    QUICK,
    SPAR,
    STRICT,
    SUPPORT,
    Office,
    open_office,
    person,
)

LONG_AGO, LATER_ON = NOW - timedelta(hours=1), NOW + timedelta(hours=24)


def reason(answer: object) -> Reason:
    assert isinstance(answer, Refusal), answer
    return answer.reason


def allowing(**changes: Any) -> Policy:
    return replace(POLICY, channels={**POLICY.channels, SUPPORT: replace(POLICY.channels[SUPPORT], **changes)})


def shown(request: Request) -> str:
    assert request.rule
    return digest(request, terms_of(request.rule))


# every state × every action


async def approve(office: Office, request: Request) -> object:
    return await office.approve(request, BO)


async def reject(office: Office, request: Request) -> object:
    return await office.desk.reject(request.id, person(BO), "no")


async def cancel(office: Office, request: Request) -> object:
    return await office.desk.cancel(request.id, person(ANN), SUPPORT)


async def carry_on(office: Office, request: Request) -> object:
    return await office.desk.carry_on(request.id, person(ANN), SUPPORT)


async def end_here(office: Office, request: Request) -> object:
    return await office.desk.end_here(request.id, person(ANN), SUPPORT)


async def ask(office: Office, request: Request) -> object:
    return await office.asking.ask(request.id, person(ANN))


async def begin(office: Office, request: Request) -> object:
    return await office.starting.begin(request.id)


async def finish(office: Office, request: Request) -> object:
    await office.ending.finish(request.id, request.round)
    return None


async def expire(office: Office, _request: Request) -> object:
    return await office.desk.expire_overdue()


async def consider(office: Office, request: Request) -> object:
    return await office.desk.consider(request.id, person(BO), SUPPORT)


async def rejectable(office: Office, request: Request) -> object:
    return await office.desk.rejectable(request.id, person(BO), SUPPORT)


async def look(office: Office, request: Request) -> object:
    return await office.desk.look(request.short, person(BO), SUPPORT)


Action = Callable[[Office, Request], Awaitable[object]]
CLICKS: dict[Action, set[Event]] = {
    approve: {Event.LAST_APPROVAL},
    reject: {Event.REJECTED},
    cancel: {Event.CANCELLED, Event.CANCEL_ASKED},
    carry_on: {Event.CONTINUED},
    end_here: {Event.ENDED_HERE},
}
LOOKS: dict[Action, set[Event]] = {consider: set(), rejectable: set(), look: set()}
OTHERS: dict[Action, set[Event]] = {ask: {Event.ASKED}, begin: {Event.STARTED}, finish: {Event.SETTLED}, expire: set()}
EVERYTHING = {**CLICKS, **LOOKS, **OTHERS}


async def in_state(office: Office, state: State) -> Request:
    """Bring a request of Ann's into a state, with Chief's yes where one was due, and nothing unsaid."""
    if state is State.DRAFT:
        draft = await office.draft()
        await office.asking.review(draft, person(ANN))
        return await office.now(draft)
    asked = await office.ask()
    if state not in {State.WAITING, State.EXPIRED}:
        await office.approve(asked, CHIEF)
    await office.unsaid()
    return await office.put(asked, state=state)


@pytest.mark.parametrize("state", list(State), ids=str)
@pytest.mark.parametrize("action", EVERYTHING, ids=lambda action: action.__name__)
async def test_every_action_in_every_state_makes_its_move_or_changes_nothing(office: Office, state: State, action: Action) -> None:
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
        assert not said
    assert answer is not None or action in {begin, finish}


@pytest.mark.parametrize("state", sorted(set(State) - {State.DRAFT, State.WAITING, State.EXPIRED}))
async def test_who_comes_too_late_to_approve_is_told_who_was_first(office: Office, state: State) -> None:
    request = await in_state(office, state)
    for answer in (await approve(office, request), await consider(office, request)):
        assert answer == Refusal(Reason.WRONG_STATE, state, (CHIEF,))


@pytest.mark.parametrize("action", [carry_on, end_here], ids=lambda action: action.__name__)
async def test_nobody_was_first_where_it_still_waits(office: Office, action: Action) -> None:
    asked = await office.put(await office.ask(), decided_by=BO, round=2)
    assert await action(office, asked) == Refusal(Reason.WRONG_STATE, State.WAITING)


@pytest.mark.parametrize("action", [*CLICKS, *LOOKS], ids=lambda action: action.__name__)
async def test_what_is_no_request_is_answered_so(office: Office, action: Action) -> None:
    asked = await office.ask()
    nobody = replace(asked, id=RequestId("8f14e45f"), short=ShortId("R-ZZZZZ"))
    assert reason(await action(office, nobody)) is Reason.UNKNOWN_REQUEST
    empty = replace(asked, id=RequestId(""), short=ShortId(""))
    assert reason(await action(office, empty)) is Reason.UNKNOWN_REQUEST


@pytest.mark.parametrize("action", [*CLICKS, *LOOKS], ids=lambda action: action.__name__)
async def test_a_draft_is_nobodys_business(office: Office, action: Action) -> None:
    draft = await in_state(office, State.DRAFT)
    assert reason(await action(office, draft)) is Reason.UNKNOWN_REQUEST


@pytest.mark.parametrize("who", [BO, ANN, CHIEF])
async def test_a_card_in_another_channel_is_of_no_request(office: Office, who: UserId) -> None:
    asked = await office.ask()
    for act in (office.desk.consider, office.desk.rejectable, office.desk.cancel, office.desk.carry_on, office.desk.end_here):
        assert reason(await act(asked.id, person(who), QUICK)) is Reason.UNKNOWN_REQUEST
    assert await office.now(asked.id) == asked


# who


async def every_click(office: Office, request: Request, who: UserId, **team: Any) -> list[object]:
    """Do all that somebody can do to a request."""
    by = person(who, **team)
    return [
        await office.desk.consider(request.id, by, SUPPORT),
        await office.desk.rejectable(request.id, by, SUPPORT),
        await office.desk.approve(request.id, request.round, by, typed=str(request.customers), shown=shown(request)),
        await office.desk.reject(request.id, by, "no"),
        await office.desk.cancel(request.id, by, SUPPORT),
        await office.desk.carry_on(request.id, by, SUPPORT),
        await office.desk.end_here(request.id, by, SUPPORT),
        await office.desk.look(request.id, by, SUPPORT),
    ]


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        (Account.GUEST, Reason.GUEST),
        (Account.BOT, Reason.BOT),
        (Account.DEACTIVATED, Reason.DEACTIVATED),
        (Account.STRANGER, Reason.STRANGER),
    ],
)
async def test_a_listed_approver_who_is_no_full_member_can_do_nothing(office: Office, kind: Account, refused: Reason) -> None:
    asked = await office.ask()
    office.town.kinds[BO] = kind
    assert {reason(answer) for answer in await every_click(office, asked, BO)} == {refused}
    assert await office.now(asked.id) == asked


async def test_somebody_of_another_workspace_can_do_nothing_under_a_listed_id(office: Office) -> None:
    asked = await office.ask()
    assert {reason(answer) for answer in await every_click(office, asked, CHIEF, team=ELSEWHERE)} == {Reason.STRANGER}
    assert reason(await office.desk.recent(person(CHIEF, ELSEWHERE), SUPPORT)) is Reason.STRANGER
    assert await office.now(asked.id) == asked


async def test_while_nobody_can_be_looked_up_nobody_is_let_in_and_the_reason_is_told(office: Office) -> None:
    asked = await office.ask()
    office.town.away = True
    answers = await every_click(office, asked, BO)
    assert {reason(answer) for answer in answers} == {Reason.LOOKUP_FAILED}
    assert all("internal_error" in answer.detail for answer in answers if isinstance(answer, Refusal))
    assert await office.now(asked.id) == asked
    office.town.away = False
    assert isinstance(await office.approve(asked, BO), Request)


@pytest.mark.parametrize("who", [ANN, BO, CLEO, CHIEF])
async def test_nobody_approves_or_rejects_their_own_whatever_they_are(office: Office, who: UserId) -> None:
    asked = await office.ask(who)
    for answer in (await every_click(office, asked, who))[:4]:
        assert reason(answer) is Reason.OWN_REQUEST
    assert await office.books.votes(asked.id, 1) == ()


async def test_an_admin_who_is_not_listed_approves_nothing(office: Office) -> None:
    asked = await office.ask(channel=STRICT)
    assert reason(await office.approve(asked, CHIEF)) is Reason.NOT_AN_APPROVER


async def test_an_approver_may_not_cancel_what_waits_for_them_but_may_once_it_is_given(office: Office) -> None:
    asked = await office.ask()
    assert reason(await office.desk.cancel(asked.id, person(BO), SUPPORT)) is Reason.NOT_YOURS
    await office.put(asked, state=State.GIVING, started_at=NOW)
    cancelling = await office.desk.cancel(asked.id, person(BO), SUPPORT)
    assert isinstance(cancelling, Request)
    assert cancelling.cancel_asked_by == BO


async def test_what_the_policy_no_longer_allows_cannot_be_approved_and_the_approver_is_told_why(office: Office) -> None:
    asked = await office.ask(customers="a\nb\nc")
    office.under(allowing(max_customers=2))
    for answer in (await consider(office, asked), await approve(office, asked)):
        assert answer == Refusal(Reason.TOO_MANY_CUSTOMERS, "3/2", (CHIEF,))
    assert await office.now(asked.id) == asked
    assert await office.books.votes(asked.id, 1) == ()


async def test_a_request_of_a_channel_that_is_listed_no_more_can_only_be_looked_at_and_taken_back(office: Office) -> None:
    asked = await office.ask()
    office.under(replace(POLICY, channels={QUICK: POLICY.channels[QUICK]}))
    assert reason(await office.approve(asked, BO)) is Reason.UNLISTED_CHANNEL
    assert reason(await office.desk.reject(asked.id, person(BO), "no")) is Reason.UNLISTED_CHANNEL
    assert isinstance(await office.desk.look(asked.id, person(ANN), SUPPORT), Story)
    assert isinstance(await office.desk.cancel(asked.id, person(ANN), SUPPORT), Request)


# looking


async def test_a_request_is_seen_in_its_channel_and_elsewhere_by_those_concerned(office: Office) -> None:
    asked = await office.ask()
    for who, channel in ((DI, SUPPORT), (ANN, QUICK), (BO, QUICK), (CHIEF, ChannelId("D0CHIEF"))):
        assert isinstance(await office.desk.look(asked.short, person(who), channel), Story)
    assert reason(await office.desk.look(asked.short, person(DI), QUICK)) is Reason.NOT_YOURS
    assert reason(await office.desk.look(asked.short, person(GUS), SUPPORT)) is Reason.GUEST


async def test_a_channel_lists_its_own_requests_and_no_drafts(office: Office) -> None:
    mine, other = await office.ask(), await office.ask(channel=STRICT)
    await office.draft()
    found = await office.desk.recent(person(DI), SUPPORT)
    assert not isinstance(found, Refusal)
    assert [story.request.id for story in found] == [mine.id]
    assert other.id not in {story.request.id for story in found}
    assert reason(await office.desk.recent(person(GUS), SUPPORT)) is Reason.GUEST
    assert reason(await office.desk.recent(person(DI), ChannelId("C0ELSE"))) is Reason.UNLISTED_CHANNEL


async def test_an_approver_is_shown_what_the_yes_is_for(office: Office) -> None:
    asked = await office.ask(customers="first\nmiddle\nlast")
    shown = await office.desk.consider(asked.id, person(BO), SUPPORT)
    assert isinstance(shown, Consideration)
    assert shown.review.request == asked
    assert shown.review.rule == asked.rule
    assert shown.review.digest == digest(asked, terms_of(shown.review.rule))
    assert shown.review.asked_of == (LEADS, CHIEF)
    assert not shown.count


# the number of customers


@pytest.mark.parametrize(("rule", "many", "needed"), [(SPAR, 50, False), (SPAR, 51, True), (PERCENT, 1, True)])
async def test_the_number_is_typed_above_fifty_customers_or_without_a_price(office: Office, rule: str, many: int, *, needed: bool) -> None:
    asked = await office.ask(rule=rule, customers="\n".join(f"c-{at}" for at in range(many)))
    assert needs_count(asked) is needed
    shown = await office.desk.consider(asked.id, person(BO), SUPPORT)
    assert isinstance(shown, Consideration)
    assert shown.count is needed


@pytest.mark.parametrize("typed", ["", "59", "61", "-60", "sixty", "6²", "60 60", "9" * 5000, "６０"])  # noqa: RUF001 - wide figures
async def test_a_wrong_number_is_no_approval(office: Office, typed: str) -> None:
    asked = await office.ask(customers="\n".join(f"c-{at}" for at in range(60)))
    refused = Refusal(Reason.WRONG_COUNT, "60")
    assert await office.desk.miscounted(asked.id, typed) == refused
    assert await office.desk.approve(asked.id, 1, person(BO), typed=typed, shown=shown(asked)) == refused
    assert await office.now(asked.id) == asked


@pytest.mark.parametrize("typed", ["1200", "1 200", "1,200", "1.200", " 1200 ", "1\u00a0200", "1\u202f200"])
async def test_a_number_is_read_as_people_write_it(office: Office, typed: str) -> None:
    asked = await office.put(await office.ask(), customers=1200, customers_digest="")
    assert await office.desk.miscounted(asked.id, typed) is None


async def test_no_number_is_asked_for_where_none_is_needed(office: Office) -> None:
    asked = await office.ask()
    assert await office.desk.miscounted(asked.id, "") is None
    assert isinstance(await office.desk.approve(asked.id, 1, person(BO), typed="", shown=shown(asked)), Request)


# votes


async def test_a_yes_is_bound_to_what_the_books_hold(office: Office) -> None:
    asked = await office.ask(customers="a\nb")
    await office.approve(asked, BO)
    (vote,) = await office.books.votes(asked.id, 1)
    assert (vote.by, vote.round, vote.at) == (BO, 1, NOW)
    assert vote.digest == digest(asked, terms_of(asked.rule))  # type: ignore[arg-type]


@pytest.mark.parametrize("round_", [0, 1, 3])
async def test_a_yes_to_another_round_counts_for_nothing(office: Office, round_: int) -> None:
    asked = await office.put(await office.ask(), round=2)
    assert await office.desk.approve(asked.id, round_, person(BO), typed="1", shown=shown(asked)) == Refusal(Reason.CHANGED)
    assert await office.now(asked.id) == asked
    assert await office.books.votes(asked.id, round_) == ()


async def test_where_two_have_to_agree_one_person_is_not_two(office: Office) -> None:
    asked = await office.ask(channel=STRICT)
    first = await office.approve(asked, BO)
    assert isinstance(first, Request)
    assert first.state is State.WAITING
    assert reason(await office.approve(asked, BO)) is Reason.ALREADY_VOTED
    second = await office.approve(asked, CLEO)
    assert isinstance(second, Request)
    assert (second.state, second.decided_by) == (State.APPROVED, CLEO)


async def test_the_same_yes_delivered_again_is_still_a_yes(office: Office) -> None:
    asked = await office.ask()
    first, again = await office.approve(asked, BO), await office.approve(asked, BO)
    assert first == again
    assert Counter(notice.happened for notice in await office.unsaid() if notice.kind is Kind.LINE)[Happened.APPROVED] == 1
    assert len(await office.books.votes(asked.id, 1)) == 1


@pytest.mark.parametrize("action", [reject, cancel], ids=lambda action: action.__name__)
async def test_the_same_no_delivered_again_is_told_the_same(office: Office, action: Action) -> None:
    asked = await office.ask()
    assert isinstance(await action(office, asked), Request)
    said = await office.unsaid()
    assert isinstance(await action(office, asked), Request)
    assert said
    assert await office.unsaid() == []


# what is told


async def told(office: Office) -> list[tuple[Kind, Happened, str]]:
    return [(notice.kind, notice.happened, notice.to) for notice in await office.unsaid()]


async def test_a_rejection_is_told_in_the_card_its_thread_to_the_requester_and_the_channels(office: Office) -> None:
    asked = await office.ask()
    await office.unsaid()
    rejected = await office.desk.reject(asked.id, person(BO), "wrong rule")
    assert isinstance(rejected, Request)
    assert (rejected.note, rejected.decided_by, rejected.ended_at) == ("wrong rule", BO, NOW)
    assert await told(office) == [
        (Kind.CARD, Happened.REJECTED, ""),
        (Kind.LINE, Happened.REJECTED, ""),
        (Kind.DIRECT, Happened.REJECTED, ANN),
        (Kind.NOTICE, Happened.REJECTED, NEWS),
    ]


async def test_an_approval_is_told_and_whoever_gives_is_woken(office: Office) -> None:
    asked = await office.ask()
    await office.unsaid()
    woken = office.jobs.woken
    await office.approve(asked, BO)
    assert office.jobs.woken > woken
    assert await told(office) == [
        (Kind.CARD, Happened.APPROVED, ""),
        (Kind.LINE, Happened.APPROVED, ""),
        (Kind.DIRECT, Happened.APPROVED, ANN),
    ]


async def test_the_requester_is_told_of_a_cancelling_by_somebody_else_only(office: Office) -> None:
    for who, directly in ((ANN, False), (CHIEF, True)):
        asked = await office.ask()
        await office.unsaid()
        await office.desk.cancel(asked.id, person(who), None)
        assert ((Kind.DIRECT, Happened.CANCELLED, ANN) in await told(office)) is directly


# its time


async def test_when_its_time_is_over_it_expires_once_and_the_requester_is_told(office: Office) -> None:
    asked = await office.ask()
    await office.unsaid()
    assert await office.desk.expire_overdue() == 0
    office.clock.at = LATER_ON
    assert await office.desk.expire_overdue() == 1
    assert await office.desk.expire_overdue() == 0
    expired = await office.now(asked.id)
    assert (expired.state, expired.ended_at, expired.decided_by) == (State.EXPIRED, LATER_ON, None)
    assert await told(office) == [
        (Kind.CARD, Happened.EXPIRED, ""),
        (Kind.LINE, Happened.EXPIRED, ""),
        (Kind.DIRECT, Happened.EXPIRED, ANN),
    ]


@pytest.mark.parametrize("action", [approve, reject, cancel], ids=lambda action: action.__name__)
async def test_every_click_checks_the_time_itself(office: Office, action: Action) -> None:
    asked = await office.ask()
    office.clock.at = LATER_ON
    assert reason(await consider(office, asked)) is Reason.WRONG_STATE
    assert await action(office, asked) == Refusal(Reason.WRONG_STATE, State.EXPIRED)
    assert (await office.now(asked.id)).state is State.EXPIRED
    assert await office.books.votes(asked.id, 1) == ()


async def test_the_last_moment_is_still_in_time(office: Office) -> None:
    asked = await office.ask()
    office.clock.at = LATER_ON - timedelta(microseconds=1)
    assert isinstance(await office.approve(asked, BO), Request)


# a stopped one


async def stopped(office: Office, channel: ChannelId = SUPPORT) -> Request:
    asked = await office.ask(channel=channel)
    for who in (BO, CLEO)[: asked.approvals]:
        await office.approve(asked, who)
    return await office.put(asked, state=State.STOPPED, note="Dintero said no", started_at=NOW)


async def test_continuing_takes_the_yeses_along_into_a_new_round(office: Office) -> None:
    before = await stopped(office, STRICT)
    continued = await office.desk.carry_on(before.id, person(ANN), STRICT)
    assert isinstance(continued, Request)
    assert (continued.state, continued.round, continued.stop, continued.note) == (State.APPROVED, 2, None, "")
    assert continued.once_key == before.once_key
    assert [vote.by for vote in await office.books.votes(before.id, 2)] == [BO, CLEO]


async def test_ending_here_keeps_why_it_had_stopped_and_sums_up(office: Office) -> None:
    before = await stopped(office)
    await office.unsaid()
    ended = await office.desk.end_here(before.id, person(CHIEF), SUPPORT)
    assert isinstance(ended, Request)
    assert (ended.state, ended.note, ended.ended_at) == (State.DONE, "Dintero said no", NOW)
    assert await told(office) == [
        (Kind.CARD, Happened.ENDED_HERE, ""),
        (Kind.LINE, Happened.ENDED_HERE, ""),
        (Kind.SUMMARY, Happened.ENDED_HERE, ""),
        (Kind.DIRECT, Happened.DONE, ANN),
        (Kind.LIST, Happened.LISTED, ANN),
        (Kind.NOTICE, Happened.DONE, NEWS),
    ]


@pytest.mark.parametrize(("who", "may"), [(ANN, True), (BO, True), (CHIEF, True), (DI, False), (GUS, False)])
async def test_requester_approvers_and_admins_go_on_and_others_do_not(office: Office, who: UserId, *, may: bool) -> None:
    before = await stopped(office)
    assert isinstance(await office.desk.carry_on(before.id, person(who), SUPPORT), Request) is may


# at once


async def rival(stack: AsyncExitStack, office: Office, url: str) -> Office:
    """Open another process of the same bot: its own connections, the same clock."""
    return await open_office(await stack.enter_async_context(open_books(url)), clock=office.clock)


async def test_of_two_approvers_at_once_one_wins_and_the_other_is_told_who_was_first(books: SqlBooks, database_url: str) -> None:
    office = await open_office(books)
    async with AsyncExitStack() as stack:
        other = await rival(stack, office, database_url)
        for _ in range(10):
            asked = await office.ask()
            await office.unsaid()
            ends = await asyncio.gather(office.approve(asked, BO), other.approve(asked, CLEO))
            (won,) = [end for end in ends if isinstance(end, Request)]
            assert won.decided_by
            assert [end for end in ends if isinstance(end, Refusal)] == [Refusal(Reason.WRONG_STATE, State.APPROVED, (won.decided_by,))]
            assert [vote.by for vote in await books.votes(asked.id, 1)] == [won.decided_by]
            assert Counter(kind for kind, _, _ in await told(office)) == {Kind.CARD: 1, Kind.LINE: 1, Kind.DIRECT: 1}


async def test_twenty_people_who_do_different_things_at_once_come_to_one_outcome(books: SqlBooks, database_url: str) -> None:
    office = await open_office(books)
    crowd = [UserId(f"U0CROWD{at:02}") for at in range(20)]
    async with AsyncExitStack() as stack:
        offices = [office, await rival(stack, office, database_url)]
        for each in offices:
            each.town.kinds |= dict.fromkeys(crowd, Account.MEMBER)
            each.town.groups[LEADS] |= set(crowd)
        for turn in range(3):
            asked = await office.ask()
            await office.unsaid()
            acts: list[Awaitable[Request | Refusal]] = []
            for at, who in enumerate(crowd):
                at_desk = offices[at % 2]
                match (at + turn) % 3:
                    case 0:
                        acts.append(at_desk.approve(asked, who))
                    case 1:
                        acts.append(at_desk.desk.reject(asked.id, person(who), "no"))
                    case _:
                        acts.append(at_desk.desk.cancel(asked.id, person(ANN), None))
            ends = await asyncio.gather(*acts)
            now = await office.now(asked.id)
            assert now.state in {State.APPROVED, State.REJECTED, State.CANCELLED}
            told_yes = [end for end in ends if isinstance(end, Request)]
            assert told_yes
            assert all(end.decided_by == told_yes[0].decided_by for end in told_yes)
            # An approved one may still be cancelled by whoever may; nothing else follows anything.
            lines = [notice.happened for notice in await office.unsaid() if notice.kind is Kind.LINE]
            assert lines in ([Happened.APPROVED], [Happened.REJECTED], [Happened.CANCELLED], [Happened.APPROVED, Happened.CANCELLED])


async def test_an_approval_at_the_moment_it_expires_or_is_cancelled_comes_to_one_outcome(books: SqlBooks, database_url: str) -> None:
    office = await open_office(books)
    async with AsyncExitStack() as stack:
        other = await rival(stack, office, database_url)
        asked = await office.ask()
        office.clock.pass_by(hours=24)
        await asyncio.gather(office.approve(asked, BO), other.desk.expire_overdue(), office.desk.expire_overdue())
        assert (await office.now(asked.id)).state is State.EXPIRED
        assert sum(notice.happened is Happened.EXPIRED and notice.kind is Kind.LINE for notice in await office.unsaid()) == 1
        again = await office.ask(channel=STRICT)
        await asyncio.gather(office.approve(again, BO), other.desk.cancel(again.id, person(ANN), None), office.approve(again, CLEO))
        assert (await office.now(again.id)).state is State.CANCELLED


async def test_a_cancel_that_meets_the_start_of_the_giving_is_a_cancel_all_the_same(books: SqlBooks) -> None:
    office = await open_office(books)
    asked = await office.ask()
    await office.approve(asked, BO)
    _, cancelled = await asyncio.gather(office.starting.begin(asked.id), office.desk.cancel(asked.id, person(ANN), None))
    assert isinstance(cancelled, Request)
    assert cancelled.state is State.CANCELLED or cancelled.cancel_asked_by == ANN
