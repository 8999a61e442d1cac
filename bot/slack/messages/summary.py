"""The summary in the card's thread: who received the discount, who did not and why, and its use."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from slackblocks import Block, SectionBlock, Text

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.rules.rule import RewardType, Rule, Statistics, cost, difference
from bot.services.results.customer_lists import has_not_given_list
from bot.slack.language.texts import _, ngettext, number
from bot.slack.messages.left_out import reasons_table, refused_lines, request_again
from bot.slack.rendering import request_facts, verification
from bot.slack.rendering.blocks import context, header, message, sections
from bot.slack.rendering.formatting import Formatter, Message, duration
from bot.slack.rendering.mrkdwn import capitalised, escape
from bot.slack.rendering.outcomes import ends
from bot.slack.rendering.request_state import approved_by
from bot.slack.rendering.rules import usage_chart
from bot.slack.rendering.rules.rule_rewards import headline
from bot.slack.rendering.stops import what_stopped

MOST_WITH_FIGURES: Final = 2
"""Lines about the other customers that leave room on a phone for the reward, its use and its history."""
MOST_IN_FULL: Final = 4
"""Lines that leave room for all of what Dintero's list shows, which the card says too."""
FOREVER_YEAR: Final = 9000
"""Dintero writes "for ever" as the last day of 9999."""


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the summary; no other message in a thread begins with "Given to"."""
    request, tally = snapshot.request, snapshot.tally
    rule, reasons = request.last_answer or request.rule, reasons_table(snapshot)
    lines = left_out(snapshot, formatter, reasons=not reasons)
    if len(lines) > MOST_IN_FULL:
        lines = left_out(snapshot, formatter, reasons=not reasons, is_brief=True)
    is_short = len(lines) <= MOST_WITH_FIGURES
    return message(
        _text(snapshot),
        [
            header(_given(tally)),
            *sections(lines, most=6),
            *reasons,
            *(_figures(snapshot, rule, formatter) if rule and is_short else []),
            context(_footer(snapshot, formatter) if is_short else _brief_footer(snapshot, rule, formatter)),
            *([context(_used(snapshot, rule, formatter))] if rule and is_short else []),
        ],
    )


def _given(tally: Tally) -> str:
    """Say to how many it was given. Scripts find the summary by these words, so digits stay together."""
    given, total = str(tally.newly_given), str(tally.asked)
    if tally.unknown > 0:
        return ngettext(
            "Given to {given} of {total} customers, {count} unconfirmed",
            "Given to {given} of {total} customers, {count} unconfirmed",
            tally.unknown,
            given=given,
            total=total,
        )
    return _("Given to {given} of {total} customers", given=given, total=total)


def _text(snapshot: RequestSnapshot) -> str:
    request, tally = snapshot.request, snapshot.tally
    given = _("Given to {given} of {total} customers", given=str(tally.newly_given), total=str(tally.asked))
    return _(
        "{outcomes}: {rule} ({request}, {account})",
        outcomes=", ".join([given, *ends(tally)]),
        rule=request_facts.rule_name(request),
        request=request.short,
        account=request_facts.stage(request),
    )


def left_out(
    snapshot: RequestSnapshot, formatter: Formatter, *, reasons: bool = True, is_brief: bool = False
) -> list[str]:
    """Say what came of the others: each outcome with its count, and what to do."""
    request, tally = snapshot.request, snapshot.tally
    lines = _had_before(tally)
    if request.reserved and tally.given:
        lines.append(
            _("This discount went to {recipients}.", recipients=request_facts.recipients(request, formatter))
        )
    if tally.refused > 0:
        lines += refused_lines(snapshot, reasons=reasons)
    if tally.unknown > 0:
        lines.append(_unconfirmed(snapshot, is_brief=is_brief))
    if tally.not_tried > 0:
        lines.append(_not_sent(request, tally.not_tried, formatter))
    return [*lines, *_what_to_do(snapshot, is_brief=is_brief)]


def _unconfirmed(snapshot: RequestSnapshot, *, is_brief: bool) -> str:
    """Say that customers may have it, and what Dintero's list shows of them."""
    unconfirmed = ngettext(
        "⚠️ *{count} unconfirmed:* Dintero didn't answer, so this customer may have it.",
        "⚠️ *{count} unconfirmed:* Dintero didn't answer, so they may have it.",
        snapshot.tally.unknown,
    )
    found = None if is_brief else snapshot.verification
    return f"{unconfirmed} {verification.seen(found)}" if found else unconfirmed


def _had_before(tally: Tally) -> list[str]:
    """Count those who had it before and got nothing more, and those given who may have had it."""
    had, maybe = tally.had_before, tally.maybe_before
    lines: list[str] = []
    if had > 0:
        lines.append(_("*{count} had it before* under this campaign key and got nothing more.", count=had))
    if maybe > 0:
        may_have = ngettext(
            "*{count} of those given may have had it before.* If so, they got nothing more.",
            "*{count} of those given may have had it before.* If so, they got nothing more.",
            maybe,
        )
        lines.append(may_have)
    return lines


def _what_to_do(snapshot: RequestSnapshot, *, is_brief: bool) -> list[str]:
    request, tally = snapshot.request, snapshot.tally
    if not (request.ended and has_not_given_list(request, tally)):
        return []
    list_ = _("Press *Send me the list* for the reasons.")
    if not can_ask_again(request, tally) or request.stop is StopReason.RULE_GONE:
        return [list_]
    again = request_again(tally, is_brief=is_brief)
    return [" ".join([again, *([list_] if tally.refused > 0 and not is_brief else [])])]


def _not_sent(request: Request, count: int, formatter: Formatter) -> str:
    """Say why no call was made for some."""
    if _is_cancelled(request):
        if by := request.cancel_asked_by or request.decided_by:
            name = formatter.name(by)
            return _("*{count} not sent:* cancelled by {person}.", count=count, person=name)
        return _("*{count} not sent:* the request was cancelled before their turn.", count=count)
    if request.stop is not None:
        return _("*{count} not sent:* {why}", count=count, why=_what_stopped(request))
    match request.state:
        case State.REJECTED:
            return _("*{count} not sent:* the request was rejected before their turn.", count=count)
        case State.EXPIRED:
            return _("*{count} not sent:* the request wasn't approved again in time.", count=count)
    return _("*{count} not sent:* too many others were refused.", count=count)


def why_not_sent(request: Request) -> str:
    """Say for a cell of a file, naming nobody, why no call was made for a customer."""
    if _is_cancelled(request):
        return _("The request was cancelled before their turn")
    if request.stop is not None:
        return " ".join([_("Sending stopped before their turn."), _what_stopped(request)])
    match request.state:
        case State.REJECTED:
            return _("The request was rejected before their turn")
        case State.EXPIRED:
            return _("The request wasn't approved again in time")
    return _("Too many were refused, so the rest weren't checked one by one")


def _is_cancelled(request: Request) -> bool:
    return request.state is State.CANCELLED or request.cancel_asked_by is not None


def _what_stopped(request: Request) -> str:
    return what_stopped(request.stop, request.note if request.note in set(RefusalReason) else "")


def _figures(snapshot: RequestSnapshot, rule: Rule, formatter: Formatter) -> list[Block]:
    """Draw the reward and when it can be used, its cost so far if anybody may have it, and its history."""
    reward = escape(capitalised(headline(rule, formatter)))
    fields = [_("*Reward*\n{reward}\n{when}", reward=reward, when=_valid(rule, formatter))]
    if priced := _priced(rule, snapshot.tally, formatter):
        fields.append(_("*Cost so far*\n{cost}", cost=priced))
    return [
        SectionBlock(fields=[Text(field, verbatim=True) for field in fields]),
        *usage_chart.blocks(snapshot.history, formatter),
    ]


def _priced(rule: Rule, tally: Tally, formatter: Formatter) -> str:
    """Say what it costs so far; empty if surely nobody has it."""
    if not (tally.newly_given or tally.unknown):
        return ""
    priced = cost(rule, tally.newly_given)
    if priced is None:
        return _("Can't be calculated")
    least, most = formatter.amount(priced.total), cost(rule, tally.newly_given + tally.unknown)
    if tally.unknown and most:
        return _("{least} to {most} if each uses it once", least=least, most=formatter.amount(most.total))
    return _("{amount} if each uses it once", amount=least)


def _valid(rule: Rule, formatter: Formatter) -> str:
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    until = end if end and end.year < FOREVER_YEAR else None
    if start and until:
        return formatter.days(start, until)
    if until:
        return _("until {day}", day=formatter.day(until))
    return _("from {day}", day=formatter.day(start)) if start else _("Always valid")


def _used(snapshot: RequestSnapshot, rule: Rule, formatter: Formatter) -> str:
    """Say in one line how much all customers have used it, and what changed since the request."""
    before = snapshot.request.rule.statistics if snapshot.request.rule else None
    after = snapshot.request.last_answer.statistics if snapshot.request.last_answer else None
    now, since = after or Statistics(), difference(before, after)
    figures: list[tuple[str, int | None, Callable[[int | Decimal], str]]] = []
    if now.usage is not None:
        used = ngettext("Used {count} time by everyone", "Used {count} times by everyone", now.usage)
        figures.append((used, since.usage, number))
    if now.amount is not None:
        figures.append((formatter.amount(now.amount), since.amount, formatter.amount))
    if now.stamp is not None and rule.requirement.stamp:
        figures.append((ngettext("{count} stamp", "{count} stamps", now.stamp), since.stamp, number))
    if now.debit_balance is not None and rule.reward.type == RewardType.DEBIT:
        left = _("{amount} credit left", amount=formatter.amount(now.debit_balance))
        figures.append((left, since.debit_balance, formatter.amount))
    if not figures:
        return _("No statistics from Dintero")
    written = _with_changes(figures)
    return written if now.usage is not None else _("Used by everyone: {figures}", figures=written)


def _with_changes(figures: Sequence[tuple[str, int | None, Callable[[int | Decimal], str]]]) -> str:
    """Join the figures; the first change says since when."""
    written, is_said = list[str](), False
    for figure, by, write in figures:
        change = "" if not by else f"+{write(by)}" if by > 0 else f"−{write(-by)}"
        if not change:
            written.append(figure)
        elif is_said:
            written.append(f"{figure} ({change})")
        else:
            written.append(_("{figure} ({change} since the request)", figure=figure, change=change))
            is_said = True
    return ", ".join(written)


def _footer(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    by = _("Requested by {person}", person=formatter.name(request.requester))
    people, took = approved_by(snapshot, formatter), _took(request.started_at, request.ended_at)
    return " · ".join([request.short, request_facts.stage(request), by, *people, *took])


def _brief_footer(snapshot: RequestSnapshot, rule: Rule | None, formatter: Formatter) -> str:
    """Name the request and its cost so far, where much is said above; its message has the other facts."""
    request = snapshot.request
    facts = [request.short, request_facts.stage(request)]
    if rule and (priced := _priced(rule, snapshot.tally, formatter)):
        facts.append(_("*Cost so far:* {cost}", cost=priced))
    return " · ".join(facts)


def _took(started_at: datetime | None, ended_at: datetime | None) -> list[str]:
    if started_at is None or ended_at is None:
        return []
    return [_("took {duration}", duration=duration(ended_at - started_at))]
