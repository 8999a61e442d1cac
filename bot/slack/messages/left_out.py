"""The customers left out: for a channel by reason and row, and whole for the requester."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from slackblocks import Block, ColumnSettings, RawText, TableBlock

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.notification import FileRows, RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.services.results.customer_lists import has_not_given_list
from bot.slack.language.texts import _, in_quotes, joined, ngettext, number
from bot.slack.rendering import outcomes, verification
from bot.slack.rendering.blocks import plain, sections
from bot.slack.rendering.mrkdwn import escape, mask, shorten, visible

BULLET: Final = "• "
MAX_MASKED: Final = 5
"""Ids and rows shown to a channel."""
SEVERAL: Final = 2
MAX_REASONS: Final = 4
"""Reasons shown to a channel: a phone shows sixteen lines."""
MOST_IN_FULL: Final = 4
"""Lines of outcomes that leave room for what Dintero's list shows, which the card says too."""
MAX_IDS: Final = 3
"""Ids shown of each outcome: the file has all of them."""
MAX_REASON_LENGTH: Final = 60
MAX_QUOTED: Final = 2
MAX_QUOTE_LENGTH: Final = 36
"""Reasons quoted to the requester."""
MAX_FILE_NAME: Final = 28
MAX_PLACES_LENGTH: Final = 60
"""Characters of the rows of several files; else only the first file's are named."""
_NO_LETTERS: Final = re.compile(r"[\W_]+")


def refused_lines(snapshot: RequestSnapshot, *, reasons: bool) -> list[str]:
    """Count the refused customers for a channel, with their rows or their masked ids, and by reason."""
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
    counts = _reasons(snapshot.refused, of=count) if reasons else []
    return [heading, *(f"{BULLET}{escape(why, MAX_REASON_LENGTH)}: {number(of)}" for why, of in counts)]


def reasons_table(snapshot: RequestSnapshot) -> list[Block]:
    """Draw the reasons for a channel as a table, if there are several."""
    counts = _reasons(snapshot.refused, of=snapshot.tally.refused)
    if len(counts) < SEVERAL:
        return []
    rows = [
        (_("Refused by Dintero because"), _("Customers")),
        *((shorten(why, MAX_REASON_LENGTH), number(of)) for why, of in counts),
    ]
    return [
        TableBlock(
            [[RawText(cell) for cell in row] for row in rows],
            [ColumnSettings(is_wrapped=True), ColumnSettings(align="right")],
        )
    ]


def _rows(files: Sequence[FileRows], *, of: int) -> str:
    """Name the rows in the requester's files; empty if nobody knows them."""
    more = of - sum(len(file.rows) for file in files)
    if len(files) == 1:
        return _rows_of(files[0], more)
    places = [_rows_of(file) for file in files]
    if sum(map(len, places)) > MAX_PLACES_LENGTH:
        more += sum(len(file.rows) for file in files[1:])
        del places[1:]
    if places and more > 0:
        places.append(_("{count} more", count=more))
    return joined(places) if places else ""


def _rows_of(file: FileRows, more: int = 0) -> str:
    """Name rows of a file; a row's number is written as the spreadsheet program writes it."""
    rows = [str(row) for row in file.rows]
    if more > 0:
        rows.append(_("{count} more", count=more))
    return ngettext(
        "row {rows} of {file}",
        "rows {rows} of {file}",
        len(file.rows) + more,
        rows=joined(rows),
        file=escape(file.name, MAX_FILE_NAME),
    )


def _masked(refused: Sequence[Refused], *, of: int) -> str:
    """Name masked ids; `of` counts all, `refused` may be only the first."""
    ids = [escape(mask(one.customer)) for one in refused[:MAX_MASKED]]
    if ids and of > len(ids):
        ids.append(_("{count} more", count=of - len(ids)))
    return joined(ids) if ids else ""


def _reasons(refused: Sequence[Refused], *, of: int) -> list[tuple[str, int]]:
    """Count the reasons that name no customer. The others may spell an id, so only the list has them."""
    general = [(why, len(customers)) for why, customers in by_reason(refused) if is_general(why, customers)]
    told = general[:MAX_REASONS]
    if told and (other := of - sum(count for _why, count in told)) > 0:
        told.append((_("Other reasons"), other))
    return told


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


def whole(snapshot: RequestSnapshot) -> list[Block]:
    """Draw the first ids of each outcome, a line for each; where the others are, and what to do."""
    tally, refused = snapshot.tally, [one.customer for one in snapshot.refused]
    named = (
        (outcomes.refused, refused, max(tally.refused, len(refused))),
        (outcomes.unconfirmed, snapshot.unknown, tally.unknown),
        (outcomes.not_sent, snapshot.not_tried, tally.not_tried),
    )
    if not any(customers for _counted, customers, _of in named):
        return []
    lines: list[str] = []
    for counted, customers, of in named:
        if of > 0 or customers:
            lines.append(_with_ids(counted(max(of, len(customers))), customers, of))
        if counted is outcomes.refused:
            lines += _whole_reasons(snapshot.refused, of)
    is_brief = len(lines) > MOST_IN_FULL
    seen = [verification.seen(snapshot.verification)] if snapshot.verification and not is_brief else []
    return [
        plain("\n".join(lines)),
        *sections([*seen, *_what_to_do(snapshot, is_brief=is_brief)], most=2),
    ]


def _with_ids(counted: str, customers: Sequence[CustomerId], of: int) -> str:
    """Name the first ids after their count, as plain text to copy."""
    ids = [visible(customer) for customer in customers[:MAX_IDS]]
    if not ids:
        return counted
    if of > len(ids):
        ids.append(_("{count} more", count=of - len(ids)))
    return _("{outcome}: {ids}", outcome=counted, ids=joined(ids))


def _whole_reasons(refused: Sequence[Refused], of: int) -> list[str]:
    """Quote the most frequent reasons, with their counts if there are several and all are known."""
    groups = by_reason(refused)
    is_plain = len(groups) == 1 or of > len(refused)
    lines: list[str] = []
    for why, customers in groups[:MAX_QUOTED]:
        reason = in_quotes(shorten(why, MAX_QUOTE_LENGTH)) if why.strip() else _("No reason given")
        lines.append(f"{BULLET}{reason}" if is_plain else f"{BULLET}{reason}: {number(len(customers))}")
    if not is_plain and (other := sum(len(customers) for _why, customers in groups[MAX_QUOTED:])):
        lines.append(_("• Other reasons: {count}", count=other))
    return lines


def _what_to_do(snapshot: RequestSnapshot, *, is_brief: bool) -> list[str]:
    request, tally = snapshot.request, snapshot.tally
    lines: list[str] = []
    if has_not_given_list(request, tally):
        if request.ended:
            lines.append(_("The full list, with the reasons, is in the file below."))
        else:
            lines.append(_("For the full list with the reasons, press *Send me the list* on the request."))
    if can_ask_again(request, tally):
        lines.append(request_again(tally, is_brief=is_brief))
    return lines


def request_again(tally: Tally, *, is_brief: bool) -> str:
    """Say how to request again for the customers left out."""
    if tally.left <= 0:
        return _("Fix the ids, then press *Request again…* on the request.")
    again = _("*Request again…* on the request starts a new request for the rest.")
    return again if is_brief else " ".join([again, _("Nobody gets it twice.")])


def by_reason(refused: Sequence[Refused]) -> list[tuple[str, list[CustomerId]]]:
    """Group by reason, the most frequent first; within one in the order of the request."""
    ordered = sorted(refused, key=lambda one: one.why)
    groups = [
        (why, [one.customer for one in same]) for why, same in groupby(ordered, key=lambda one: one.why)
    ]
    return sorted(groups, key=lambda group: -len(group[1]))
