"""What is looked over before it is asked for: draws the review, whose submit asks."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from slackblocks import Block

from bot.domain.ids import RequestId
from bot.domain.policy.policy import DecisionOutcome
from bot.domain.requests.views import Review
from bot.slack.modals import file_summary
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import actions, button, context, modal, section, sections
from bot.slack.rendering.formatting import Formatter, Json, duration
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.reasons import refusal

CALLBACK: Final = "discount_review"
TITLE: Final = "Look it over"
ODD_TITLE: Final = "Unreadable rows"
ODD_ROWS: Final = "discount_review_odd_rows"
ASK: Final = "Ask for approval"
GIVE: Final = "Give now"
NOWHERE: Final[request_facts.Links] = MappingProxyType({})


def build(
    review: Review, formatter: Formatter, *, external_id: str, links: request_facts.Links = NOWHERE
) -> Json:
    """Draw the review; one that the policy refuses has no submit and says why."""
    submit = {DecisionOutcome.GOES: GIVE, DecisionOutcome.WAITS: ASK}.get(review.decision.outcome)
    return modal(
        TITLE,
        blocks(review, formatter, links),
        external_id=external_id,
        submit=submit,
        callback=CALLBACK,
        metadata=review.request.id,
    )


def read(view: Mapping[str, Any]) -> RequestId:
    """Read which request is asked for; everything else of it stands in the books."""
    return RequestId(str(view.get("private_metadata", "")))


def blocks(review: Review, formatter: Formatter, links: request_facts.Links = NOWHERE) -> list[Block]:
    """Draw the facts and what will happen next."""
    spaced = request_facts.spaced(review.spaced)
    return [
        *pause_banner.blocks(review.pause, formatter),
        *sections(shown(review, formatter, links), most=4),
        *sections(file_summary.lines(review.file_summary, formatter), most=6),
        *_odd_rows(review),
        *([section("\n".join(spaced))] if spaced else []),
        *sections(request_facts.use_lines(review.rule, formatter), most=6),
        *sections(_next(review, formatter), most=4),
        context(f"{review.request.short} · {_digest(review)}nothing is asked for until you press the button"),
    ]


def _odd_rows(review: Review) -> list[Block]:
    """Draw the button by which the rows come that were left out, with what stood there."""
    if review.file_summary is None or not any(file.odd for file in review.file_summary.files):
        return []
    return [actions("odd_rows", button("Get the unreadable rows", action=ODD_ROWS, value=review.request.id))]


def _digest(review: Review) -> str:
    return (
        f"approvers say yes to exactly this: {review.digest[: request_facts.DIGEST]} · "
        if review.decision.outcome is DecisionOutcome.WAITS
        else ""
    )


def shown(review: Review, formatter: Formatter, links: request_facts.Links = NOWHERE) -> list[str]:
    """Say what is asked for: what the requester looks over and the approver agrees to."""
    request = review.request
    return [
        *request_facts.rule_lines(review.rule, formatter, review.usable),
        request_facts.customers(request, formatter),
        request_facts.cost_line(review.cost, formatter),
        *request_facts.rest(review.remainder, formatter, links),
        *request_facts.before(review.prior_grants, formatter, links),
        *request_facts.tier(review.decision.tier, formatter),
        *request_facts.budget(review.budget_use, formatter),
        request_facts.account(request),
        *request_facts.own_key(request),
        *request_facts.reason(request),
    ]


def _next(review: Review, formatter: Formatter) -> list[str]:
    if review.decision.outcome is DecisionOutcome.REFUSED:
        return [f"⚠ {refusal(each, formatter)}" for each in review.decision.refusals] or [
            "⚠ The policy does not allow this."
        ]
    if review.decision.outcome is DecisionOutcome.GOES:
        return [f"*Next:* no approval is needed here: {held(review) or 'it is given at once'}."]
    asked = [mention(who) for who in review.asked_of]
    then = f" Then {held(review)}." if review.hold_minutes else ""
    return [
        f"*Next:* {request_facts.approvals(review.decision.approvals, asked)} before anything is given.{then}"
    ]


def held(review: Review) -> str:
    """Say how long it is held before it is given; nothing where it is not."""
    if not review.hold_minutes:
        return ""
    return f"it is held for {duration(timedelta(minutes=review.hold_minutes))}, in which anybody in the channel can cancel it"
