"""Why Slack did not take what the bot had to write, and what helps: for whoever is told instead."""

from typing import Final

INVITE: Final = "Invite me there: `/invite @discount-bot`."
UNARCHIVE: Final = "Take it out of the archive."
OPERATOR: Final = "Show this to whoever runs the bot."

_WHY: Final = {
    "not_in_channel": "I am not in that channel",
    "channel_not_found": "I do not see that channel: I was taken out of it, or it was deleted",
    "is_archived": "that channel is archived",
    "is_inactive": "that channel is archived",
    "msg_too_long": "it is too long for Slack",
}
_CURES: Final = {
    "not_in_channel": INVITE,
    "channel_not_found": INVITE,
    "is_archived": UNARCHIVE,
    "is_inactive": UNARCHIVE,
}


def why(code: str, otherwise: str) -> str:
    """Say why, in words where there are some for Slack's own."""
    return _WHY.get(code, otherwise)


def cure(code: str) -> str:
    """Say what helps."""
    return _CURES.get(code, OPERATOR)


def passes(code: str) -> bool:
    """Say whether what could not be written follows once it helped."""
    return code in _CURES
