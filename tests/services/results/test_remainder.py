"""The remainder: the same rule and key, and only the remaining customers, whatever a payload says."""

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import FormInput, Request, State, is_digest_of
from bot.domain.requests.views import Field, FieldError, Form, Review
from tests.support.digests import digest_of
from tests.support.service_fixture import ANN, BO, GUS, PERCENT, QUICK, SUPPORT, Office, person


async def ended(office: Office, **changes: object) -> Request:
    """Cancel a request in the middle: a is given, b refused, c unconfirmed, d not sent."""
    asked = await office.ask(customers="a\nb\nc\nd")
    await office.approve(asked, BO)
    assert await office.preflight.begin(asked.id)
    await office.repository.start_portion(asked.id, 0)
    b, c, d = map(CustomerId, "bcd")
    await office.repository.record_outcomes(
        asked.id, BatchOutcome(0, 0, 4, refused=(Refused(b, "no"),), unknown=(c,), not_tried=(d,))
    )
    return await office.put(asked, state=State.CANCELLED, ended_at=office.clock.now(), **changes)


async def test_the_remainder_is_a_new_request_under_the_same_key(either_office: Office) -> None:
    office = either_office
    first = await ended(office)
    draft = await office.drafts.create_remainder(first.id, person(BO), SUPPORT)
    assert isinstance(draft, Request)
    forged = FormInput(rule=PERCENT, customers="zoe", once_key="mine", reserved="*", reason="the rest")
    assert await office.drafts.save_input(draft.id, person(BO), forged) == ()
    review = await office.drafts.review(draft.id, person(BO))
    assert isinstance(review, Review)
    assert review.remainder
    assert (review.remainder.first.short, review.remainder.first.customers, review.remainder.also) == (
        first.short,
        2,
        (),
    )
    asked = await office.submit(draft.id, person(BO))
    assert isinstance(asked, Request)
    assert (asked.state, asked.requester, asked.rule and asked.rule.id) == (
        State.WAITING,
        BO,
        first.rule and first.rule.id,
    )
    assert asked.once_key == first.once_key
    assert (asked.rest_of, asked.reason, asked.own_key) == (first.id, "the rest", False)
    assert await office.repository.customers(asked.id, 0) == ("c", "d")
    story = await office.decisions.status(asked.id, person(ANN), SUPPORT)
    assert isinstance(story, RequestSnapshot)
    assert story.first == review.remainder.first
    again = await office.drafts.create_remainder(first.id, person(ANN), SUPPORT)
    assert isinstance(again, Request)
    told = await office.drafts.review(again.id, person(ANN))
    assert isinstance(told, Review)
    assert told.remainder
    assert [other.short for other in told.remainder.also] == [asked.short]


async def test_a_request_without_remainder_is_refused_with_the_reason(office: Office) -> None:
    first = await ended(office)

    async def told(who: object = ANN, channel: object = SUPPORT) -> RefusalReason | None:
        found = await office.drafts.create_remainder(first.id, person(who), channel)  # type: ignore[arg-type]
        return found.reason if isinstance(found, Refusal) else None

    assert await told() is None
    assert await told(channel=QUICK) is RefusalReason.UNKNOWN_REQUEST
    assert await told(GUS) is RefusalReason.GUEST
    await office.put(first, state=State.GIVING)
    assert await told() is RefusalReason.WRONG_STATE
    await office.put(first, state=State.CANCELLED, started_at=None)
    assert await told() is RefusalReason.NOBODY_LEFT
    draft = await office.drafts.open_draft(person(ANN), SUPPORT, FormInput(), rest_of=first.id)
    async with office.repository.unit_of_work(first.id) as unit:
        assert unit
        await unit.redact(office.clock.now())
    assert await told() is RefusalReason.PURGED
    assert not isinstance(await office.drafts.form(draft.id, person(ANN)), Form)


async def test_refused_customers_are_included_if_the_requester_ticks_the_box(either_office: Office) -> None:
    office = either_office
    first = await ended(office)
    draft = await office.drafts.create_remainder(first.id, person(BO), SUPPORT)
    assert isinstance(draft, Request)
    form = await office.drafts.form(draft.id, person(BO))
    assert isinstance(form, Form)
    assert form.remainder
    assert (form.form_input.refused_too, form.remainder.left, form.remainder.refused) == (False, 2, 1)
    assert (
        await office.drafts.save_input(draft.id, person(BO), FormInput(reason="mended", refused_too=True))
        == ()
    )
    review = await office.drafts.review(draft.id, person(BO))
    assert isinstance(review, Review)
    assert review.remainder
    assert (review.remainder.first.customers, review.remainder.first.refused) == (3, 1)
    asked = await office.submit(draft.id, person(BO))
    assert isinstance(asked, Request)
    assert await office.repository.customers(asked.id, 0) == ("b", "c", "d")
    assert is_digest_of(asked.customers_digest, digest_of(tuple(map(CustomerId, "bcd"))))
    assert asked.once_key == first.once_key
    story = await office.decisions.status(asked.id, person(ANN), SUPPORT)
    assert isinstance(story, RequestSnapshot)
    assert story.first == review.remainder.first


async def test_if_only_refused_customers_are_left_the_box_is_ticked_and_required(
    office: Office,
) -> None:
    first = await ended(office)
    await office.repository.record_outcomes(
        first.id, BatchOutcome(0, 0, 4, refused=(Refused(CustomerId("b"), "no"),))
    )
    draft = await office.drafts.create_remainder(first.id, person(BO), SUPPORT)
    assert isinstance(draft, Request)
    form_input = await office.repository.load_input(draft.id)
    assert form_input
    assert form_input.refused_too
    nobody = await office.drafts.save_input(draft.id, person(BO), FormInput(reason="x"))
    assert nobody == (FieldError(Field.REFUSED, Refusal(RefusalReason.ONLY_REFUSED, first.short)),)
    assert isinstance(await office.drafts.review(draft.id, person(BO)), Form)
    assert await office.drafts.save_input(draft.id, person(BO), FormInput(reason="x", refused_too=True)) == ()
    review = await office.drafts.review(draft.id, person(BO))
    assert isinstance(review, Review)
    assert (review.request.customers, review.request.first_customer) == (1, "b")


async def test_a_request_given_to_all_customers_has_no_remainder(office: Office) -> None:
    first = await ended(office)
    await office.repository.record_outcomes(first.id, BatchOutcome(0, 0, 4))
    assert await office.drafts.create_remainder(first.id, person(BO), SUPPORT) == Refusal(
        RefusalReason.NOBODY_LEFT, first.short
    )
