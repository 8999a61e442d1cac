"""What an approver is shown, and says yes to by its submit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slackblocks import Block

from bot.domain.ids import RequestId
from bot.domain.requests.views import ApprovalView, Field, Review
from bot.slack.modals.review import NOWHERE, held, shown
from bot.slack.rendering import pause_banner, request_facts, rule_changes
from bot.slack.rendering.blocks import context, modal, section, sections, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.request_state import before

CALLBACK: Final = "discount_approve"
TITLE: Final = "Approve this discount"
SUBMIT: Final = "Approve"
COUNT_BLOCK: Final = str(Field.COUNT)
COUNT_ACTION: Final = "discount_approve_count"
LONGEST_ROUND: Final = 9
"""Digits; whatever is longer is no round of ours."""


def build(
    approval_view: ApprovalView,
    formatter: Formatter,
    *,
    external_id: str,
    links: request_facts.Links = NOWHERE,
) -> Json:
    """Draw what is agreed to; its metadata names the round and the digest shown, so that a yes never counts for anything else."""
    request, digest = approval_view.review.request, approval_view.review.digest
    return modal(
        TITLE,
        _blocks(approval_view, formatter, links),
        external_id=external_id,
        submit=SUBMIT,
        callback=CALLBACK,
        metadata=f"{request.id}:{request.round}:{digest}",
    )


@dataclass(frozen=True, slots=True)
class ApprovalSubmission:
    """What was said yes to: `shown` is the digest that the modal named, `typed` what was typed to confirm."""

    request: RequestId
    round: int
    shown: str
    typed: str


def read(view: Mapping[str, Any]) -> ApprovalSubmission:
    """Read which request, round and digest the modal was drawn for, and what was typed (empty where nothing was asked for)."""
    request, round_, shown = [*str(view.get("private_metadata", "")).split(":"), "", ""][:3]
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    typed = values.get(COUNT_BLOCK, {}).get(COUNT_ACTION, {}).get("value")
    number = int(round_) if round_.isdecimal() and len(round_) <= LONGEST_ROUND else 0
    return ApprovalSubmission(RequestId(request), number, shown, str(typed or "").strip())


def errors(text: str) -> dict[str, str]:
    """Say below the field what is wrong with the number, as the answer to a submission."""
    return {COUNT_BLOCK: text}


def _spaced(review: Review, formatter: Formatter) -> str:
    """Point at ids with a space inside, without showing them: an approver sees ids masked."""
    return (
        f"⚠ {formatter.pluralize(len(review.spaced), 'id')} with a space inside, each read as one customer."
    )


def _blocks(approval_view: ApprovalView, formatter: Formatter, links: request_facts.Links) -> list[Block]:
    review = approval_view.review
    request = review.request
    asked = [
        f"*Asked by:* {mention(request.requester)}",
        *([f"*Since:* {formatter.slack_date(request.asked_at)}"] if request.asked_at else []),
    ]
    return [
        *pause_banner.blocks(review.pause, formatter),
        *sections([*shown(review, formatter, links), request_facts.first_and_last(request), *asked], most=5),
        *sections(rule_changes.changed(request, formatter), most=4),
        *sections(before(approval_view.snapshot, formatter), most=1),
        *([section(_spaced(review, formatter))] if review.spaced else []),
        *sections(request_facts.use_lines(review.rule, formatter), most=6),
        *([section(f"*After the last yes:* {held(review)}.")] if review.hold_minutes else []),
        *([_count()] if approval_view.count else [_name()] if request.reserved else []),
        context(
            f"{request.short} · your yes is for exactly this: {review.digest[: request_facts.DIGEST] or '–'}"
        ),
    ]


def _name() -> Block:
    return text_input(
        "Name of the rule",
        block_id=COUNT_BLOCK,
        action=COUNT_ACTION,
        hint="This reaches more people than anybody can count. Type the rule's name, as you read it above, to say that you mean it.",
    )


def _count() -> Block:
    return text_input(
        "Number of customers",
        block_id=COUNT_BLOCK,
        action=COUNT_ACTION,
        hint="Type how many customers get it, as you read it above: “1200”, “1 200” and “1,200” are the same.",
    )
