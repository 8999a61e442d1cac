"""Messages about an event: in the card's thread, to other channels and to people."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Block

from bot.domain.ids import UserId
from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.services.fallbacks import FALLBACKS
from bot.slack.messages.event_texts import direct_text, thread_text
from bot.slack.messages.left_out import whole
from bot.slack.rendering import pause_banner, request_facts, rule_changes, verification
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import address, mention

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
"""After these, the requester can ask again for the customers left out."""


def thread(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the message in the thread; `text` has the policy's time zone, as Slack draws no times there."""
    details = _rule_changes(notification, snapshot, formatter)
    if notification.happened is NotificationType.STOPPED:
        details += verification.line(snapshot.verification, formatter)
    drawn = section(thread_text(notification, snapshot, formatter, formatter.slack_date))
    text = thread_text(notification, snapshot, formatter, formatter.moment)
    return message(text, [drawn, *sections(details, most=4)])


def channel(
    notification: Notification, snapshot: RequestSnapshot, formatter: Formatter, *, link: str
) -> Message:
    """Draw the message to another channel of the policy."""
    what = f"{_request(snapshot, formatter)}, asked by {mention(snapshot.request.requester)}"
    return _message(f"{what}: {direct_text(notification, snapshot, formatter)}", snapshot, link=link)


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
    what = _request(snapshot, formatter)
    if notification.happened is NotificationType.PAUSED:
        return _message(pause_banner.to_admin(notification, what), snapshot, link=link)
    owner = "Your" if notification.to in {"", snapshot.request.requester} else "The"
    unreachable = notification.facts.get(FALLBACKS)
    meant_for = f" I tell you, since I cannot write to {mention(unreachable)}." if unreachable else ""
    if notification.happened not in WITH_IDS:
        details = sections(_rule_changes(notification, snapshot, formatter), most=4)
    elif ids_of is None or snapshot.tally.given == snapshot.tally.asked:
        details = whole(snapshot, formatter)
    else:
        whose = f"These are customers of a request by {mention(ids_of)}"
        details = [section(f"{whose}: only its requester, its approvers and the admins see their ids.")]
    text = f"{owner} request {what}: {direct_text(notification, snapshot, formatter)}{meant_for}"
    return _message(text, snapshot, details, link=link)


def _rule_changes(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say what changed in the rule; nothing once the request is in a later round."""
    same_round = notification.facts.get("round") == str(snapshot.request.round)
    if notification.happened is not NotificationType.RULE_CHANGED or not same_round:
        return []
    return rule_changes.changed(snapshot.request, formatter)


def _request(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    return f"{request.short}, {request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}"


def _message(text: str, snapshot: RequestSnapshot, details: Sequence[Block] = (), *, link: str) -> Message:
    to_card = f"<{address(link)}|See the request> · " if link else ""
    footer = f"{to_card}{request_facts.stage(snapshot.request)}"
    return message(text, [section(text), *details, context(footer)])
