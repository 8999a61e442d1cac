"""A rule that changed in Dintero while its request waits: it is shown, and approved, as it is now."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason, Tier
from bot.domain.requests.notification import APPROVALS_VOID, ChannelKind, NotificationType
from bot.domain.requests.request import Request, State, StopReason, digest
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability, Reward, RewardType, terms_of
from bot.errors import OutcomeUnknownError, TransientError
from tests.support.audit_reader import told
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    PERCENT,
    SPAR,
    SUPPORT,
    Office,
    allowing,
    person,
)


def reward(value: int) -> Reward:
    return Reward(type=RewardType.AMOUNT, value=Decimal(value))


async def opened(office: Office, request: Request, who: UserId) -> ApprovalView:
    view = await office.approvals.open(request.id, person(who), SUPPORT)
    assert isinstance(view, ApprovalView), view
    return view


async def approve(office: Office, view: ApprovalView, who: UserId, *, typed: str = "") -> Request | Refusal:
    """Approve what a modal showed."""
    request = view.snapshot.request
    return await office.approvals.approve(
        request.id,
        request.round,
        person(who),
        typed=typed or str(request.customers),
        shown=view.review.digest,
        named=await office.named(request.id),
        changed_from="" if view.review.digest == digest(request) else digest(request),
    )


async def entries(office: Office, kind: str) -> list[Mapping[str, object]]:
    return [row.facts for row in await told(office.repository, kind)]


async def test_an_approval_shows_the_changed_rule_and_what_it_was(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    assert view.review.rule.reward == reward(20_000)
    assert view.review.request.rule_before == asked.rule
    assert view.review.digest == digest(view.review.request) != digest(asked)
    assert await office.now(asked.id) == asked
    (row,) = await entries(office, "shown")
    assert row["digest"] == view.review.digest


async def test_an_unchanged_rule_is_shown_as_it_was_requested(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, description="another text")
    view = await opened(office, asked, BO)
    assert view.review.request == asked
    assert view.review.digest == digest(asked)


async def test_an_approval_of_a_changed_rule_counts_for_what_was_shown_and_nothing_else(
    office: Office,
) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    approved = await approve(office, view, BO)
    assert isinstance(approved, Request)
    assert (approved.state, approved.round, approved.decided_by) == (State.APPROVED, 2, BO)
    assert approved.rule
    assert approved.rule.reward == reward(20_000)
    (vote,) = await office.repository.votes(asked.id, 2)
    assert vote.digest == view.review.digest == digest(approved)
    assert await office.repository.votes(asked.id, 1) == ()
    begun = await office.preflight.begin(asked.id)
    assert begun
    assert begun.state is State.GIVING


@pytest.mark.parametrize("value", [30_000, 10_000])
async def test_a_rule_that_changed_again_or_back_since_it_was_shown_is_not_approved(
    office: Office, value: int
) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    office.shelf.change(SPAR, reward=reward(value))
    assert await approve(office, view, BO) == Refusal(RefusalReason.CHANGED)
    assert await office.now(asked.id) == asked
    assert await office.repository.votes(asked.id, 1) == ()


async def test_what_was_shown_before_the_change_is_approved_and_asked_again_before_it_is_sent(
    office: Office,
) -> None:
    asked = await office.ask()
    view = await opened(office, asked, BO)
    office.shelf.change(SPAR, reward=reward(20_000))
    approved = await approve(office, view, BO)
    assert isinstance(approved, Request)
    assert approved.rule == asked.rule
    assert await office.preflight.begin(asked.id) is None
    assert (await office.now(asked.id)).state is State.WAITING


async def test_earlier_approvals_of_the_old_rule_no_longer_count(office: Office) -> None:
    office.under(allowing(approvals=2))
    asked = await office.ask()
    await office.approve(asked, BO)
    office.shelf.change(SPAR, reward=reward(20_000))
    await office.unsaid()
    waiting = await approve(office, await opened(office, asked, CLEO), CLEO)
    assert isinstance(waiting, Request)
    assert (waiting.state, waiting.round) == (State.WAITING, 2)
    assert [vote.by for vote in await office.repository.votes(asked.id, 2)] == [CLEO]
    assert await office.approvals.still_needed(waiting) == 1
    said = await office.unsaid()
    lines = [one for one in said if one.kind is ChannelKind.LINE]
    assert [one.happened for one in lines] == [NotificationType.RULE_CHANGED, NotificationType.AGREED]
    assert (lines[0].by, lines[0].facts) == (CLEO, {"round": "2", APPROVALS_VOID: "yes"})
    assert not [one for one in said if one.kind is ChannelKind.DIRECT]
    again = await approve(office, await opened(office, waiting, BO), BO)
    assert isinstance(again, Request)
    assert again.state is State.APPROVED


async def test_of_two_who_were_shown_the_changed_rule_the_second_looks_again(office: Office) -> None:
    office.under(allowing(approvals=2))
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    first, second = await opened(office, asked, BO), await opened(office, asked, CLEO)
    assert isinstance(await approve(office, first, BO), Request)
    assert await approve(office, second, CLEO) == Refusal(RefusalReason.CHANGED)
    assert isinstance(await approve(office, await opened(office, asked, CLEO), CLEO), Request)
    assert (await office.now(asked.id)).state is State.APPROVED


@pytest.mark.parametrize("approvals", [1, 2])
async def test_an_approval_of_a_changed_rule_delivered_again_counts_once(
    office: Office, approvals: int
) -> None:
    office.under(allowing(approvals=approvals))
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    first = await approve(office, view, BO)
    assert await approve(office, view, BO) == first
    assert len(await office.repository.votes(asked.id, 2)) == 1
    assert (await office.now(asked.id)).round == 2


async def test_the_audit_says_that_the_rule_changed_and_what_was_approved(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    await approve(office, view, BO)
    for kind in ("rule_changed", "approval", "last_approval"):
        (row,) = await entries(office, kind)
        assert (row["round"], row["digest"]) == (2, view.review.digest)


async def test_a_changed_rule_that_the_policy_forbids_cannot_be_approved(office: Office) -> None:
    office.under(allowing(max_amount=15_000))
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    refused = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert refused == Refusal(RefusalReason.TOO_EXPENSIVE, "20000/15000")
    assert await office.now(asked.id) == asked


async def test_a_changed_rule_needs_the_approvals_of_its_cost(office: Office) -> None:
    office.under(allowing(tiers=(Tier(approvals=2, above_amount=15_000),)))
    asked = await office.ask()
    assert asked.approvals == 1
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    assert view.review.request.approvals == 2
    waiting = await approve(office, view, BO)
    assert isinstance(waiting, Request)
    assert (waiting.state, waiting.approvals) == (State.WAITING, 2)


async def test_a_changed_rule_without_a_price_asks_for_the_number(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=office.shelf.rules_of[PERCENT].reward)
    view = await opened(office, asked, BO)
    assert view.count
    assert isinstance(await approve(office, view, BO, typed="7"), Refusal)
    assert isinstance(await approve(office, view, BO, typed="1"), Request)


async def test_a_rule_that_cannot_be_used_now_is_marked_and_its_terms_stay(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, active=False)
    view = await opened(office, asked, BO)
    assert view.review.usable is Availability.INACTIVE
    assert view.review.request == asked
    assert office.approvals.obstacle(asked) is StopReason.RULE_INACTIVE


async def test_a_deleted_rule_is_marked(office: Office) -> None:
    asked = await office.ask()
    del office.shelf.rules_of[SPAR]
    view = await opened(office, asked, BO)
    assert view.review.usable is Availability.DELETED
    assert view.review.request == asked


async def test_while_dintero_is_away_the_requested_rule_is_shown_and_can_be_approved(office: Office) -> None:
    asked = await office.ask()
    office.shelf.failure = OutcomeUnknownError("away")
    view = await opened(office, asked, BO)
    assert view.unread
    assert view.review.request == asked
    assert isinstance(await approve(office, view, BO), Request)


async def test_a_changed_rule_is_not_approved_while_dintero_is_away(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    office.shelf.failure = OutcomeUnknownError("away")
    assert await approve(office, view, BO) == Refusal(RefusalReason.CHANGED)
    assert await office.now(asked.id) == asked


async def test_what_keeps_a_request_from_being_sent_now_is_known_after_its_approval(office: Office) -> None:
    asked = await office.ask()
    approvals = office.approvals
    await office.catalog.refresh()
    assert approvals.obstacle(asked) is None
    office.shelf.change(SPAR, reward=reward(20_000))
    await office.catalog.refresh()
    assert approvals.obstacle(asked) is StopReason.RULE_CHANGED
    office.shelf.failure = OutcomeUnknownError("away")
    await office.catalog.refresh()
    assert isinstance(office.catalog.failed, TransientError)
    assert approvals.obstacle(asked) is StopReason.BUSY


async def test_only_a_modal_that_showed_the_change_approves_it(office: Office) -> None:
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    for changed_from in ("", "0" * 64, view.review.digest):
        refused = await office.approvals.approve(
            asked.id,
            1,
            person(BO),
            typed="1",
            shown=view.review.digest,
            named=(),
            changed_from=changed_from,
        )
        assert refused == Refusal(RefusalReason.CHANGED)
    assert await office.now(asked.id) == asked


async def test_the_requester_cannot_approve_the_changed_rule_either(office: Office) -> None:
    office.under(allowing(approvers=(ANN, BO)))
    asked = await office.ask()
    office.shelf.change(SPAR, reward=reward(20_000))
    view = await opened(office, asked, BO)
    assert isinstance(await approve(office, view, ANN), Refusal)
    assert await office.now(asked.id) == asked


async def test_terms_that_differ_only_in_text_are_the_same(office: Office) -> None:
    asked = await office.ask()
    assert asked.rule
    office.shelf.change(SPAR, name="Another name", reward=reward(20_000))
    view = await opened(office, asked, CHIEF if CHIEF == BO else BO)
    assert view.review.rule.title == asked.rule.title
    assert terms_of(view.review.rule) == terms_of(replace(asked.rule, reward=reward(20_000)))
