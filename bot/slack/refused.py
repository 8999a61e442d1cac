"""The customers whom Dintero refused: masked for a channel, whole for the requester who has to correct them."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from slackblocks import Block

from bot.giving.batches import Refused
from bot.slack.blocks import SECTION, plain, section
from bot.slack.look import Look
from bot.slack.writing import MASK, mask, packed, phrase, said, shorten, visible

BULLET: Final = "• "
REASONS: Final = 5
MASKED: Final = 20
"""Ids that a channel is shown for each reason."""
PARAGRAPHS: Final = 3
WHY: Final = 150
"""Characters of Dintero's reason that are shown."""


def masked(refused: Sequence[Refused], look: Look) -> list[str]:
    """Say each reason with its ids masked, for mrkdwn in a channel."""
    reasons = _by_reason([Refused(one.customer, _without(one.customer, one.why)) for one in refused])
    lines = [
        f"• {said(why, WHY) or 'no reason given'}: {phrase([said(mask(one.customer)) for one in those], last='and', most=MASKED)}"
        for why, those in reasons[:REASONS]
    ]
    more = sum(len(those) for _, those in reasons[REASONS:])
    return [*lines, *([f"• … and {look.customers(more)} for other reasons"] if more else [])]


def whole(refused: Sequence[Refused], look: Look, *, of: int = 0) -> list[Block]:
    """Draw the ids as they were asked for, one a line under its reason, as many as fit; `of` is how many there are in all."""
    if not refused:
        return []
    paragraphs = packed(_listed(refused), SECTION)
    shown = paragraphs[:PARAGRAPHS]
    left = max(of, len(refused)) - sum(line.startswith(BULLET) for paragraph in shown for line in paragraph.split("\n"))
    more = f"… and {look.customers(left)} more that do not fit here."
    return [
        section("*Refused by Dintero* – correct these and ask again for them:"),
        *(plain(paragraph) for paragraph in shown),
        *([section(more)] if left > 0 else []),
    ]


def _without(customer: str, why: str) -> str:
    """Take the id out of Dintero's reason, which may name it whole."""
    return re.sub(rf"(?<!\w){re.escape(customer)}(?!\w)", MASK, why[: WHY * 10])


def _listed(refused: Sequence[Refused]) -> Iterator[str]:
    for why, those in _by_reason(refused):
        yield f"{shorten(why, WHY) or 'No reason given'}:"
        yield from (f"{BULLET}{visible(one.customer)}" for one in those)


def _by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[Refused]]]:
    """Group by reason, the most frequent first; within one in the order they were asked for."""
    groups = [(why, list(those)) for why, those in groupby(sorted(refused, key=lambda one: one.why), key=lambda one: one.why)]
    return sorted(groups, key=lambda group: -len(group[1]))
