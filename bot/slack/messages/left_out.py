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
from bot.slack.rendering.mrkdwn import escape, mask, paragraphs, phrase, shorten, visible

BULLET: Final = "• "
MAX_MASKED: Final = 20
"""Ids shown to a channel."""
MAX_IDS: Final = 10
"""Ids shown of each outcome: the file has all of them."""
MAX_REASON_LENGTH: Final = 150
COPYABLE_KEY: Final = re.compile(r"[\w.:-]{1,255}", re.ASCII)


def masked(refused: Sequence[Refused], formatter: Formatter, *, of: int) -> list[str]:
    """Name masked ids for a channel, in mrkdwn; `of` counts all, `refused` may be only the first.

    Dintero's reasons may spell an id in any way, so they go to the requester only.
    """
    if not refused:
        return []
    ids = [escape(mask(one.customer)) for one in refused[:MAX_MASKED]]
    if of > len(ids):
        ids.append(f"{formatter.number(of - len(ids))} more")
    return [f"• {phrase(ids, last='and', most=len(ids))}. Dintero's reasons are in a direct message."]


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


def _bullets(customers: Sequence[CustomerId]) -> list[str]:
    return [f"{BULLET}{visible(customer)}" for customer in customers]


def _by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[CustomerId]]]:
    """Group by reason, the most frequent first; within one in the order of the request."""
    ordered = sorted(refused, key=lambda one: one.why)
    groups = [
        (why, [one.customer for one in same]) for why, same in groupby(ordered, key=lambda one: one.why)
    ]
    return sorted(groups, key=lambda group: -len(group[1]))
