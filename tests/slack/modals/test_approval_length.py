"""The approval on a phone: what does not fit is named in a few words, and is behind **All rule details**."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.customers.uploads import Column, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import RequestId, ShortId
from bot.domain.requests.prior_grants import KeyUse, PriorGrants, PriorRequest
from bot.domain.requests.request import State
from bot.domain.requests.views import ApprovalView
from bot.slack.modals import approval, approval_brief
from bot.slack.rendering import earlier_requests
from tests.support import crowded_samples, samples
from tests.support.samples import LOOK, REQUEST

CROWDED = dict(crowded_samples.approvals())


def said(view: dict[str, Any]) -> str:
    return str(view["blocks"]).replace("\\xa0", " ")


def test_an_approval_with_a_list_and_skipped_rows_says_all_of_it() -> None:
    odd = (UnreadableRow(62, RowProblem.EMPTY), UnreadableRow(64, RowProblem.FORMATTED))
    file = FileRead(name="rp.csv", found=61, column=Column(1, "customer_id"), odd=2, odd_rows=odd)
    prior = PriorRequest(RequestId("1"), ShortId("R-R9HKH"), REQUEST.channel, None, 1)
    review = samples.review(replace(REQUEST, customers=61, repeated=0))
    review = replace(review, files_read=(file,), prior_grants=PriorGrants(1, (prior,)))
    view = approval.build(ApprovalView(review, samples.snapshot(State.WAITING), count=True), LOOK, {})
    assert "⚠️ Skipped rows: 62 (no id), 64 (formatted number)" in said(view)
    assert "rp.csv, column “customer_id” (A)" in said(view)
    assert said(view).count("rp.csv") == 1


def test_an_approval_with_every_warning_names_the_most_serious() -> None:
    shown = said(approval.build(CROWDED["with every warning in production"], crowded_samples.NAMED, {}))
    assert (
        "⚠️ *Before you approve:* Dintero isn't answering, the rule changed (you approve the new one), "
        "the bot now uses another Dintero account, starts 2 Dec 2026 and 9 more warnings."
    ) in shown
    assert "*PRODUCTION:* real customers get this." in shown
    assert "NOK 16,000,000" in shown
    assert "Number of customers" in shown


def test_the_details_have_what_the_approval_has_no_room_for() -> None:
    view = CROWDED["with every warning in production"]
    told = said(approval.details(view, crowded_samples.NAMED, {}))
    for words in (
        "⚠️ Dintero isn't answering, so the rule may have changed.",
        "*Paused* by Bo Henriksen-Dahl",
        "→",
        "⚠️ *Over budget:*",
        "*A restored backup lacks R-33330, R-33331 and R-33332 for this rule.*",
        "of these customers got this discount in the last 7 days",
        "⚠️ Already requested in",
        "⚠️ *This campaign key was used before*",
        "a discount on their next purchase",
        "forsinkede-pakker-vestlandet-uke-48.xlsx",
        "After the last approval it's on hold for 10 minutes.",
    ):
        assert words in told, words


@pytest.mark.parametrize("name", CROWDED)
def test_an_approval_always_says_when_the_rule_can_be_used(name: str) -> None:
    shown = said(approval.build(CROWDED[name], crowded_samples.NAMED, {}))
    assert "*Valid:*" in shown or "*When it can be used:*" in shown


def test_a_changed_reward_is_always_seen_and_what_has_no_room_is_counted() -> None:
    shown = said(approval.build(CROWDED["with every warning in production"], crowded_samples.NAMED, {}))
    assert "• Reward: NOK 100 off → NOK 200 off" in shown
    assert "• 3 more changes" in shown


@pytest.mark.parametrize(
    "used",
    [KeyUse(), KeyUse(given=1), KeyUse(more=True), KeyUse(forgotten=True), KeyUse(by=crowded_samples.PRIOR)],
)
@pytest.mark.parametrize("own_key", [True, False])
def test_the_approval_in_brief_warns_of_a_used_key_when_it_does_in_full(
    used: KeyUse, *, own_key: bool
) -> None:
    view = CROWDED["with every warning"]
    request = replace(view.review.request, own_key=own_key)
    view = replace(view, review=replace(view.review, request=request, key_use=used))
    warned = "the campaign key was used before" in approval_brief.points(view, [], LOOK)
    assert warned is bool(earlier_requests.key_use(view.review))
