"""A request's card, its one message in the channel: the facts, the state, and the buttons that fit it."""

from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import Request, State
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.messages.card_buttons import buttons
from bot.slack.rendering import earlier_requests, pause_banner, request_facts
from bot.slack.rendering.blocks import (
    MOST_LINES,
    context,
    fit,
    height,
    message,
    section,
    sections,
)
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import capitalised, escape
from bot.slack.rendering.outcomes import ends, headline, sign
from bot.slack.rendering.request_state import agreed, status_lines
from bot.slack.rendering.rules.rule_rewards import cost_text

RESULT_FIRST: Final = frozenset({State.STOPPED, State.DONE, State.REJECTED, State.CANCELLED, State.EXPIRED})
"""In these states the message begins with the state, and the facts go into one small line."""

BRIEF_QUOTE: Final = 40
BRIEF_OFFER: Final = 40
TEXTS: Final[dict[State, str]] = {
    State.DRAFT: N_("Not sent yet: {offer} ({id}, {account})"),
    State.APPROVED: N_("Approved: {offer} ({id}, {account})"),
    State.GIVING: N_("Sending: {offer} ({id}, {account})"),
    State.STOPPED: N_("Stopped: {offer} ({id}, {account})"),
    State.REJECTED: N_("Rejected: {offer} ({id}, {account})"),
    State.CANCELLED: N_("Cancelled: {offer} ({id}, {account})"),
    State.EXPIRED: N_("Expired: {offer} ({id}, {account})"),
}


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the card in the request's present state; in brief if a phone would not show it at once."""
    draw = _ended if snapshot.request.state in RESULT_FIRST else _open
    drawn = draw(snapshot, formatter)
    if height(drawn) > MOST_LINES:
        drawn = draw(snapshot, formatter, is_brief=True)
    return message(text(snapshot, formatter), drawn)


def text(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say the card in a sentence, for notifications; while it waits, ask for the decision."""
    request = snapshot.request
    if request.state is State.WAITING:
        question = _question(request, formatter)
        if request.production:
            return _("PRODUCTION: {question}", question=question)
        return _("{question} TEST", question=question)
    tally = snapshot.tally
    values = {
        "offer": escape(request_facts.offer(request, formatter)),
        "id": request.short,
        "account": request_facts.stage(request),
    }
    if request.state is State.STOPPED and tally.unknown:
        return ngettext(
            "Stopped with {count} customer unconfirmed: {offer} ({id}, {account})",
            "Stopped with {count} customers unconfirmed: {offer} ({id}, {account})",
            tally.unknown,
            **values,
        )
    if request.state is not State.DONE:
        return _(TEXTS[request.state], **values)
    if tally.unknown and not tally.newly_given:
        return _("Ended without an answer from Dintero: {offer} ({id}, {account})", **values)
    return _(
        "{sign} {outcomes}: {value} ({id}, {account})",
        sign=sign(tally),
        outcomes=", ".join([headline(tally), *ends(tally)]),
        value=escape(request_facts.value(request, formatter)),
        **values,
    )


def lines(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say the facts of a request in lines."""
    request = snapshot.request
    return [
        *(request_facts.rule_lines(request.rule, formatter) if request.rule else []),
        request_facts.customers(request, formatter),
        *([_("*Cost:* {cost}", cost=cost_text(request.price, formatter))] if request.rule else []),
        *request_facts.other_account(request, formatter),
        *_notes(snapshot, formatter),
        *request_facts.reason(request),
    ]


def _question(request: Request, formatter: Formatter) -> str:
    values = {
        "who": formatter.name(request.requester),
        "value": escape(request_facts.value(request, formatter)),
        "rule": request_facts.title(request),
        "customers": request_facts.recipients(request, formatter),
    }
    if request.price is None:
        return _("Approve? {who} wants to give {value} ({rule}) to {customers}.", **values)
    return _(
        "Approve? {who} wants to give {value} ({rule}) to {customers}, {total} in all.",
        total=formatter.amount(request.price.total),
        **values,
    )


def _open(snapshot: RequestSnapshot, formatter: Formatter, *, is_brief: bool = False) -> list[Block]:
    """Draw the offer, its facts, the reason, the state and the buttons."""
    request = snapshot.request
    offer = f"*{escape(request_facts.heading(request, formatter))}*"
    facts: list[Block] = [
        section(f"{offer}\n{request_facts.title_and_amounts(request)}"),
        request_facts.fields(request_facts.facts(request, formatter)),
    ]
    if is_brief:
        facts = [section("\n".join([offer, *request_facts.brief(request, formatter)]))]
    other = request_facts.other_account(request, formatter)
    notes = [*request_facts.starts_later(request, formatter), *other]
    notes += _notes(snapshot, formatter, is_brief=is_brief)
    quote = request_facts.quote(request, most=BRIEF_QUOTE if is_brief else request_facts.QUOTE)
    if is_brief and other:  # nobody can approve or send it now
        notes, quote = other, []
    return [
        *facts,
        *sections(notes, most=2),
        *quote,
        section("\n".join(status_lines(snapshot, formatter))),
        *pause_banner.of_request(snapshot, formatter, is_brief=is_brief),
        *buttons(snapshot, formatter),
        context(f"{request.short} · {request_facts.stage(request)}"),
    ]


def _ended(snapshot: RequestSnapshot, formatter: Formatter, *, is_brief: bool = False) -> list[Block]:
    """Draw the result first, and the facts in one small line."""
    request, result = snapshot.request, status_lines(snapshot, formatter)
    what = request_facts.value if request.state is State.DONE else request_facts.offer
    offer = f"{escape(capitalised(what(request, formatter)))} · {request_facts.title(request)}"
    notes = _notes(snapshot, formatter)
    other = request_facts.other_account(request, formatter)
    if is_brief:
        offer, notes = fit(offer, BRIEF_OFFER), request_facts.forgotten(request, formatter)
    return [
        section("\n".join([result[0], offer, *result[1:]])),
        *sections([*other, *notes], most=2),
        *pause_banner.of_request(snapshot, formatter, is_brief=is_brief),
        *buttons(snapshot, formatter),
        context(" · ".join(_footer(snapshot, formatter, is_brief=is_brief))),
    ]


def _footer(snapshot: RequestSnapshot, formatter: Formatter, *, is_brief: bool) -> list[str]:
    request = snapshot.request
    at, has_people = request.ended_at or request.asked_at, bool(snapshot.votes) and not is_brief
    return [
        request.short,
        request_facts.stage(request),
        _("Requested by {who}", who=formatter.name(request.requester)),
        *([_("approved by {people}", people=agreed(snapshot, formatter))] if has_people else []),
        *([formatter.slack_date(at)] if at else []),
    ]


def _notes(snapshot: RequestSnapshot, formatter: Formatter, *, is_brief: bool = False) -> list[str]:
    """Say what is special about this request; in brief only whose customers it is for."""
    request = snapshot.request
    first = earlier_requests.first(request, snapshot.first, formatter, {})
    forgotten = request_facts.forgotten(request, formatter)
    if is_brief:
        return [*first[:1], *forgotten]
    tier = [] if request.ended else request_facts.tier(request.tier, formatter, request)
    return [*tier, *first, *earlier_requests.own_key(request), *forgotten]
