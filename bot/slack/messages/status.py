"""How requests stand, as `/discount status` says it: a list of a channel's, or one in full."""

from collections.abc import Sequence

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import Pause
from bot.services.decisions import SHOWN_BY_STATUS
from bot.slack.messages import card
from bot.slack.messages.summary import left_out
from bot.slack.rendering import pause_banner, progress_bar, request_facts
from bot.slack.rendering.blocks import context, message, said_as, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.request_state import agreed, mark, status_line


def build(stories: Sequence[RequestSnapshot], formatter: Formatter, pause: Pause | None = None) -> Message:
    """List a channel's requests, a line each."""
    if not stories:
        nothing = "Nothing has been asked for in this channel yet. `/discount add` asks."
        return said_as(f"{pause_banner.note(pause, formatter)}\n{nothing}" if pause else nothing)
    there = formatter.pluralize(len(stories), "request")
    here = f"{f'The latest {there}' if len(stories) >= SHOWN_BY_STATUS else there} of this channel"
    return message(
        f"{here}: {', '.join(f'{snapshot.request.short} {mark(snapshot)}' for snapshot in stories)}",
        [
            *pause_banner.blocks(pause, formatter),
            section(f"*{here}*"),
            *sections([_line(snapshot, formatter) for snapshot in stories], most=8),
            context("One in full: `/discount status R-…`"),
        ],
    )


def one(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Show one request in full, without its buttons, which stand on its card."""
    request = snapshot.request
    return message(
        card.text(snapshot, formatter),
        [
            section(f"*{request.short}* · {mention(request.requester)} asks in {mention(request.channel)}"),
            section(status_line(snapshot, formatter)),
            *pause_banner.blocks(snapshot.pause, formatter),
            *sections(card.lines(snapshot, formatter), most=4),
            *sections(left_out(snapshot, formatter) if request.started_at else [], most=4),
            context(f"{request_facts.stage(request)} · approved by: {agreed(snapshot)}"),
        ],
    )


def _so_far(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    if snapshot.progress is None:
        return ""
    return ", ".join(
        [
            "",
            progress_bar.percent(snapshot.tally),
            *filter(None, [progress_bar.foretold(snapshot.progress, formatter)]),
        ]
    )


def _line(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    asked = f", {formatter.slack_date(request.asked_at)}" if request.asked_at else ""
    what = f"{request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}"
    return f"*{request.short}* {mark(snapshot)}{_so_far(snapshot, formatter)} – {what}, asked by {mention(request.requester)}{asked}"
