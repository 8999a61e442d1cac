"""Prior grants: whatever gave the same rule to the same customers, may have done so or still may."""

from dataclasses import replace
from typing import Any

from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Policy
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.prior_grants import NEVER, PriorGrants, PriorRequest
from bot.domain.requests.request import Request, State
from bot.domain.requests.views import ApprovalView, Review
from tests.support.service_fixture import ANN, BO, PERCENT, POLICY, QUICK, STRICT, SUPPORT, Office, person


def under(**changes: Any) -> Policy:
    return replace(POLICY, channels={name: replace(one, **changes) for name, one in POLICY.channels.items()})


async def gave(office: Office, *customers: str, refused: tuple[str, ...] = (), **others: Any) -> Request:
    """Complete a request, except for the refused customers."""
    asked = await office.ask(customers="\n".join(customers), **others)
    await office.approve(asked, BO)
    assert await office.preflight.begin(asked.id)
    await office.repository.start_portion(asked.id, 0)
    left_out = tuple(
        Refused(customer, "no")
        for customer in await office.repository.customers(asked.id, 0)
        if customer in refused
    )
    await office.repository.record_outcomes(asked.id, BatchOutcome(0, 0, len(customers), refused=left_out))
    await office.completion.finish(asked.id, 1)
    await office.unsaid()
    return await office.now(asked.id)


def earlier(request: Request, customers: int) -> PriorRequest:
    first = (request.id, request.short, request.channel, request.card_ts, customers)
    return PriorRequest(*first, asked_at=request.asked_at, begun=True)


async def begun(office: Office, *customers: str) -> Request:
    """Begin to give without an answer so far, four customers a batch."""
    asked = await office.ask(customers="\n".join(customers))
    await office.approve(asked, BO)
    await office.put(asked, batch_size=4)
    assert await office.preflight.begin(asked.id)
    await office.repository.start_portion(asked.id, 0)
    return await office.now(asked.id)


async def prior_of(office: Office, *customers: str, **others: Any) -> list[tuple[str, int, int, bool]]:
    found = (await reviewed(office, *customers, **others)).prior_grants
    return [(each.short, each.customers, each.unknown, each.open) for each in found.by]


async def reviewed(office: Office, *customers: str, **others: Any) -> Review:
    review = await office.drafts.review(
        await office.draft(customers="\n".join(customers), **others), person(ANN)
    )
    assert isinstance(review, Review)
    return review


async def test_review_and_approval_name_number_and_requests_of_prior_grants(either_office: Office) -> None:
    office = either_office
    first = await gave(office, "a", "b", "c", refused=("c",))
    office.clock.pass_by(hours=1)
    second = await gave(office, "b", "d", channel=SUPPORT)
    review = await reviewed(office, "a", "b", "c", "e", channel=STRICT)
    assert review.prior_grants == PriorGrants(2, (earlier(second, 1), earlier(first, 2)))
    assert first.card_ts
    asked = await office.submit(review.request.id, person(ANN))
    assert isinstance(asked, Request)
    shown = await office.approvals.open(asked.id, person(BO), STRICT)
    assert isinstance(shown, ApprovalView)
    assert shown.review.prior_grants == review.prior_grants


async def test_other_rules_other_customers_and_old_grants_do_not_count(either_office: Office) -> None:
    office = either_office.under(under(repeat_days=7))
    await gave(office, "a", "b")
    assert (await reviewed(office, "a", rule=PERCENT)).prior_grants == NEVER
    assert (await reviewed(office, "c")).prior_grants == NEVER
    office.clock.pass_by(hours=7 * 24 - 1)
    assert (await reviewed(office, "a")).prior_grants.customers == 1
    office.clock.pass_by(hours=1)
    assert (await reviewed(office, "a")).prior_grants == NEVER


async def test_zero_days_never_warn(office: Office) -> None:
    office.under(under(repeat_days=0))
    await gave(office, "a")
    assert (await reviewed(office, "a")).prior_grants == NEVER


async def test_unconfirmed_customers_count_as_given(either_office: Office) -> None:
    office = either_office
    request = await begun(office, "a", "b", "c", "d", "e")
    outcome = BatchOutcome(0, 0, 4, (Refused(CustomerId("b"), "no"),), (CustomerId("c"),), (CustomerId("d"),))
    await office.repository.record_outcomes(request.id, outcome)
    await office.put(request, state=State.DONE, ended_at=office.clock.now())
    # e: its batch may have gone out, and nobody knows how it ended
    assert await prior_of(office, *"abcde") == [(request.short, 3, 2, False)]
    assert await prior_of(office, "b", "d") == []


async def test_customers_of_open_requests_count_as_given(either_office: Office) -> None:
    office = either_office
    waiting = await office.ask(customers="a\nb")
    office.clock.pass_by(seconds=1)
    approved = await office.ask(customers="a", channel=QUICK)
    office.clock.pass_by(seconds=1)
    giving = await begun(office, "a", "c")
    office.clock.pass_by(seconds=1)
    stopped = await begun(office, "a", "d")
    outcome = BatchOutcome(0, 0, 2, (Refused(CustomerId("d"), "no"),), (), (CustomerId("a"),))
    await office.repository.record_outcomes(stopped.id, outcome)
    await office.put(stopped, state=State.STOPPED)
    assert (await office.now(waiting.id)).state is State.WAITING
    assert (await office.now(approved.id)).state is State.APPROVED
    found = await prior_of(office, *"abcd")
    assert found == [
        (stopped.short, 1, 1, True),
        (giving.short, 2, 2, True),
        (approved.short, 1, 1, True),
        (waiting.short, 2, 2, True),
    ]


async def test_requests_that_ended_without_giving_do_not_count(either_office: Office) -> None:
    office = either_office
    rejected = await office.ask(customers="a")
    await office.decisions.reject(rejected.id, person(BO), "no")
    cancelled = await office.ask(customers="a")
    await office.decisions.cancel(cancelled.id, person(ANN), None)
    await office.draft(customers="a")
    assert (await reviewed(office, "a")).prior_grants == NEVER


async def test_a_remainder_is_not_warned_of_its_own_request(either_office: Office) -> None:
    """Both have one key, under which nobody gets it twice."""
    office = either_office
    request = await begun(office, "a", "b")
    await office.put(request, state=State.DONE, ended_at=office.clock.now())
    draft = await office.drafts.create_remainder(request.id, person(ANN), request.channel)
    assert isinstance(draft, Request)
    review = await office.drafts.review(draft.id, person(ANN))
    assert isinstance(review, Review)
    assert (review.request.customers, review.prior_grants) == (2, NEVER)


async def test_a_prior_grant_is_a_warning_and_no_refusal(office: Office) -> None:
    await gave(office, "a")
    asked = await office.ask(customers="a")
    assert isinstance(await office.approve(asked, BO), Request)


async def test_many_customers_in_many_rows_are_found(either_office: Office) -> None:
    office = either_office
    draft = await office.draft(customers="a")
    await office.drafts.review(draft, person(ANN))
    ids = [CustomerId(f"c-{at}") for at in range(9_000)]
    old = await office.ask(customers="x")
    for request, its in ((old.id, ids[::2]), (draft, ids)):
        async with office.repository.unit_of_work(request) as unit:
            assert unit
            await unit.put_packed(pack(its, portion=4_000))
            await unit.save(replace(unit.request, batch_size=500, customers=len(its)))
    await office.put(old, state=State.DONE, started_at=office.clock.now(), ended_at=office.clock.now())
    for portion in range(await office.repository.portions(old.id)):
        size = len(await office.repository.customers(old.id, portion))
        for batch in range(-(-size // 500)):
            await office.repository.record_outcomes(
                old.id, BatchOutcome(portion, batch, min(500, size - 500 * batch))
            )
    found = await office.repository.prior_grants(
        await office.now(draft), office.clock.now().replace(year=2000)
    )
    assert found.customers == 4_500
    assert [each.id for each in found.by] == [old.id]
