"""The modal in which a requester reviews a draft; its submit makes the request."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from slackblocks import ActionsBlock, Button

from bot.domain.ids import RequestId
from bot.domain.requests.views import Review
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.modals import file_summary
from bot.slack.rendering import earlier_requests, pause_banner, request_facts
from bot.slack.rendering.blocks import context, header, modal, sections
from bot.slack.rendering.formatting import Formatter, Json, duration
from bot.slack.rendering.mrkdwn import escape, mentions
from bot.slack.rendering.rules.rule_rewards import availability_warning, cost_text, validity
from bot.slack.rendering.rules.rule_usage import rule_use

CALLBACK: Final = "discount_review"
TITLE: Final = N_("Review request")
DETAILS: Final = "discount_review_rule"
ODD_ROWS: Final = "discount_review_odd_rows"
SHOWN_CONDITIONS: Final = 5
"""How many conditions of the rule are named; `/discount rule` has them all."""


def build(review: Review, formatter: Formatter, links: earlier_requests.Links) -> Json:
    """Draw the facts, every warning, and what happens next."""
    request = review.request
    files, masked = review.files_read, not review.shows_ids
    doubts = [*warnings(review, formatter, links), *file_summary.warnings(files, masked=masked)]
    blocks = [
        *pause_banner.blocks(review.pause, formatter),
        header(request_facts.heading(request, formatter)),
        request_facts.fields(_facts(review, formatter), above=request_facts.title_and_amounts(request)),
        *request_facts.quote(request, most=request_facts.LONG_QUOTE),
        *sections(file_summary.sources(files, masked=masked), most=4),
        *sections(doubts, most=8),
    ]
    if any(file.odd for file in files):
        get_rows = Button(_("Send me skipped rows"), action_id=ODD_ROWS, value=request.id)
        blocks.append(ActionsBlock([get_rows], block_id="odd_rows"))
    blocks += sections([*_conditions(review, formatter), *_next(review)], most=4)
    details = Button(_("All rule details"), action_id=DETAILS, value=request.id)
    blocks.append(ActionsBlock([details], block_id="discount_review_buttons"))
    blocks.append(context(_("{request} · Nothing is sent yet.", request=request.short)))
    return modal(
        _(TITLE),
        blocks,
        submit=_("Request approval") if request.approvals else _("Give discount"),
        close=_("Back"),
        callback=CALLBACK,
        metadata=f"{request.id}:{request_facts.seen(review)}:{review.input_mark}",
    )


class Submission(NamedTuple):
    """A reviewed draft, what its review showed and named, and the mark of its input."""

    draft: RequestId
    shown: str
    named: frozenset[str]
    input_mark: str


def read(view: Mapping[str, Any]) -> Submission:
    """Read the draft's id and what was shown; all else is in the database."""
    draft, shown, named, mark = [*str(view.get("private_metadata", "")).split(":"), "", "", ""][:4]
    return Submission(RequestId(draft), shown, frozenset(named.split()), mark)


def warnings(review: Review, formatter: Formatter, links: earlier_requests.Links) -> list[str]:
    """List all that is special or in doubt, the same for the requester and for an approver."""
    request, first = review.request, review.remainder.first if review.remainder else None
    unusable = availability_warning(review.rule, review.usable, formatter)
    return [
        *([f"⚠️ *{escape(unusable)}*"] if unusable else []),
        *([request_facts.customers(request, formatter)] if request.reserved or request.repeated else []),
        *earlier_requests.first(request, first, formatter, links),
        *earlier_requests.asked_already(review.remainder, links),
        *earlier_requests.before(review.prior_grants, links, review.repeat_days),
        *earlier_requests.lost(review),
        *request_facts.tier(request.tier, formatter, request),
        *request_facts.budget(review.budget_use, formatter),
        *request_facts.other_account(request, formatter),
        *earlier_requests.own_key(request),
        *earlier_requests.key_use(review),
    ]


def _facts(review: Review, formatter: Formatter) -> list[tuple[str, str]]:
    return [
        (_("Cost"), cost_text(review.request.price, formatter)),
        (_("Valid"), escape(validity(review.rule, formatter))),
        (_("Ids"), request_facts.ids(review, masked=False)),
        (_("Account"), request_facts.account_kind(review.request)),
    ]


def _conditions(review: Review, formatter: Formatter) -> list[str]:
    found = " · ".join(rule_use(review.rule, formatter, most=SHOWN_CONDITIONS))
    return [_("*When it can be used:* {conditions}.", conditions=found)] if found else []


def _next(review: Review) -> list[str]:
    """Say what the submit leads to."""
    time = duration(timedelta(minutes=review.hold_minutes))
    if not review.request.approvals and review.hold_minutes:
        return [
            _("*Next:* no approval needed. It's on hold for {time}; anyone here can cancel it.", time=time)
        ]
    if not review.request.approvals:
        return [_("*Next:* no approval needed. It's sent right away.")]
    people = mentions(review.asked_of) or _("this channel's approvers")
    needed = ngettext(
        "*Next:* needs {count} approval from {people}, then it's sent.",
        "*Next:* needs {count} approvals from {people}, then it's sent.",
        review.request.approvals,
        people=people,
    )
    if not review.hold_minutes:
        return [needed]
    return [needed, _("Before it's sent, it's on hold for {time}; anyone here can cancel it.", time=time)]
