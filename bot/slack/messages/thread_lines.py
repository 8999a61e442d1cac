"""The lines in a request's thread: each says in whole sentences what somebody has to know or do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.notification import (
    APPROVALS_VOID,
    HELD_UNTIL,
    STARTS_AFTER,
    Notification,
    NotificationType,
    RequestSnapshot,
)
from bot.domain.requests.request import StopReason
from bot.slack.language.texts import N_, _, joined
from bot.slack.rendering import pause_banner
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions
from bot.slack.rendering.request_state import NOTE_CHARACTERS
from bot.slack.rendering.stops import heading, is_unexpected, shortly, what_next, what_stopped
from bot.slack.rendering.technical import technical

MOST_NAMED: Final = 30


@dataclass(frozen=True, slots=True)
class Event:
    """An event, and what is known of its request; `when` writes a moment."""

    notification: Notification
    snapshot: RequestSnapshot
    formatter: Formatter
    when: Callable[[datetime], str]
    counted_below: bool = False
    """Whether a direct message counts the other outcomes below, with their ids."""

    @property
    def known(self) -> str:
        """The name of the person who did it; empty if nobody knows who it was."""
        request = self.snapshot.request
        by = self.notification.by or request.decided_by or request.cancel_asked_by
        return self.formatter.name(by) if by else ""

    @property
    def who(self) -> str:
        """The person who did it, as the first words of a sentence."""
        return self.known or _("Somebody")

    @property
    def note(self) -> str:
        """The words of the person who did it."""
        return escape(self.notification.note.strip(), NOTE_CHARACTERS)

    @property
    def approvers(self) -> str:
        """The people who can approve it, mentioned: they must act."""
        who = mentions(self.notification.facts.get("who", "").split(), most=MOST_NAMED)
        return who or approvers(self.snapshot)

    @property
    def held_until(self) -> str:
        """When the hold ends; empty without one."""
        until = self.notification.facts.get(HELD_UNTIL)
        return self.when(datetime.fromisoformat(until)) if until else ""

    @property
    def expires(self) -> str:
        """When it expires; empty if it does not."""
        at = self.snapshot.request.expires_at
        return self.when(at) if at else ""

    @property
    def stop(self) -> str:
        """Why it stopped and what to do, in sentences."""
        return f"{what_stopped(*self.stop_reason)} {self.next}"

    @property
    def next(self) -> str:
        """What to do about a stop; the requester alone reads "you"."""
        request, to = self.snapshot.request, self.notification.to
        return what_next(
            *self.stop_reason,
            lister="" if to == request.requester else self.formatter.name(request.requester),
            pause=self.snapshot.pause,
            admins=self.formatter.admins,
        )

    @property
    def stop_reason(self) -> tuple[StopReason | None, str]:
        """Why it stopped, and the note to it."""
        found, request = self.notification.facts.get("stop", ""), self.snapshot.request
        reason = StopReason(found) if found in set(StopReason) else request.stop
        return reason, self.notification.note or request.note

    def fill(self, text: str, **values: object) -> str:
        """Translate a text and fill in `{name}`, `{approvers}`, `{until}` and other values."""
        known: dict[str, object] = {"name": self.who, "approvers": self.approvers, "until": self.held_until}
        return _(text, **known | values)


def approvers(snapshot: RequestSnapshot) -> str:
    """Mention the people who can approve a request, for the middle of a sentence."""
    named = [mention(one) for one in snapshot.asked_of[:MOST_NAMED]]
    return joined(named, "or") if named else _("this channel's approvers")


def text(
    notification: Notification,
    snapshot: RequestSnapshot,
    formatter: Formatter,
    when: Callable[[datetime], str],
) -> str:
    """Write the line of an event in mrkdwn."""
    event = Event(notification, snapshot, formatter, when)
    write = LINES.get(notification.happened, CHANGED)
    return event.fill(write) if isinstance(write, str) else write(event)


def _approved(event: Event) -> str:
    facts = event.notification.facts
    number, needed = facts.get("yeses", ""), facts.get("approvals", "")
    if not (number.isdecimal() and needed.isdecimal() and int(needed) > 1):
        if event.held_until:
            return event.fill(N_("✅ {name} approved. On hold until {until}. Anyone here can cancel."))
        return event.fill(N_("✅ {name} approved."))
    text = N_("✅ {name} approved ({number} of {needed}). Sending to Dintero.")
    if event.notification.happened is NotificationType.AGREED:
        text = N_("✅ {name} approved ({number} of {needed}).")
    elif event.held_until:
        text = N_("✅ {name} approved ({number} of {needed}). On hold until {until}. Anyone here can cancel.")
    elif event.snapshot.pause:
        text = N_("✅ {name} approved ({number} of {needed}). It will be sent when the pause ends.")
    return event.fill(text, number=int(number), needed=int(needed))


def _rejected(event: Event) -> str:
    if not event.known:
        return event.fill(N_("🚫 Rejected: “{why}”") if event.note else N_("🚫 Rejected."), why=event.note)
    text = N_("🚫 Rejected by {name}: “{why}”") if event.note else N_("🚫 Rejected by {name}.")
    return event.fill(text, why=event.note)


def _cancelled(event: Event) -> str:
    return event.fill(N_("🚫 Cancelled by {name}.") if event.known else N_("🚫 Cancelled."))


def _expired(event: Event) -> str:
    if event.snapshot.request.started_at:
        return _("⏳ Expired: nobody approved it again in time.")
    return _("⏳ Expired: nobody approved it in time. Press *Edit and resend…* to try again.")


def _stopped(event: Event) -> str:
    if is_unexpected(*event.stop_reason):
        return f"{heading(*event.stop_reason)} {event.next}"
    return _("⚠️ Stopped: {why}", why=event.stop)


def _rule_changed(event: Event) -> str:
    void = event.notification.facts.get(APPROVALS_VOID)
    if void == "yes":
        text = N_(
            "⚠️ The rule changed in Dintero, so earlier approvals no longer count. "
            "{name} approved the changed rule."
        )
    elif void:
        text = N_("⚠️ The rule changed in Dintero. {name} approved the changed rule.")
    else:
        text = N_(
            "⚠️ The rule changed in Dintero, so earlier approvals no longer count. "
            "It needs approval again from {approvers}."
        )
    return event.fill(text)


def _consent_void(event: Event) -> str:
    note, requester = event.notification.note, event.formatter.name(event.snapshot.request.requester)
    if note == RefusalReason.REQUESTER_LEFT:
        text = N_(
            "⚠️ {name} can't request discounts here any more, so nobody can approve this. Reject or cancel it."
        )
        return event.fill(text, name=requester)
    text = N_("⚠️ The approval no longer counts. It needs approval again from {approvers}.")
    if why := shortly(note):
        text = N_("⚠️ The approval no longer counts ({why}). It needs approval again from {approvers}.")
    return event.fill(text, why=why)


def _still_waiting(text: str) -> Callable[[Event], str]:
    """Write a text, and when the request expires."""

    def write(event: Event) -> str:
        expires = [_("Expires {time}.", time=event.expires)] if event.expires else []
        return " ".join([event.fill(text), *expires])

    return write


def _paused(event: Event) -> str:
    by, note = event.notification.by, event.notification.note
    first = pause_banner.headline(by, note, event.formatter)
    return f"{first} " + _("The rest will be sent when the pause ends.")


def _waiting(event: Event) -> str:
    match event.notification.facts.get(STARTS_AFTER), technical(event.note):
        case "Slack", _why:
            waits = _("⏳ Slack isn't answering, so sending can't start.")
        case "Dintero", _why:
            waits = _("⏳ Dintero isn't answering, so sending can't start.")
        case _service, "":
            waits = _("⏳ Dintero isn't answering.")
        case _service, why:
            waits = _("⏳ Dintero isn't answering ({why}).", why=why)
    return " ".join([waits, _("Retrying; nothing for you to do.")])


CHANGED: Final = N_("This request has changed. Its first message shows how it is now.")
"""The line of an event that only an earlier version told."""
LINES: Final[dict[NotificationType, str | Callable[[Event], str]]] = {
    NotificationType.AGREED: _approved,
    NotificationType.APPROVED: _approved,
    NotificationType.REJECTED: _rejected,
    NotificationType.CANCELLED: _cancelled,
    NotificationType.EXPIRED: _expired,
    NotificationType.STARTED: N_("The wait is over. Sending to Dintero."),
    NotificationType.CANCEL_ASKED: N_("🚫 {name} is cancelling this. Calls already sent will finish first."),
    NotificationType.STOPPED: _stopped,
    NotificationType.CONTINUED: N_("{name} pressed *Continue*."),
    NotificationType.ENDED_HERE: N_("{name} ended this request."),
    NotificationType.RULE_CHANGED: _rule_changed,
    NotificationType.CONSENT_VOID: _consent_void,
    NotificationType.HURRIED: N_("{name} skipped the hold. Sending now."),
    NotificationType.REMINDED: _still_waiting(N_("⏳ Still waiting for approval from {approvers}.")),
    NotificationType.ESCALATED: _still_waiting(N_("⏳ Not approved yet. Now {approvers} can approve, too.")),
    NotificationType.PAUSED: _paused,
    NotificationType.RESUMED: N_("Pause ended. Sending again."),
    NotificationType.WAITING: _waiting,
    NotificationType.GOES_ON: N_("Dintero is back. Sending again."),
}
