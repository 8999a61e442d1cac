"""That nothing is given for now: who paused it, why, since when; the same words wherever it is said."""

from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import Notification
from bot.domain.requests.request import Pause, PausedFor
from bot.slack.rendering.blocks import section
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions

WHY: Final = 300
"""Characters of somebody's reason that are shown."""
OWN: Final[dict[str, str]] = {
    PausedFor.UNKNOWN: "Dintero gave no usable answer for a batch, however often it was asked",
    PausedFor.FAULTS: "three requests in a row were stopped for Dintero's fault",
}
"""Why the bot paused itself."""


def note(pause: Pause, formatter: Formatter) -> str:
    """Say in mrkdwn that nothing is given for now, who says so, why, and who can change it."""
    why = because(pause.by, pause.why)
    resume = (
        f"{mentions(formatter.admins)} can end it" if formatter.admins else "an admin of the bot can end it"
    )
    return f"⏸️ *Paused* by {doer(pause.by)}{why}, since {formatter.slack_date(pause.since)}: nothing is given for now; {resume} (`/discount resume`)."


def blocks(pause: Pause | None, formatter: Formatter) -> list[Block]:
    """Draw that nothing is given for now, where that is so."""
    return [section(note(pause, formatter))] if pause else []


def doer(by: str | None) -> str:
    """Name who paused it."""
    return mention(by) if by else "the bot itself"


def because(by: str | None, why: str) -> str:
    """Say why, in brackets; in a person's own words, or in ours where the bot did."""
    told = escape(why, WHY) if by else OWN.get(why, "")
    return f" ({told})" if told else ""


def to_admin(notification: Notification, what: str) -> str:
    """Tell an admin that the bot has paused itself; `what` names the request in which that came out."""
    return (
        f"⏸️ I have paused myself: {OWN.get(notification.note, 'something is wrong with Dintero')}. It came out with {what}. "
        "Nothing is given from now on; what is under way stops after the calls in flight. When Dintero is well again, type "
        "`/discount resume`: whatever was being given then goes on by itself, and what has stopped waits for Continue…."
    )


def begun(pause: Pause, formatter: Formatter, *, changed: bool) -> str:
    """Answer who paused it."""
    if not changed:
        return f"It is paused already. {note(pause, formatter)}"
    return "⏸️ Paused. Nothing starts from now on; what is being given stops after the calls in flight. `/discount resume` ends it."


def ended(*, changed: bool) -> str:
    """Answer who resumed it."""
    if not changed:
        return "Nothing is paused."
    return "▶️ Resumed. What was approved meanwhile starts now, and what was being given goes on by itself; nobody gets it twice."
