"""The review of a draft over a real database: every fault, and the review of a good form."""

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.customers.uploads import Doubt, DoubtfulIds
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import FormInput, digest, is_bots_key, is_digest_of
from bot.domain.requests.views import Field, Form, Review
from bot.domain.rules.rule import Availability, Reward
from bot.errors import AccessDenied, TransientError
from bot.services.drafting.recipients import BATCHES_PER_PORTION
from tests.support.digests import digest_of
from tests.support.forms import Found, brought_back, fill_in, policy_with, review, reviewed
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    LATER,
    LEADS,
    OFF,
    OVER,
    PERCENT,
    QUICK,
    SPAR,
    STRICT,
    SUPPORT,
    Office,
    person,
)

# faults


async def test_all_faults_are_reported_at_once_in_their_fields(office: Office) -> None:
    office.under(policy_with(QUICK, max_customers=1, require_reason=True))
    ids = f"a\n{'x' * 256}\nb\n*\n\u200bc\u200bd"
    found = await fill_in(office, QUICK, rule=PERCENT, customers=ids, reason="  ", once_key="k" * 256)
    assert found == {
        Field.CUSTOMERS: [
            RefusalReason.NOT_AN_ID,
            RefusalReason.RESERVED_ID,
            RefusalReason.NOT_AN_ID,
            RefusalReason.TOO_MANY_CUSTOMERS,
        ],
        Field.RULE: [RefusalReason.RULE_NOT_ALLOWED, RefusalReason.UNPRICED],
        Field.REASON: [RefusalReason.REASON_MISSING],
        Field.ONCE_KEY: [RefusalReason.BAD_ONCE_KEY],
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"rule": ""}, {Field.RULE: [RefusalReason.NO_RULE]}),
        ({"rule": OFF}, {Field.RULE: [RefusalReason.RULE_INACTIVE]}),
        ({"rule": OVER}, {Field.RULE: [RefusalReason.RULE_EXPIRED]}),
        ({"rule": LATER}, {}),
        ({"customers": ""}, {Field.CUSTOMERS: [RefusalReason.NO_CUSTOMERS]}),
        ({"customers": ", ;\t\n"}, {Field.CUSTOMERS: [RefusalReason.NO_CUSTOMERS]}),
        ({"customers": "*"}, {Field.CUSTOMERS: [RefusalReason.RESERVED_ID]}),
        (
            {"customers": "\n".join(f"c-{at}" for at in range(2001))},
            {Field.CUSTOMERS: [RefusalReason.TOO_MANY_CUSTOMERS]},
        ),
        ({"customers": "a b c"}, {}),
        ({"rule": "a rule that is not at hand"}, {}),
    ],
)
async def test_faults_known_from_memory_are_reported_on_submission(
    office: Office, typed: dict[str, Any], found: Found
) -> None:
    office.shelf.failure = TransientError("nobody is asked for this")
    assert await fill_in(office, **typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"rule": "gone"}, {Field.RULE: [RefusalReason.RULE_GONE]}),
        ({"rule": ""}, {Field.RULE: [RefusalReason.NO_RULE]}),
        (
            {"rule": OFF, "customers": "*"},
            {Field.CUSTOMERS: [RefusalReason.RESERVED_ID], Field.RULE: [RefusalReason.RULE_INACTIVE]},
        ),
        ({"once_key": "a\nb"}, {Field.ONCE_KEY: [RefusalReason.BAD_ONCE_KEY]}),
    ],
)
async def test_the_review_returns_the_form_with_its_faults(
    office: Office, typed: dict[str, Any], found: Found
) -> None:
    assert await brought_back(office, **typed) == found


async def test_the_review_judges_the_rule_as_it_is_now(office: Office) -> None:
    office.shelf.change(SPAR, active=False)
    assert await fill_in(office) == {}
    assert await brought_back(office) == {Field.RULE: [RefusalReason.RULE_INACTIVE]}
    office.shelf.change(SPAR, active=True, reward=Reward(type="discount_amount", value=Decimal(7)))
    found = await reviewed(office)
    assert found.request.price
    assert found.request.price.total == 7


@pytest.mark.parametrize("failure", [TransientError("no answer"), AccessDenied("401")])
async def test_a_rule_that_cannot_be_read_now_keeps_the_form(office: Office, failure: Any) -> None:
    office.shelf.failure = failure
    assert await brought_back(office) == {Field.RULE: [RefusalReason.RULE_UNREADABLE]}


async def test_a_failed_look_up_in_the_review_is_reported(office: Office) -> None:
    draft = await office.draft()
    office.town.away = True
    answer = await office.drafts.review(draft, person(ANN))
    assert isinstance(answer, Form)
    assert [fault.refusal.reason for fault in answer.faults] == [RefusalReason.LOOKUP_FAILED]
    assert (await office.now(draft)).rule is None


async def test_a_missing_approver_is_reported_before_submission(office: Office) -> None:
    office.under(policy_with(SUPPORT, approvers=(LEADS,)))
    office.town.groups[LEADS] = {ANN}
    assert await brought_back(office) == {Field.RULE: [RefusalReason.NO_APPROVER]}
    office.town.groups[LEADS] = {ANN, BO}
    assert (await reviewed(office)).request.approvals == 1
    office.under(policy_with(STRICT, approvers=(LEADS,)))
    assert await brought_back(office, STRICT) == {Field.RULE: [RefusalReason.NO_APPROVER]}


@pytest.mark.parametrize(
    ("customers", "rule", "found"),
    [
        ("a\nb", SPAR, {}),
        ("a\nb\nc", SPAR, {Field.CUSTOMERS: [RefusalReason.TOO_EXPENSIVE]}),
        ("a", PERCENT, {Field.RULE: [RefusalReason.UNPRICED]}),
    ],
)
async def test_the_policy_limits_the_amount(office: Office, customers: str, rule: str, found: Found) -> None:
    office.under(policy_with(QUICK, rules=frozenset({"*"})))
    assert await fill_in(office, QUICK, customers=customers, rule=rule) == found


# the review


async def test_the_review_shows_everything_that_will_be_requested(office: Office) -> None:
    found = await reviewed(office, customers="a b c, d; d\te", reason="  late parcel ")
    request = found.request
    assert (request.customers, request.repeated, request.reason) == (3, 1, "late parcel")
    assert (request.first_customer, request.last_customer) == ("a b c", "e")
    everybody = [CustomerId("a b c"), CustomerId("d"), CustomerId("e")]
    assert is_digest_of(request.customers_digest, digest_of(everybody))
    assert is_bots_key(request.once_key)
    assert not request.own_key
    assert (request.approvals, request.tier, found.request.approvals) == (1, None, 1)
    assert (found.usable, found.asked_of) == (Availability.NOW, (LEADS, CHIEF))
    (pasted,) = found.files_read
    assert pasted.doubtful == (DoubtfulIds(Doubt.SPACED, 1, ((1, CustomerId("a b c")),)),)
    assert found.digest == digest(request)
    assert await office.now(request.id) == request


async def test_the_requester_is_not_named_among_the_approvers(office: Office) -> None:
    found = await review(office, who=CHIEF)
    assert isinstance(found, Review)
    assert found.asked_of == (LEADS,)


async def test_a_scheduled_rule_can_be_requested_and_the_review_says_so(office: Office) -> None:
    assert (await reviewed(office, rule=LATER)).usable is Availability.SCHEDULED


async def test_an_own_key_is_stored_without_surrounding_spaces(office: Office) -> None:
    request = (await reviewed(office, once_key="  stamp-2020 ")).request
    assert (request.once_key, request.own_key) == ("stamp-2020", True)


async def test_a_second_review_replaces_the_customers_of_the_first(either_office: Office) -> None:
    office = either_office
    draft = await office.draft(customers="\n".join(f"c-{at}" for at in range(50)))
    assert isinstance(await office.drafts.review(draft, person(ANN)), Review)
    await office.drafts.save_input(draft, person(ANN), FormInput(rule=SPAR, customers="z"))
    again = await office.drafts.review(draft, person(ANN))
    assert isinstance(again, Review)
    assert again.request.customers == 1
    assert await office.repository.portions(draft) == 1
    assert await office.repository.customers(draft, 0) == ("z",)


@pytest.mark.parametrize(("size", "concurrency"), [(1, 1), (7, 3), (7, 20), (500, 8)])
async def test_customers_are_stored_in_portions_of_whole_batches(
    either_office: Office, size: int, concurrency: int
) -> None:
    office = either_office.under(policy_with(SUPPORT, batch_size=size, concurrency=concurrency))
    ids = [f"c-{at}" for at in range(1000)]
    request = (await reviewed(office, customers="\n".join(ids))).request
    assert (request.batch_size, request.concurrency) == (size, concurrency)
    assert request.batches_per_portion == max(BATCHES_PER_PORTION, concurrency)
    portions = [
        await office.repository.customers(request.id, at)
        for at in range(await office.repository.portions(request.id))
    ]
    assert [one for portion in portions for one in portion] == ids
    assert {len(portion) for portion in portions[:-1]} <= {size * request.batches_per_portion}
