"""What an approver is shown, and says yes to by its submit."""

from collections.abc import Mapping
from typing import Any, Final

from slackblocks import Block

from bot.giving.answers import Consideration, Field, Review
from bot.giving.ids import RequestId
from bot.slack import drift, facts, paused
from bot.slack.blocks import context, modal, section, sections, text_input
from bot.slack.look import Json, Look
from bot.slack.review_modal import held, shown
from bot.slack.writing import mention

CALLBACK: Final = "discount_approve"
TITLE: Final = "Approve this discount"
SUBMIT: Final = "Approve"
COUNT_BLOCK: Final = str(Field.COUNT)
COUNT_ACTION: Final = "discount_approve_count"
DIGEST: Final = 8
"""Characters of the digest that people are shown."""


def build(consideration: Consideration, look: Look, *, external_id: str) -> Json:
    """Draw what is agreed to; its metadata names the round, so that a yes never counts for another one."""
    request = consideration.review.request
    return modal(
        TITLE,
        _blocks(consideration, look),
        external_id=external_id,
        submit=SUBMIT,
        callback=CALLBACK,
        metadata=f"{request.id}:{request.round}",
    )


def read(view: Mapping[str, Any]) -> tuple[RequestId, int, str]:
    """Read which request and round, and the number of customers as it was typed (empty where it was not asked for)."""
    request, _, round_ = str(view.get("private_metadata", "")).rpartition(":")
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    typed = values.get(COUNT_BLOCK, {}).get(COUNT_ACTION, {}).get("value")
    return RequestId(request), int(round_) if round_.isdecimal() else 0, str(typed or "").strip()


def errors(text: str) -> dict[str, str]:
    """Say below the field what is wrong with the number, as the answer to a submission."""
    return {COUNT_BLOCK: text}


def _spaced(review: Review, look: Look) -> str:
    """Point at ids with a space inside, without showing them: an approver sees ids masked."""
    return f"⚠ {look.counted(len(review.spaced), 'id')} with a space inside, each read as one customer."


def _blocks(consideration: Consideration, look: Look) -> list[Block]:
    review = consideration.review
    request = review.request
    asked = [f"*Asked by:* {mention(request.requester)}", *([f"*Since:* {look.token(request.asked_at)}"] if request.asked_at else [])]
    return [
        *paused.blocks(review.pause, look),
        *sections([*shown(review, look), facts.first_and_last(request), *asked], most=5),
        *sections(drift.changed(request, look), most=4),
        *([section(_spaced(review, look))] if review.spaced else []),
        *sections(facts.use_lines(review.rule, look), most=6),
        *([section(f"*After the last yes:* {held(review)}.")] if review.hold_minutes else []),
        *([_count()] if consideration.count else []),
        context(f"{request.short} · your yes is for exactly this: {review.digest[:DIGEST] or '–'}"),
    ]


def _count() -> Block:
    return text_input(
        "Number of customers",
        block_id=COUNT_BLOCK,
        action=COUNT_ACTION,
        hint="Type how many customers get it, as you read it above: “1200”, “1 200” and “1,200” are the same.",
    )
