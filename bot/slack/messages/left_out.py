"""The customers who were left out: the refused masked for a channel, all of them whole for the requester who may ask again."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from slackblocks import Block

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import Refused
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.domain.requests.request import State
from bot.services.customer_lists import has_not_given_list
from bot.slack.rendering import verification
from bot.slack.rendering.blocks import SECTION, plain, section, sections
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import MASK, escape, mask, paragraphs, phrase, shorten, visible

BULLET: Final = "• "
REASONS: Final = 5
MASKED: Final = 20
"""Ids that a channel is shown for each reason."""
FEW: Final = 10
"""Ids of each end that stand in a message: the file has all of them."""
SIMPLE: Final = re.compile(r"[\w.:-]{1,255}", re.ASCII)
TWICE: Final = "then nobody gets it twice."
WHY: Final = 150
"""Characters of Dintero's reason that are shown."""


def masked(refused: Sequence[Refused], formatter: Formatter, *, of: int) -> list[str]:
    """Say each reason with its ids masked, for mrkdwn in a channel; of very many only the first were read."""
    reasons = _by_reason([Refused(one.customer, without(one.customer, one.why)) for one in refused])
    lines = [
        f"• {escape(why, WHY) or 'no reason given'}: {phrase([escape(mask(one.customer)) for one in those], last='and', most=MASKED)}"
        for why, those in reasons[:REASONS]
    ]
    more = sum(len(those) for _, those in reasons[REASONS:])
    unread = (
        [f"• … these are the first {formatter.number(len(refused))}"] if refused and of > len(refused) else []
    )
    return [*lines, *([f"• … and {formatter.customers(more)} for other reasons"] if more else []), *unread]


def whole(snapshot: RequestSnapshot, formatter: Formatter) -> list[Block]:
    """Draw the first of those who were left out as they were asked for, one a line; where the others are, and how to ask again."""
    tally = snapshot.tally
    lists = [
        (
            "*Refused by Dintero* – these have to be corrected:",
            list(_listed(snapshot.refused)),
            max(tally.refused, len(snapshot.refused)),
        ),
        (
            "*Unknown* – no answer came, so they may have it or not:",
            _bullets(snapshot.unknown),
            tally.unknown,
        ),
        ("*Not tried* – these were not given it:", _bullets(snapshot.not_tried), tally.not_tried),
    ]
    found = [one for one in lists if one[1]]
    if not found:
        return []
    drawn = [block for heading, lines, of in found for block in _list(heading, lines, of, formatter)]
    seen = sections(verification.line(snapshot.verification, formatter, formatter.slack_date), most=1)
    return [*drawn, *seen, *_whole_list(snapshot), *_rest(snapshot), _again(snapshot)]


def _list(heading: str, lines: Sequence[str], of: int, formatter: Formatter) -> list[Block]:
    shown = paragraphs(_first(lines), SECTION)[:1]
    left = of - sum(line.startswith(BULLET) for paragraph in shown for line in paragraph.split("\n"))
    more = f"… and {formatter.customers(left)} more."
    return [
        section(heading),
        *(plain(paragraph) for paragraph in shown),
        *([section(more)] if left > 0 else []),
    ]


def _first(lines: Sequence[str]) -> Iterator[str]:
    """Take lines up to so many ids; a reason that no id follows is left out."""
    ids = [at for at, line in enumerate(lines) if line.startswith(BULLET)]
    yield from lines[: ids[:FEW][-1] + 1]


def _whole_list(snapshot: RequestSnapshot) -> list[Block]:
    """Say where the whole list is."""
    if not has_not_given_list(snapshot.request, snapshot.tally):
        return []
    where = "follows here as a file" if snapshot.request.ended else "can be had by *Get the list* on the card"
    return [section(f"The whole list, with the reasons, {where}.")]


def _rest(snapshot: RequestSnapshot) -> list[Block]:
    """Say by which button the rest is asked for."""
    if not can_ask_again(snapshot.request, snapshot.tally):
        return []
    others = (
        "everybody who is unknown or was not tried" if snapshot.tally.left else "those whom Dintero refused"
    )
    refused = (
        ", and where you tick that for those whom Dintero refused,"
        if snapshot.tally.left and snapshot.tally.refused
        else ""
    )
    return [
        section(
            f"*Ask again for these…* on the card asks for {others}{refused} under the same once-only key."
        )
    ]


def _again(snapshot: RequestSnapshot) -> Block:
    """Say under which key to ask again; one that Slack could take for formatting stands in plain text, so that it can be copied."""
    request, key = snapshot.request, snapshot.request.once_key
    whom = "only some of these" if can_ask_again(request, snapshot.tally) else "these"
    first = (
        "Press Continue… on the card to go on; after End here… it can be asked for again. "
        if request.state is State.STOPPED
        else ""
    )
    if SIMPLE.fullmatch(key):
        return section(
            f"{first}To ask for {whom} again, open *More…* in the form and put `{key}` into *Once-only key*: {TWICE}"
        )
    return plain(
        f"{first}To ask for {whom} again, open More… in the form and put this into Once-only key: {visible(key)} – {TWICE}"
    )


def without(customer: str, why: str) -> str:
    """Take the id out of Dintero's reason, which may name it whole."""
    why, kept, at = why[: WHY * 10], list[str](), 0
    while (
        customer and (found := why.find(customer, at)) >= 0
    ):  # a pattern for each of thousands would take seconds
        end = found + len(customer)
        alone = not _in_word(why[found - 1 : found]) and not _in_word(why[end : end + 1])
        kept.append(why[at:found] + MASK if alone else why[at : found + 1])
        at = end if alone else found + 1
    return "".join(kept) + why[at:]


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _listed(refused: Sequence[Refused]) -> Iterator[str]:
    for why, those in _by_reason(refused):
        yield f"{shorten(why, WHY) or 'No reason given'}:"
        yield from (f"{BULLET}{visible(one.customer)}" for one in those)


def _bullets(customers: Sequence[CustomerId]) -> list[str]:
    return [f"{BULLET}{visible(customer)}" for customer in customers]


def _by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[Refused]]]:
    """Group by reason, the most frequent first; within one in the order they were asked for."""
    groups = [
        (why, list(those))
        for why, those in groupby(sorted(refused, key=lambda one: one.why), key=lambda one: one.why)
    ]
    return sorted(groups, key=lambda group: -len(group[1]))
