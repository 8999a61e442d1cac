"""The modal in which an approver reads a request and approves it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from bot.domain.ids import RequestId
from bot.domain.requests.views import ApprovalView, Field
from bot.slack.modals import file_summary
from bot.slack.modals.review import facts, held
from bot.slack.rendering import pause_banner, request_facts, rule_changes
from bot.slack.rendering.blocks import context, modal, read_input, section, sections, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.request_state import before

CALLBACK: Final = "discount_approve"
TITLE: Final = "Approve this discount"
COUNT_BLOCK: Final = str(Field.COUNT)
MAX_ROUND_DIGITS: Final = 9
COUNT_HINT: Final = (
    "Type how many customers get it, as you read it above: “1200”, “1 200” and “1,200” are the same."
)
NAME_HINT: Final = (
    "This reaches more people than anybody can count. "
    "Type the rule's name, as you read it above, to say that you mean it."
)


class Submission(NamedTuple):
    """An approval: of which round of which request, what the modal showed and named, and the typed text."""

    request: RequestId
    round: int
    shown: str
    named: frozenset[str]
    typed: str


def build(
    approval_view: ApprovalView, formatter: Formatter, links: request_facts.Links, *, warning: str = ""
) -> Json:
    """Draw the request; the metadata names round and digest, so an approval counts for nothing else."""
    review = approval_view.review
    request = review.request
    asked = [f"*Asked by:* {mention(request.requester)}"]
    if request.asked_at:
        asked.append(f"*Since:* {formatter.slack_date(request.asked_at)}")
    blocks = [
        *sections([f"⚠ {warning}"] if warning else [], most=1),
        *pause_banner.blocks(review.pause, formatter),
        *sections([*facts(review, formatter, links), request_facts.first_and_last(review), *asked], most=5),
        *sections(rule_changes.changed(request, formatter), most=4),
        *sections(before(approval_view.snapshot, formatter), most=1),
    ]
    blocks += sections(file_summary.lines(review.files_read, formatter, masked=True), most=4)
    blocks += sections(request_facts.use_lines(review.rule, formatter), most=6)
    if review.hold_minutes:
        blocks.append(section(f"*After the last yes:* {held(review)}."))
    if approval_view.count or request.reserved:
        label, hint = (
            ("Number of customers", COUNT_HINT) if approval_view.count else ("Name of the rule", NAME_HINT)
        )
        blocks.append(text_input(label, block_id=COUNT_BLOCK, action="discount_approve_count", hint=hint))
    digest = review.digest[: request_facts.DIGEST_CHARACTERS] or "–"
    blocks.append(context(f"{request.short} · your yes is for exactly this: {digest}"))
    metadata = f"{request.id}:{request.round}:{request_facts.seen(review)}"
    return modal(TITLE, blocks, submit="Approve", callback=CALLBACK, metadata=metadata)


def read(view: Mapping[str, Any]) -> Submission:
    """Read what the modal is about, and the typed text (empty if there is no field)."""
    request, number, shown, named = [*str(view.get("private_metadata", "")).split(":"), "", "", ""][:4]
    round_ = int(number) if number.isdecimal() and len(number) <= MAX_ROUND_DIGITS else 0
    typed = read_input(view, COUNT_BLOCK).strip()
    return Submission(RequestId(request), round_, shown, frozenset(named.split()), typed)
