"""Reserved ids: only if the policy allows them, alone, never by command, with two approvals."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import (
    AppliedTier,
    ChannelPolicy,
    Policy,
    Refusal,
    RefusalReason,
    Tier,
    TierTrigger,
)
from bot.domain.requests.request import FormInput, Request, State
from bot.domain.requests.views import ApprovalView, Field, Form, Review
from tests.support.service_fixture import ANN, BO, CHIEF, CLEO, POLICY, QUICK, SUPPORT, Office, person

EVERYONE: dict[str, Any] = {"customers": "", "reserved": "*"}
BOTH_IDS = pytest.mark.parametrize("sign", ["*", "/"])


def under(**changes: Any) -> Policy:
    changed: ChannelPolicy = replace(POLICY.channels[SUPPORT], **{"reserved": True, **changes})
    return replace(POLICY, channels={**POLICY.channels, SUPPORT: changed})


async def faults(office: Office, **typed: Any) -> list[tuple[Field, RefusalReason]]:
    """Submit a form, and check that memory and review report the same faults."""
    draft = await office.draft(**typed)
    found = await office.repository.load_input(draft)
    assert found
    at_once = await office.drafts.save_input(draft, person(ANN), found)
    judged = await office.drafts.review(draft, person(ANN))
    assert not isinstance(at_once, Refusal)
    later = judged.faults if isinstance(judged, Form) else ()
    told = [(fault.field, fault.refusal.reason) for fault in later]
    assert {(fault.field, fault.refusal.reason) for fault in at_once} <= set(told)
    return told


@BOTH_IDS
async def test_it_is_given_if_the_policy_allows_it_and_two_people_approve(
    either_office: Office, sign: str
) -> None:
    office = either_office.under(under())
    draft = await office.draft(customers="", reserved=sign)
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    assert review.request.approvals == 2
    assert review.request.tier == AppliedTier(2, TierTrigger.RESERVED)
    assert review.request.price is None
    asked = await office.submit(draft, person(ANN))
    assert isinstance(asked, Request)
    assert asked.reserved
    assert await office.repository.customers(asked.id, 0) == (sign,)
    assert isinstance(await office.approve(asked, BO, typed="spar  100"), Request)
    assert (await office.now(asked.id)).state is State.WAITING
    assert isinstance(await office.approve(asked, CLEO, typed="Spar 100"), Request)
    begun = await office.preflight.begin(asked.id)
    assert begun
    assert begun.state is State.GIVING


@BOTH_IDS
async def test_elsewhere_it_is_refused_and_it_always_needs_approval(office: Office, sign: str) -> None:
    assert (Field.RESERVED, RefusalReason.RESERVED_ID) in await faults(office, customers="", reserved=sign)
    quick = replace(POLICY.channels[QUICK], reserved=True, approvers=(BO, CLEO), max_amount=None)
    office.under(replace(POLICY, channels={QUICK: quick}))
    asked = await office.ask(channel=QUICK, customers="", reserved=sign)
    assert (asked.state, asked.approvals) == (State.WAITING, 2)


@pytest.mark.parametrize(
    "typed",
    [
        {"customers": "a", "reserved": "*"},
        {"customers": "*", "reserved": "*"},
        {"customers": "", "reserved": "*/"},
    ],
)
async def test_it_is_never_combined_with_other_customers(office: Office, typed: dict[str, str]) -> None:
    office.under(under())
    assert (Field.RESERVED, RefusalReason.RESERVED_BESIDE) in await faults(office, **typed)


@pytest.mark.parametrize(
    "typed",
    [
        {"customers": "*"},
        {"customers": "a\n/"},
        {"customers": "", "reserved": "c-1"},
        {"customers": "", "reserved": "**"},
    ],
)
async def test_a_typed_or_forged_reserved_id_is_refused(office: Office, typed: dict[str, str]) -> None:
    office.under(under())
    assert await faults(office, **typed)


@BOTH_IDS
def test_a_command_never_ticks_it(office: Office, sign: str) -> None:
    assert office.drafts.prefill("Spar 100", [sign], quoted=True) == FormInput(
        rule="Spar 100", customers=sign
    )


async def test_it_is_above_every_tier(office: Office) -> None:
    office.under(under(tiers=(Tier(approvals=3, above_amount=10**14),)))
    assert (await office.ask(**EVERYONE)).tier == AppliedTier(3, TierTrigger.RESERVED)


async def test_it_has_no_price_and_fits_no_budget(office: Office) -> None:
    office.under(under(max_amount=10**14))
    assert [reason for _, reason in await faults(office, **EVERYONE)] == [RefusalReason.UNPRICED]
    office.under(under(max_amount=10**14, allow_unpriced=True))
    assert await faults(office, **EVERYONE) == []
    office.under(under(budget=Budget(days=1, customers=10**7)))
    assert [reason for _, reason in await faults(office, **EVERYONE)] == [RefusalReason.RESERVED_BUDGET]


async def test_too_few_approvers_for_it_is_a_refusal(office: Office) -> None:
    office.under(under(approvers=(BO,)))
    assert [reason for _, reason in await faults(office, **EVERYONE)] == [RefusalReason.NO_APPROVER]


@pytest.mark.parametrize("typed", ["", " ", "1", "Spar", "Spar 1000", "Spar 100 x"])
async def test_each_approver_types_the_rules_name(office: Office, typed: str) -> None:
    office.under(under())
    asked = await office.ask(**EVERYONE)
    shown = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert not shown.count
    answer = await office.approvals.approve(
        asked.id, 1, person(BO), typed=typed, shown=shown.review.digest, named=()
    )
    assert answer == Refusal(RefusalReason.WRONG_NAME)
    assert await office.repository.votes(asked.id, 1) == ()


async def test_a_policy_that_no_longer_allows_it_stops_an_approved_request(office: Office) -> None:
    office.under(under())
    asked = await office.ask(**EVERYONE)
    for who in (BO, CHIEF):
        await office.approve(asked, who, typed="Spar 100")
    office.under(POLICY)
    assert await office.preflight.begin(asked.id) is None
    assert ((await office.now(asked.id)).state, (await office.now(asked.id)).note) == (
        State.STOPPED,
        RefusalReason.RESERVED_ID,
    )
