"""A channel's budget over rolling days, checked at the request and again, locked, at the start of the run."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import RequestId
from bot.domain.policy.budget import Budget, Grant, use_of
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.requests.views import ApprovalView, Form, Review
from bot.domain.rules.rule import Cost
from tests.support.other_process import elsewhere
from tests.support.service_fixture import (
    ANN,
    BO,
    NOW,
    PERCENT,
    POLICY,
    RULES,
    STRICT,
    SUPPORT,
    Office,
    person,
)

TEN = Budget(days=30, customers=10)
RULE = RULES[0]


def under(budget: Budget | None, **changes: Any) -> Policy:
    return replace(
        POLICY,
        channels={**POLICY.channels, SUPPORT: replace(POLICY.channels[SUPPORT], budget=budget, **changes)},
    )


def many(number: int) -> str:
    return "\n".join(f"c-{at}" for at in range(number))


async def approved(office: Office, customers: int, **others: Any) -> Request:
    asked = await office.ask(customers=many(customers), **others)
    await office.approve(asked, BO)
    return asked


async def gave(office: Office, customers: int, *, refused: int = 0) -> Request:
    """Complete a request, with its last customers refused."""
    request = await approved(office, customers)
    assert await office.preflight.begin(request.id)
    await office.repository.start_portion(request.id, 0)
    ids = await office.repository.customers(request.id, 0)
    left_out = tuple(Refused(customer, "no") for customer in ids[customers - refused :])
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, customers, refused=left_out))
    await office.completion.finish(request.id, 1)
    assert (await office.now(request.id)).state is State.DONE
    return request


async def refused(office: Office, customers: int, **others: Any) -> Sequence[Refusal]:
    judged = await office.drafts.review(await office.draft(customers=many(customers), **others), person(ANN))
    return [fault.refusal for fault in judged.faults] if isinstance(judged, Form) else []


# at the request


async def test_more_customers_than_are_left_are_refused_at_the_request(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    await gave(office, 7)
    assert await refused(office, 4) == [Refusal(RefusalReason.BUDGET_CUSTOMERS, "4/3")]
    assert await refused(office, 3) == []


async def test_a_higher_cost_than_is_left_is_refused_at_the_request(either_office: Office) -> None:
    office = either_office.under(under(Budget(days=30, amount=100_000)))
    await gave(office, 7)
    assert await refused(office, 4) == [Refusal(RefusalReason.BUDGET_AMOUNT, "40000/30000")]
    assert await refused(office, 3) == []


async def test_review_and_approval_show_what_it_uses(office: Office) -> None:
    office.under(under(TEN))
    await gave(office, 5)
    office.clock.pass_by(hours=24)
    draft = await office.draft(customers=many(2))
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    assert review.budget_use
    assert (review.budget_use.percent, review.budget_use.left_customers, review.budget_use.until) == (
        40,
        5,
        NOW + timedelta(days=30),
    )
    await office.submit(draft, person(ANN))
    shown = await office.approvals.open(draft, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert shown.review.budget_use == review.budget_use


async def test_only_grants_of_the_last_days_in_the_same_channel_count(
    either_office: Office,
) -> None:
    office = either_office.under(under(TEN))
    await gave(office, 8, refused=6)
    assert await refused(office, 9) == [Refusal(RefusalReason.BUDGET_CUSTOMERS, "9/8")]
    assert await refused(office, 9, channel=STRICT) == []
    await office.decisions.reject((await office.ask(customers=many(8))).id, person(BO), "no")
    assert await refused(office, 8) == []
    office.clock.pass_by(hours=30 * 24 - 1)
    assert await refused(office, 9)
    office.clock.pass_by(hours=1)
    assert await refused(office, 10) == []


async def test_unknown_customers_count_as_given(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    request = await approved(office, 6)
    await office.preflight.begin(request.id)
    assert await refused(office, 5)
    await office.repository.start_portion(request.id, 0)
    await office.completion.finish(request.id, 1)
    assert (await office.now(request.id)).state is State.STOPPED
    assert await refused(office, 5)


async def test_an_unpriced_rule_needs_permission_if_the_budget_is_an_amount(office: Office) -> None:
    office.under(under(Budget(days=30, amount=1)))
    assert [each.reason for each in await refused(office, 1, rule=PERCENT)] == [RefusalReason.UNPRICED]
    office.under(under(Budget(days=30, amount=1), allow_unpriced=True))
    assert await refused(office, 1, rule=PERCENT) == []
    office.under(under(Budget(days=30, customers=1)))
    assert await refused(office, 1, rule=PERCENT) == []


# at the start of the run


async def test_of_two_requests_that_only_fit_alone_one_starts_and_one_waits(
    either_office: Office,
) -> None:
    office = either_office.under(under(TEN))
    for _ in range(5):
        one, other = await approved(office, 6), await approved(office, 6)
        await asyncio.gather(office.preflight.begin(one.id), office.preflight.begin(other.id))
        now = [await office.now(request.id) for request in (one, other)]
        assert sorted(request.state for request in now) == [State.GIVING, State.STOPPED]
        (stopped,) = (request for request in now if request.state is State.STOPPED)
        assert (stopped.stop, stopped.note, stopped.started_at) == (
            StopReason.BUDGET,
            RefusalReason.BUDGET_CUSTOMERS,
            None,
        )
        office.clock.pass_by(hours=1)
        for request in now:
            await office.put(request, state=State.DONE, started_at=None)


async def test_continue_works_once_the_budget_has_space(office: Office) -> None:
    office.under(under(TEN))
    waiting = await approved(office, 6)
    first = await gave(office, 6)
    assert await office.preflight.begin(waiting.id) is None
    assert (await office.now(waiting.id)).stop is StopReason.BUDGET
    await office.decisions.resume(waiting.id, person(ANN), SUPPORT)
    assert await office.preflight.begin(waiting.id) is None
    assert (await office.now(waiting.id)).state is State.STOPPED
    office.clock.pass_by(hours=30 * 24)
    await office.decisions.resume(waiting.id, person(ANN), SUPPORT)
    assert await office.preflight.begin(waiting.id) is None  # the approval is a month old
    await office.approve(await office.now(waiting.id), BO)
    going = await office.preflight.begin(waiting.id)
    assert going
    assert (going.state, going.id != first.id) == (State.GIVING, True)


async def gave_some(office: Office, customers: int, some: int) -> Request:
    """Give to some of a request's customers, and stop it."""
    request = await approved(office, customers)
    assert await office.preflight.begin(request.id)
    await office.repository.start_portion(request.id, 0)
    ids = await office.repository.customers(request.id, 0)
    outcome = BatchOutcome(0, 0, customers, not_tried=tuple(ids[some:]))
    await office.repository.record_outcomes(request.id, outcome, at=office.clock.now())
    await office.repository.request_stop(request.id, StopReason.BUSY, "")
    await office.completion.finish(request.id, 1)
    assert (await office.now(request.id)).state is State.STOPPED
    return request


async def test_the_budget_lets_go_of_what_a_stopped_request_gave(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    await gave_some(office, 9, some=6)
    assert await refused(office, 5) == [Refusal(RefusalReason.BUDGET_CUSTOMERS, "5/4")]
    office.clock.pass_by(hours=30 * 24 - 1)
    assert await refused(office, 5)
    office.clock.pass_by(hours=1)
    assert await refused(office, 10) == []


async def test_a_batch_that_is_only_tried_again_keeps_its_time(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    stopped = await gave_some(office, 9, some=6)
    office.clock.pass_by(hours=30 * 24)
    ids = await office.repository.customers(stopped.id, 0)
    again = BatchOutcome(0, 0, 9, not_tried=tuple(ids[6:]))
    await office.repository.record_outcomes(stopped.id, again, at=office.clock.now())
    assert await refused(office, 10) == []


async def test_a_request_that_goes_on_needs_room_for_its_rest_alone(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    stopped = await gave_some(office, 9, some=6)
    office.clock.pass_by(hours=30 * 24)
    await gave(office, 7)
    await office.decisions.resume(stopped.id, person(ANN), SUPPORT)
    assert await office.preflight.begin(stopped.id) is None
    waiting = await office.now(stopped.id)
    shown = await office.approvals.open(waiting.id, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert shown.review.budget_use
    assert (shown.review.budget_use.customers, shown.review.budget_use.left_customers) == (3, 3)
    await office.approve(waiting, BO)
    assert await office.preflight.begin(stopped.id)
    assert await refused(office, 1) == [Refusal(RefusalReason.BUDGET_CUSTOMERS, "1/0")]


async def test_until_is_when_the_first_of_it_was_given(office: Office) -> None:
    office.under(under(TEN))
    at = office.clock.now()
    await gave_some(office, 9, some=6)
    office.clock.pass_by(hours=48)
    review = await office.drafts.review(await office.draft(), person(ANN))
    assert isinstance(review, Review)
    assert review.budget_use
    assert review.budget_use.until == at + timedelta(days=30)


async def test_requests_that_an_earlier_version_ended_count_the_same(office: Office, sqlite_url: str) -> None:
    office.under(under(Budget(days=30, amount=1_000_000)))
    await gave(office, 8, refused=6)
    office.clock.pass_by(hours=2)
    await gave(office, 3)
    noted = [await counted(office, hours) for hours in (-1, 1, 3)]
    await elsewhere(sqlite_url, "UPDATE requests SET granted = NULL, granted_amount = NULL, granted_from = 0")
    assert [await counted(office, hours) for hours in (-1, 1, 3)] == noted
    assert noted == [(5, 50_000, NOW), (3, 30_000, NOW + timedelta(hours=2)), (0, 0, None)]


async def counted(office: Office, hours: int) -> tuple[int, int, datetime | None]:
    """Add up what was given since so many hours after the start."""
    grants = await office.repository.grants(SUPPORT, NOW + timedelta(hours=hours), but=RequestId(""))
    first = min((grant.at for grant in grants if grant.at), default=None)
    return sum(grant.customers for grant in grants), sum(grant.amount for grant in grants), first


async def test_parallel_requests_never_exceed_the_budget(either_office: Office) -> None:
    office = either_office.under(under(TEN))
    requests = [await approved(office, 3) for _ in range(8)]
    await asyncio.gather(*(office.preflight.begin(request.id) for request in requests))
    states = [(await office.now(request.id)).state for request in requests]
    assert sorted(states) == [State.GIVING] * 3 + [State.STOPPED] * 5


# computation


@given(st.lists(st.integers(0, 50), max_size=5), st.integers(0, 100), st.integers(1, 100), st.integers(0, 9))
def test_a_request_that_fits_never_exceeds_the_budget(
    before: list[int], bound: int, asked: int, each: int
) -> None:
    gone = [Grant(NOW, customers, customers * each) for customers in before]
    budget = Budget(days=1, customers=bound, amount=bound * 2)
    budget_use = use_of(budget, gone, customers=asked, price=Cost(each, asked, None), now=NOW)
    within = sum(before) + asked <= bound and (sum(before) + asked) * each <= bound * 2
    assert not budget_use.fits or within or asked * each == 0
    assert budget_use.fits or not within
    assert not budget_use.fits or budget_use.percent <= 100
