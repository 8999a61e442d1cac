"""The summary in the card's thread: who was given it, who was not and why, what it is, and what was used of it."""

from collections.abc import Callable
from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import Request, State
from bot.domain.rules.rule import Rule
from bot.services.customer_lists import has_not_given_list
from bot.slack.messages.left_out import masked
from bot.slack.rendering import request_facts, verification
from bot.slack.rendering.blocks import context, header, message, sections
from bot.slack.rendering.formatting import Formatter, Message, duration
from bot.slack.rendering.mrkdwn import escape, mention
from bot.slack.rendering.reasons import STOPS
from bot.slack.rendering.request_state import agreed, ends, given_to
from bot.slack.rendering.rule_rewards import rule_reward, statistics, unknown

PARAGRAPHS: Final = 6
UNKNOWN: Final = "no answer came, so they may have it or not"
LISTED: Final = "The requester gets the list of them as a file in a direct message; *Get the list* on the card sends it to approvers and admins."

UNAGREED: Final = {
    State.REJECTED: "it was rejected before their turn",
    State.EXPIRED: "nobody approved it anew before its time was over",
}
"""Why nobody got it any more who had not got it in an earlier round."""


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the summary; it is the one message that begins with "Given to"."""
    request = snapshot.request
    rule = request.last_answer or request.rule
    return message(
        text(snapshot, formatter),
        [
            header(given_to(snapshot.tally)),
            *sections(left_out(snapshot, formatter), most=PARAGRAPHS),
            *sections(_people(snapshot, formatter), most=2),
            *(_rule(snapshot, rule, formatter) if rule else []),
            context(f"{request.short} · {request_facts.stage(request)}"),
        ],
    )


def text(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say the summary in a sentence, for notifications."""
    not_given = f" ({', '.join(ends(snapshot.tally, formatter))})" if ends(snapshot.tally, formatter) else ""
    return f"{given_to(snapshot.tally)}{not_given}: {request_facts.rule_name(snapshot.request)}, {snapshot.request.short}, {request_facts.stage(snapshot.request)}"


def left_out(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say who was not given it, each end with its reason."""
    tally = snapshot.tally
    lines: list[str] = []
    if tally.refused > 0:
        lines += [
            f"*{formatter.customers(tally.refused)} refused by Dintero*, to be corrected",
            *masked(snapshot.refused, formatter, of=tally.refused),
        ]
    if tally.unknown > 0:
        lines.append(f"*{formatter.customers(tally.unknown)} unknown:* {UNKNOWN}")
        lines += verification.line(snapshot.verification, formatter, formatter.slack_date)
    if tally.not_tried > 0:
        lines.append(
            f"*{formatter.customers(tally.not_tried)} not tried:* {why_not_tried(snapshot.request, mention)}"
        )
    return (
        [*lines, LISTED] if has_not_given_list(snapshot.request, tally) and snapshot.request.ended else lines
    )


def why_not_tried(request: Request, name: Callable[[str], str]) -> str:
    """Say why the bot left out whom it did not try; `name` writes who cancelled."""
    if request.state is State.CANCELLED or request.cancel_asked_by:
        by = request.cancel_asked_by or request.decided_by
        return f"{name(by) if by else 'somebody'} cancelled it before their turn"
    if request.stop is not None:
        return f"it stopped before their turn, because {STOPS[request.stop][0]}"
    if request.state in UNAGREED:
        return UNAGREED[request.state]
    return "so many were refused that the bot stopped looking for the rest of them one by one"


def _people(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    request = snapshot.request
    lines = [f"*Asked by:* {mention(request.requester)}", f"*Approved by:* {agreed(snapshot)}"]
    if request.started_at and request.ended_at:
        lines.append(
            f"*Took:* {duration(request.ended_at - request.started_at)}, finished {formatter.slack_date(request.ended_at)}"
        )
    if request.own_key:
        key = escape(request.once_key, 80)
        lines.append(
            f"*Once-only key:* {key}, set by the requester: who already had it under this key got nothing more"
        )
    elif request.rest_of:
        lines.append(
            "*Once-only key:* that of the request whose rest this is: who already had it under this key got nothing more"
        )
    return [*lines, *request_facts.reason(request)]


def _rule(snapshot: RequestSnapshot, rule: Rule, formatter: Formatter) -> list[Block]:
    before = snapshot.request.rule.statistics if snapshot.request.rule else None
    after = snapshot.request.last_answer.statistics if snapshot.request.last_answer else None
    reward = [
        f"*Rule:* {request_facts.rule_name(snapshot.request)}",
        f"*Reward:* {rule_reward(rule, formatter)}",
    ]
    used = [
        "*Used so far, by all who have it*",
        *(f"• {line}" for line in statistics(before, after, formatter)),
    ]
    raw = unknown(rule)
    return [
        *sections(reward, most=2),
        *sections(request_facts.use_lines(rule, formatter), most=PARAGRAPHS),
        *sections(used, most=1),
        *(sections(["*What the bot does not know, as Dintero sent it*", *raw], most=2) if raw else []),
    ]
