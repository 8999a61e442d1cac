"""Tells the admins of requests whose cards are in Slack and whose rows a restored backup lacks."""

from collections.abc import Mapping, Sequence
from typing import Final

from slackblocks import ActionsBlock, Button, ConfirmationDialogue

from bot.domain.ids import ChannelId, ShortId
from bot.domain.requests.lost import LostRequest
from bot.slack.rendering.blocks import message, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import address, mention, phrase

SETTLE: Final = "discount_lost_settled"
MOST_NAMED: Final = 20


def build(
    lost: Sequence[LostRequest],
    unread: Sequence[ChannelId],
    links: Mapping[ShortId, str],
    formatter: Formatter,
) -> Message:
    """List them, with what their cards say, and the button that ends the warnings."""
    lines = [
        *([_many(lost, formatter), *(_line(one, links) for one in lost[:MOST_NAMED])] if lost else []),
        *([f"… and {formatter.number(len(lost) - MOST_NAMED)} more."] if len(lost) > MOST_NAMED else []),
        *([_unread(unread)] if unread else []),
        *([_next()] if lost else []),
    ]
    return message("\n".join(lines), [*sections(lines, most=12), *([_button()] if lost else [])])


def settled(count: int, formatter: Formatter) -> str:
    """Answer the admin who settled them."""
    if not count:
        return "Somebody has settled them already."
    return f"✅ Settled: {formatter.pluralize(count, 'request')}. Nobody is warned of them any more."


def _many(lost: Sequence[LostRequest], formatter: Formatter) -> str:
    count = formatter.pluralize(len(lost), "request")
    at = lost[0].backup_at
    since = f" of {formatter.slack_date(at)}" if at else ""
    return (
        f"⚠️ *{count} made after the backup{since}.* I see the cards, and know nothing else of them: "
        "not for whom they were, and not the once-only key. "
        "If they are asked for again, whoever got it gets it twice."
    )


def _line(lost: LostRequest, links: Mapping[ShortId, str]) -> str:
    link = links.get(lost.short, "")
    name = f"<{address(link)}|{lost.short}>" if link else lost.short
    return f"• {name} in {mention(lost.channel)}: {lost.said}"


def _unread(channels: Sequence[ChannelId]) -> str:
    named = phrase([mention(one) for one in channels], last="and")
    return (
        f"⚠️ I could not look in {named}: look there yourself for cards that are later than the backup. "
        "I warn nobody of them."
    )


def _next() -> str:
    return (
        "Read their threads, and tell their requesters. Press *They are settled* once nobody will ask for "
        "them again by mistake: until then I warn whoever asks for their rules."
    )


def _button() -> ActionsBlock:
    confirm = ConfirmationDialogue(
        title="Are all of them settled?",
        text="Nobody is warned of them any more.",
        confirm="They are settled",
        deny="Not yet",
    )
    return ActionsBlock([Button("They are settled", action_id=SETTLE, confirm=confirm)], block_id="lost")
