"""The lines of a card's thread: one for each thing that happened, with names and local times."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import Reason
from bot.domain.requests.notification import STARTS_AFTER, Happened, Notice, Story
from bot.domain.requests.request import StopReason
from bot.slack.rendering import pause_banner, request_facts, rule_changes, verification
from bot.slack.rendering.blocks import message, section, sections
from bot.slack.rendering.formatting import Look, Message
from bot.slack.rendering.mrkdwn import mention, mentions, said
from bot.slack.rendering.reasons import stop, told_of
from bot.slack.rendering.request_state import NOTE, agreed, held

When = Callable[[datetime], str]


def build(notice: Notice, story: Story, look: Look) -> Message:
    """Draw a line; its `text` has the time in the policy's zone, since notifications do not draw each reader's own."""
    line = LINES[notice.happened]
    seen = verification.line(story.read_back, look, look.token) if notice.happened is Happened.STOPPED else []
    beside = [*rule_changes.beside(notice, story, look), *seen]
    return message(
        line(notice, story, look.moment),
        [section(line(notice, story, look.token)), *sections(beside, most=4)],
    )


def stop_reason(notice: Notice, story: Story) -> StopReason | None:
    """Read why it stopped as it was then, or as the request has it where the notice does not say."""
    told = notice.facts.get("stop", "")
    return StopReason(told) if told in set(StopReason) else story.request.stop


def who(notice: Notice, story: Story) -> str:
    """Name who did it."""
    by = notice.by or story.request.decided_by
    return mention(by) if by else "Somebody"


def why(notice: Notice) -> str:
    """Say the reason that was given, after a colon."""
    return f": {said(notice.note, NOTE)}" if notice.note.strip() else ""


def to_approve(story: Story) -> str:
    """Say who has to approve it now, with their names."""
    return request_facts.approvals(max(story.request.approvals, 1), [mention(one) for one in story.asked_of])


def _asked(notice: Notice, story: Story, when: When) -> str:
    request = story.request
    asked = f"📝 {mention(notice.by or request.requester)} asked for this {when(notice.at)}."
    if request.approvals:
        return asked
    return f"{asked} No approval is needed here.{_held(notice, when)}"


def _agreed(notice: Notice, story: Story, when: When) -> str:
    return f"👍 {who(notice, story)} approved{_counted(notice)} {when(notice.at)}{_digest(notice)}."


def _approved(notice: Notice, story: Story, when: When) -> str:
    if _counted(notice):
        said = f"{who(notice, story)} approved{_counted(notice)} {when(notice.at)}{_digest(notice)}"
        return f"✅ {said}. That is enough: {agreed(story)} agreed.{_held(notice, when)}"
    names = agreed(story) if len(story.votes) > 1 else who(notice, story)
    return f"✅ {names} approved it {when(notice.at)}{_digest(notice)}.{_held(notice, when)}"


def _held(notice: Notice, when: When) -> str:
    until = notice.facts.get("held_until")
    return f" {held(datetime.fromisoformat(until), when)}" if until else ""


def _counted(notice: Notice) -> str:
    """Say which yes it was of how many; nothing where one was enough."""
    yeses, of = notice.facts.get("yeses", ""), notice.facts.get("approvals", "")
    return f", {yeses} of {of}," if yeses.isdecimal() and of.isdecimal() and int(of) > 1 else ""


def _digest(notice: Notice) -> str:
    """Name what the yes was for as the modal named it."""
    digest = notice.facts.get("digest", "")[: request_facts.DIGEST]
    return f" – to exactly {digest}" if digest.isalnum() else ""


def _rejected(notice: Notice, story: Story, when: When) -> str:
    return f"🚫 {who(notice, story)} rejected it {when(notice.at)}{why(notice)}"


def _cancelled(notice: Notice, story: Story, when: When) -> str:
    by = notice.by or story.request.cancel_asked_by or story.request.decided_by
    return f"🚫 {mention(by) if by else 'Somebody'} cancelled it {when(notice.at)}{why(notice)}"


def _expired(notice: Notice, story: Story, when: When) -> str:
    if story.request.started_at:
        return f"⌛ It expired {when(notice.at)}: nobody approved it anew in time."
    return f"⌛ It expired {when(notice.at)}: nobody approved it in time. Whoever still wants it can ask again with /discount add."


def _started(notice: Notice, _story: Story, when: When) -> str:
    return f"⚙️ Giving starts now ({when(notice.at)})."


def _cancel_asked(notice: Notice, story: Story, when: When) -> str:
    by = notice.by or story.request.cancel_asked_by
    return f"🛑 {mention(by) if by else 'Somebody'} asked to cancel it {when(notice.at)}. What is on its way to Dintero ends first."


def _stopped(notice: Notice, story: Story, when: When) -> str:
    return f"⚠️ It stopped {when(notice.at)}: {stop(stop_reason(notice, story), notice.note)}"


def _continued(notice: Notice, story: Story, when: When) -> str:
    return f"▶️ {who(notice, story)} continued it {when(notice.at)}, under the same once-only key."


def _ended_here(notice: Notice, story: Story, when: When) -> str:
    return f"⏹️ {who(notice, story)} ended it here {when(notice.at)}."


def _rule_changed(notice: Notice, story: Story, when: When) -> str:
    seen = f"The rule was changed in Dintero{told_of(notice.note)}, seen {when(notice.at)}"
    return f"🔁 {seen}. No approval counts any more: {to_approve(story)} as it is now."


def _consent_void(notice: Notice, story: Story, when: When) -> str:
    seen = f"🔁 The approval no longer counts{told_of(notice.note)}, seen {when(notice.at)}"
    if notice.note == Reason.REQUESTER_LEFT:
        return f"{seen}. Nobody can approve it until they may again; it can be rejected or cancelled."
    return f"{seen}: {to_approve(story)} anew."


def _unseen(_notice: Notice, _story: Story, when: When) -> str:
    return f"⚠️ The card could not be posted {when(_notice.at)}."


def _hurried(notice: Notice, story: Story, when: When) -> str:
    return f"⏩ {who(notice, story)} ended the hold {when(notice.at)}: it is given now."


def _named(notice: Notice) -> str:
    """Mention those who were asked then."""
    return mentions(notice.facts.get("who", "").split(), most=30) or "an approver of this channel"


def _reminded(notice: Notice, story: Story, when: When) -> str:
    until = f" It waits until {when(story.request.expires_at)}." if story.request.expires_at else ""
    return f"🔔 This still waits for a yes or a no ({when(notice.at)}): {_named(notice)} can say it.{until}"


def _escalated(notice: Notice, story: Story, when: When) -> str:
    until = f", until {when(story.request.expires_at)}" if story.request.expires_at else ""
    return f"📣 Half of its time is over, so {_named(notice)} may approve it too from now on ({when(notice.at)}){until}."


def _paused(notice: Notice, _story: Story, when: When) -> str:
    what = f"⏸️ Giving was held up {when(notice.at)}, since {pause_banner.doer(notice.by)} paused the bot{pause_banner.because(notice.by, notice.note)}"
    return f"{what}. What was on its way has ended; the rest goes on by itself after the pause, and nobody gets it twice."


def _resumed(notice: Notice, _story: Story, when: When) -> str:
    return f"▶️ The pause is over: giving goes on ({when(notice.at)})."


def _waiting(notice: Notice, _story: Story, when: When) -> str:
    before_start = notice.facts.get(STARTS_AFTER)
    what = f"⏳ Waiting for {before_start or 'Dintero'} since {when(notice.at)}{told_of(notice.note)}"
    then = "giving starts once there is an answer" if before_start else "nobody gets it twice"
    return f"{what}. There is nothing to do: it tries again by itself, and {then}."


def _goes_on(notice: Notice, _story: Story, when: When) -> str:
    return f"▶️ Dintero answers again: giving goes on ({when(notice.at)})."


def _done(notice: Notice, _story: Story, when: When) -> str:
    return f"🏁 It was finished {when(notice.at)}."


def _listed(_notice: Notice, _story: Story, when: When) -> str:
    return f"📄 The list of those who were not given it was sent {when(_notice.at)}."


def _list_lost(notice: Notice, _story: Story, when: When) -> str:
    return f"⚠️ The list of those who were not given it could not be sent {when(notice.at)}{why(notice)}."


def _untold(notice: Notice, _story: Story, when: When) -> str:
    return f"⚠️ Something could not be written here {when(notice.at)}."


LINES: Final[dict[Happened, Callable[[Notice, Story, When], str]]] = {
    Happened.ASKED: _asked,
    Happened.AGREED: _agreed,
    Happened.APPROVED: _approved,
    Happened.REJECTED: _rejected,
    Happened.CANCELLED: _cancelled,
    Happened.EXPIRED: _expired,
    Happened.STARTED: _started,
    Happened.CANCEL_ASKED: _cancel_asked,
    Happened.STOPPED: _stopped,
    Happened.CONTINUED: _continued,
    Happened.ENDED_HERE: _ended_here,
    Happened.RULE_CHANGED: _rule_changed,
    Happened.CONSENT_VOID: _consent_void,
    Happened.UNSEEN: _unseen,
    Happened.DONE: _done,
    Happened.HURRIED: _hurried,
    Happened.REMINDED: _reminded,
    Happened.ESCALATED: _escalated,
    Happened.PAUSED: _paused,
    Happened.RESUMED: _resumed,
    Happened.WAITING: _waiting,
    Happened.GOES_ON: _goes_on,
    Happened.LISTED: _listed,
    Happened.LIST_LOST: _list_lost,
    Happened.UNTOLD: _untold,
}
