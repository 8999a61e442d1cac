"""The customers left out: masked for a channel, whole for the requester, who may ask again for them."""

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
MAX_REASONS: Final = 5
MAX_MASKED: Final = 20
"""Ids shown to a channel for each reason."""
MAX_IDS: Final = 10
"""Ids shown of each outcome: the file has all of them."""
MAX_REASON_LENGTH: Final = 150
COPYABLE_KEY: Final = re.compile(r"[\w.:-]{1,255}", re.ASCII)


def masked(refused: Sequence[Refused], formatter: Formatter, *, of: int) -> list[str]:
    """Say each reason with its masked ids, in mrkdwn; `of` counts all, `refused` may be only the first."""
    reasons = _by_reason([Refused(one.customer, without(one.customer, one.why)) for one in refused])
    lines = []
    for why, customers in reasons[:MAX_REASONS]:
        ids = phrase([escape(mask(customer)) for customer in customers], last="and", most=MAX_MASKED)
        lines.append(f"• {escape(why, MAX_REASON_LENGTH) or 'no reason given'}: {ids}")
    if more := sum(len(customers) for _, customers in reasons[MAX_REASONS:]):
        lines.append(f"• … and {formatter.customers(more)} for other reasons")
    if refused and of > len(refused):
        lines.append(f"• … these are the first {formatter.number(len(refused))}")
    return lines


def whole(snapshot: RequestSnapshot, formatter: Formatter) -> list[Block]:
    """Draw the first ids of each outcome, one a line; where the others are, and how to ask again."""
    tally = snapshot.tally
    refused: list[str] = []
    for why, customers in _by_reason(snapshot.refused):
        refused += [f"{shorten(why, MAX_REASON_LENGTH) or 'No reason given'}:", *_bullets(customers)]
    unknown, not_tried = _bullets(snapshot.unknown), _bullets(snapshot.not_tried)
    most_refused = max(tally.refused, len(snapshot.refused))
    lists = [
        ("*Refused by Dintero* – these have to be corrected:", refused, most_refused),
        ("*Unknown* – no answer came, so they may have it or not:", unknown, tally.unknown),
        ("*Not tried* – these were not given it:", not_tried, tally.not_tried),
    ]
    drawn = [block for heading, lines, of in lists if lines for block in _list(heading, lines, of, formatter)]
    if not drawn:
        return []
    seen = verification.line(snapshot.verification, formatter)
    return [*drawn, *sections(seen, most=1), *_how_to_ask_again(snapshot)]


def _list(heading: str, lines: Sequence[str], of: int, formatter: Formatter) -> list[Block]:
    last = [at for at, line in enumerate(lines) if line.startswith(BULLET)][:MAX_IDS][-1]
    shown = paragraphs(lines[: last + 1], SECTION)[0]
    left = of - sum(line.startswith(BULLET) for line in shown.split("\n"))
    more = [section(f"… and {formatter.customers(left)} more.")] if left > 0 else []
    return [section(heading), plain(shown), *more]


def _how_to_ask_again(snapshot: RequestSnapshot) -> Iterator[Block]:
    request, tally, key = snapshot.request, snapshot.tally, snapshot.request.once_key
    if has_not_given_list(request, tally):
        where = "follows here as a file" if request.ended else "can be had by *Get the list* on the card"
        yield section(f"The whole list, with the reasons, {where}.")
    customers = "these"
    if can_ask_again(request, tally):
        customers = "only some of these"
        rest = "everybody who is unknown or was not tried" if tally.left else "those whom Dintero refused"
        if tally.left and tally.refused:
            rest += ", and where you tick that for those whom Dintero refused,"
        yield section(f"*Ask again for these…* on the card asks for {rest} under the same once-only key.")
    if not request.own_key:
        end = "Press Continue… on the card to go on; or press End here… there first. "
        first = end if request.state is State.STOPPED else ""
        yield section(
            f"{first}To ask for {customers} again, keep their rows in the file, put it in under *File* in "
            f"`/discount add`, and press *Request {request.short} again* there: then nobody gets it twice."
        )
        return
    text = f"To ask for {customers} again, open "
    if request.state is State.STOPPED:
        text = f"Press Continue… on the card to go on; after End here… it can be asked for again. {text}"
    if COPYABLE_KEY.fullmatch(key):
        put = f"*More…* in the form and put `{key}` into *Once-only key*"
        yield section(f"{text}{put}: then nobody gets it twice.")
    else:  # plain text, so that Slack's formatting does not change the key
        put = f"More… in the form and put this into Once-only key: {visible(key)}"
        yield plain(f"{text}{put} – then nobody gets it twice.")


def without(customer: str, why: str) -> str:
    """Mask the id in Dintero's reason, which may name it whole."""
    why, kept, at = why[: MAX_REASON_LENGTH * 10], list[str](), 0
    while customer and (found := why.find(customer, at)) >= 0:  # a regex for each of thousands takes seconds
        end = found + len(customer)
        is_word = not any(
            char.isalnum() or char == "_" for char in why[found - 1 : found] + why[end : end + 1]
        )
        kept.append(why[at:found] + MASK if is_word else why[at : found + 1])
        at = end if is_word else found + 1
    return "".join(kept) + why[at:]


def _bullets(customers: Sequence[CustomerId]) -> list[str]:
    return [f"{BULLET}{visible(customer)}" for customer in customers]


def _by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[CustomerId]]]:
    """Group by reason, the most frequent first; within one in the order of the request."""
    ordered = sorted(refused, key=lambda one: one.why)
    groups = [
        (why, [one.customer for one in same]) for why, same in groupby(ordered, key=lambda one: one.why)
    ]
    return sorted(groups, key=lambda group: -len(group[1]))
