"""Tiers count what the same person asked for in the channel within `tier_hours`: nobody splits a request."""

import asyncio
from typing import Any

import pytest

from bot.domain.ids import UserId
from bot.domain.policy.policy import AppliedTier, Refusal, RefusalReason, Tier, TierTrigger
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import Request, State
from bot.services.snapshots import load_snapshot
from bot.slack.messages import card
from bot.slack.rendering.formatting import Formatter
from tests.support.service_fixture import (
    ANN,
    BO,
    CLEO,
    DI,
    POLICY,
    STRICT,
    SUPPORT,
    Office,
    allowing,
    person,
)

ABOVE_FOUR = Tier(approvals=2, above_customers=4)
DEAR = Tier(approvals=2, above_amount=40_000)
TIER = AppliedTier(2, TierTrigger.CUSTOMERS, 4)


def customers(number: int, name: str = "c") -> str:
    return "\n".join(f"{name}-{at}" for at in range(number))


async def asked(office: Office, number: int, who: UserId = ANN, **others: Any) -> Request:
    office.clock.pass_by(seconds=1)
    return await office.ask(
        who, **{"customers": customers(number, f"c{office.clock.now():%H%M%S}"), **others}
    )


async def test_a_request_in_two_parts_falls_under_the_tier_of_both(either_office: Office) -> None:
    office = either_office.under(allowing(tiers=(ABOVE_FOUR,)))
    assert (await asked(office, 3)).approvals == 1
    second = await asked(office, 2)
    assert (second.approvals, second.tier) == (2, TIER)
    snapshot = await load_snapshot(office.repository, second, POLICY)
    drawn = str(card.build(snapshot, Formatter("NOK", "Europe/Oslo")))
    assert f"over 4 customers, with earlier requests by <@{ANN}>." in drawn


async def test_a_dear_request_in_two_parts_falls_under_the_tier_of_both(office: Office) -> None:
    office.under(allowing(tiers=(DEAR,)))
    assert (await asked(office, 3)).approvals == 1
    assert (await asked(office, 2)).tier == AppliedTier(2, TierTrigger.AMOUNT, 40_000)


async def test_only_the_same_person_in_the_same_channel_and_time_counts(office: Office) -> None:
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    await asked(office, 4, DI)
    await asked(office, 4, channel=STRICT)
    assert (await asked(office, 4)).approvals == 1
    office.clock.pass_by(hours=24)
    assert (await asked(office, 4)).approvals == 1


async def test_zero_tier_hours_take_each_request_alone(office: Office) -> None:
    office.under(allowing(tiers=(ABOVE_FOUR,), tier_hours=0))
    assert [(await asked(office, 4)).approvals for _ in range(3)] == [1, 1, 1]


async def test_a_person_with_two_ids_is_one_requester(office: Office) -> None:
    second = UserId("W0ANN")
    office.town.other_ids = {second: ANN}
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    await asked(office, 3)
    assert (await asked(office, 3, second)).tier == TIER


async def test_an_ended_request_counts_with_what_it_gave(office: Office) -> None:
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    await office.decisions.reject((await asked(office, 4)).id, person(BO), "no")
    assert (await asked(office, 4)).approvals == 1
    (last,) = await office.repository.recent(SUPPORT, limit=1)
    await office.approve(last, BO)
    assert await office.preflight.begin(last.id)
    await office.repository.start_portion(last.id, 0)
    who = await office.repository.customers(last.id, 0)
    await office.repository.record_outcomes(last.id, BatchOutcome(0, 0, 4, not_tried=who[1:]))
    await office.put(last, state=State.DONE, ended_at=office.clock.now())
    assert (await asked(office, 3)).approvals == 1
    assert (await asked(office, 1)).tier == TIER


async def test_an_approved_request_does_not_wait_for_a_later_one(office: Office) -> None:
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    first, second = await asked(office, 3), await asked(office, 3)
    await office.approve(first, BO)
    assert await office.preflight.begin(first.id)
    for who in (BO, CLEO):
        await office.approve(second, who)
    assert await office.preflight.begin(second.id)


async def test_a_tier_that_came_since_counts_at_the_start(office: Office) -> None:
    first, second = await asked(office, 3), await asked(office, 3)
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    for request in (first, second):
        await office.approve(request, BO)
    assert await office.preflight.begin(first.id)
    assert await office.preflight.begin(second.id) is None
    assert (await office.now(second.id)).tier == TIER


async def test_of_parts_submitted_at_once_only_one_is_below_the_tier(either_office: Office) -> None:
    office = either_office.under(allowing(tiers=(ABOVE_FOUR,), repeat_days=0))
    drafts = [await office.draft(customers=customers(3, f"d{at}")) for at in range(4)]
    for draft in drafts:
        await office.drafts.review(draft, person(ANN))
    answers = await asyncio.gather(*(office.submit(draft, person(ANN)) for draft in drafts))
    assert sum(isinstance(answer, Request) for answer in answers) == 1
    assert answers.count(Refusal(RefusalReason.CHANGED)) == 3


@pytest.mark.parametrize("number", [1, 2])
async def test_small_requests_stay_small(office: Office, number: int) -> None:
    office.under(allowing(tiers=(ABOVE_FOUR,)))
    assert [(await asked(office, number)).approvals for _ in range(2)] == [1, 1]
