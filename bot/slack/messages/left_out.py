"""The customers left out: for a channel by reason and row, and whole for the requester."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from slackblocks import Block

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import Refused
from bot.domain.requests.notification import FileRows, RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.services.customer_lists import has_not_given_list
from bot.slack.language.texts import _, in_quotes, joined, ngettext, number
from bot.slack.rendering import verification
from bot.slack.rendering.blocks import SECTION, plain, section, sections
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mask, paragraphs, shorten, visible

BULLET: Final = "• "
MAX_MASKED: Final = 5
"""Ids and rows shown to a channel."""
MAX_REASONS: Final = 4
"""Reasons shown to a channel: a phone shows sixteen lines."""
MAX_IDS: Final = 10
"""Ids shown of each outcome: the file has all of them."""
MAX_REASON_LENGTH: Final = 150
MAX_FILE_NAME: Final = 60
_NO_LETTERS: Final = re.compile(r"[\W_]+")


def refused_lines(snapshot: RequestSnapshot) -> list[str]:
    """Count the refused customers for a channel, by reason, with their rows or their masked ids."""
    count = snapshot.tally.refused
    where = _rows(snapshot.refused_rows, of=count) or _masked(snapshot.refused, of=count)
    if where:
        heading = ngettext(
            "⚠️ *{count} refused by Dintero:* {where}",
            "⚠️ *{count} refused by Dintero:* {where}",
            count,
            where=where,
        )
    else:
        heading = ngettext("⚠️ *{count} refused by Dintero*", "⚠️ *{count} refused by Dintero*", count)
    return [heading, *_reasons(snapshot.refused, of=count)]


def _rows(files: Sequence[FileRows], *, of: int) -> str:
    """Name the rows in the requester's files; empty if nobody knows them."""
    places = [_rows_of(file) for file in files]
    more = of - sum(len(file.rows) for file in files)
    if places and more > 0:
        places.append(_("{count} more", count=more))
    return joined(places) if places else ""


def _rows_of(file: FileRows) -> str:
    return ngettext(
        "row {rows} of {file}",
        "rows {rows} of {file}",
        len(file.rows),
        rows=joined([number(row) for row in file.rows]),
        file=escape(file.name, MAX_FILE_NAME),
    )


def _masked(refused: Sequence[Refused], *, of: int) -> str:
    """Name masked ids; `of` counts all, `refused` may be only the first."""
    ids = [escape(mask(one.customer)) for one in refused[:MAX_MASKED]]
    if ids and of > len(ids):
        ids.append(_("{count} more", count=of - len(ids)))
    return joined(ids) if ids else ""


def _reasons(refused: Sequence[Refused], *, of: int) -> list[str]:
    """Count the reasons that name no customer. The others may spell an id, so only the list has them."""
    lines: list[str] = []
    told = 0
    for why, customers in by_reason(refused):
        if len(lines) < MAX_REASONS and is_general(why, customers):
            lines.append(f"{BULLET}{in_quotes(escape(why, MAX_REASON_LENGTH))}: {number(len(customers))}")
            told += len(customers)
    if lines and told < of:
        lines.append(
            BULLET
            + ngettext("{count} customer for other reasons", "{count} customers for other reasons", of - told)
        )
    return lines


def is_general(why: str, customers: Sequence[CustomerId]) -> bool:
    """Say whether a reason can't be about one customer: several have it, and it holds no digit and no id.

    >>> is_general("unknown customer", [CustomerId("a1"), CustomerId("b2")])
    True
    >>> is_general("customer a1 is unknown", [CustomerId("a1"), CustomerId("b2")])
    False
    """
    if len(customers) < 2 or not why.strip() or any(map(str.isdigit, why)) or "@" in why:  # noqa: PLR2004
        return False
    said = _NO_LETTERS.sub("", why).casefold()
    return not any(_NO_LETTERS.sub("", customer).casefold() in said for customer in customers)


def whole(snapshot: RequestSnapshot, formatter: Formatter) -> list[Block]:
    """Draw the first ids of each outcome, one a line; where the others are, and what to do."""
    tally = snapshot.tally
    refused: list[str] = []
    for why, customers in by_reason(snapshot.refused):
        refused += [_reason(why), *_bullets(customers)]
    lists = [
        (
            _("*Refused by Dintero* (fix these ids):"),
            refused,
            max(tally.refused, len(snapshot.refused)),
        ),
        (_("*Unconfirmed* (no answer, may have it):"), _bullets(snapshot.unknown), tally.unknown),
        (_("*Not sent*:"), _bullets(snapshot.not_tried), tally.not_tried),
    ]
    drawn = [block for heading, lines, of in lists if lines for block in _list(heading, lines, of)]
    if not drawn:
        return []
    seen = verification.line(snapshot.verification, formatter)
    return [*drawn, *sections([*seen, *_what_to_do(snapshot)], most=2)]


def _reason(why: str) -> str:
    if not why.strip():
        return _("No reason given:")
    return f"{in_quotes(shorten(why, MAX_REASON_LENGTH))}:"


def _list(heading: str, lines: Sequence[str], of: int) -> list[Block]:
    last = [at for at, line in enumerate(lines) if line.startswith(BULLET)][:MAX_IDS][-1]
    shown = paragraphs(lines[: last + 1], SECTION)[0]
    left = of - sum(line.startswith(BULLET) for line in shown.split("\n"))
    more = [section(ngettext("… and {count} more", "… and {count} more", left))] if left > 0 else []
    return [section(heading), plain(shown), *more]


def _what_to_do(snapshot: RequestSnapshot) -> list[str]:
    request, tally = snapshot.request, snapshot.tally
    lines: list[str] = []
    if has_not_given_list(request, tally):
        if request.ended:
            lines.append(_("The full list, with the reasons, is in the file below."))
        else:
            lines.append(_("For the full list with the reasons, press *Send me the list* on the request."))
    if can_ask_again(request, tally):
        lines.append(_("*Request again…* starts a new request for these customers. Nobody gets it twice."))
    return lines


def _bullets(customers: Sequence[CustomerId]) -> list[str]:
    return [f"{BULLET}{visible(customer)}" for customer in customers]


def by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[CustomerId]]]:
    """Group by reason, the most frequent first; within one in the order of the request."""
    ordered = sorted(refused, key=lambda one: one.why)
    groups = [
        (why, [one.customer for one in same]) for why, same in groupby(ordered, key=lambda one: one.why)
    ]
    return sorted(groups, key=lambda group: -len(group[1]))
