"""Where a request stands, in a line: for its card, its status, and the short texts of notifications."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import Story
from bot.domain.requests.request import Pausing, State
from bot.slack.rendering import progress_bar, verification
from bot.slack.rendering.formatting import Look
from bot.slack.rendering.mrkdwn import mention, mentions, phrase, said
from bot.slack.rendering.reasons import stop
from bot.slack.rendering.request_facts import approvals

NOTE: Final = 500
"""Characters of somebody's reason that are shown."""


def given_to(tally: Tally) -> str:
    """Say how many got it, in the words by which the summary is found: figures without thousands apart, always "customers"."""
    return f"Given to {tally.given} of {tally.asked} customers"


def outcome(tally: Tally, look: Look) -> str:
    """Tell all given, some and none apart, for anywhere but the summary."""
    if tally.given == 0:
        return "nobody was given it"
    if tally.given == tally.asked:
        return (
            f"all {look.number(tally.asked)} were given it"
            if tally.asked > 1
            else "the customer was given it"
        )
    return f"{look.number(tally.given)} of {look.customers(tally.asked)} were given it"


def ends(tally: Tally, look: Look) -> list[str]:
    """Count the three ends that are no gift; those that nobody came to are left out."""
    counts = (
        (tally.refused, "refused by Dintero"),
        (tally.unknown, "unknown"),
        (tally.not_tried, "not tried"),
    )
    return [f"{look.number(count)} {words}" for count, words in counts if count > 0]


def standing(story: Story, look: Look) -> str:
    """Say in mrkdwn where the request stands, who moved it there, and what happens next."""
    return STANDINGS[story.request.state](story, look)


def mark(story: Story) -> str:
    """Say the state in a sign and a word or two, for lists."""
    request = story.request
    if request.state is State.DONE and story.tally.given < story.tally.asked:
        return "◐ done in part" if story.tally.given else "○ done, nobody given"
    return MARKS[request.state]


def agreed(story: Story) -> str:
    """Say who approved."""
    if not story.votes:
        by = story.request.decided_by
        return (
            "nobody had to"
            if story.request.approvals == 0
            else mention(by)
            if by and story.request.state is State.APPROVED
            else "nobody"
        )
    return mentions([vote.by for vote in story.votes], last="and")


def _draft(_story: Story, _look: Look) -> str:
    return "Not asked for yet"


def _waiting(story: Story, look: Look) -> str:
    request = story.request
    until = f", until {look.token(request.expires_at)}" if request.expires_at else ""
    so_far = f" {agreed(story)} approved it already." if story.votes else ""
    return f"⏳ *Waiting:* {_awaited(story)}{until}.{so_far}{_before(story, look)}"


def _awaited(story: Story) -> str:
    """Say how many have agreed and who is still asked; whoever has agreed is not."""
    request, voted = story.request, {vote.by for vote in story.votes}
    asked_of = [mention(who) for who in story.asked_of if who not in voted]
    if request.approvals <= 1:
        return approvals(1, asked_of)
    left = max(request.approvals - len(voted), 1)
    people = phrase(asked_of, last="or" if left == 1 else "and") or "the approvers of this channel"
    return f"{len(voted)} of {request.approvals}; waiting for {'one' if left == 1 else left} of {people}"


def _approved(story: Story, look: Look) -> str:
    what = f"*Approved* by {agreed(story)}" if story.request.approvals else "*No approval needed*"
    if story.request.give_after and not story.request.waits_since:
        return f"✅ {what}. {held(story.request.give_after, look.token)}"
    if story.pause:
        return f"✅ {what}: the giving starts after the pause."
    if story.request.waits_since:
        since = look.token(story.request.waits_since)
        return f"⏳ {what}: the giving has been waiting since {since} and starts by itself; the thread says what for."
    return f"✅ {what}: the giving is about to start."


def held(until: datetime, when: Callable[[datetime], str]) -> str:
    """Say until when it is held, and what can be done in that time."""
    return f"⏱️ *Held until {when(until)}:* nothing is given before. Until then anybody in this channel can cancel it."


def _giving(story: Story, look: Look) -> str:
    tally = story.tally
    if story.request.cancel_asked_by:
        return f"🛑 *Being cancelled* by {mention(story.request.cancel_asked_by)}: what is on its way to Dintero ends first."
    if story.request.pausing is not Pausing.NO:
        so_far = f"{look.number(tally.given)} of {look.customers(tally.asked)} so far"
        return f"⏸️ *Giving, held up by the pause:* {so_far}. It goes on by itself."
    if story.progress:
        return progress_bar.drawn(tally, story.progress, look)
    if tally.given == 0:
        return "⚙️ *Giving* …"
    return f"⚙️ *Giving:* {look.number(tally.given)} of {look.customers(tally.asked)} so far."


def _stopped(story: Story, look: Look) -> str:
    request = story.request
    return "\n".join(
        [
            f"⚠️ *Stopped:* {stop(request.stop, request.note)}",
            *_so_far(story, look),
            _choices(story.tally, look),
        ]
    )


def _choices(tally: Tally, look: Look) -> str:
    """Say what the two buttons of a stopped request will do."""
    if tally.left <= 0:
        return "Nobody is left to be tried: *Continue…* and *End here…* both sum it up."
    unknown = (
        " Whoever is unknown is asked again under the same key, so nobody gets it twice."
        if tally.unknown > 0
        else ""
    )
    who = "the one who is left" if tally.left == 1 else f"the {look.number(tally.left)} who are left"
    return f"*Continue…* tries to give it to {who}.{unknown} *End here…* leaves it so: the requester gets the list of everybody without it."


def _done(story: Story, look: Look) -> str:
    sign = "🎉" if story.tally.given == story.tally.asked else "☑️"
    return f"{sign} *Done{_at(story, look)}:* {_counted(story, look)}."


def _rejected(story: Story, look: Look) -> str:
    why = f": {said(story.request.note, NOTE)}" if story.request.note.strip() else ""
    return f"🚫 *Rejected*{_by(story)}{_at(story, look)}{why}{_before(story, look)}"


def _cancelled(story: Story, look: Look) -> str:
    by = story.request.cancel_asked_by or story.request.decided_by
    whom = f" by {mention(by)}" if by else ""
    counted = _counted(story, look) if story.request.started_at else "nothing was given"
    return f"🚫 *Cancelled*{whom}{_at(story, look)}: {counted}."


def _expired(story: Story, look: Look) -> str:
    if story.request.started_at:
        return f"⌛ *Expired*{_at(story, look)}: nobody approved it anew in time.{_before(story, look)}"
    return f"⌛ *Expired*{_at(story, look)}: nobody approved it in time, and nothing was given."


def _counted(story: Story, look: Look) -> str:
    return "; ".join([outcome(story.tally, look), *ends(story.tally, look)])


def _before(story: Story, look: Look) -> str:
    return "\n".join(["", *before(story, look)])


def before(story: Story, look: Look) -> list[str]:
    """Count what a round before this one gave, where there was one."""
    return _so_far(story, look) if story.request.started_at else []


def _so_far(story: Story, look: Look) -> list[str]:
    return [f"*So far:* {_counted(story, look)}.", *verification.line(story.read_back, look, look.token)]


def _by(story: Story) -> str:
    return f" by {mention(story.request.decided_by)}" if story.request.decided_by else ""


def _at(story: Story, look: Look) -> str:
    return f" {look.token(story.request.ended_at)}" if story.request.ended_at else ""


STANDINGS: Final[dict[State, Callable[[Story, Look], str]]] = {
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
