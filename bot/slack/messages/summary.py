"""The summary in the card's thread: who received the discount, who did not and why, and its use."""

from collections.abc import Callable
from typing import Final

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import Request, State
from bot.services.customer_lists import has_not_given_list
from bot.slack.messages import rule as rule_message
from bot.slack.messages.left_out import masked
from bot.slack.rendering import request_facts, usage_chart, verification
from bot.slack.rendering.blocks import context, header, message, sections
from bot.slack.rendering.formatting import Formatter, Message, duration
from bot.slack.rendering.mrkdwn import escape, mention
from bot.slack.rendering.outcomes import ends
from bot.slack.rendering.reasons import stop_words
from bot.slack.rendering.request_state import agreed
from bot.slack.rendering.rule_rewards import rule_reward

UNKNOWN: Final = "no answer came, so they may have it or not"
SAME_KEY_BEFORE: Final = "another request gave it to them under the same once-only key, so this one did not"
SAME_KEY_MAYBE: Final = "if another request under the same once-only key gave it to them, this one did not"
UNAGREED: Final = {
    State.REJECTED: "it was rejected before their turn",
    State.EXPIRED: "nobody approved it anew before its time was over",
}
"""Why customers left from an earlier round were not tried."""


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the summary; only this message begins with "Given to"."""
    request = snapshot.request
    rule, name = request.last_answer or request.rule, request_facts.rule_name(request)
    before = request.rule.statistics if request.rule else None
    after = request.last_answer.statistics if request.last_answer else None
    not_given = f" ({', '.join(ends(snapshot.tally, formatter))})" if ends(snapshot.tally, formatter) else ""
    # scripts find the summary by these words: numbers without separators, always "customers"
    given = f"Given to {snapshot.tally.newly_given} of {snapshot.tally.asked} customers"
    stage = request_facts.stage(request)
    reward = [f"*Rule:* {name}", f"*Reward:* {rule_reward(rule, formatter)}"] if rule else []
    return message(
        f"{given}{not_given}: {name}, {request.short}, {stage}",
        [
            header(given),
            *sections(left_out(snapshot, formatter), most=6),
            *sections(_people(snapshot, formatter), most=2),
            *sections(reward, most=2),
            *(rule_message.details(rule, before, after, formatter) if rule else []),
            *usage_chart.blocks(snapshot.history, formatter),
            context(f"{request.short} · {stage}"),
        ],
    )


def left_out(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say who was not given it, each outcome with its reason."""
    request, tally = snapshot.request, snapshot.tally
    lines: list[str] = []
    if tally.had_before > 0:
        lines.append(f"*{formatter.customers(tally.had_before)} had it before:* {SAME_KEY_BEFORE}")
    if tally.maybe_before > 0:
        maybe = formatter.customers(tally.maybe_before)
        lines.append(f"*{maybe} of those given may have had it before:* {SAME_KEY_MAYBE}")
    if tally.refused > 0:
        lines.append(f"*{formatter.customers(tally.refused)} refused by Dintero*, to be corrected")
        lines += masked(snapshot.refused, formatter, of=tally.refused)
    if tally.unknown > 0:
        lines.append(f"*{formatter.customers(tally.unknown)} unknown:* {UNKNOWN}")
        lines += verification.line(snapshot.verification, formatter)
    if tally.not_tried > 0:
        why = why_not_tried(request, mention)
        lines.append(f"*{formatter.customers(tally.not_tried)} not tried:* {why}")
    if has_not_given_list(request, tally) and request.ended:
        who = "The requester of the first request" if request.rest_of else "The requester"
        lines.append(
            f"{who} gets the list of them as a file in a direct message; "
            "*Get the list* on the card sends it to approvers and admins."
        )
    return lines


def why_not_tried(request: Request, name: Callable[[str], str]) -> str:
    """Say why the bot did not try some customers; `name` writes who cancelled."""
    if request.state is State.CANCELLED or request.cancel_asked_by:
        by = request.cancel_asked_by or request.decided_by
        return f"{name(by) if by else 'somebody'} cancelled it before their turn"
    if request.stop is not None:
        return f"it stopped before their turn, because {stop_words(request.stop, request.note)[0]}"
    return UNAGREED.get(
        request.state, "so many were refused that the bot stopped looking for the rest of them one by one"
    )


def _people(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    request = snapshot.request
    lines = [f"*Asked by:* {mention(request.requester)}", f"*Approved by:* {agreed(snapshot)}"]
    if request.started_at and request.ended_at:
        took = duration(request.ended_at - request.started_at)
        lines.append(f"*Took:* {took}, finished {formatter.slack_date(request.ended_at)}")
    key = ""
    if request.own_key:
        key = f"{escape(request.once_key, 80)}, set by the requester"
    elif request.rest_of:
        key = "that of the request whose rest this is"
    if key:
        lines.append(f"*Once-only key:* {key}: who already had it under this key got nothing more")
    return [*lines, *request_facts.reason(request)]
