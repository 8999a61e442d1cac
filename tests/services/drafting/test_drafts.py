"""Drafts over a real database: the form, and the one request that results."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import FormInput, Request, State
from bot.domain.requests.views import Form
from bot.errors import ShortIdConflict
from tests.support.forms import policy_with, reviewed
from tests.support.service_fixture import (
    ACCOUNT,
    AGENTS,
    ANN,
    BO,
    CHIEF,
    DI,
    ELSEWHERE,
    GUS,
    NOW,
    PERCENT,
    QUICK,
    SPAR,
    SUPPORT,
    TEAM,
    Office,
    open_office,
    person,
)

# drafts


async def test_a_draft_stores_requester_channel_and_the_commands_words(office: Office) -> None:
    form_input = FormInput(rule="Spar 100", customers="a\nb")
    draft = await office.drafts.open_draft(person(ANN), SUPPORT, form_input)
    assert (draft.team, draft.account, draft.channel, draft.requester, draft.created_at) == (
        TEAM,
        ACCOUNT,
        SUPPORT,
        ANN,
        NOW,
    )
    assert draft.state is State.DRAFT
    assert await office.repository.load_input(draft.id) == form_input


class CrowdedBooks:
    """A repository in which the first few short ids are taken."""

    def __init__(self, repository: SqlRepository, taken: int) -> None:
        self._repository = repository
        self.refused: list[str] = []
        self._taken = taken

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else."""
        return getattr(self._repository, name)

    async def open_draft(self, request: Request, form_input: FormInput) -> None:
        if len(self.refused) < self._taken:
            self.refused.append(request.short)
            raise ShortIdConflict(request.short)
        await self._repository.open_draft(request, form_input)


async def test_a_taken_short_id_is_replaced(sqlite_books: SqlRepository) -> None:
    crowded = CrowdedBooks(sqlite_books, taken=5)
    office = await open_office(crowded)  # type: ignore[arg-type]
    draft = await office.drafts.open_draft(person(ANN), SUPPORT, FormInput())
    assert len(set(crowded.refused)) == 5
    assert draft.short not in crowded.refused
    assert await sqlite_books.find_short(draft.short) == draft


async def test_a_deleted_draft_is_answered_without_a_form(either_office: Office) -> None:
    draft = await either_office.draft()
    assert await either_office.repository.forget_drafts(NOW + timedelta(seconds=1)) == 1
    for answer in await everything(either_office, draft, ANN):
        assert answer in (Refusal(RefusalReason.UNKNOWN_REQUEST), [])


async def everything(office: Office, draft: RequestId, who: UserId, **team: Any) -> list[object]:
    """Do everything that can be done with a draft."""
    by = person(who, **team)
    return [
        await office.drafts.form(draft, by),
        await office.drafts.redraw(draft, by, FormInput(customers="not mine")),
        await office.drafts.save_input(draft, by, FormInput(customers="not mine")),
        await office.drafts.review(draft, by),
        await office.submit(draft, by),
        await office.drafts.find_rules(draft, by, ""),
    ]


@pytest.mark.parametrize(("who", "team"), [(BO, TEAM), (CHIEF, TEAM), (ANN, ELSEWHERE)])
async def test_a_draft_is_only_its_requesters(office: Office, who: UserId, team: Any) -> None:
    draft = await office.draft()
    before = await office.now(draft), await office.repository.load_input(draft)
    for answer in await everything(office, draft, who, team=team):
        assert answer == [] or isinstance(answer, Refusal)
    assert (await office.now(draft), await office.repository.load_input(draft)) == before


async def test_a_submitted_request_cannot_be_filled_in_any_more(office: Office) -> None:
    asked = await office.ask()
    before = await office.repository.load_input(asked.id)
    for answer in (await everything(office, asked.id, ANN))[:4]:
        assert answer == Refusal(RefusalReason.WRONG_STATE, State.WAITING)
    assert await office.repository.load_input(asked.id) == before
    assert await office.now(asked.id) == asked


# the form


async def test_the_form_shows_the_rule_that_was_typed_by_id_or_by_name(office: Office) -> None:
    for rule in (SPAR, "Spar 100", "spar"):
        form = await office.drafts.form(await office.draft(rule=rule), person(ANN))
        assert isinstance(form, Form)
        assert form.chosen
        assert form.chosen.id == SPAR


@pytest.mark.parametrize("rule", ["", "no such rule", "e"])
async def test_an_ambiguous_rule_is_not_chosen(office: Office, rule: str) -> None:
    form = await office.drafts.form(await office.draft(rule=rule), person(ANN))
    assert isinstance(form, Form)
    assert form.chosen is None
    assert form.form_input.rule == rule


async def test_a_rule_that_the_channel_may_not_give_is_not_chosen(office: Office) -> None:
    form = await office.drafts.form(await office.draft(channel=QUICK, rule=PERCENT), person(ANN))
    assert isinstance(form, Form)
    assert form.chosen is None


async def test_no_form_is_opened_where_the_card_could_not_be_posted(office: Office) -> None:
    draft = await office.draft()
    office.town.posts_in.clear()
    assert await office.drafts.form(draft, person(ANN)) == Refusal(RefusalReason.CANNOT_POST, SUPPORT)


@pytest.mark.parametrize("who", [DI, CHIEF, GUS])
async def test_no_form_is_opened_for_whoever_may_not_ask(office: Office, who: UserId) -> None:
    draft = await office.draft(who, QUICK)
    answer = await office.drafts.form(draft, person(who))
    assert isinstance(answer, Refusal)


async def test_drawing_again_keeps_what_was_typed(office: Office) -> None:
    draft = await office.draft()
    form_input = FormInput(rule=SPAR, customers="x\ny", reason="why", once_key="k", more=True)
    form = await office.drafts.redraw(draft, person(ANN), form_input)
    assert isinstance(form, Form)
    assert form.form_input == form_input
    assert await office.repository.load_input(draft) == form_input


# asking


async def test_asking_makes_it_wait_and_puts_its_card_out(office: Office) -> None:
    found = await reviewed(office)
    asked = await office.submit(found.request.id, person(ANN))
    assert isinstance(asked, Request)
    assert (asked.state, asked.asked_at, asked.expires_at) == (State.WAITING, NOW, NOW + timedelta(hours=24))
    assert replace(asked, state=State.DRAFT, asked_at=None, expires_at=None) == found.request
    assert [(notification.kind, notification.happened) for notification in await office.unsaid()] == [
        (ChannelKind.CARD, NotificationType.ASKED)
    ]
    assert office.background.woken


async def test_where_no_approval_is_needed_it_goes_at_once(office: Office) -> None:
    found = await reviewed(office, QUICK)
    assert (found.request.approvals, found.request.tier) == (0, None)
    asked = await office.submit(found.request.id, person(ANN))
    assert isinstance(asked, Request)
    assert (asked.state, asked.approvals, asked.expires_at) == (State.APPROVED, 0, None)


async def test_asked_twice_or_ten_times_at_once_it_is_one_request(either_office: Office) -> None:
    office = either_office
    draft = (await reviewed(office)).request.id
    answers = await asyncio.gather(*(office.submit(draft, person(ANN)) for _ in range(10)))
    assert len(set(map(id, answers))) == 10
    assert all(answer == answers[0] for answer in answers)
    assert (
        len([notification for notification in await office.unsaid() if notification.kind is ChannelKind.CARD])
        == 1
    )
    assert await office.submit(draft, person(ANN)) == await office.now(draft)


async def test_asking_again_once_it_was_decided_answers_how_it_stands(office: Office) -> None:
    asked = await office.ask()
    rejected = await office.decisions.reject(asked.id, person(BO), "no")
    assert await office.submit(asked.id, person(ANN)) == rejected


async def test_a_draft_that_was_never_reviewed_cannot_be_asked_for(office: Office) -> None:
    draft = await office.draft()
    assert await office.submit(draft, person(ANN)) == Refusal(RefusalReason.NO_RULE)
    assert (await office.now(draft)).state is State.DRAFT


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (1, 2), (2, 1)])
async def test_where_the_decision_changed_since_the_review_it_is_not_asked_for(
    office: Office, before: int, after: int
) -> None:
    office.under(policy_with(SUPPORT, approvals=before))
    draft = (await reviewed(office)).request.id
    office.under(policy_with(SUPPORT, approvals=after))
    assert await office.submit(draft, person(ANN)) == Refusal(RefusalReason.CHANGED)
    assert (await office.now(draft)).state is State.DRAFT
    assert await office.unsaid() == []


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"max_customers": 1}, RefusalReason.TOO_MANY_CUSTOMERS),
        ({"max_amount": 1}, RefusalReason.TOO_EXPENSIVE),
        ({"rules": frozenset({PERCENT})}, RefusalReason.RULE_NOT_ALLOWED),
        ({"require_reason": True}, RefusalReason.REASON_MISSING),
        ({"approvers": (ANN,)}, RefusalReason.NO_APPROVER),
        ({"requesters": (AGENTS,)}, RefusalReason.NOT_A_REQUESTER),
    ],
)
async def test_the_same_checks_are_made_when_it_is_asked_for(
    office: Office, changes: dict[str, Any], refused: RefusalReason
) -> None:
    draft = (await reviewed(office, customers="a\nb")).request.id
    office.under(policy_with(SUPPORT, **changes))
    office.town.groups[AGENTS].discard(ANN)
    answer = await office.submit(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason is refused
    assert (await office.now(draft)).state is State.DRAFT


@pytest.mark.parametrize("kind", [Account.GUEST, Account.DEACTIVATED, Account.STRANGER, Account.BOT])
async def test_who_is_no_full_member_any_more_asks_for_nothing(office: Office, kind: Account) -> None:
    draft = (await reviewed(office)).request.id
    office.town.kinds[ANN] = kind
    answer = await office.submit(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason == RefusalReason(kind)
    assert (await office.now(draft)).state is State.DRAFT


async def test_a_rule_that_expires_between_the_review_and_the_asking_is_refused(office: Office) -> None:
    office.shelf.change(
        SPAR,
        requirement=replace(office.shelf.rules_of[SPAR].requirement, purchase_to=NOW + timedelta(minutes=1)),
    )
    draft = (await reviewed(office)).request.id
    office.clock.pass_by(minutes=2)
    assert await office.submit(draft, person(ANN)) == Refusal(RefusalReason.RULE_EXPIRED, "Spar 100")


async def test_a_look_up_that_fails_asks_for_nothing_and_later_all_is_well(office: Office) -> None:
    draft = (await reviewed(office)).request.id
    office.town.away = True
    answer = await office.submit(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.LOOKUP_FAILED
    office.town.away = False
    assert isinstance(await office.submit(draft, person(ANN)), Request)


# the command's words


@pytest.mark.parametrize(
    ("words", "quoted", "rule", "customers"),
    [
        ("Spar 100 c-1 c-2", False, "Spar 100", "c-1\nc-2"),
        ("Spar c-1", False, "Spar", "c-1"),
        ("Spar c-1 100", False, "Spar c-1 100", ""),
        ("Spar 100 c-2", True, "Spar", "100\nc-2"),
        ("Spar 100 1,234,567", False, "Spar 100", "1,234,567"),
        ("Spar 100 1 234 567 c-1", False, "Spar 100", "1 234 567\nc-1"),
        ("Spar 100 +47 912 34 567", False, "Spar 100", "+47 912 34 567"),
        ("Spar 100 1001 1002", False, "Spar 100", "1001\n1002"),
        ("Spar 101, 102, 103", False, "Spar", "101\n102\n103"),
        ("Spar, 100, c-1", False, "Spar 100", "c-1"),
        ("Spar 100 1 234 567, 1 234 568", False, "Spar 100", "1 234 567\n1 234 568"),
    ],
)
async def test_the_words_of_a_command_become_a_rule_and_customers(
    office: Office, words: str, rule: str, customers: str, *, quoted: bool
) -> None:
    first, *others = words.split()
    filled = office.drafts.prefill(first, others, quoted=quoted)
    assert filled == FormInput(rule=rule, customers=customers)
