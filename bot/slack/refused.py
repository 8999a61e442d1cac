"""The customers who were left out: the refused masked for a channel, all of them whole for the requester who may ask again."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from slackblocks import Block

from bot.giving.batches import Refused
from bot.giving.ids import CustomerId
from bot.giving.notices import Story
from bot.giving.request import Request, State
from bot.slack.blocks import SECTION, plain, section
from bot.slack.look import Look
from bot.slack.writing import MASK, mask, packed, phrase, said, shorten, visible

BULLET: Final = "• "
REASONS: Final = 5
MASKED: Final = 20
"""Ids that a channel is shown for each reason."""
PARAGRAPHS: Final = 3
"""Paragraphs of ids in a message, whatever lists they belong to."""
SIMPLE: Final = re.compile(r"[\w.:-]{1,255}", re.ASCII)
TWICE: Final = "then nobody gets it twice."
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


def whole(story: Story, look: Look) -> list[Block]:
    """Draw all who were left out as they were asked for, one a line, as many as fit; and how to ask again without giving it twice."""
    tally = story.tally
    lists = [
        ("*Refused by Dintero* – these have to be corrected:", list(_listed(story.refused)), max(tally.refused, len(story.refused))),
        ("*Unknown* – no answer came, so they may have it or not:", _bullets(story.unknown), tally.unknown),
        ("*Not tried* – these were not given it:", _bullets(story.not_tried), tally.not_tried),
    ]
    found = [one for one in lists if one[1]]
    if not found:
        return []
    most = max(PARAGRAPHS // len(found), 1)
    drawn = [block for heading, lines, of in found for block in _list(heading, lines, of, most, look)]
    return [*drawn, _again(story.request)]


def _list(heading: str, lines: Sequence[str], of: int, most: int, look: Look) -> list[Block]:
    shown = packed(lines, SECTION)[:most]
    left = of - sum(line.startswith(BULLET) for paragraph in shown for line in paragraph.split("\n"))
    more = f"… and {look.customers(left)} more that do not fit here: with the key below, the whole list can be asked for again."
    return [section(heading), *(plain(paragraph) for paragraph in shown), *([section(more)] if left > 0 else [])]


def _again(request: Request) -> Block:
    """Say under which key to ask again; one that Slack could take for formatting stands in plain text, so that it can be copied."""
    key = request.once_key
    first = "Press Continue… on the card to go on; after End here… it can be asked for again. " if request.state is State.STOPPED else ""
    if SIMPLE.fullmatch(key):
        return section(f"{first}To ask for these again, open *More…* in the form and put `{key}` into *Once-only key*: {TWICE}")
    return plain(f"{first}To ask for these again, open More… in the form and put this into Once-only key: {visible(key)} – {TWICE}")


def _without(customer: str, why: str) -> str:
    """Take the id out of Dintero's reason, which may name it whole."""
    return re.sub(rf"(?<!\w){re.escape(customer)}(?!\w)", MASK, why[: WHY * 10])


def _listed(refused: Sequence[Refused]) -> Iterator[str]:
    for why, those in _by_reason(refused):
        yield f"{shorten(why, WHY) or 'No reason given'}:"
        yield from (f"{BULLET}{visible(one.customer)}" for one in those)


def _bullets(customers: Sequence[CustomerId]) -> list[str]:
    return [f"{BULLET}{visible(customer)}" for customer in customers]


def _by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[Refused]]]:
    """Group by reason, the most frequent first; within one in the order they were asked for."""
    groups = [(why, list(those)) for why, those in groupby(sorted(refused, key=lambda one: one.why), key=lambda one: one.why)]
    return sorted(groups, key=lambda group: -len(group[1]))
