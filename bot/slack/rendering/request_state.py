"""The state of a request in words: a line for its card and status, and the short texts of notifications."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import PauseState, State
from bot.slack.rendering import progress_bar, verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions, phrase
from bot.slack.rendering.outcomes import ends, outcome
from bot.slack.rendering.reasons import stop
from bot.slack.rendering.request_facts import approvals

NOTE_CHARACTERS: Final = 500
MARKS: Final[dict[State, str]] = {
    State.DRAFT: "✎ being written",
    State.WAITING: "⏳ waiting",
    State.APPROVED: "✅ approved",
    State.GIVING: "⚙️ giving",
    State.STOPPED: "⚠️ stopped",
    State.DONE: "🎉 done",
    State.REJECTED: "🚫 rejected",
    State.CANCELLED: "🚫 cancelled",
    State.EXPIRED: "⌛ expired",
}


def mark(snapshot: RequestSnapshot) -> str:
    """Say the state in a sign and a word or two, for lists."""
    request = snapshot.request
    if request.state is State.DONE and snapshot.tally.newly_given < snapshot.tally.asked:
        return "◐ done in part" if snapshot.tally.newly_given else "○ done, nobody given"
    return MARKS[request.state]


def done_mark(tally: Tally) -> str:
    """Choose the sign of a request that is done."""
    return "🎉" if tally.newly_given == tally.asked else "☑️"


def agreed(snapshot: RequestSnapshot) -> str:
    """Name the approvers."""
    request = snapshot.request
    if snapshot.votes:
        return mentions([approval.by for approval in snapshot.votes], last="and")
    if request.approvals == 0:
        return "nobody had to"
    return mention(request.decided_by) if request.decided_by and request.state is State.APPROVED else "nobody"


def held(until: datetime, when: Callable[[datetime], str]) -> str:
    """Say until when a request is held, and what people can do until then."""
    return (
        f"⏱️ *Held until {when(until)}:* nothing is given before. "
        "Until then anybody in this channel can cancel it."
    )


def before(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Count what an earlier round gave, if there was one."""
    return _so_far(snapshot, formatter) if snapshot.request.started_at else []


def status_line(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say in mrkdwn which state the request is in, who moved it there, and what happens next."""
    request, tally = snapshot.request, snapshot.tally
    at = f" {formatter.slack_date(request.ended_at)}" if request.ended_at else ""
    earlier = "".join(f"\n{line}" for line in before(snapshot, formatter))
    match request.state:
        case State.DRAFT:
            return "Not asked for yet"
        case State.WAITING:
            until = f", until {formatter.slack_date(request.expires_at)}" if request.expires_at else ""
            so_far = f" {agreed(snapshot)} approved it already." if snapshot.votes else ""
            return f"⏳ *Waiting:* {_awaited(snapshot)}{until}.{so_far}{earlier}"
        case State.APPROVED:
            return _approved(snapshot, formatter)
        case State.GIVING:
            return _giving(snapshot, formatter)
        case State.STOPPED:
            why = f"⚠️ *Stopped:* {stop(request.stop, request.note)}"
            return "\n".join([why, *_so_far(snapshot, formatter), _choices(tally, formatter)])
        case State.DONE:
            return f"{done_mark(tally)} *Done{at}:* {_counted(tally, formatter)}."
        case State.REJECTED:
            by = f" by {mention(request.decided_by)}" if request.decided_by else ""
            why = f": {escape(request.note, NOTE_CHARACTERS)}" if request.note.strip() else ""
            return f"🚫 *Rejected*{by}{at}{why}{earlier}"
        case State.CANCELLED:
            canceller = request.cancel_asked_by or request.decided_by
            by = f" by {mention(canceller)}" if canceller else ""
            given = _counted(tally, formatter) if request.started_at else "nothing was given"
            return f"🚫 *Cancelled*{by}{at}: {given}."
        case State.EXPIRED:
            late = f"anew in time.{earlier}" if request.started_at else "in time, and nothing was given."
            return f"⌛ *Expired*{at}: nobody approved it {late}"


def _awaited(snapshot: RequestSnapshot) -> str:
    """Say how many have approved, and who can still approve."""
    request, voted = snapshot.request, {approval.by for approval in snapshot.votes}
    asked_of = [mention(who) for who in snapshot.asked_of if who not in voted]
    if request.approvals <= 1:
        return approvals(1, asked_of)
    left = max(request.approvals - len(voted), 1)
    people = phrase(asked_of, last="or" if left == 1 else "and") or "the approvers of this channel"
    return f"{len(voted)} of {request.approvals}; waiting for {'one' if left == 1 else left} of {people}"


def _approved(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    what = f"*Approved* by {agreed(snapshot)}" if request.approvals else "*No approval needed*"
    if request.give_after and not request.waits_since:
        return f"✅ {what}. {held(request.give_after, formatter.slack_date)}"
    if snapshot.pause:
        return f"✅ {what}: the giving starts after the pause."
    if request.waits_since:
        waiting = f"the giving has been waiting since {formatter.slack_date(request.waits_since)}"
        return f"⏳ {what}: {waiting} and starts by itself; the thread says what for."
    return f"✅ {what}: the giving is about to start."


def _giving(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request, tally = snapshot.request, snapshot.tally
    so_far = f"{formatter.number(tally.given)} of {formatter.customers(tally.asked)} so far"
    if request.cancel_asked_by:
        canceller = mention(request.cancel_asked_by)
        return f"🛑 *Being cancelled* by {canceller}: what is on its way to Dintero ends first."
    if request.pausing is not PauseState.NO:
        return f"⏸️ *Giving, held up by the pause:* {so_far}. It goes on by itself."
    if snapshot.progress:
        return progress_bar.drawn(tally, snapshot.progress, formatter)
    return f"⚙️ *Giving:* {so_far}." if tally.given else "⚙️ *Giving* …"


def _choices(tally: Tally, formatter: Formatter) -> str:
    """Say what the two buttons of a stopped request do."""
    if tally.left <= 0:
        return "Nobody is left to be tried: *Continue…* and *End here…* both sum it up."
    unknown = ""
    if tally.unknown > 0:
        unknown = " Whoever is unknown is asked again under the same key, so nobody gets it twice."
    who = "the one who is left" if tally.left == 1 else f"the {formatter.number(tally.left)} who are left"
    return (
        f"*Continue…* tries to give it to {who}.{unknown} "
        "*End here…* leaves it so: the requester gets the list of everybody without it."
    )


def _counted(tally: Tally, formatter: Formatter) -> str:
    return "; ".join([outcome(tally, formatter), *ends(tally, formatter)])


def _so_far(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    return [
        f"*So far:* {_counted(snapshot.tally, formatter)}.",
        *verification.line(snapshot.verification, formatter),
    ]
