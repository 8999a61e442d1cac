"""The modal in which an approver reads a request and approves it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from slackblocks import ActionsBlock, Block, Button

from bot.domain.ids import RequestId
from bot.domain.requests.request import digest
from bot.domain.requests.views import ApprovalView, Field, Review
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.modals import approval_brief, customer_list, file_summary, rule_details
from bot.slack.modals.review import warnings as review_warnings
from bot.slack.rendering import earlier_requests, pause_banner, request_facts
from bot.slack.rendering.blocks import (
    MOST_LINES,
    alert,
    context,
    header,
    height,
    modal,
    read_input,
    sections,
    text_input,
)
from bot.slack.rendering.formatting import Formatter, Json, duration
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.request_state import before
from bot.slack.rendering.rules import rule_changes
from bot.slack.rendering.rules.rule_rewards import validity
from bot.slack.rendering.rules.rule_usage import rule_use

CALLBACK: Final = "discount_approve"
DETAILS: Final = "discount_approve_rule"
TITLE: Final = N_("Approve discount?")
COUNT_BLOCK: Final = str(Field.COUNT)
MAX_ROUND_DIGITS: Final = 9
SHOWN_CONDITIONS: Final = 2
"""How many conditions the sentence names; the rule's details have them all."""


class Submission(NamedTuple):
    """An approval: of which round of which request, what the modal showed and named, and the typed text."""

    request: RequestId
    round: int
    shown: str
    named: frozenset[str]
    typed: str
    changed_from: str = ""
    """The digest of the request before its rule changed, if the modal showed a changed rule."""


def build(
    approval_view: ApprovalView, formatter: Formatter, links: earlier_requests.Links, *, warning: str = ""
) -> Json:
    """Draw the request; the metadata names round and digest, so an approval counts for nothing else."""
    review, request = approval_view.review, approval_view.review.request
    buttons = [
        Button(_("All rule details"), action_id=DETAILS, value=request.id),
        Button(_("View customers"), action_id=customer_list.SHOW, value=request.id),
    ]
    warned, alerts = sections([f"⚠️ {warning}"] if warning else [], most=1), _alerts(review)
    small_print, confirm = context(" · ".join(_small_print(approval_view))), _confirmation(approval_view)
    room = MOST_LINES - len(alerts) - height([*warned, *confirm, small_print])
    shown, when = _fitting(approval_view, formatter, links, room=room)
    blocks = [
        *warned,
        *alerts,
        *shown,
        *confirm,
        *when,
        ActionsBlock([*buttons], block_id="discount_approve_buttons"),
        small_print,
    ]
    return modal(
        _(TITLE),
        blocks,
        submit=_("Approve"),
        close=_("Cancel"),
        callback=CALLBACK,
        metadata=_metadata(approval_view),
    )


def details(approval_view: ApprovalView, formatter: Formatter, links: earlier_requests.Links) -> Json:
    """Draw what the approval has no room for, and everything about the rule."""
    review = approval_view.review
    about = [
        *_paused(review, formatter),
        *_warnings(approval_view, formatter, links),
        *request_facts.reason(review.request),
        *file_summary.sources(review.files_read, masked=True),
        _when(review, formatter),
    ]
    return rule_details.build(review.rule, formatter, review.usable, about=[*dict.fromkeys(about)])


def read(view: Mapping[str, Any]) -> Submission:
    """Read what the modal is about, and the typed text (empty if there is no field)."""
    parts = [*str(view.get("private_metadata", "")).split(":"), "", "", "", ""]
    request, number, shown, named, changed_from = parts[:5]
    round_ = int(number) if number.isdecimal() and len(number) <= MAX_ROUND_DIGITS else 0
    typed = read_input(view, COUNT_BLOCK).strip()
    return Submission(RequestId(request), round_, shown, frozenset(named.split()), typed, changed_from)


def _fitting(
    approval_view: ApprovalView, formatter: Formatter, links: earlier_requests.Links, *, room: int
) -> tuple[list[Block], list[Block]]:
    """Draw what is above the confirmation and below it, in so many lines."""
    review, warnings = approval_view.review, _warnings(approval_view, formatter, links)
    shown = [*pause_banner.blocks(review.pause, formatter), *_in_full(review, warnings, formatter)]
    for text in (_when(review, formatter), request_facts.valid(review.rule, formatter)):
        when = sections([text], most=2)
        if height([*shown, *when]) <= room:
            return shown, when
    lines = [*_paused(review, formatter), *warnings]
    return approval_brief.draw(approval_view, _list(review), lines, formatter, room=room), []


def _in_full(review: Review, warnings: Sequence[str], formatter: Formatter) -> list[Block]:
    """Draw the offer, its facts in two columns, the reason and every warning."""
    request = review.request
    return [
        header(request_facts.heading(request, formatter)),
        request_facts.fields(_fields(review, formatter), above=request_facts.title_and_amounts(request)),
        *request_facts.quote(request, most=request_facts.LONG_QUOTE),
        *sections(warnings, most=8),
    ]


def _metadata(approval_view: ApprovalView) -> str:
    stored, review = approval_view.snapshot.request, approval_view.review
    seen = f"{stored.id}:{stored.round}:{request_facts.seen(review)}"
    was = digest(stored)
    return seen if review.digest == was or review.request == stored else f"{seen}:{was}"


def asks(view: Mapping[str, Any]) -> bool:
    """Tell whether the modal asks to type the number or the name."""
    return any(block.get("block_id") == COUNT_BLOCK for block in view.get("blocks") or [])


def _fields(review: Review, formatter: Formatter) -> list[tuple[str, str]]:
    """List the facts for two columns: the cost, the account, the requester, the list."""
    by_name = dict(request_facts.facts(review.request, formatter))
    order = (_("Cost"), _("Account"), _("Requested by"))
    return [*((name, by_name[name]) for name in order), _list(review)]


def _list(review: Review) -> tuple[str, str]:
    """Name the files that the customers are from, and count the skipped rows; else show two ids."""
    files = [read for read in review.files_read if read.name]
    if not files or review.request.reserved:
        return _("Ids"), request_facts.ids(review)
    if len(files) == 1:
        return _("List"), file_summary.listed(files[0])
    name, skipped = ngettext("{count} file", "{count} files", len(files)), sum(read.odd for read in files)
    if not skipped:
        return _("List"), name
    return _("List"), ngettext(
        "{list}, {count} row skipped", "{list}, {count} rows skipped", skipped, list=name
    )


def _warnings(approval_view: ApprovalView, formatter: Formatter, links: earlier_requests.Links) -> list[str]:
    """List what the requester was warned of, and what is special now."""
    review = approval_view.review
    changed = rule_changes.changed(review.request, formatter)
    return [
        *([_("⚠️ Dintero isn't answering, so the rule may have changed.")] if approval_view.unread else []),
        *([_("⚠️ *The rule changed in Dintero.* Your approval is for the new one.")] if changed else []),
        *changed[1:],
        *_sources(review),
        *review_warnings(review, formatter, links),
        *file_summary.warnings(review.files_read, masked=True, is_short=True),
        *before(approval_view.snapshot, formatter),
    ]


def _paused(review: Review, formatter: Formatter) -> list[str]:
    return [pause_banner.note(review.pause, formatter)] if review.pause else []


def _alerts(review: Review) -> list[Block]:
    """Warn first of what an approver must not overlook; the account below says it too."""
    if not review.request.production:
        return []
    return [alert(_("*PRODUCTION:* real customers get this."))]


def _sources(review: Review) -> list[str]:
    """Say which columns the ids are from, unless the list of a single file says it."""
    files = [read for read in review.files_read if read.name]
    single = len(files) == 1 and not review.request.reserved
    read = [each for each in review.files_read if not (single and each.name)]
    return file_summary.sources(read, masked=True)


def _confirmation(approval_view: ApprovalView) -> list[Block]:
    """Ask for the number of customers, or for the rule's name where nobody can know the number."""
    if approval_view.count:
        label, hint, placeholder = _("Number of customers"), "", _("Type the number above to confirm.")
    elif approval_view.review.request.reserved:
        label, placeholder = _("Rule name"), ""
        hint = _("This goes to everyone. Type the rule's name to confirm.")
    else:
        return []
    return [
        text_input(
            label,
            block_id=COUNT_BLOCK,
            action="discount_approve_count",
            hint=hint,
            placeholder=placeholder,
        )
    ]


def _when(review: Review, formatter: Formatter) -> str:
    """Say in a sentence when it can be used, and that it is on hold before, if it is."""
    dates = escape(validity(review.rule, formatter))
    conditions = " · ".join([dates, *rule_use(review.rule, formatter, most=SHOWN_CONDITIONS)])
    sentence = _("*When it can be used:* {conditions}", conditions=conditions)
    if not review.hold_minutes:
        return sentence
    minutes = duration(timedelta(minutes=review.hold_minutes))
    held = _(
        "After the last approval it's on hold for {time}. Anyone in the channel can cancel it.", time=minutes
    )
    return f"{sentence}\n{held}"


def _small_print(approval_view: ApprovalView) -> list[str]:
    request, votes = approval_view.review.request, len(approval_view.snapshot.votes)
    so_far = ngettext(
        "{given} of {count} approval so far",
        "{given} of {count} approvals so far",
        request.approvals,
        given=votes,
    )
    version = approval_view.review.digest[: request_facts.DIGEST_CHARACTERS] or "–"
    return [
        request.short,
        *([so_far] if request.approvals > 1 else []),
        _("version {version}", version=version),
    ]
