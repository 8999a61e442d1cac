"""Why Slack took no message, and what helps, by Slack's error code."""

from typing import Final

from bot.slack.language.texts import N_, _
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mentions
from bot.slack.rendering.request_state import NOTE_CHARACTERS
from bot.slack.rendering.technical import technical

INVITE: Final = N_("Invite me: `/invite @discount-bot`.")
UNARCHIVE: Final = N_("Unarchive the channel.")
PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "not_in_channel": (N_("I'm not in that channel"), INVITE),
    "channel_not_found": (N_("I can't see that channel, or it was deleted"), INVITE),
    "is_archived": (N_("that channel is archived"), UNARCHIVE),
    "is_inactive": (N_("that channel is archived"), UNARCHIVE),
    "msg_too_long": (N_("too long for Slack"), ""),
}


def why(code: str, note: str) -> str:
    """Say in a few words why Slack took no message."""
    return _(PROBLEMS[code][0]) if code in PROBLEMS else technical(escape(note, NOTE_CHARACTERS))


def advice(code: str, formatter: Formatter) -> str:
    """Say in a sentence what helps."""
    known = PROBLEMS.get(code, ("", ""))[1]
    if known:
        return _(known)
    if formatter.admins:
        return _("Send this to {admins}.", admins=mentions(formatter.admins))
    return _("Send this to the person who runs discount-bot.")


def can_be_fixed(code: str) -> bool:
    """Tell whether people in Slack can fix it, so that the message follows then."""
    return bool(PROBLEMS.get(code, ("", ""))[1])
