"""Messages about an event: in the request's thread, to other channels and to people."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from slackblocks import Block

from bot.domain.ids import UserId
from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.services.fallbacks import FALLBACKS
from bot.slack.language.texts import N_, _
from bot.slack.messages import direct_texts, thread_lines
from bot.slack.messages.direct_texts import OTHERS
from bot.slack.messages.left_out import whole
from bot.slack.messages.thread_lines import Event
from bot.slack.rendering import pause_banner, request_facts, verification
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import capitalised, linked
from bot.slack.rendering.rules import rule_changes

WITH_IDS: Final = frozenset(
    {
        NotificationType.DONE,
        NotificationType.ENDED_HERE,
        NotificationType.CANCELLED,
        NotificationType.REJECTED,
        NotificationType.EXPIRED,
        NotificationType.STOPPED,
    }
)
"""After these, the requester can request again for the customers left out."""
OF_PAUSE: Final = frozenset({NotificationType.PAUSED, NotificationType.RESUMED})


def thread(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the message in the thread; `text` has the policy's time zone, as Slack draws no times there."""
    details = _rule_changes(notification, snapshot, formatter)
    if notification.happened is NotificationType.STOPPED:
        details += verification.line(snapshot.verification, formatter)
    drawn = section(thread_lines.text(notification, snapshot, formatter, formatter.slack_date))
    text = thread_lines.text(notification, snapshot, formatter, formatter.moment)
    return message(text, [drawn, *sections(details, most=4)])


def channel(
    notification: Notification, snapshot: RequestSnapshot, formatter: Formatter, *, link: str
) -> Message:
    """Draw the message to another channel of the policy."""
    event = Event(notification, snapshot, formatter, formatter.slack_date)
    text = "\n".join(CHANNEL.get(notification.happened, _changed)(event))
    by = _("Requested by {name}", name=formatter.name(snapshot.request.requester))
    return _message(text, snapshot, (), [by], link=link)


def of_pause(newest: Notification, formatter: Formatter, *, since: datetime) -> Message:
    """Draw the message about a pause to a channel with open requests."""
    text = pause_banner.to_channel(newest, formatter, since=since)
    return message(text, [section(text)])


def direct(
    notification: Notification,
    snapshot: RequestSnapshot,
    formatter: Formatter,
    *,
    link: str,
    ids_of: UserId | None = None,
) -> Message:
    """Draw the direct message; at an end or a stop it shows the ids left out.

    With `ids_of` it shows none: the reader may not see the customers of that person's request.
    """
    if notification.happened is NotificationType.PAUSED:
        return _message(pause_banner.to_admin(notification, snapshot.request.short), snapshot, link=link)
    counted_below = False
    if notification.happened not in WITH_IDS:
        details = sections(_rule_changes(notification, snapshot, formatter), most=4)
    elif ids_of is None or snapshot.tally.given == snapshot.tally.asked:
        details = whole(snapshot)
        counted_below = bool(details)
    else:
        hidden = _(
            "The customer ids aren't shown. The customers come from a request by {name}. "
            "Only its requester, its approvers and bot admins see their ids.",
            name=formatter.name(ids_of),
        )
        details = [section(hidden)]
    event = Event(notification, snapshot, formatter, formatter.slack_date)
    spoken = direct_texts.text(event)
    text = direct_texts.text(replace(event, counted_below=counted_below))
    if unreachable := notification.facts.get(FALLBACKS):
        meant_for = _(
            "I can't message {name}, so this message to {name} comes to you:",
            name=formatter.name(unreachable),
        )
        text, spoken = f"{meant_for}\n{text}", f"{meant_for}\n{spoken}"
    return _message(text, snapshot, details, link=link, spoken=spoken)


def _done(event: Event) -> Sequence[str]:
    return direct_texts.given(event.snapshot, event.formatter)


def _rejected(event: Event) -> Sequence[str]:
    why = [_("Reason: “{why}”", why=event.note)] if event.note else []
    text = N_("🚫 *Rejected by {name}:* {what}") if event.known else N_("🚫 *Rejected:* {what}")
    return [event.fill(text, what=direct_texts.what(event.snapshot, event.formatter)), *why]


def _stopped(event: Event) -> Sequence[str]:
    return [
        _("⚠️ *Stopped:* {what}", what=direct_texts.what(event.snapshot, event.formatter)),
        event.stop,
        *direct_texts.so_far(event.snapshot),
    ]


def _changed(event: Event) -> Sequence[str]:
    """Write about an event that is told to no channel."""
    return [capitalised(direct_texts.what(event.snapshot, event.formatter))]


CHANNEL: Final[dict[NotificationType, Callable[[Event], Sequence[str]]]] = {
    NotificationType.DONE: _done,
    NotificationType.REJECTED: _rejected,
    NotificationType.STOPPED: _stopped,
}
"""What the channels of `notify` are told."""


def _rule_changes(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say what changed in the rule; nothing once the request is in a later round."""
    same_round = notification.facts.get("round") == str(snapshot.request.round)
    if notification.happened is not NotificationType.RULE_CHANGED or not same_round:
        return []
    return rule_changes.changed(snapshot.request, formatter)


def _message(
    text: str,
    snapshot: RequestSnapshot,
    details: Sequence[Block] = (),
    facts: Sequence[str] = (),
    *,
    link: str,
    spoken: str = "",
) -> Message:
    """Draw a message; `spoken` is its text for notifications, if that says more."""
    request = snapshot.request
    ids = [request.short, request_facts.stage(request)]
    to_card = [linked(_("Open request"), link)] if link else []
    told = OTHERS.join([(spoken or text).replace("\n", " "), *facts, *ids])
    return message(told, [section(text), *details, context(OTHERS.join([*ids, *facts, *to_card]))])
