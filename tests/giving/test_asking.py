"""Asking over real books: the draft, all that is wrong with it, the review, and the one request that comes of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import AccessDenied, MayPass, ShortIdTaken
from bot.giving.answers import Fault, Field, Form, Review
from bot.giving.asking import BATCHES_PER_PORTION
from bot.giving.customers import digest_of
from bot.giving.ids import ChannelId, CustomerId, RequestId, RuleId, UserId
from bot.giving.notices import Happened, Kind
from bot.giving.people import Kind as Account
from bot.giving.policy import Decision, Outcome, Policy, Reason, Refusal
from bot.giving.request import Request, State, Typed, derived_key, digest
from bot.giving.rewards import Reward, Rule, Usable
from bot.giving.terms import terms_of
from bot.store.books import SqlBooks
from tests.giving.office import (
    ACCOUNT,
    AGENTS,
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    ELSEWHERE,
    GUS,
    LATER,
    LEADS,
    NEWS,
    NOW,
    OFF,
    OVER,
    PERCENT,
    POLICY,
    QUICK,
    SPAR,
    STRICT,
    SUPPORT,
    TEAM,
    Office,
    open_office,
    person,
)

Found = dict[Field, list[Reason]]


def policy_with(channel: ChannelId, **changes: Any) -> Policy:
    return replace(POLICY, channels={**POLICY.channels, channel: replace(POLICY.channels[channel], **changes)})


async def fill_in(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Found:
    """Submit a form of Ann's with this typed in, and answer the faults by field."""
    draft = await office.draft(channel=channel)
    filled = Typed(**{"rule": SPAR, "customers": "c-1", **typed})
    faults = await office.asking.fill_in(draft, person(ANN), filled)
    assert not isinstance(faults, Refusal)
    assert await office.books.typed(draft) == filled
    return by_field(faults)


def by_field(faults: tuple[Fault, ...]) -> Found:
    found: Found = {}
    for fault in faults:
        found.setdefault(fault.field, []).append(fault.refusal.reason)
    return found


async def review(office: Office, channel: ChannelId = SUPPORT, who: UserId = ANN, **typed: Any) -> Review | Form | Refusal:
    return await office.asking.review(await office.draft(who, channel, **typed), person(who))


async def reviewed(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Review:
    found = await review(office, channel, **typed)
    assert isinstance(found, Review), found
    return found


async def brought_back(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Found:
    """Have a draft judged, and answer the faults with which its form comes back."""
    form = await review(office, channel, **typed)
    assert isinstance(form, Form), form
    return by_field(form.faults)


# drafts


async def test_a_draft_knows_whose_and_where_it_is_and_keeps_what_the_command_held(office: Office) -> None:
    typed = Typed(rule="Spar 100", customers="a\nb")
    draft = await office.asking.open_draft(person(ANN), SUPPORT, typed)
    assert (draft.team, draft.account, draft.channel, draft.requester, draft.created_at) == (TEAM, ACCOUNT, SUPPORT, ANN, NOW)
    assert draft.state is State.DRAFT
    assert await office.books.typed(draft.id) == typed


class CrowdedBooks:
    """Books in which the first few short ids are always taken."""

    def __init__(self, books: SqlBooks, taken: int) -> None:
        self._books = books
        self.refused: list[str] = []
        self._taken = taken

    def __getattr__(self, name: str) -> Any:
        """Do all else as the books do it."""
        return getattr(self._books, name)

    async def open_draft(self, request: Request, typed: Typed) -> None:
        if len(self.refused) < self._taken:
            self.refused.append(request.short)
            raise ShortIdTaken(request.short)
        await self._books.open_draft(request, typed)


async def test_a_short_id_that_is_taken_is_tried_anew(sqlite_books: SqlBooks) -> None:
    crowded = CrowdedBooks(sqlite_books, taken=5)
    office = await open_office(crowded)  # type: ignore[arg-type]
    draft = await office.asking.open_draft(person(ANN), SUPPORT, Typed())
    assert len(set(crowded.refused)) == 5
    assert draft.short not in crowded.refused
    assert await sqlite_books.find_short(draft.short) == draft


async def test_a_forgotten_draft_is_answered_and_no_form_stands_on_it(either_office: Office) -> None:
    draft = await either_office.draft()
    assert await either_office.books.forget_drafts(NOW + timedelta(seconds=1)) == 1
    for answer in await everything(either_office, draft, ANN):
        assert answer in (Refusal(Reason.UNKNOWN_REQUEST), [])


async def everything(office: Office, draft: RequestId, who: UserId, **team: Any) -> list[object]:
    """Do all that can be done with a draft."""
    by = person(who, **team)
    return [
        await office.asking.form(draft, by),
        await office.asking.redraw(draft, by, Typed(customers="not mine")),
        await office.asking.fill_in(draft, by, Typed(customers="not mine")),
        await office.asking.review(draft, by),
        await office.asking.ask(draft, by),
        await office.asking.find_rules(draft, by, ""),
    ]


@pytest.mark.parametrize(("who", "team"), [(BO, TEAM), (CHIEF, TEAM), (ANN, ELSEWHERE)])
async def test_a_draft_is_its_requesters_alone(office: Office, who: UserId, team: Any) -> None:
    draft = await office.draft()
    before = await office.now(draft), await office.books.typed(draft)
    for answer in await everything(office, draft, who, team=team):
        assert answer == [] or isinstance(answer, Refusal)
    assert (await office.now(draft), await office.books.typed(draft)) == before


async def test_what_was_asked_for_can_be_filled_in_no_more(office: Office) -> None:
    asked = await office.ask()
    before = await office.books.typed(asked.id)
    for answer in (await everything(office, asked.id, ANN))[:4]:
        assert answer == Refusal(Reason.WRONG_STATE, State.WAITING)
    assert await office.books.typed(asked.id) == before
    assert await office.now(asked.id) == asked


# the form


async def test_the_form_shows_the_rule_that_was_typed_by_id_or_by_name(office: Office) -> None:
    for rule in (SPAR, "Spar 100", "spar"):
        form = await office.asking.form(await office.draft(rule=rule), person(ANN))
        assert isinstance(form, Form)
        assert form.chosen
        assert form.chosen.id == SPAR


@pytest.mark.parametrize("rule", ["", "no such rule", "e"])
async def test_where_no_one_rule_is_meant_none_is_chosen(office: Office, rule: str) -> None:
    form = await office.asking.form(await office.draft(rule=rule), person(ANN))
    assert isinstance(form, Form)
    assert form.chosen is None
    assert form.typed.rule == rule


async def test_a_rule_that_the_channel_may_not_give_is_not_chosen(office: Office) -> None:
    form = await office.asking.form(await office.draft(channel=QUICK, rule=PERCENT), person(ANN))
    assert isinstance(form, Form)
    assert form.chosen is None


async def test_no_form_is_opened_where_the_card_could_not_be_posted(office: Office) -> None:
    draft = await office.draft()
    office.town.posts_in.clear()
    assert await office.asking.form(draft, person(ANN)) == Refusal(Reason.CANNOT_POST, SUPPORT)


@pytest.mark.parametrize("who", [DI, CHIEF, GUS])
async def test_no_form_is_opened_for_whoever_may_not_ask(office: Office, who: UserId) -> None:
    draft = await office.draft(who, QUICK)
    answer = await office.asking.form(draft, person(who))
    assert isinstance(answer, Refusal)
    assert answer.who == (CHIEF,)


async def test_drawing_again_keeps_what_was_typed(office: Office) -> None:
    draft = await office.draft()
    typed = Typed(rule=SPAR, customers="x\ny", reason="why", once_key="k", more=True)
    form = await office.asking.redraw(draft, person(ANN), typed)
    assert isinstance(form, Form)
    assert form.typed == typed
    assert await office.books.typed(draft) == typed


# faults


async def test_all_faults_are_told_at_once_each_in_its_field(office: Office) -> None:
    office.under(policy_with(QUICK, max_customers=1, require_reason=True))
    ids = f"a\n{'x' * 256}\nb\n*\n\u200bc\u200bd"
    found = await fill_in(office, QUICK, rule=PERCENT, customers=ids, reason="  ", once_key="k" * 256)
    assert found == {
        Field.CUSTOMERS: [Reason.ID_TOO_LONG, Reason.ID_UNREADABLE, Reason.RESERVED_ID, Reason.TOO_MANY_CUSTOMERS],
        Field.RULE: [Reason.RULE_NOT_ALLOWED, Reason.UNPRICED],
        Field.REASON: [Reason.REASON_MISSING],
        Field.ONCE_KEY: [Reason.BAD_ONCE_KEY],
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"rule": ""}, {Field.RULE: [Reason.NO_RULE]}),
        ({"rule": OFF}, {Field.RULE: [Reason.RULE_INACTIVE]}),
        ({"rule": OVER}, {Field.RULE: [Reason.RULE_EXPIRED]}),
        ({"rule": LATER}, {}),
        ({"customers": ""}, {Field.CUSTOMERS: [Reason.NO_CUSTOMERS]}),
        ({"customers": ", ;\t\n"}, {Field.CUSTOMERS: [Reason.NO_CUSTOMERS]}),
        ({"customers": "*"}, {Field.CUSTOMERS: [Reason.RESERVED_ID]}),
        ({"customers": "\n".join(f"c-{at}" for at in range(2001))}, {Field.CUSTOMERS: [Reason.TOO_MANY_CUSTOMERS]}),
        ({"customers": "a b c"}, {}),
        ({"rule": "a rule that is not at hand"}, {}),
    ],
)
async def test_a_fault_is_told_from_memory_as_soon_as_the_form_is_submitted(office: Office, typed: dict[str, Any], found: Found) -> None:
    office.shelf.failure = MayPass("nobody is asked for this")
    assert await fill_in(office, **typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"rule": "gone"}, {Field.RULE: [Reason.RULE_GONE]}),
        ({"rule": ""}, {Field.RULE: [Reason.NO_RULE]}),
        ({"rule": OFF, "customers": "*"}, {Field.CUSTOMERS: [Reason.RESERVED_ID], Field.RULE: [Reason.RULE_INACTIVE]}),
        ({"once_key": "a\nb"}, {Field.ONCE_KEY: [Reason.BAD_ONCE_KEY]}),
    ],
)
async def test_the_review_brings_the_form_back_with_whatever_is_wrong(office: Office, typed: dict[str, Any], found: Found) -> None:
    assert await brought_back(office, **typed) == found


async def test_the_review_judges_the_rule_as_it_is_now(office: Office) -> None:
    office.shelf.change(SPAR, active=False)
    assert await fill_in(office) == {}
    assert await brought_back(office) == {Field.RULE: [Reason.RULE_INACTIVE]}
    office.shelf.change(SPAR, active=True, reward=Reward(type="discount_amount", value=Decimal(7)))
    found = await reviewed(office)
    assert found.cost
    assert found.cost.total == 7


@pytest.mark.parametrize("failure", [MayPass("no answer"), AccessDenied("401")])
async def test_a_rule_that_cannot_be_read_now_keeps_the_form(office: Office, failure: Any) -> None:
    office.shelf.failure = failure
    assert await brought_back(office) == {Field.RULE: [Reason.RULE_UNREADABLE]}


async def test_a_look_up_that_fails_in_the_review_is_told(office: Office) -> None:
    draft = await office.draft()
    office.town.away = True
    answer = await office.asking.review(draft, person(ANN))
    assert isinstance(answer, Form)
    assert [fault.refusal.reason for fault in answer.faults] == [Reason.LOOKUP_FAILED]
    assert (await office.now(draft)).rule is None


async def test_where_nobody_else_could_approve_it_is_told_before_anything_is_asked(office: Office) -> None:
    office.under(policy_with(SUPPORT, approvers=(LEADS,)))
    office.town.groups[LEADS] = {ANN}
    assert await brought_back(office) == {Field.RULE: [Reason.NO_APPROVER]}
    office.town.groups[LEADS] = {ANN, BO}
    assert (await reviewed(office)).decision == Decision(Outcome.WAITS, 1)
    office.under(policy_with(STRICT, approvers=(LEADS,)))
    assert await brought_back(office, STRICT) == {Field.RULE: [Reason.NO_APPROVER]}


@pytest.mark.parametrize(
    ("customers", "rule", "found"),
    [
        ("a\nb", SPAR, {}),
        ("a\nb\nc", SPAR, {Field.CUSTOMERS: [Reason.TOO_EXPENSIVE]}),
        ("a", PERCENT, {Field.RULE: [Reason.UNPRICED]}),
    ],
)
async def test_money_is_limited_where_the_policy_says_so(office: Office, customers: str, rule: str, found: Found) -> None:
    office.under(policy_with(QUICK, rules=frozenset({"*"})))
    assert await fill_in(office, QUICK, customers=customers, rule=rule) == found


# the review


async def test_the_review_says_all_that_will_be_asked_for(office: Office) -> None:
    found = await reviewed(office, customers="a b c, d; d\te", reason="  late parcel ")
    request = found.request
    assert (request.customers, request.repeated, request.reason) == (3, 1, "late parcel")
    assert (request.first_customer, request.last_customer) == ("a b c", "e")
    assert request.customers_digest == digest_of([CustomerId("a b c"), CustomerId("d"), CustomerId("e")])
    assert (request.once_key, request.own_key) == (derived_key(request.id), False)
    assert (request.approvals, found.decision) == (1, Decision(Outcome.WAITS, 1))
    assert (found.usable, found.spaced, found.asked_of) == (Usable.NOW, ("a b c",), (LEADS, CHIEF))
    assert found.digest == digest(request, terms_of(found.rule))
    assert await office.now(request.id) == request


async def test_the_requester_is_not_named_among_those_who_will_have_to_approve(office: Office) -> None:
    found = await review(office, who=CHIEF)
    assert isinstance(found, Review)
    assert found.asked_of == (LEADS,)


async def test_a_rule_that_can_be_used_later_can_be_asked_for_and_is_said_so(office: Office) -> None:
    assert (await reviewed(office, rule=LATER)).usable is Usable.SCHEDULED


async def test_a_key_of_ones_own_is_kept_without_the_spaces_around_it(office: Office) -> None:
    request = (await reviewed(office, once_key="  stamp-2020 ")).request
    assert (request.once_key, request.own_key) == ("stamp-2020", True)


async def test_a_second_review_puts_other_customers_in_the_place_of_the_first(either_office: Office) -> None:
    office = either_office
    draft = await office.draft(customers="\n".join(f"c-{at}" for at in range(50)))
    assert isinstance(await office.asking.review(draft, person(ANN)), Review)
    await office.asking.fill_in(draft, person(ANN), Typed(rule=SPAR, customers="z"))
    again = await office.asking.review(draft, person(ANN))
    assert isinstance(again, Review)
    assert again.request.customers == 1
    assert await office.books.portions(draft) == 1
    assert await office.books.customers(draft, 0) == ("z",)


@pytest.mark.parametrize(("size", "concurrency"), [(1, 1), (7, 3), (7, 20), (500, 8)])
async def test_customers_are_kept_in_portions_of_whole_batches(either_office: Office, size: int, concurrency: int) -> None:
    office = either_office.under(policy_with(SUPPORT, batch_size=size, concurrency=concurrency))
    ids = [f"c-{at}" for at in range(1000)]
    request = (await reviewed(office, customers="\n".join(ids))).request
    assert (request.batch_size, request.concurrency) == (size, concurrency)
    assert request.batches_per_portion == max(BATCHES_PER_PORTION, concurrency)
    portions = [await office.books.customers(request.id, at) for at in range(await office.books.portions(request.id))]
    assert [one for portion in portions for one in portion] == ids
    assert {len(portion) for portion in portions[:-1]} <= {size * request.batches_per_portion}


# asking


async def test_asking_makes_it_wait_and_puts_its_card_and_first_line_out(office: Office) -> None:
    found = await reviewed(office)
    asked = await office.asking.ask(found.request.id, person(ANN))
    assert isinstance(asked, Request)
    assert (asked.state, asked.asked_at, asked.expires_at) == (State.WAITING, NOW, NOW + timedelta(hours=24))
    assert replace(asked, state=State.DRAFT, asked_at=None, expires_at=None) == found.request
    assert [(notice.kind, notice.happened) for notice in await office.unsaid()] == [
        (Kind.CARD, Happened.ASKED),
        (Kind.LINE, Happened.ASKED),
    ]
    assert office.jobs.woken


async def test_where_no_approval_is_needed_it_goes_at_once(office: Office) -> None:
    found = await reviewed(office, QUICK)
    assert found.decision == Decision(Outcome.GOES)
    asked = await office.asking.ask(found.request.id, person(ANN))
    assert isinstance(asked, Request)
    assert (asked.state, asked.approvals, asked.expires_at) == (State.APPROVED, 0, None)


async def test_asked_twice_or_ten_times_at_once_it_is_one_request(either_office: Office) -> None:
    office = either_office
    draft = (await reviewed(office)).request.id
    answers = await asyncio.gather(*(office.asking.ask(draft, person(ANN)) for _ in range(10)))
    assert len(set(map(id, answers))) == 10
    assert all(answer == answers[0] for answer in answers)
    assert len([notice for notice in await office.unsaid() if notice.kind is Kind.CARD]) == 1
    assert await office.asking.ask(draft, person(ANN)) == await office.now(draft)


async def test_asking_again_once_it_was_decided_answers_how_it_stands(office: Office) -> None:
    asked = await office.ask()
    rejected = await office.desk.reject(asked.id, person(BO), "no")
    assert await office.asking.ask(asked.id, person(ANN)) == rejected


async def test_a_draft_that_was_never_reviewed_cannot_be_asked_for(office: Office) -> None:
    draft = await office.draft()
    assert await office.asking.ask(draft, person(ANN)) == Refusal(Reason.NO_RULE)
    assert (await office.now(draft)).state is State.DRAFT


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (1, 2), (2, 1)])
async def test_where_the_decision_changed_since_the_review_it_is_not_asked_for(office: Office, before: int, after: int) -> None:
    office.under(policy_with(SUPPORT, approvals=before))
    draft = (await reviewed(office)).request.id
    office.under(policy_with(SUPPORT, approvals=after))
    assert await office.asking.ask(draft, person(ANN)) == Refusal(Reason.CHANGED)
    assert (await office.now(draft)).state is State.DRAFT
    assert await office.unsaid() == []


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"max_customers": 1}, Reason.TOO_MANY_CUSTOMERS),
        ({"max_amount": 1}, Reason.TOO_EXPENSIVE),
        ({"rules": frozenset({PERCENT})}, Reason.RULE_NOT_ALLOWED),
        ({"require_reason": True}, Reason.REASON_MISSING),
        ({"approvers": (ANN,)}, Reason.NO_APPROVER),
        ({"requesters": (AGENTS,)}, Reason.NOT_A_REQUESTER),
    ],
)
async def test_the_same_checks_are_made_when_it_is_asked_for(office: Office, changes: dict[str, Any], refused: Reason) -> None:
    draft = (await reviewed(office, customers="a\nb")).request.id
    office.under(policy_with(SUPPORT, **changes))
    office.town.groups[AGENTS].discard(ANN)
    answer = await office.asking.ask(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason is refused
    assert (await office.now(draft)).state is State.DRAFT


@pytest.mark.parametrize("kind", [Account.GUEST, Account.DEACTIVATED, Account.STRANGER, Account.BOT])
async def test_who_is_no_full_member_any_more_asks_for_nothing(office: Office, kind: Account) -> None:
    draft = (await reviewed(office)).request.id
    office.town.kinds[ANN] = kind
    answer = await office.asking.ask(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason == Reason(kind)
    assert (await office.now(draft)).state is State.DRAFT


async def test_a_rule_that_expires_between_the_review_and_the_asking_is_refused(office: Office) -> None:
    office.shelf.change(SPAR, requirement=replace(office.shelf.rules_of[SPAR].requirement, purchase_to=NOW + timedelta(minutes=1)))
    draft = (await reviewed(office)).request.id
    office.clock.pass_by(minutes=2)
    assert await office.asking.ask(draft, person(ANN)) == Refusal(Reason.RULE_EXPIRED, SPAR)


async def test_a_look_up_that_fails_asks_for_nothing_and_later_all_is_well(office: Office) -> None:
    draft = (await reviewed(office)).request.id
    office.town.away = True
    answer = await office.asking.ask(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.LOOKUP_FAILED
    office.town.away = False
    assert isinstance(await office.asking.ask(draft, person(ANN)), Request)


# rules


async def test_the_list_offers_the_rules_of_the_channel_to_whoever_opened_the_draft(office: Office) -> None:
    draft = await office.draft(channel=QUICK)
    assert [(rule.id, state) for rule, state in await office.asking.find_rules(draft, person(ANN), "")] == [(SPAR, Usable.NOW)]
    everywhere = await office.asking.find_rules(await office.draft(), person(ANN), "")
    assert {rule.id: state for rule, state in everywhere} == {
        SPAR: Usable.NOW,
        PERCENT: Usable.NOW,
        LATER: Usable.SCHEDULED,
        OVER: Usable.EXPIRED,
        OFF: Usable.INACTIVE,
    }


async def test_a_rule_is_read_anew_when_somebody_looks_it_up(office: Office) -> None:
    office.shelf.change(SPAR, active=False)
    found = await office.asking.look_up("spar 100", person(DI), SUPPORT)
    assert isinstance(found, tuple)
    assert (found[0].id, found[1]) == (SPAR, Usable.INACTIVE)


async def test_where_several_rules_are_meant_all_are_named(office: Office) -> None:
    found = await office.asking.look_up("year", person(DI), SUPPORT)
    assert isinstance(found, list)
    assert [rule.id for rule in found] == [OVER, LATER]


@pytest.mark.parametrize(
    ("text", "channel", "refused"),
    [
        ("no such", SUPPORT, Refusal(Reason.NO_RULE, "no such")),
        ("ten off", QUICK, Refusal(Reason.RULE_NOT_ALLOWED, "Ten off", (CHIEF,))),
        ("spar", NEWS, Refusal(Reason.UNLISTED_CHANNEL, NEWS, (CHIEF,))),
    ],
)
async def test_a_rule_that_is_not_shown_is_answered_with_the_reason(
    office: Office, text: str, channel: ChannelId, refused: Refusal
) -> None:
    assert await office.asking.look_up(text, person(DI), channel) == refused


async def test_a_rule_that_is_gone_or_cannot_be_read_is_told_apart_from_one_that_never_was(office: Office) -> None:
    office.shelf.failure = MayPass("no answer")
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.RULE_UNREADABLE, "no answer")
    office.shelf.failure = None
    del office.shelf.rules_of[SPAR]
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.RULE_GONE, "spar")
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.NO_RULE, "spar")


async def test_before_all_rules_were_read_nobody_is_told_that_there_is_none(sqlite_books: SqlBooks) -> None:
    office = Office(sqlite_books)
    office.shelf.failure = MayPass("Dintero is away")
    await office.rules.refresh()
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.RULE_UNREADABLE, "Dintero is away")


async def test_guests_look_up_nothing(office: Office) -> None:
    answer = await office.asking.look_up("spar", person(GUS), SUPPORT)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.GUEST


async def test_a_rule_made_since_the_last_reading_can_be_reviewed(office: Office) -> None:
    new = Rule(id=RuleId("brand-new"), name="Brand new", reward=Reward(type="discount_amount", value=Decimal(5)))
    office.shelf.rules_of[new.id] = new
    assert (await reviewed(office, rule=new.id)).rule == new
    assert await office.asking.find_rules(await office.draft(), person(CLEO), "brand") == []
