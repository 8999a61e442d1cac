"""Requests for the same customers: each decision is made by a person who was shown all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.customers.packing import pack
from bot.domain.customers.uploads import NO_ROW, Column, Doubt, DoubtfulIds, FileRead, ReadResult, Upload
from bot.domain.ids import CustomerId, FileId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import FormInput, Request, State, StopReason, digest
from bot.domain.requests.views import ApprovalView, Field, FieldError, Form, Review
from bot.slack.modals import approval
from bot.slack.rendering import earlier_requests, request_facts
from tests.support.samples import LOOK
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    QUICK,
    SPAR,
    SUPPORT,
    Drawer,
    Office,
    allowing,
    open_office,
    person,
)


async def reviewed(office: Office, customers: str = "a\nb") -> Review:
    review = await office.drafts.review(await office.draft(customers=customers), person(ANN))
    assert isinstance(review, Review)
    return review


async def ask_as_shown(office: Office, review: Review) -> Request | Refusal:
    named = [each.mark for each in review.prior_grants.by]
    return await office.drafts.ask(review.request.id, person(ANN), shown=review.digest, named=named)


async def approve_as_shown(office: Office, asked: Request, named: list[str]) -> Request | Refusal:
    return await office.approvals.approve(
        asked.id, 1, person(BO), typed=str(asked.customers), shown=digest(asked), named=named
    )


async def begun_since(office: Office, customers: str) -> Request:
    """Ask for the same customers, approve it, and begin to give."""
    office.clock.pass_by(seconds=1)
    other = await office.ask(customers=customers)
    await office.approve(other, CLEO)
    assert await office.preflight.begin(other.id)
    return other


async def test_a_request_that_came_after_the_review_has_to_be_read_first(either_office: Office) -> None:
    office = either_office
    review = await reviewed(office)
    other = await office.ask(customers="b\nc")
    assert await ask_as_shown(office, review) == Refusal(RefusalReason.REPEATED)
    assert (await office.now(review.request.id)).state is State.DRAFT
    again = await office.drafts.review(review.request.id, person(ANN))
    assert isinstance(again, Review)
    assert [each.short for each in again.prior_grants.by] == [other.short]
    assert isinstance(await ask_as_shown(office, again), Request)


async def test_a_request_that_came_after_the_approval_form_is_confirmed_first(either_office: Office) -> None:
    office = either_office
    asked = await office.ask(customers="a\nb")
    other = await office.ask(customers="b")
    assert await approve_as_shown(office, asked, []) == Refusal(RefusalReason.REPEATED)
    assert await office.repository.votes(asked.id, 1) == ()
    approved = await approve_as_shown(office, asked, [other.short])
    assert isinstance(approved, Request)
    assert approved.state is State.APPROVED
    # the same click, delivered again, after yet another request
    await office.ask(customers="a")
    assert isinstance(await approve_as_shown(office, asked, [other.short]), Request)


async def test_a_request_that_has_ended_needs_no_confirmation(office: Office) -> None:
    asked = await office.ask(customers="a")
    other = await office.ask(customers="a")
    await office.decisions.reject(other.id, person(BO), "twice")
    assert isinstance(await approve_as_shown(office, asked, []), Request)


async def test_a_later_request_that_has_begun_voids_the_approval_at_the_start(either_office: Office) -> None:
    office = either_office
    asked = await office.ask(customers="a\nb")
    await office.approve(asked, BO)
    await begun_since(office, "b")
    assert await office.preflight.begin(asked.id) is None
    waiting = await office.now(asked.id)
    assert (waiting.state, waiting.round) == (State.WAITING, 2)
    void = [one for one in await office.unsaid() if one.happened is NotificationType.CONSENT_VOID]
    assert {one.note for one in void} == {RefusalReason.REPEATED}
    assert len(await office.named(asked.id)) == 1
    office.clock.pass_by(seconds=1)
    await office.approve(waiting, BO)
    assert await office.preflight.begin(asked.id)


async def test_an_earlier_request_that_the_approver_saw_does_not_void_it(office: Office) -> None:
    other = await office.ask(customers="b")
    office.clock.pass_by(seconds=1)
    asked = await office.ask(customers="a\nb")
    office.clock.pass_by(seconds=1)
    await office.approve(asked, BO)
    await office.approve(other, CLEO)
    assert await office.preflight.begin(other.id)
    assert await office.preflight.begin(asked.id)


async def test_a_request_without_approvals_stops_until_its_requester_continues(office: Office) -> None:
    asked = await office.ask(channel=QUICK, customers="a")
    await begun_since(office, "a")
    assert await office.preflight.begin(asked.id) is None
    stopped = await office.now(asked.id)
    assert (stopped.state, stopped.stop, stopped.note) == (
        State.STOPPED,
        StopReason.POLICY,
        RefusalReason.REPEATED,
    )
    office.clock.pass_by(seconds=1)
    assert isinstance(await office.decisions.resume(asked.id, person(ANN), QUICK), Request)
    assert await office.preflight.begin(asked.id)


async def test_a_continued_request_is_checked_against_its_approvals(office: Office) -> None:
    """Continue does not stand for an approval of what came since."""
    asked = await office.ask(customers="a\nb")
    await office.approve(asked, BO)
    await office.put(asked, state=State.STOPPED, stop=StopReason.TOKEN_REFUSED)
    await begun_since(office, "b")
    office.clock.pass_by(seconds=1)
    assert isinstance(await office.decisions.resume(asked.id, person(ANN), asked.channel), Request)
    assert await office.preflight.begin(asked.id) is None
    assert (await office.now(asked.id)).state is State.WAITING


async def test_a_channel_without_repeat_days_asks_nobody(office: Office) -> None:
    office.under(allowing(repeat_days=0))
    review = await reviewed(office)
    await office.ask(customers="a\nb")
    assert isinstance(await ask_as_shown(office, review), Request)


@pytest.mark.parametrize("customers", ["a\nb\nc", "b", "b\na"])
async def test_a_review_submits_only_the_list_that_it_shows(either_office: Office, customers: str) -> None:
    office = either_office
    shown = await reviewed(office, "a\nb")
    draft = shown.request.id
    form_input = await office.repository.load_input(draft)
    assert form_input
    await office.drafts.save_input(draft, person(ANN), replace(form_input, customers=customers))
    newer = await office.drafts.review(draft, person(ANN))
    assert isinstance(newer, Review)
    assert await ask_as_shown(office, shown) == Refusal(RefusalReason.CHANGED)
    assert (await office.now(draft)).state is State.DRAFT
    asked = await ask_as_shown(office, newer)
    assert isinstance(asked, Request)
    assert asked.customers == len(customers.split())


@dataclass(slots=True)
class SlowReader(Drawer):
    """Reads a file while the person fills in the form once more."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def read(self, *arguments: Any, **others: Any) -> ReadResult:
        result = await Drawer.read(self, *arguments, **others)
        if self.meanwhile:
            await self.meanwhile()
        return result


async def test_after_a_slow_reading_the_newer_list_is_reviewed(office: Office) -> None:
    file = Upload(FileId("F1"), "old.csv")
    draft = await office.draft(customers="", files=(file,))

    async def fill_in() -> None:
        form_input = await office.repository.load_input(draft)
        assert form_input
        await office.repository.save_input(draft, replace(form_input, customers="new", files=()))

    reader = SlowReader(lists={file.id: ("old",)}, meanwhile=fill_in)
    office.drafts = replace(office.drafts, file_reader=reader)
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    assert (review.request.customers, review.request.first_customer) == (1, "new")
    assert await office.repository.customers(draft, 0) == ("new",)


async def own_list(office: Office, *on_it: str) -> tuple[Request, Upload]:
    """End a request for a and b without an answer, and upload its list of customers."""
    ended = await office.ask(customers="a\nb")
    await office.approve(ended, BO)
    assert await office.preflight.begin(ended.id)
    await office.repository.start_portion(ended.id, 0)
    await office.put(ended, state=State.DONE, ended_at=office.clock.now())
    file = Upload(FileId("F1"), "list.xlsx")
    ids = [CustomerId(one) for one in on_it or ("a", "b")]
    read = FileRead(name=file.name, found=len(ids), column=Column(1), request=ended.short)
    office.drawer.instead = ReadResult(pack(ids, portion=8), files=(read,))
    return ended, file


async def test_the_bots_own_list_is_offered_as_a_remainder(office: Office) -> None:
    ended, file = await own_list(office)
    draft = await office.draft(customers="", files=(file,))
    form = await office.drafts.review(draft, person(ANN))
    assert isinstance(form, Form)
    refused = Refusal(RefusalReason.OWN_LIST, ended.short)
    assert (form.faults, form.lists_of) == ((FieldError(Field.FILE, refused),), (ended.short,))
    again = await office.drafts.ask_again(draft, ended.short, person(ANN))
    assert isinstance(again, Form)
    assert again.request.rest_of == ended.id
    review = await office.drafts.review(again.request.id, person(ANN))
    assert isinstance(review, Review)
    assert review.request.once_key == ended.once_key
    asked = await ask_as_shown(office, review)
    assert isinstance(asked, Request)
    assert await office.repository.customers(asked.id, 0) == ("a", "b")


async def test_only_those_still_on_the_list_are_requested_again(either_office: Office) -> None:
    office = either_office
    ended, file = await own_list(office, "x", "b")
    draft = await office.draft(customers="", files=(file,))
    again = await office.drafts.ask_again(draft, ended.short, person(ANN))
    assert isinstance(again, Form)
    form_input = FormInput(reason="once more", customers="x", rule="another", once_key="another")
    assert await office.drafts.save_input(again.request.id, person(ANN), form_input) == ()
    review = await office.drafts.review(again.request.id, person(ANN))
    assert isinstance(review, Review)
    (read,) = review.files_read
    assert read.doubtful == (DoubtfulIds(Doubt.NOT_LEFT, 1, ((NO_ROW, CustomerId("x")),)),)
    asked = await ask_as_shown(office, review)
    assert isinstance(asked, Request)
    assert (asked.reason, asked.once_key) == ("once more", ended.once_key)
    assert await office.repository.customers(asked.id, 0) == ("b",)
    approval = await office.approvals.open(asked.id, person(BO), asked.channel)
    assert isinstance(approval, ApprovalView)
    assert approval.review.files_read == review.files_read


@pytest.mark.parametrize("asked_for", [("b",), ("a", "b")])
async def test_the_refused_on_the_list_are_named_unless_they_are_chosen(
    office: Office, asked_for: tuple[str, ...]
) -> None:
    refused_too = "a" in asked_for
    ended, file = await own_list(office)
    refused, unknown = CustomerId("a"), CustomerId("b")
    outcome = BatchOutcome(0, 0, 2, refused=(Refused(refused, "no"),), unknown=(unknown,))
    await office.repository.record_outcomes(ended.id, outcome)
    draft = await office.draft(customers="", files=(file,))
    again = await office.drafts.ask_again(draft, ended.short, person(ANN))
    assert isinstance(again, Form)
    await office.drafts.save_input(again.request.id, person(ANN), FormInput(refused_too=refused_too))
    review = await office.drafts.review(again.request.id, person(ANN))
    assert isinstance(review, Review)
    assert await office.repository.customers(again.request.id, 0) == asked_for
    named = () if refused_too else (DoubtfulIds(Doubt.REFUSED, 1, ((NO_ROW, refused),)),)
    assert review.files_read[0].doubtful == named


async def test_a_list_without_anybody_left_requests_nothing_again(office: Office) -> None:
    ended, file = await own_list(office, "x")
    draft = await office.draft(customers="", files=(file,))
    again = await office.drafts.ask_again(draft, ended.short, person(ANN))
    assert isinstance(again, Form)
    form = await office.drafts.review(again.request.id, person(ANN))
    assert isinstance(form, Form)
    assert [fault.refusal.reason for fault in form.faults] == [RefusalReason.NO_CUSTOMERS]


async def test_the_bots_own_list_makes_a_new_request_only_after_a_choice(office: Office) -> None:
    ended, file = await own_list(office)
    draft = await office.draft(customers="", files=(file,), new_key=True)
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    assert review.request.once_key != ended.once_key
    assert [(each.short, each.unknown) for each in review.prior_grants.by] == [(ended.short, 2)]


async def test_another_persons_draft_or_an_unknown_list_asks_for_nothing(office: Office) -> None:
    ended, file = await own_list(office)
    draft = await office.draft(customers="", files=(file,))
    unknown = Refusal(RefusalReason.UNKNOWN_REQUEST)
    assert await office.drafts.ask_again(draft, ended.short, person(BO)) == unknown
    for of in ("R-22222", "", "x" * 300):
        answer = await office.drafts.ask_again(draft, of, person(ANN))
        assert answer == Refusal(RefusalReason.UNKNOWN_REQUEST, of)


async def test_of_requests_submitted_at_once_in_two_processes_one_wins(either_office: Office) -> None:
    office = either_office
    reviews = [
        await office.drafts.review(await office.draft(channel=QUICK, customers="a"), person(ANN))
        for _ in range(8)
    ]
    processes = [office, await open_office(office.repository)]
    answers = await asyncio.gather(
        *(
            ask_as_shown(processes[number % 2], each)
            for number, each in enumerate(reviews)
            if isinstance(each, Review)
        )
    )
    assert sum(isinstance(answer, Request) for answer in answers) == 1
    assert answers.count(Refusal(RefusalReason.REPEATED)) == 7


async def test_submissions_for_others_at_once_do_not_refuse_each_other(either_office: Office) -> None:
    office = either_office
    reviews = [
        await office.drafts.review(await office.draft(channel=QUICK, customers=f"c-{number}"), person(ANN))
        for number in range(6)
    ]
    answers = await asyncio.gather(
        *(ask_as_shown(office, each) for each in reviews if isinstance(each, Review))
    )
    assert all(isinstance(answer, Request) for answer in answers)


async def test_an_earlier_request_is_found_behind_many_for_others(office: Office) -> None:
    first = await office.ask(customers="a")
    for number in range(25):
        office.clock.pass_by(seconds=1)
        await office.ask(customers=f"c-{number}")
    review = await reviewed(office, "a")
    assert [each.short for each in review.prior_grants.by] == [first.short]


async def test_the_choice_of_a_new_request_ends_with_its_list(office: Office) -> None:
    _, file = await own_list(office)
    draft = await office.draft(customers="", files=(file,))
    chosen = FormInput(rule=SPAR, files=(file,), new_key=True)
    await office.drafts.save_input(draft, person(ANN), chosen)
    stored = await office.repository.load_input(draft)
    assert stored
    assert stored.new_key
    other = replace(chosen, files=(Upload(FileId("F2"), "other.xlsx"),))
    await office.drafts.save_input(draft, person(ANN), other)
    stored = await office.repository.load_input(draft)
    assert stored
    assert not stored.new_key


@pytest.mark.parametrize(("who", "sees"), [(ANN, True), (CHIEF, True), (DI, False), (BO, False)])
async def test_a_request_of_another_channel_is_counted_and_not_named(
    either_office: Office, who: UserId, *, sees: bool
) -> None:
    office = either_office
    other, here = await office.ask(ANN, QUICK, customers="a\nb"), await office.ask(DI, customers="a")
    review = await office.drafts.review(await office.draft(who, customers="a\nb"), person(who))
    assert isinstance(review, Review)
    text = "\n".join(earlier_requests.before(review.prior_grants, {}, review.repeat_days))
    metadata = request_facts.seen(review)
    assert "2 of these customers got this discount in the last " in text
    assert here.short in text
    assert (other.short in text) is sees
    assert ("1 request you can't see" in text) is not sees
    assert (other.id in {each.id for each in review.named}) is sees
    assert other.short not in metadata
    assert other.id not in metadata
    named = metadata.partition(":")[2].split()
    asked = await office.drafts.ask(review.request.id, person(who), shown=review.digest, named=named)
    assert isinstance(asked, Request)


async def test_an_approver_is_not_told_the_names_of_other_channels_requests(office: Office) -> None:
    other, asked = await office.ask(ANN, QUICK, customers="a"), await office.ask(customers="a")
    view = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(view, ApprovalView)
    assert other.id not in {each.id for each in view.review.named}
    drawn = str(approval.build(view, LOOK, {}))
    assert "1 request you can't see" in drawn or "1 request that you may not see" in drawn
    assert other.short not in drawn
    again = approval.read(approval.build(view, LOOK, {}))
    assert isinstance(await approve_as_shown(office, asked, list(again.named)), Request)
