"""A message in the card's thread: what happened, with names and local times."""

from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.slack.messages.event_texts import thread_text
from bot.slack.rendering import rule_changes, verification
from bot.slack.rendering.blocks import message, section, sections
from bot.slack.rendering.formatting import Formatter, Message


def build(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the message; `text` has the policy's time zone, as notifications cannot use the reader's."""
    details = rule_changes.since_event(notification, snapshot, formatter)
    if notification.happened is NotificationType.STOPPED:
        details += verification.line(snapshot.verification, formatter, formatter.slack_date)
    return message(
        thread_text(notification, snapshot, formatter, formatter.moment),
        [
            section(thread_text(notification, snapshot, formatter, formatter.slack_date)),
            *sections(details, most=4),
        ],
    )
