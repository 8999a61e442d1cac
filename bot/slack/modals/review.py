"""The modal in which a requester reviews a draft; its submit makes the request."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from slackblocks import ActionsBlock, Button

from bot.domain.ids import RequestId
from bot.domain.requests.views import Review
from bot.slack.modals import file_summary
from bot.slack.rendering import earlier_requests, pause_banner, request_facts
from bot.slack.rendering.blocks import context, modal, sections
from bot.slack.rendering.formatting import Formatter, Json, duration
from bot.slack.rendering.mrkdwn import mention

CALLBACK: Final = "discount_review"
TITLE: Final = "Review request"
ODD_ROWS: Final = "discount_review_odd_rows"


def build(review: Review, formatter: Formatter, links: earlier_requests.Links) -> Json:
    """Draw the facts and what happens next."""
    request = review.request
    blocks = [
        *pause_banner.blocks(review.pause, formatter),
        *sections(
            [*facts(review, formatter, links), request_facts.first_and_last(review, masked=False)], most=5
        ),
        *sections(file_summary.lines(review.files_read, formatter, masked=not review.shows_ids), most=6),
    ]
    if any(file.odd for file in review.files_read):
        get_rows = Button("Get the unreadable rows", action_id=ODD_ROWS, value=request.id)
        blocks.append(ActionsBlock([get_rows], block_id="odd_rows"))
    blocks += sections(request_facts.use_lines(review.rule, formatter), most=6)
    blocks += sections([_next(review)], most=4)
    digest = ""
    if request.approvals:
        digest = f"approvers say yes to exactly this: {review.digest[: request_facts.DIGEST_CHARACTERS]} · "
    blocks.append(context(f"{request.short} · {digest}nothing is asked for until you press the button"))
    submit = "Request approval" if request.approvals else "Give discount"
    return modal(
        TITLE,
        blocks,
        submit=submit,
        close="Back",
        callback=CALLBACK,
        metadata=f"{request.id}:{request_facts.seen(review)}:{review.input_mark}",
    )


class Submission(NamedTuple):
    """A reviewed draft, what its review showed and named, and the mark of its input."""

    draft: RequestId
    shown: str
    named: frozenset[str]
    input_mark: str


def read(view: Mapping[str, Any]) -> Submission:
    """Read the draft's id and what was shown; all else is in the database."""
    draft, shown, named, mark = [*str(view.get("private_metadata", "")).split(":"), "", "", ""][:4]
    return Submission(RequestId(draft), shown, frozenset(named.split()), mark)


def facts(review: Review, formatter: Formatter, links: earlier_requests.Links) -> list[str]:
    """List the facts that the requester reviews and the approver approves."""
    request, first = review.request, review.remainder.first if review.remainder else None
    return [
        *request_facts.rule_lines(review.rule, formatter, review.usable),
        request_facts.customers(request, formatter),
        request_facts.cost_line(request.price, formatter),
        *earlier_requests.first(request, first, formatter, links),
        *earlier_requests.asked_already(review.remainder, links),
        *earlier_requests.before(review.prior_grants, links),
        *earlier_requests.lost(review),
        *request_facts.tier(request.tier, formatter, request),
        *request_facts.budget(review.budget_use, formatter),
        request_facts.account(request, formatter),
        *earlier_requests.own_key(request),
        *earlier_requests.key_use(review),
        *request_facts.reason(request),
    ]


def held(review: Review) -> str:
    """Describe the hold before the discount is given; empty if there is none."""
    if not review.hold_minutes:
        return ""
    minutes = duration(timedelta(minutes=review.hold_minutes))
    return f"it is held for {minutes}, in which anybody in the channel can cancel it"


def _next(review: Review) -> str:
    if not review.request.approvals:
        return f"*Next:* no approval is needed here: {held(review) or 'it is given at once'}."
    asked = request_facts.approvals(review.request.approvals, [mention(who) for who in review.asked_of])
    then = f" Then {held(review)}." if review.hold_minutes else ""
    return f"*Next:* {asked} before anything is given.{then}"
