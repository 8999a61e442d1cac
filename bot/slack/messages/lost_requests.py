"""Tells the admins of requests whose cards are in Slack and whose rows a restored backup lacks."""

from collections.abc import Mapping, Sequence
from typing import Final

from slackblocks import ActionsBlock, Button, ConfirmationDialogue

from bot.domain.ids import ChannelId, ShortId
from bot.domain.requests.lost import LostRequest
from bot.slack.language.texts import N_, _, joined, ngettext
from bot.slack.rendering.blocks import message, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import linked, mention

SETTLE: Final = "discount_lost_settled"
MOST_NAMED: Final = 20
WHAT_TO_DO: Final = N_(
    "*What to do:* read the threads and tell the requesters. "
    "Until you press *Mark as settled*, I warn everyone who requests discounts with these rules."
)


def build(
    lost: Sequence[LostRequest],
    unread: Sequence[ChannelId],
    links: Mapping[ShortId, str],
    formatter: Formatter,
) -> Message:
    """List them, with what their cards say, and the button that ends the warnings."""
    left = len(lost) - MOST_NAMED
    lines = [
        *([_many(lost, formatter), *(_line(one, links) for one in lost[:MOST_NAMED])] if lost else []),
        *([ngettext("… and {count} more.", "… and {count} more.", left)] if left > 0 else []),
        *([_unread(unread)] if unread else []),
        *([_(WHAT_TO_DO)] if lost else []),
    ]
    return message("\n".join(lines), [*sections(lines, most=12), *([_button()] if lost else [])])


def settled(count: int) -> str:
    """Answer the admin who settled them."""
    if not count:
        return _("They are already settled.")
    return ngettext(
        "✅ {count} request settled. I won't warn anybody about it again.",
        "✅ {count} requests settled. I won't warn anybody about them again.",
        count,
    )


def _many(lost: Sequence[LostRequest], formatter: Formatter) -> str:
    at = lost[0].backup_at
    found = ngettext(
        "⚠️ *{count} request is missing from {backup}.*",
        "⚠️ *{count} requests are missing from {backup}.*",
        len(lost),
        backup=_("the restored backup of {when}", when=formatter.slack_date(at))
        if at
        else _("the restored backup"),
    )
    unknown = _(
        "I only know what Slack shows, not the customers or the campaign key. "
        "Requesting this again can give customers the discount twice."
    )
    return f"{found}\n{unknown}"


def _line(lost: LostRequest, links: Mapping[ShortId, str]) -> str:
    name = linked(lost.short, links.get(lost.short, ""))
    return _(
        "• {request} in {channel}: “{said}”", request=name, channel=mention(lost.channel), said=lost.said
    )


def _unread(channels: Sequence[ChannelId]) -> str:
    return _(
        "⚠️ I couldn't look in {channels}. Look there yourself for requests later than the backup. "
        "I can't warn anybody about those.",
        channels=joined([mention(one) for one in channels]),
    )


def _button() -> ActionsBlock:
    confirm = ConfirmationDialogue(
        title=_("Mark all as settled?"),
        text=_("I won't warn anybody about them again."),
        confirm=_("Mark as settled"),
        deny=_("Not yet"),
    )
    return ActionsBlock([Button(_("Mark as settled"), action_id=SETTLE, confirm=confirm)], block_id="lost")
