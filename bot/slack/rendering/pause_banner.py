"""The texts of a pause: who paused the bot, why and since when."""

from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import Notification
from bot.domain.requests.request import Pause, PausedFor
from bot.slack.rendering.blocks import section
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions

BOTS_REASONS: Final[dict[str, str]] = {
    PausedFor.UNKNOWN: "Dintero gave no usable answer for a batch, however often it was asked",
    PausedFor.FAULTS: "three requests in a row were stopped for Dintero's fault",
    PausedFor.RESTORED: "the database lacks what the bot has seen before: an old backup, or a new database",
}
"""Why the bot paused itself."""


def note(pause: Pause, formatter: Formatter) -> str:
    """Say that the bot is paused, who paused it, why, and who can resume it; mrkdwn."""
    who = f"{doer(pause.by)}{because(pause.by, pause.why)}, since {formatter.slack_date(pause.since)}"
    admins = mentions(formatter.admins) or "an admin of the bot"
    return f"⏸️ *Paused* by {who}: nothing is given for now; {admins} can end it (`/discount resume`)."


def blocks(pause: Pause | None, formatter: Formatter) -> list[Block]:
    """Draw the note, if the bot is paused."""
    return [section(note(pause, formatter))] if pause else []


def doer(by: str | None) -> str:
    """Name who paused the bot."""
    return mention(by) if by else "the bot itself"


def because(by: str | None, why: str) -> str:
    """Put the reason in parentheses: a person's own words, or ours where the bot paused itself."""
    reason = escape(why, 300) if by else BOTS_REASONS.get(why, "")
    return f" ({reason})" if reason else ""


def to_admin(notification: Notification, what: str) -> str:
    """Tell an admin that the bot has paused itself; `what` names the request that caused it."""
    why = BOTS_REASONS.get(notification.note, "something is wrong with Dintero")
    return (
        f"⏸️ I have paused myself: {why}. It came out with {what}. "
        "Nothing is given from now on; what is under way stops after the calls in flight. "
        "When Dintero is well again, type `/discount resume`: "
        "whatever was being given then goes on by itself, and what has stopped waits for Continue…."
    )


def begun(pause: Pause, formatter: Formatter, *, changed: bool) -> str:
    """Answer the admin who paused the bot."""
    if not changed:
        return f"It is paused already. {note(pause, formatter)}"
    return (
        "⏸️ Paused. Nothing starts from now on; what is being given stops after the calls in flight. "
        "`/discount resume` ends it."
    )


def ended(*, changed: bool) -> str:
    """Answer the admin who resumed it."""
    if not changed:
        return "Nothing is paused."
    return (
        "▶️ Resumed. What was approved meanwhile starts now, and what was being given goes on by itself; "
        "nobody gets it twice."
    )
