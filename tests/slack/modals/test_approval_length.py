"""The approval on a phone: at most sixteen lines at 390 pixels."""

from collections.abc import Iterator
from dataclasses import replace
from textwrap import wrap
from typing import Any

from bot.domain.customers.uploads import Column, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import RequestId, ShortId
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest
from bot.domain.requests.request import State
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Limitation
from bot.slack.modals import approval
from tests.support import samples
from tests.support.samples import LOOK, REQUEST, RULE

LINE = 50
FIELD = 24
"""How many characters fit into a line, and into a line of one of two columns."""
MOST = 16


def lines(text: str, width: int) -> int:
    drawn = text.replace("*", "").replace("<@U0ANN>", "@Ann").replace("\xa0", " ")
    return sum(len(wrap(line, width)) for line in drawn.split("\n"))


def heights(view: dict[str, Any]) -> Iterator[int]:
    """Count the lines of text of each block; two fields stand side by side."""
    for block in view["blocks"]:
        fields = [lines(each["text"].split(", <!date")[0], FIELD) for each in block.get("fields", ())]
        yield sum(max(fields[at : at + 2]) for at in range(0, len(fields), 2))
        for part in (block.get("text"), block.get("label"), block.get("hint")):
            yield lines(part["text"], LINE) if part else 0
        if block["type"] == "context":
            yield sum(lines(each["text"], LINE) for each in block["elements"])


def test_an_approval_with_skipped_rows_and_conditions_fits_a_phone() -> None:
    needs = replace(RULE.requirement, gross_amount=50_000, stamp=5, discount_code="TACO")
    rule = replace(RULE, requirement=needs, limitation=Limitation(reward_usage=1, repeat_usage=3))
    odd = (UnreadableRow(62, RowProblem.EMPTY), UnreadableRow(64, RowProblem.FORMATTED))
    file = FileRead(name="rp.csv", found=61, column=Column(1, "customer_id"), odd=2, odd_rows=odd)
    prior = PriorRequest(RequestId("1"), ShortId("R-R9HKH"), REQUEST.channel, None, 1)
    review = replace(
        samples.review(replace(REQUEST, rule=rule, customers=61, repeated=0)),
        rule=rule,
        files_read=(file,),
        prior_grants=PriorGrants(1, (prior,)),
    )
    view = approval.build(ApprovalView(review, samples.snapshot(State.WAITING), count=True), LOOK, {})
    said = str(view["blocks"])
    assert "⚠️ Skipped rows: 62 (no id), 64 (formatted number)" in said
    assert "rp.csv, column “customer_id” (A)" in said
    assert said.count("rp.csv") == 1
    assert sum(heights(view)) <= MOST
