"""The approval on a phone: what does not fit is named in a few words, and is behind **All rule details**."""

from dataclasses import replace
from typing import Any

from bot.domain.customers.uploads import Column, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import RequestId, ShortId
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest
from bot.domain.requests.request import State
from bot.domain.requests.views import ApprovalView
from bot.slack.modals import approval
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
        "⚠️ *Read before you approve:* Dintero isn't answering, the bot is paused, the rule changed, "
        "another Dintero account, starts 2 Dec 2026, it's over budget, a backup lacks requests and 6 more."
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
        "of these customers got this rule in the last 7 days",
        "⚠️ Already requested by",
        "⚠️ *This campaign key was used before*",
        "a discount on their next purchase",
        "forsinkede-pakker-vestlandet-uke-48.xlsx",
        "After the last approval it's on hold for 10 minutes.",
    ):
        assert words in told, words
