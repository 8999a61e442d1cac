"""The texts of a pause: who paused the bot, why and since when."""

from datetime import datetime
from typing import Final

from slackblocks import Block

from bot.domain.requests.notification import OPEN_HERE, Notification, NotificationType, RequestSnapshot
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.request import State
from bot.services.pausing import PauseChange
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.blocks import section
from bot.slack.rendering.formatting import Formatter, duration
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.stops import tells_pause

BOTS_REASONS: Final[dict[str, str]] = {
    PausedFor.UNKNOWN: N_("Dintero didn't answer a call for an hour"),
    PausedFor.FAULTS: N_("three requests in a row failed because of Dintero"),
    PausedFor.RESTORED: N_("the database lacks earlier requests: it is a restored backup, or a new one"),
}
"""Why the bot paused itself."""
NO_REASON: Final = N_("something is wrong with Dintero")
WHY_CHARACTERS: Final = 100


def headline(by: str | None, why: str, formatter: Formatter) -> str:
    """Say in a sentence who paused the bot, and why."""
    if by is None:
        return _("⏸️ Sending is paused: {why}.", why=bots_reason(why))
    if why := escape(why, WHY_CHARACTERS):
        return _("⏸️ Paused by {name}: “{why}”.", name=formatter.name(by), why=why)
    return _("⏸️ Paused by {name}.", name=formatter.name(by))


def bots_reason(why: str) -> str:
    """Say in a few words why the bot paused itself."""
    return _(BOTS_REASONS.get(why, NO_REASON))


def note(pause: Pause, formatter: Formatter) -> str:
    """Say that the bot is paused, who paused it, why, and what becomes of requests; mrkdwn."""
    admins = formatter.admin_names or _("a bot admin")
    then = _("Nothing is sent until {admins} types `/discount resume`.", admins=admins)
    return f"{_since(pause, formatter)} {then}"


def _since(pause: Pause, formatter: Formatter) -> str:
    since = formatter.slack_date(pause.since)
    if pause.by is None:
        return _("⏸️ *Paused* since {since}: {why}.", since=since, why=bots_reason(pause.why))
    name = formatter.name(pause.by)
    if why := escape(pause.why, WHY_CHARACTERS):
        return _("⏸️ *Paused* by {name} since {since}: “{why}”.", name=name, since=since, why=why)
    return _("⏸️ *Paused* by {name} since {since}.", name=name, since=since)


def blocks(pause: Pause | None, formatter: Formatter) -> list[Block]:
    """Draw the note, if the bot is paused."""
    return [section(note(pause, formatter))] if pause else []


def of_request(snapshot: RequestSnapshot, formatter: Formatter, *, is_brief: bool = False) -> list[Block]:
    """Draw the note below a request's state, unless the state says it; in brief without a person's reason."""
    request, pause = snapshot.request, snapshot.pause
    is_said = request.state is State.STOPPED and tells_pause(request.stop, request.note, pause)
    if is_said or pause is None:
        return []
    if is_brief:
        return [section(headline(pause.by, "" if pause.by else pause.why, formatter))]
    return blocks(pause, formatter)


def to_channel(newest: Notification, formatter: Formatter, *, since: datetime) -> str:
    """Tell a channel with open requests who paused the bot and why, or how long the pause was."""
    if newest.happened is NotificationType.RESUMED:
        return _(
            "✅ Pause ended after {time}. Approved requests are sent again.", time=duration(newest.at - since)
        )
    said = [headline(newest.by, newest.note, formatter)]
    if waiting := int(newest.facts.get(OPEN_HERE, 0)):
        said.append(
            ngettext(
                "Nothing is sent until it ends ({count} open request here).",
                "Nothing is sent until it ends ({count} open requests here).",
                waiting,
            )
        )
    return " ".join([*said, _("You can still request and approve discounts.")])


def to_admin(notification: Notification, short: str) -> str:
    """Tell an admin that the bot has paused itself; `short` is the request that caused it."""
    if notification.note == PausedFor.UNKNOWN:
        first = _("⏸️ *I've paused all sending:* Dintero didn't answer {short} for an hour.", short=short)
    else:
        why = bots_reason(notification.note)
        first = _("⏸️ *I've paused all sending:* {why}. The last was {short}.", why=why, short=short)
    return "\n".join(
        [
            first,
            _("When Dintero is back, type `/discount resume`."),
            _("Approved requests continue by themselves. Stopped ones need *Continue*."),
        ]
    )


def begun(pause: Pause, formatter: Formatter, *, change: PauseChange) -> str:
    """Answer the admin who paused the bot."""
    if change is PauseChange.REASON:
        why = escape(pause.why, WHY_CHARACTERS)
        return _("⏸️ Already paused. The reason is now “{why}”.", why=why)
    if change is PauseChange.NONE:
        return f"{note(pause, formatter)} " + _("Nothing has changed.")
    return " ".join(
        [
            _("⏸️ Paused. Calls already sent will finish."),
            _("Nothing else is sent until `/discount resume`."),
        ]
    )


def ended(*, changed: bool) -> str:
    """Answer the admin who resumed it."""
    if not changed:
        return _("The bot isn't paused.")
    return _("Resumed. Approved requests are being sent now. Nobody gets anything twice.")
