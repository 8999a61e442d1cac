"""The lines of a card's thread: one for each thing that happened, with names and local times."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.notification import STARTS_AFTER, Notification, NotificationType, RequestSnapshot
from bot.domain.requests.request import StopReason
from bot.slack.rendering import pause_banner, request_facts, rule_changes, verification
from bot.slack.rendering.blocks import message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape, mention, mentions
from bot.slack.rendering.reasons import in_parentheses, stop
from bot.slack.rendering.request_state import NOTE, agreed, held

When = Callable[[datetime], str]


def build(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw a line; its `text` has the time in the policy's zone, since notifications do not draw each reader's own."""
    line = LINES[notification.happened]
    seen = (
        verification.line(snapshot.verification, formatter, formatter.slack_date)
        if notification.happened is NotificationType.STOPPED
        else []
    )
    beside = [*rule_changes.beside(notification, snapshot, formatter), *seen]
    return message(
        line(notification, snapshot, formatter.moment),
        [section(line(notification, snapshot, formatter.slack_date)), *sections(beside, most=4)],
    )


def stop_reason(notification: Notification, snapshot: RequestSnapshot) -> StopReason | None:
    """Read why it stopped as it was then, or as the request has it where the notice does not say."""
    told = notification.facts.get("stop", "")
    return StopReason(told) if told in set(StopReason) else snapshot.request.stop


def who(notification: Notification, snapshot: RequestSnapshot) -> str:
    """Name who did it."""
    by = notification.by or snapshot.request.decided_by
    return mention(by) if by else "Somebody"


def why(notification: Notification) -> str:
    """Say the reason that was given, after a colon."""
    return f": {escape(notification.note, NOTE)}" if notification.note.strip() else ""


def to_approve(snapshot: RequestSnapshot) -> str:
    """Say who has to approve it now, with their names."""
    return request_facts.approvals(
        max(snapshot.request.approvals, 1), [mention(one) for one in snapshot.asked_of]
    )


def _asked(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    request = snapshot.request
    asked = f"📝 {mention(notification.by or request.requester)} asked for this {when(notification.at)}."
    if request.approvals:
        return asked
    return f"{asked} No approval is needed here.{_held(notification, when)}"


def _agreed(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return f"👍 {who(notification, snapshot)} approved{_counted(notification)} {when(notification.at)}{_digest(notification)}."


def _approved(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    if _counted(notification):
        said = f"{who(notification, snapshot)} approved{_counted(notification)} {when(notification.at)}{_digest(notification)}"
        return f"✅ {said}. That is enough: {agreed(snapshot)} agreed.{_held(notification, when)}"
    names = agreed(snapshot) if len(snapshot.votes) > 1 else who(notification, snapshot)
    return (
        f"✅ {names} approved it {when(notification.at)}{_digest(notification)}.{_held(notification, when)}"
    )


def _held(notification: Notification, when: When) -> str:
    until = notification.facts.get("held_until")
    return f" {held(datetime.fromisoformat(until), when)}" if until else ""


def _counted(notification: Notification) -> str:
    """Say which yes it was of how many; nothing where one was enough."""
    yeses, of = notification.facts.get("yeses", ""), notification.facts.get("approvals", "")
    return f", {yeses} of {of}," if yeses.isdecimal() and of.isdecimal() and int(of) > 1 else ""


def _digest(notification: Notification) -> str:
    """Name what the yes was for as the modal named it."""
    digest = notification.facts.get("digest", "")[: request_facts.DIGEST]
    return f" – to exactly {digest}" if digest.isalnum() else ""


def _rejected(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return f"🚫 {who(notification, snapshot)} rejected it {when(notification.at)}{why(notification)}"


def _cancelled(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    by = notification.by or snapshot.request.cancel_asked_by or snapshot.request.decided_by
    return f"🚫 {mention(by) if by else 'Somebody'} cancelled it {when(notification.at)}{why(notification)}"


def _expired(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    if snapshot.request.started_at:
        return f"⌛ It expired {when(notification.at)}: nobody approved it anew in time."
    return f"⌛ It expired {when(notification.at)}: nobody approved it in time. Whoever still wants it can ask again with /discount add."


def _started(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"⚙️ Giving starts now ({when(notification.at)})."


def _cancel_asked(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    by = notification.by or snapshot.request.cancel_asked_by
    return f"🛑 {mention(by) if by else 'Somebody'} asked to cancel it {when(notification.at)}. What is on its way to Dintero ends first."


def _stopped(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return f"⚠️ It stopped {when(notification.at)}: {stop(stop_reason(notification, snapshot), notification.note)}"


def _continued(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return (
        f"▶️ {who(notification, snapshot)} continued it {when(notification.at)}, under the same once-only key."
    )


def _ended_here(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return f"⏹️ {who(notification, snapshot)} ended it here {when(notification.at)}."


def _rule_changed(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    seen = f"The rule was changed in Dintero{in_parentheses(notification.note)}, seen {when(notification.at)}"
    return f"🔁 {seen}. No approval counts any more: {to_approve(snapshot)} as it is now."


def _consent_void(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    seen = (
        f"🔁 The approval no longer counts{in_parentheses(notification.note)}, seen {when(notification.at)}"
    )
    if notification.note == RefusalReason.REQUESTER_LEFT:
        return f"{seen}. Nobody can approve it until they may again; it can be rejected or cancelled."
    return f"{seen}: {to_approve(snapshot)} anew."


def _unseen(_notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"⚠️ The card could not be posted {when(_notification.at)}."


def _hurried(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    return f"⏩ {who(notification, snapshot)} ended the hold {when(notification.at)}: it is given now."


def _named(notification: Notification) -> str:
    """Mention those who were asked then."""
    return mentions(notification.facts.get("who", "").split(), most=30) or "an approver of this channel"


def _reminded(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    until = f" It waits until {when(snapshot.request.expires_at)}." if snapshot.request.expires_at else ""
    return f"🔔 This still waits for a yes or a no ({when(notification.at)}): {_named(notification)} can say it.{until}"


def _escalated(notification: Notification, snapshot: RequestSnapshot, when: When) -> str:
    until = f", until {when(snapshot.request.expires_at)}" if snapshot.request.expires_at else ""
    return f"📣 Half of its time is over, so {_named(notification)} may approve it too from now on ({when(notification.at)}){until}."


def _paused(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    what = f"⏸️ Giving was held up {when(notification.at)}, since {pause_banner.doer(notification.by)} paused the bot{pause_banner.because(notification.by, notification.note)}"
    return f"{what}. What was on its way has ended; the rest goes on by itself after the pause, and nobody gets it twice."


def _resumed(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"▶️ The pause is over: giving goes on ({when(notification.at)})."


def _waiting(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    before_start = notification.facts.get(STARTS_AFTER)
    what = f"⏳ Waiting for {before_start or 'Dintero'} since {when(notification.at)}{in_parentheses(notification.note)}"
    then = "giving starts once there is an answer" if before_start else "nobody gets it twice"
    return f"{what}. There is nothing to do: it tries again by itself, and {then}."


def _goes_on(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"▶️ Dintero answers again: giving goes on ({when(notification.at)})."


def _done(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"🏁 It was finished {when(notification.at)}."


def _listed(_notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"📄 The list of those who were not given it was sent {when(_notification.at)}."


def _list_lost(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"⚠️ The list of those who were not given it could not be sent {when(notification.at)}{why(notification)}."


def _untold(notification: Notification, _snapshot: RequestSnapshot, when: When) -> str:
    return f"⚠️ Something could not be written here {when(notification.at)}."


LINES: Final[dict[NotificationType, Callable[[Notification, RequestSnapshot, When], str]]] = {
    NotificationType.ASKED: _asked,
    NotificationType.AGREED: _agreed,
    NotificationType.APPROVED: _approved,
    NotificationType.REJECTED: _rejected,
    NotificationType.CANCELLED: _cancelled,
    NotificationType.EXPIRED: _expired,
    NotificationType.STARTED: _started,
    NotificationType.CANCEL_ASKED: _cancel_asked,
    NotificationType.STOPPED: _stopped,
    NotificationType.CONTINUED: _continued,
    NotificationType.ENDED_HERE: _ended_here,
    NotificationType.RULE_CHANGED: _rule_changed,
    NotificationType.CONSENT_VOID: _consent_void,
    NotificationType.UNSEEN: _unseen,
    NotificationType.DONE: _done,
    NotificationType.HURRIED: _hurried,
    NotificationType.REMINDED: _reminded,
    NotificationType.ESCALATED: _escalated,
    NotificationType.PAUSED: _paused,
    NotificationType.RESUMED: _resumed,
    NotificationType.WAITING: _waiting,
    NotificationType.GOES_ON: _goes_on,
    NotificationType.LISTED: _listed,
    NotificationType.LIST_LOST: _list_lost,
    NotificationType.UNTOLD: _untold,
}
