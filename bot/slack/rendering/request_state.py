"""The state of a request in words: lines for its message and status, and the short texts of lists."""

from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Request, State, StopReason
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering import progress_bar, verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, phrase
from bot.slack.rendering.outcomes import ends, headline, outcome, sign
from bot.slack.rendering.request_facts import other_account
from bot.slack.rendering.stops import heading, what_next

NOTE_CHARACTERS: Final = 500
OTHERS: Final = " · "
MARKS: Final[dict[State, str]] = {
    State.DRAFT: N_("draft"),
    State.WAITING: N_("⏳ waiting for approval"),
    State.APPROVED: N_("✅ approved"),
    State.GIVING: N_("⏳ sending"),
    State.STOPPED: N_("⚠️ stopped"),
    State.DONE: N_("✅ done"),
    State.REJECTED: N_("🚫 rejected"),
    State.CANCELLED: N_("🚫 cancelled"),
    State.EXPIRED: N_("⏳ expired"),
}


def mark(snapshot: RequestSnapshot) -> str:
    """Say the state in a sign and a few words, for lists."""
    state, tally = snapshot.request.state, snapshot.tally
    if state is State.DONE:
        return _mark_of_done(tally)
    if state is State.APPROVED and snapshot.request.give_after:
        return _("⏸️ on hold")
    return _(MARKS[state])


def _mark_of_done(tally: Tally) -> str:
    given, total = tally.newly_given, tally.asked
    if given == total:
        return _("✅ given to {given} of {total}", given=given, total=total)
    if not tally.unknown:
        return _("⚠️ given to {given} of {total}", given=given, total=total)
    if not given:
        return _("⚠️ {count} of {total} unconfirmed", count=tally.unknown, total=total)
    return _(
        "⚠️ given to {given} of {total}, {count} unconfirmed", given=given, total=total, count=tally.unknown
    )


def agreed(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Name the approvers, without pinging them; empty if nobody approved it."""
    request = snapshot.request
    if snapshot.votes:
        return phrase([formatter.name(approval.by) for approval in snapshot.votes], last="and")
    decided = request.decided_by if request.approvals and request.state is State.APPROVED else None
    return formatter.name(decided) if decided else ""


def approved_by(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say for a small line who approved it, or that no approval is needed."""
    if people := agreed(snapshot, formatter):
        return [_("approved by {people}", people=people)]
    return [] if snapshot.request.approvals else [_("no approval needed")]


def before(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Count what an earlier round gave, if there was one."""
    return _so_far(snapshot, formatter) if snapshot.request.started_at else []


def status_lines(snapshot: RequestSnapshot, formatter: Formatter, *, is_counted: bool = True) -> list[str]:
    """Say the state, who moved it there and what happens next in lines of mrkdwn, the most important first.

    Without `is_counted` only those who got it are counted: the others are told elsewhere in the message.
    """
    so_far = _so_far(snapshot, formatter, is_counted=is_counted) if snapshot.request.started_at else []
    match snapshot.request.state:
        case State.DRAFT:
            return [_("Not sent yet.")]
        case State.WAITING:
            return [_waiting(snapshot, formatter), *so_far]
        case State.APPROVED:
            return [_approved(snapshot, formatter), *so_far]
        case State.GIVING:
            return [_giving(snapshot, formatter)]
        case State.STOPPED:
            return [
                heading(snapshot.request.stop, snapshot.request.note),
                *_so_far(snapshot, formatter, is_counted=is_counted),
                *_next(snapshot, formatter),
            ]
        case State.DONE:
            return _done(snapshot, formatter, is_counted=is_counted)
        case State.REJECTED:
            return [_rejected(snapshot, formatter), *so_far]
        case State.CANCELLED:
            return [_cancelled(snapshot, formatter), *(so_far or [_("Nothing was given.")])]
        case State.EXPIRED:
            return [_expired(snapshot.request), *so_far]


def result(tally: Tally) -> str:
    """Say how many got the discount: never that nobody did while one is unconfirmed.

    >>> result(Tally(3, given=2)), result(Tally(3, unknown=2)), result(Tally(3, refused=3))
    ('Given to 2 of 3 customers', '0 confirmed · 2 unconfirmed · 1 not sent', 'Not given to anyone')
    """
    if tally.newly_given:
        return headline(tally)
    return OTHERS.join([outcome(tally), *ends(tally)]) if tally.unknown else _("Not given to anyone")


def _waiting(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say how many approvals are missing, who can give them, and until when."""
    request, voted = snapshot.request, {approval.by for approval in snapshot.votes}
    people = phrase([mention(who) for who in snapshot.asked_of if who not in voted])
    people = people or _("this channel's approvers")
    missing = max(request.approvals - len(voted), 1)
    if voted:
        needs = ngettext(
            "⏳ *Needs {count} more approval* from {people}.",
            "⏳ *Needs {count} more approvals* from {people}.",
            missing,
            people=people,
        )
        sentences = [needs, _("Approved by {people}.", people=agreed(snapshot, formatter))]
    else:
        needs = ngettext(
            "⏳ *Needs {count} approval* from {people}.",
            "⏳ *Needs {count} approvals* from {people}.",
            missing,
            people=people,
        )
        sentences = [needs]
    if request.expires_at:
        sentences.append(_("Expires {time}.", time=formatter.slack_date(request.expires_at)))
    return " ".join(sentences)


def _approved(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    if request.approvals and not snapshot.votes:
        approved = _("Approved.")
    elif request.approvals:
        approved = _("Approved by {people}.", people=agreed(snapshot, formatter))
    else:
        approved = _("No approval needed.")
    if request.give_after and not request.waits_since:
        until = formatter.slack_date(request.give_after)
        held = _("⏸️ *On hold until {time}.* Anyone in this channel can cancel it until then.", time=until)
        return f"{held}\n{approved}"
    if snapshot.pause:
        return f"⏸️ *{approved}*"
    if request.waits_since:
        since = formatter.slack_date(request.waits_since)
        waits = _("Sending has been waiting since {time} and starts by itself.", time=since)
        return f"⏳ *{approved}* {waits}"
    return f"✅ *{approved}* " + _("Sending starts now.")


def _giving(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request, tally = snapshot.request, snapshot.tally
    if request.cancel_asked_by:
        who = formatter.name(request.cancel_asked_by)
        return _("🚫 *Being cancelled by {who}.* Calls already sent will finish first.", who=who)
    if request.pausing is not PauseState.NO:
        counts = progress_bar.counts(tally)
        return _("⏸️ *Paused:* {counts}. The rest is sent when the pause ends.", counts=counts)
    if snapshot.progress:
        return progress_bar.drawn(tally, snapshot.progress, formatter)
    if tally.given:
        return _("⏳ *Sending to Dintero:* {counts}.", counts=progress_bar.counts(tally))
    return _("⏳ *Sending to Dintero …*")


def _done(snapshot: RequestSnapshot, formatter: Formatter, *, is_counted: bool) -> list[str]:
    tally = snapshot.tally
    if is_counted:
        return [f"{sign(tally)} *{result(tally)}*", *_others(snapshot, formatter)]
    said = result(tally) if tally.newly_given or not tally.unknown else outcome(tally)
    return [f"{sign(tally)} *{said}*"]


def _next(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say what to do about a stop; the warning of another account has its own advice."""
    request, tally = snapshot.request, snapshot.tally
    if other_account(request, formatter):
        return []
    if tally.left <= 0 and request.stop is StopReason.RULE_GONE:
        return [_("Nobody is left to send to. *End request…* finishes it.")]
    if tally.left <= 0:
        return [_("Nobody is left to send to. *Continue* and *End request…* both finish it.")]
    advice = what_next(
        request.stop,
        request.note,
        lister=formatter.name(request.requester),
        pause=snapshot.pause,
        admins=formatter.admins,
    )
    return [advice]


def _rejected(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    by, why = snapshot.request.decided_by, escape(snapshot.request.note, NOTE_CHARACTERS)
    if not by:
        return _("🚫 *Rejected*")
    text = N_("🚫 *Rejected by {who}:* “{why}”") if why else N_("🚫 *Rejected by {who}*")
    return _(text, who=formatter.name(by), why=why)


def _cancelled(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    canceller = request.cancel_asked_by or request.decided_by
    who = formatter.name(canceller) if canceller else ""
    return _("🚫 *Cancelled by {who}*", who=who) if who else _("🚫 *Cancelled*")


def _expired(request: Request) -> str:
    if request.started_at:
        return _("⏳ *Expired:* nobody approved it again in time.")
    return _("⏳ *Expired:* nobody approved it in time.")


def _so_far(snapshot: RequestSnapshot, formatter: Formatter, *, is_counted: bool = True) -> list[str]:
    """Say what is known of the customers, in a line of its own."""
    tally = snapshot.tally
    if not is_counted:
        return [f"*{outcome(tally) if tally.unknown else result(tally)}*"]
    counts = OTHERS.join([outcome(tally) if tally.unknown else result(tally), *_ends(tally)])
    return [f"*{counts}*", *verification.line(snapshot.verification, formatter)]


def _others(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Count the customers of the other outcomes, in a line of their own, unless the result has them."""
    tally = snapshot.tally
    counts = OTHERS.join(_ends(tally)) if tally.newly_given or not tally.unknown else ""
    return [*([counts] if counts else []), *verification.line(snapshot.verification, formatter)]


def _ends(tally: Tally) -> list[str]:
    """Count the other outcomes; that nobody got it says already that no customer was sent."""
    return [] if tally.not_tried == tally.asked else ends(tally)
