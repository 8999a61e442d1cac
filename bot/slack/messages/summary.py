"""The summary in the card's thread: who was given it, who was not and why, what it is, and what was used of it."""

from collections.abc import Callable
from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import Story
from bot.domain.requests.request import Request, State
from bot.domain.rules.rule import Rule
from bot.services.customer_lists import has_list
from bot.slack.messages.left_out import masked
from bot.slack.rendering import request_facts, verification
from bot.slack.rendering.blocks import context, header, message, sections
from bot.slack.rendering.formatting import Look, Message, duration
from bot.slack.rendering.mrkdwn import mention, said
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


def build(story: Story, look: Look) -> Message:
    """Draw the summary; it is the one message that begins with "Given to"."""
    request = story.request
    rule = request.last_answer or request.rule
    return message(
        text(story, look),
        [
            header(given_to(story.tally)),
            *sections(left_out(story, look), most=PARAGRAPHS),
            *sections(_people(story, look), most=2),
            *(_rule(story, rule, look) if rule else []),
            context(f"{request.short} · {request_facts.stage(request)}"),
        ],
    )


def text(story: Story, look: Look) -> str:
    """Say the summary in a sentence, for notifications."""
    not_given = f" ({', '.join(ends(story.tally, look))})" if ends(story.tally, look) else ""
    return f"{given_to(story.tally)}{not_given}: {request_facts.rule_name(story.request)}, {story.request.short}, {request_facts.stage(story.request)}"


def left_out(story: Story, look: Look) -> list[str]:
    """Say who was not given it, each end with its reason."""
    tally = story.tally
    lines: list[str] = []
    if tally.refused > 0:
        lines += [
            f"*{look.customers(tally.refused)} refused by Dintero*, to be corrected",
            *masked(story.refused, look, of=tally.refused),
        ]
    if tally.unknown > 0:
        lines.append(f"*{look.customers(tally.unknown)} unknown:* {UNKNOWN}")
        lines += verification.line(story.read_back, look, look.token)
    if tally.not_tried > 0:
        lines.append(
            f"*{look.customers(tally.not_tried)} not tried:* {why_not_tried(story.request, mention)}"
        )
    return [*lines, LISTED] if has_list(story.request, tally) and story.request.ended else lines


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


def _people(story: Story, look: Look) -> list[str]:
    request = story.request
    lines = [f"*Asked by:* {mention(request.requester)}", f"*Approved by:* {agreed(story)}"]
    if request.started_at and request.ended_at:
        lines.append(
            f"*Took:* {duration(request.ended_at - request.started_at)}, finished {look.token(request.ended_at)}"
        )
    if request.own_key:
        key = said(request.once_key, 80)
        lines.append(
            f"*Once-only key:* {key}, set by the requester: who already had it under this key got nothing more"
        )
    elif request.rest_of:
        lines.append(
            "*Once-only key:* that of the request whose rest this is: who already had it under this key got nothing more"
        )
    return [*lines, *request_facts.reason(request)]


def _rule(story: Story, rule: Rule, look: Look) -> list[Block]:
    before = story.request.rule.statistics if story.request.rule else None
    after = story.request.last_answer.statistics if story.request.last_answer else None
    reward = [f"*Rule:* {request_facts.rule_name(story.request)}", f"*Reward:* {rule_reward(rule, look)}"]
    used = ["*Used so far, by all who have it*", *(f"• {line}" for line in statistics(before, after, look))]
    raw = unknown(rule)
    return [
        *sections(reward, most=2),
        *sections(request_facts.use_lines(rule, look), most=PARAGRAPHS),
        *sections(used, most=1),
        *(sections(["*What the bot does not know, as Dintero sent it*", *raw], most=2) if raw else []),
    ]
