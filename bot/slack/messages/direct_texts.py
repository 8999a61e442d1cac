"""The direct messages about a request: to its requester, or to an admin in their place."""

from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.messages.thread_lines import Event, approvers
from bot.slack.rendering import request_facts
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import capitalised, escape, mention, mentions
from bot.slack.rendering.outcomes import before, ends, outcome, sign
from bot.slack.rendering.reasons import OPERATOR
from bot.slack.rendering.request_state import agreed
from bot.slack.rendering.stops import shortly
from bot.slack.rendering.technical import technical

OTHERS: Final = " · "


INVITE: Final = N_("Invite me: `/invite @discount-bot`.")
UNARCHIVE: Final = N_("Unarchive the channel.")
PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "not_in_channel": (N_("I'm not in that channel"), INVITE),
    "channel_not_found": (N_("I can't see that channel, or it was deleted"), INVITE),
    "is_archived": (N_("that channel is archived"), UNARCHIVE),
    "is_inactive": (N_("that channel is archived"), UNARCHIVE),
    "msg_too_long": (N_("too long for Slack"), ""),
}
"""Why Slack took no message, and what helps, by its error code."""
UNLISTED: Final = ("", "")


def what(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say what a request is for: its value, its customers and its rule."""
    request = snapshot.request
    return _(
        "{value} for {customers} ({rule})",
        value=value(snapshot, formatter),
        customers=request_facts.recipients(request, formatter),
        rule=rule(snapshot),
    )


def value(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say what one customer gets."""
    return escape(request_facts.value(snapshot.request, formatter))


def rule(snapshot: RequestSnapshot) -> str:
    """Name the rule."""
    found = snapshot.request.rule
    return escape(found.title, 30) if found else _("no rule chosen")


def given(snapshot: RequestSnapshot, formatter: Formatter, *, counted_below: bool = False) -> list[str]:
    """Say what an ended request gave: a sentence, and a line with the other outcomes."""
    tally, values = snapshot.tally, {"value": value(snapshot, formatter), "rule": rule(snapshot)}
    if tally.unknown and not tally.newly_given:
        outcomes = ", ".join([outcome(tally), *ends(tally)])
        return [_("⚠️ *{outcomes}:* {value} ({rule})", outcomes=outcomes, **values)]
    result = ngettext(
        "{sign} *Given to {given} of {count} customer:* {value} ({rule})",
        "{sign} *Given to {given} of {count} customers:* {value} ({rule})",
        tally.asked,
        sign=sign(tally),
        given=tally.newly_given,
        **values,
    )
    counts = _others(tally, counted_below=counted_below)
    return [result, *([OTHERS.join(counts)] if counts else [])]


def so_far(snapshot: RequestSnapshot, *, counted_below: bool = False) -> list[str]:
    """Say what a request has given by now, in one line."""
    return [_("So far: {outcomes}", outcomes=_outcomes(snapshot.tally, counted_below=counted_below))]


def _outcomes(tally: Tally, *, counted_below: bool) -> str:
    return OTHERS.join([outcome(tally), *_others(tally, counted_below=counted_below)])


def _others(tally: Tally, *, counted_below: bool) -> list[str]:
    """Count the customers of each other outcome, but not of those that are counted below, with their ids."""
    return before(tally) if counted_below else ends(tally)


def text(event: Event) -> str:
    """Write the direct message about an event in mrkdwn, a paragraph a line."""
    return "\n".join(DIRECT.get(event.notification.happened, _other)(event))


def _other(event: Event) -> Sequence[str]:
    """Write about an event that only an earlier version told."""
    return [_("Your request has changed: {what}", what=what(event.snapshot, event.formatter))]


def _approved(event: Event) -> Sequence[str]:
    snapshot, formatter = event.snapshot, event.formatter
    names = agreed(snapshot, formatter) or event.known
    approved = N_("✅ *Approved by {names}:* {what}") if names else N_("✅ *Approved:* {what}")
    then = N_("Sending takes a while. I'll tell you when it's done.")
    if event.held_until:
        then = N_("It's on hold until {until}.")
    elif snapshot.pause:
        then = N_("The bot is paused. I'll tell you when your request is done.")
    elif snapshot.request.waits_since:
        then = N_("It's taking longer than usual. I'll tell you when it's done.")
    return [event.fill(approved, names=names, what=what(snapshot, formatter)), event.fill(then)]


def _rejected(event: Event) -> Sequence[str]:
    about = capitalised(what(event.snapshot, event.formatter))
    rejected = N_("🚫 *{name} rejected your request.*")
    if event.note:
        rejected = N_("🚫 *{name} rejected your request:* “{why}”")
    rejected = event.fill(rejected, why=event.note)
    if event.snapshot.request.started_at:
        return [rejected, about, *_in_part(event)]
    return [rejected, about, _("Press *Edit and resend…* on the request to try again.")]


def _cancelled(event: Event) -> Sequence[str]:
    snapshot = event.snapshot
    cancelled = N_("🚫 *{name} cancelled your request:* {what}")
    if event.notification.by == snapshot.request.requester:
        cancelled = N_("🚫 *You cancelled your request:* {what}")
    return [
        event.fill(cancelled, what=what(snapshot, event.formatter)),
        *(_in_part(event) or [_("Nothing was given.")]),
    ]


def _expired(event: Event) -> Sequence[str]:
    about = capitalised(what(event.snapshot, event.formatter))
    if event.snapshot.request.started_at:
        expired = _("⏳ *Your request expired:* nobody approved it again in time.")
        return [expired, about, *_in_part(event)]
    return [
        _("⏳ *Your request expired:* nobody approved it in time."),
        about,
        _("Press *Edit and resend…* on the request to try again."),
    ]


def _in_part(event: Event) -> list[str]:
    """Say what a request that ended before its end has given, if it was started."""
    if not event.snapshot.request.started_at:
        return []
    outcomes = _outcomes(event.snapshot.tally, counted_below=event.counted_below)
    return [_("Result: {outcomes}", outcomes=outcomes)]


def _stopped(event: Event) -> Sequence[str]:
    about = what(event.snapshot, event.formatter)
    return [
        _("⚠️ *Your request stopped:* {what}", what=about),
        event.stop,
        *so_far(event.snapshot, counted_below=event.counted_below),
    ]


def _rule_changed(event: Event) -> Sequence[str]:
    return [
        _(
            "⚠️ *The rule changed in Dintero*, so your request needs approval again from {approvers}.",
            approvers=approvers(event.snapshot),
        ),
        capitalised(what(event.snapshot, event.formatter)),
    ]


def _consent_void(event: Event) -> Sequence[str]:
    snapshot, note = event.snapshot, event.notification.note
    if note == RefusalReason.REQUESTER_LEFT:
        return [_requester_left(event), capitalised(what(snapshot, event.formatter))]
    needed = _("⚠️ *Your request needs approval again* from {approvers}.", approvers=approvers(snapshot))
    why = shortly(note)
    reason = [_("The earlier approval no longer counts ({why}).", why=why)] if why else []
    return [needed, *reason, capitalised(what(snapshot, event.formatter))]


def _requester_left(event: Event) -> str:
    return _(
        "⚠️ *You can't request in {channel} any more*, so the approval no longer counts. "
        "Ask {admins}, or it will expire.",
        channel=mention(event.snapshot.request.channel),
        admins=mentions(event.formatter.admins) or _("a bot admin"),
    )


def _unseen(event: Event) -> Sequence[str]:
    cancel = _(
        "Then cancel it with `/discount cancel {short}` and send it again.",
        short=event.snapshot.request.short,
    )
    not_posted = N_("⚠️ I couldn't post your request in {channel} ({why}), so nobody can see it.")
    return [_not_posted(event, not_posted), _advice(event), cancel]


def _untold(event: Event) -> Sequence[str]:
    can_be_fixed = PROBLEMS.get(_code(event), UNLISTED)[1]
    return [
        _not_posted(event, N_("⚠️ I can't post in {channel} ({why}).")),
        _advice(event),
        *([_("I'll post what's missing once that's fixed.")] if can_be_fixed else []),
        _("`/discount status {short}` shows the latest.", short=event.snapshot.request.short),
    ]


def _not_posted(event: Event, text: str) -> str:
    """Say in which channel Slack took no message, and why."""
    channel = event.notification.facts.get("channel", event.snapshot.request.channel)
    known = PROBLEMS.get(_code(event), UNLISTED)[0]
    return _(text, channel=mention(channel), why=_(known) if known else technical(event.note))


def _advice(event: Event) -> str:
    """Say in a sentence what helps."""
    if known := PROBLEMS.get(_code(event), UNLISTED)[1]:
        return _(known)
    return _("Send this to {admins}.", admins=mentions(event.formatter.admins) or _(OPERATOR))


def _code(event: Event) -> str:
    return event.notification.facts.get("slack", "")


def _list_lost(event: Event) -> Sequence[str]:
    lost = N_("⚠️ I couldn't send the list of customers without a confirmed discount ({why}).")
    if _code(event) or not event.note:
        lost = N_(
            "⚠️ I couldn't send the list of customers without a confirmed discount: Slack refused the file."
        )
    return [
        _(lost, why=technical(event.note)),
        _("Press *Send me the list* on the request."),
        _("If that fails, tell a bot admin."),
    ]


def _done(event: Event) -> Sequence[str]:
    result = given(event.snapshot, event.formatter, counted_below=event.counted_below)
    is_ended_by_another = event.notification.by not in {None, event.snapshot.request.requester}
    return [*result, *([event.fill(N_("{name} ended this request."))] if is_ended_by_another else [])]


DIRECT: Final[dict[NotificationType, Callable[[Event], Sequence[str]]]] = {
    NotificationType.APPROVED: _approved,
    NotificationType.REJECTED: _rejected,
    NotificationType.CANCELLED: _cancelled,
    NotificationType.EXPIRED: _expired,
    NotificationType.STOPPED: _stopped,
    NotificationType.RULE_CHANGED: _rule_changed,
    NotificationType.CONSENT_VOID: _consent_void,
    NotificationType.UNSEEN: _unseen,
    NotificationType.UNTOLD: _untold,
    NotificationType.LIST_LOST: _list_lost,
    NotificationType.DONE: _done,
}
