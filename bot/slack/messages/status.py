"""How requests stand, as `/discount status` says it: a list of a channel's, or one in full."""

from collections.abc import Sequence

from bot.domain.requests.notification import Story
from bot.domain.requests.pause import Pause
from bot.services.decisions import SHOWN_BY_STATUS
from bot.slack.messages import card
from bot.slack.messages.summary import left_out
from bot.slack.rendering import pause_banner, progress_bar, request_facts
from bot.slack.rendering.blocks import context, message, said_as, section, sections
from bot.slack.rendering.formatting import Look, Message
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.request_state import agreed, mark, standing


def build(stories: Sequence[Story], look: Look, pause: Pause | None = None) -> Message:
    """List a channel's requests, a line each."""
    if not stories:
        nothing = "Nothing has been asked for in this channel yet. `/discount add` asks."
        return said_as(f"{pause_banner.note(pause, look)}\n{nothing}" if pause else nothing)
    there = look.counted(len(stories), "request")
    here = f"{f'The latest {there}' if len(stories) >= SHOWN_BY_STATUS else there} of this channel"
    return message(
        f"{here}: {', '.join(f'{story.request.short} {mark(story)}' for story in stories)}",
        [
            *pause_banner.blocks(pause, look),
            section(f"*{here}*"),
            *sections([_line(story, look) for story in stories], most=8),
            context("One in full: `/discount status R-…`"),
        ],
    )


def one(story: Story, look: Look) -> Message:
    """Show one request in full, without its buttons, which stand on its card."""
    request = story.request
    return message(
        card.text(story, look),
        [
            section(f"*{request.short}* · {mention(request.requester)} asks in {mention(request.channel)}"),
            section(standing(story, look)),
            *pause_banner.blocks(story.pause, look),
            *sections(card.lines(story, look), most=4),
            *sections(left_out(story, look) if request.started_at else [], most=4),
            context(f"{request_facts.stage(request)} · approved by: {agreed(story)}"),
        ],
    )


def _so_far(story: Story, look: Look) -> str:
    if story.progress is None:
        return ""
    return ", ".join(
        ["", progress_bar.percent(story.tally), *filter(None, [progress_bar.foretold(story.progress, look)])]
    )


def _line(story: Story, look: Look) -> str:
    request = story.request
    asked = f", {look.token(request.asked_at)}" if request.asked_at else ""
    what = f"{request_facts.rule_name(request)} for {request_facts.whom(request, look)}"
    return f"*{request.short}* {mark(story)}{_so_far(story, look)} – {what}, asked by {mention(request.requester)}{asked}"
