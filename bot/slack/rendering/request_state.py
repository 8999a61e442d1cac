"""Where a request stands, in a line: for its card, its status, and the short texts of notifications."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.request import PauseState, State
from bot.slack.rendering import progress_bar, verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions, phrase
from bot.slack.rendering.reasons import stop
from bot.slack.rendering.request_facts import approvals

NOTE: Final = 500
"""Characters of somebody's reason that are shown."""


def given_to(tally: Tally) -> str:
    """Say how many got it, in the words by which the summary is found: figures without thousands apart, always "customers"."""
    return f"Given to {tally.given} of {tally.asked} customers"


def outcome(tally: Tally, formatter: Formatter) -> str:
    """Tell all given, some and none apart, for anywhere but the summary."""
    if tally.given == 0:
        return "nobody was given it"
    if tally.given == tally.asked:
        return (
            f"all {formatter.number(tally.asked)} were given it"
            if tally.asked > 1
            else "the customer was given it"
        )
    return f"{formatter.number(tally.given)} of {formatter.customers(tally.asked)} were given it"


def ends(tally: Tally, formatter: Formatter) -> list[str]:
    """Count the three ends that are no gift; those that nobody came to are left out."""
    counts = (
        (tally.refused, "refused by Dintero"),
        (tally.unknown, "unknown"),
        (tally.not_tried, "not tried"),
    )
    return [f"{formatter.number(count)} {words}" for count, words in counts if count > 0]


def status_line(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say in mrkdwn where the request stands, who moved it there, and what happens next."""
    return STATUS_LINES[snapshot.request.state](snapshot, formatter)


def mark(snapshot: RequestSnapshot) -> str:
    """Say the state in a sign and a word or two, for lists."""
    request = snapshot.request
    if request.state is State.DONE and snapshot.tally.given < snapshot.tally.asked:
        return "◐ done in part" if snapshot.tally.given else "○ done, nobody given"
    return MARKS[request.state]


def agreed(snapshot: RequestSnapshot) -> str:
    """Say who approved."""
    if not snapshot.votes:
        by = snapshot.request.decided_by
        return (
            "nobody had to"
            if snapshot.request.approvals == 0
            else mention(by)
            if by and snapshot.request.state is State.APPROVED
            else "nobody"
        )
    return mentions([approval.by for approval in snapshot.votes], last="and")


def _draft(_snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "Not asked for yet"


def _waiting(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    until = f", until {formatter.slack_date(request.expires_at)}" if request.expires_at else ""
    so_far = f" {agreed(snapshot)} approved it already." if snapshot.votes else ""
    return f"⏳ *Waiting:* {_awaited(snapshot)}{until}.{so_far}{_before(snapshot, formatter)}"


def _awaited(snapshot: RequestSnapshot) -> str:
    """Say how many have agreed and who is still asked; whoever has agreed is not."""
    request, voted = snapshot.request, {approval.by for approval in snapshot.votes}
    asked_of = [mention(who) for who in snapshot.asked_of if who not in voted]
    if request.approvals <= 1:
        return approvals(1, asked_of)
    left = max(request.approvals - len(voted), 1)
    people = phrase(asked_of, last="or" if left == 1 else "and") or "the approvers of this channel"
    return f"{len(voted)} of {request.approvals}; waiting for {'one' if left == 1 else left} of {people}"


def _approved(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    what = f"*Approved* by {agreed(snapshot)}" if snapshot.request.approvals else "*No approval needed*"
    if snapshot.request.give_after and not snapshot.request.waits_since:
        return f"✅ {what}. {held(snapshot.request.give_after, formatter.slack_date)}"
    if snapshot.pause:
        return f"✅ {what}: the giving starts after the pause."
    if snapshot.request.waits_since:
        since = formatter.slack_date(snapshot.request.waits_since)
        return f"⏳ {what}: the giving has been waiting since {since} and starts by itself; the thread says what for."
    return f"✅ {what}: the giving is about to start."


def held(until: datetime, when: Callable[[datetime], str]) -> str:
    """Say until when it is held, and what can be done in that time."""
    return f"⏱️ *Held until {when(until)}:* nothing is given before. Until then anybody in this channel can cancel it."


def _giving(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    tally = snapshot.tally
    if snapshot.request.cancel_asked_by:
        return f"🛑 *Being cancelled* by {mention(snapshot.request.cancel_asked_by)}: what is on its way to Dintero ends first."
    if snapshot.request.pausing is not PauseState.NO:
        so_far = f"{formatter.number(tally.given)} of {formatter.customers(tally.asked)} so far"
        return f"⏸️ *Giving, held up by the pause:* {so_far}. It goes on by itself."
    if snapshot.progress:
        return progress_bar.drawn(tally, snapshot.progress, formatter)
    if tally.given == 0:
        return "⚙️ *Giving* …"
    return f"⚙️ *Giving:* {formatter.number(tally.given)} of {formatter.customers(tally.asked)} so far."


def _stopped(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    request = snapshot.request
    return "\n".join(
        [
            f"⚠️ *Stopped:* {stop(request.stop, request.note)}",
            *_so_far(snapshot, formatter),
            _choices(snapshot.tally, formatter),
        ]
    )


def _choices(tally: Tally, formatter: Formatter) -> str:
    """Say what the two buttons of a stopped request will do."""
    if tally.left <= 0:
        return "Nobody is left to be tried: *Continue…* and *End here…* both sum it up."
    unknown = (
        " Whoever is unknown is asked again under the same key, so nobody gets it twice."
        if tally.unknown > 0
        else ""
    )
    who = "the one who is left" if tally.left == 1 else f"the {formatter.number(tally.left)} who are left"
    return f"*Continue…* tries to give it to {who}.{unknown} *End here…* leaves it so: the requester gets the list of everybody without it."


def _done(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    sign = "🎉" if snapshot.tally.given == snapshot.tally.asked else "☑️"
    return f"{sign} *Done{_at(snapshot, formatter)}:* {_counted(snapshot, formatter)}."


def _rejected(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    why = f": {escape(snapshot.request.note, NOTE)}" if snapshot.request.note.strip() else ""
    return f"🚫 *Rejected*{_by(snapshot)}{_at(snapshot, formatter)}{why}{_before(snapshot, formatter)}"


def _cancelled(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    by = snapshot.request.cancel_asked_by or snapshot.request.decided_by
    whom = f" by {mention(by)}" if by else ""
    counted = _counted(snapshot, formatter) if snapshot.request.started_at else "nothing was given"
    return f"🚫 *Cancelled*{whom}{_at(snapshot, formatter)}: {counted}."


def _expired(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    if snapshot.request.started_at:
        return f"⌛ *Expired*{_at(snapshot, formatter)}: nobody approved it anew in time.{_before(snapshot, formatter)}"
    return f"⌛ *Expired*{_at(snapshot, formatter)}: nobody approved it in time, and nothing was given."


def _counted(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return "; ".join([outcome(snapshot.tally, formatter), *ends(snapshot.tally, formatter)])


def _before(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return "\n".join(["", *before(snapshot, formatter)])


def before(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Count what a round before this one gave, where there was one."""
    return _so_far(snapshot, formatter) if snapshot.request.started_at else []


def _so_far(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    return [
        f"*So far:* {_counted(snapshot, formatter)}.",
        *verification.line(snapshot.verification, formatter, formatter.slack_date),
    ]


def _by(snapshot: RequestSnapshot) -> str:
    return f" by {mention(snapshot.request.decided_by)}" if snapshot.request.decided_by else ""


def _at(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return f" {formatter.slack_date(snapshot.request.ended_at)}" if snapshot.request.ended_at else ""


STATUS_LINES: Final[dict[State, Callable[[RequestSnapshot, Formatter], str]]] = {
    State.DRAFT: _draft,
    State.WAITING: _waiting,
    State.APPROVED: _approved,
    State.GIVING: _giving,
    State.STOPPED: _stopped,
    State.DONE: _done,
    State.REJECTED: _rejected,
    State.CANCELLED: _cancelled,
    State.EXPIRED: _expired,
}
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
