"""What other channels and the requester are told: one message each, with a link to the card."""

from collections.abc import Callable, Sequence
from typing import Final

from slackblocks import Block

from bot.domain.policy.policy import Reason
from bot.domain.requests.notification import Happened, Notice, Story
from bot.services.fallbacks import INSTEAD
from bot.slack.messages.left_out import whole
from bot.slack.messages.thread import stop_reason, to_approve, who, why
from bot.slack.rendering import delivery_errors, pause_banner, request_facts, rule_changes
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Look, Message
from bot.slack.rendering.mrkdwn import address, mention, mentions, said
from bot.slack.rendering.reasons import stop, told_of
from bot.slack.rendering.request_state import NOTE, agreed, ends, held, outcome

CARD: Final = "See the request"


def channel(notice: Notice, story: Story, look: Look, *, link: str) -> Message:
    """Tell another channel of the policy what became of a request."""
    request = story.request
    what = f"{request.short}, {request_facts.rule_name(request)} for {request_facts.whom(request, look)}, asked by {mention(request.requester)}"
    return _drawn(f"{what}: {_news(notice, story, look)}", story, link=link)


def direct(notice: Notice, story: Story, look: Look, *, link: str) -> Message:
    """Tell the requester; when it has ended or stopped, with the ids of all who were left out, which only the requester is shown."""
    request = story.request
    whom = f"{request.short}, {request_facts.rule_name(request)} for {request_facts.whom(request, look)}"
    if notice.happened is Happened.PAUSED:
        return _drawn(pause_banner.to_admin(notice, whom), story, link=link)
    what = f"{'Your' if notice.to in {'', request.requester} else 'The'} request {whom}"
    ids = (
        whole(story, look)
        if notice.happened in WITH_IDS
        else sections(rule_changes.beside(notice, story, look), most=4)
    )
    return _drawn(f"{what}: {_news(notice, story, look)}{_meant_for(notice)}", story, ids, link=link)


def _meant_for(notice: Notice) -> str:
    """Say to an admin why they are told what was meant for somebody else."""
    other = notice.facts.get(INSTEAD)
    return f" I tell you, since I cannot write to {mention(other)}." if other else ""


def _drawn(text: str, story: Story, ids: Sequence[Block] = (), *, link: str) -> Message:
    to_card = f"<{address(link)}|{CARD}> · " if link else ""
    return message(text, [section(text), *ids, context(f"{to_card}{request_facts.stage(story.request)}")])


def _news(notice: Notice, story: Story, look: Look) -> str:
    return NEWS[notice.happened](notice, story, look)


def _asked(_notice: Notice, _story: Story, _look: Look) -> str:
    return "📝 it has been asked for."


def _agreed(notice: Notice, story: Story, _look: Look) -> str:
    return f"👍 {who(notice, story)} approved it; it waits for more."


def _approved(notice: Notice, story: Story, look: Look) -> str:
    names = agreed(story) if len(story.votes) > 1 else who(notice, story)
    until = f" {held(story.request.give_after, look.token)}" if story.request.give_after else ""
    return f"✅ {names} approved it.{until} You hear from me when it is done."


def _rejected(notice: Notice, story: Story, look: Look) -> str:
    return f"🚫 {who(notice, story)} rejected it{_before(story, look)}{why(notice)}"


def _cancelled(notice: Notice, story: Story, look: Look) -> str:
    by = notice.by or story.request.cancel_asked_by or story.request.decided_by
    ended = f"; {_counts(story, look)}" if story.request.started_at else "; nothing was given"
    return f"🚫 {mention(by) if by else 'somebody'} cancelled it{ended}."


def _expired(_notice: Notice, story: Story, look: Look) -> str:
    if story.request.started_at:
        return f"⌛ nobody approved it anew in time, so it expired{_before(story, look)}."
    return "⌛ nobody approved it in time, so it expired. Ask again with /discount add if you still want it."


def _started(_notice: Notice, _story: Story, _look: Look) -> str:
    return "⚙️ the giving has started."


def _cancel_asked(notice: Notice, story: Story, _look: Look) -> str:
    return f"🛑 {who(notice, story)} asked to cancel it; what is on its way to Dintero ends first."


def _stopped(notice: Notice, story: Story, look: Look) -> str:
    return f"⚠️ it stopped. {stop(stop_reason(notice, story), notice.note or story.request.note)} So far {_counts(story, look)}."


def _continued(notice: Notice, story: Story, _look: Look) -> str:
    return f"▶️ {who(notice, story)} continued it."


def _rule_changed(notice: Notice, story: Story, _look: Look) -> str:
    return f"🔁 the rule was changed in Dintero{told_of(notice.note)}, so no approval counts any more: {to_approve(story)} as it is now."


def _consent_void(notice: Notice, story: Story, look: Look) -> str:
    if notice.note == Reason.REQUESTER_LEFT:
        ask = f"Ask {mentions(look.admins) or 'an admin of the bot'} to let you; else it ends by itself."
        return f"🔁 you may not ask in that channel any more, so the approval no longer counts. {ask}"
    return f"🔁 the approval no longer counts{told_of(notice.note)}: {to_approve(story)} anew."


def _unseen(notice: Notice, story: Story, _look: Look) -> str:
    code, short = notice.facts.get("slack", ""), story.request.short
    back = f"Then take this back with `/discount cancel {short}`, and ask again."
    because = said(delivery_errors.why(code, notice.note), NOTE)
    return f"⚠️ its card could not be posted in <#{story.request.channel}>, so nobody sees it: {because}. {delivery_errors.cure(code)} {back}"


def _untold(notice: Notice, story: Story, _look: Look) -> str:
    """Tell whoever asked what its thread does not show; an admin, of a channel that is told of requests."""
    code, channel, short = (
        notice.facts.get("slack", ""),
        notice.facts.get("channel", story.request.channel),
        story.request.short,
    )
    what = f"⚠️ I cannot write about it in <#{channel}>: {said(delivery_errors.why(code, notice.note), NOTE)}. {delivery_errors.cure(code)}"
    follows = " What is missing there follows then." if delivery_errors.passes(code) else ""
    return f"{what}{follows} `/discount status {short}` shows how it stands."


def _done(_notice: Notice, story: Story, look: Look) -> str:
    sign = "🎉" if story.tally.given == story.tally.asked else "☑️"
    return f"{sign} it is done; {_counts(story, look)}."


def _hurried(notice: Notice, story: Story, _look: Look) -> str:
    return f"⏩ {who(notice, story)} ended its hold: it is given now."


def _waits(_notice: Notice, story: Story, _look: Look) -> str:
    return f"🔔 it still waits: {to_approve(story)}."


def _paused(notice: Notice, _story: Story, _look: Look) -> str:
    return f"⏸️ {pause_banner.doer(notice.by)} paused the bot{pause_banner.because(notice.by, notice.note)}; it goes on by itself after the pause."


def _resumed(_notice: Notice, _story: Story, _look: Look) -> str:
    return "▶️ the pause is over, and giving goes on."


def _waiting(notice: Notice, _story: Story, _look: Look) -> str:
    return f"⏳ it waits for Dintero{told_of(notice.note)}, and tries again by itself."


def _goes_on(_notice: Notice, _story: Story, _look: Look) -> str:
    return "▶️ Dintero answers again, and giving goes on."


def _listed(_notice: Notice, _story: Story, _look: Look) -> str:
    return "📄 the list of those who were not given it comes as a file."


def _list_lost(notice: Notice, _story: Story, _look: Look) -> str:
    cure = "Press *Get the list* on its card to try again; if it goes on, show this to whoever runs the bot."
    return f"⚠️ the list of those who were not given it could not be sent as a file{why(notice)}. {cure}"


def _before(story: Story, look: Look) -> str:
    """Count what a round before this one gave, where there was one."""
    return f" ({_counts(story, look)})" if story.request.started_at else ""


def _counts(story: Story, look: Look) -> str:
    return ", ".join([outcome(story.tally, look), *ends(story.tally, look)])


NEWS: Final[dict[Happened, Callable[[Notice, Story, Look], str]]] = {
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
    Happened.ENDED_HERE: _done,
    Happened.RULE_CHANGED: _rule_changed,
    Happened.CONSENT_VOID: _consent_void,
    Happened.UNSEEN: _unseen,
    Happened.DONE: _done,
    Happened.HURRIED: _hurried,
    Happened.REMINDED: _waits,
    Happened.ESCALATED: _waits,
    Happened.PAUSED: _paused,
    Happened.RESUMED: _resumed,
    Happened.WAITING: _waiting,
    Happened.GOES_ON: _goes_on,
    Happened.LISTED: _listed,
    Happened.LIST_LOST: _list_lost,
    Happened.UNTOLD: _untold,
}
WITH_IDS: Final = frozenset(
    {
        Happened.DONE,
        Happened.ENDED_HERE,
        Happened.CANCELLED,
        Happened.REJECTED,
        Happened.EXPIRED,
        Happened.STOPPED,
    }
)
"""After these, whoever was left out can be asked for again."""
