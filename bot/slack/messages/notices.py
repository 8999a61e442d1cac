"""What other channels and the requester are told: one message each, with a link to the card."""

from collections.abc import Callable, Sequence
from typing import Final

from slackblocks import Block

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.services.fallbacks import FALLBACKS
from bot.slack.messages.left_out import whole
from bot.slack.messages.thread import stop_reason, to_approve, who, why
from bot.slack.rendering import delivery_errors, pause_banner, request_facts, rule_changes
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import address, escape, mention, mentions
from bot.slack.rendering.reasons import in_parentheses, stop
from bot.slack.rendering.request_state import NOTE, agreed, ends, held, outcome

CARD: Final = "See the request"


def channel(
    notification: Notification, snapshot: RequestSnapshot, formatter: Formatter, *, link: str
) -> Message:
    """Tell another channel of the policy what became of a request."""
    request = snapshot.request
    what = f"{request.short}, {request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}, asked by {mention(request.requester)}"
    return _drawn(f"{what}: {_news(notification, snapshot, formatter)}", snapshot, link=link)


def direct(
    notification: Notification, snapshot: RequestSnapshot, formatter: Formatter, *, link: str
) -> Message:
    """Tell the requester; when it has ended or stopped, with the ids of all who were left out, which only the requester is shown."""
    request = snapshot.request
    whom = f"{request.short}, {request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}"
    if notification.happened is NotificationType.PAUSED:
        return _drawn(pause_banner.to_admin(notification, whom), snapshot, link=link)
    what = f"{'Your' if notification.to in {'', request.requester} else 'The'} request {whom}"
    ids = (
        whole(snapshot, formatter)
        if notification.happened in WITH_IDS
        else sections(rule_changes.beside(notification, snapshot, formatter), most=4)
    )
    return _drawn(
        f"{what}: {_news(notification, snapshot, formatter)}{_meant_for(notification)}",
        snapshot,
        ids,
        link=link,
    )


def _meant_for(notification: Notification) -> str:
    """Say to an admin why they are told what was meant for somebody else."""
    other = notification.facts.get(FALLBACKS)
    return f" I tell you, since I cannot write to {mention(other)}." if other else ""


def _drawn(text: str, snapshot: RequestSnapshot, ids: Sequence[Block] = (), *, link: str) -> Message:
    to_card = f"<{address(link)}|{CARD}> · " if link else ""
    return message(text, [section(text), *ids, context(f"{to_card}{request_facts.stage(snapshot.request)}")])


def _news(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return NEWS[notification.happened](notification, snapshot, formatter)


def _asked(_notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "📝 it has been asked for."


def _agreed(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"👍 {who(notification, snapshot)} approved it; it waits for more."


def _approved(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    names = agreed(snapshot) if len(snapshot.votes) > 1 else who(notification, snapshot)
    until = (
        f" {held(snapshot.request.give_after, formatter.slack_date)}" if snapshot.request.give_after else ""
    )
    return f"✅ {names} approved it.{until} You hear from me when it is done."


def _rejected(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return f"🚫 {who(notification, snapshot)} rejected it{_before(snapshot, formatter)}{why(notification)}"


def _cancelled(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    by = notification.by or snapshot.request.cancel_asked_by or snapshot.request.decided_by
    ended = f"; {_counts(snapshot, formatter)}" if snapshot.request.started_at else "; nothing was given"
    return f"🚫 {mention(by) if by else 'somebody'} cancelled it{ended}."


def _expired(_notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    if snapshot.request.started_at:
        return f"⌛ nobody approved it anew in time, so it expired{_before(snapshot, formatter)}."
    return "⌛ nobody approved it in time, so it expired. Ask again with /discount add if you still want it."


def _started(_notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "⚙️ the giving has started."


def _cancel_asked(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"🛑 {who(notification, snapshot)} asked to cancel it; what is on its way to Dintero ends first."


def _stopped(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return f"⚠️ it stopped. {stop(stop_reason(notification, snapshot), notification.note or snapshot.request.note)} So far {_counts(snapshot, formatter)}."


def _continued(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"▶️ {who(notification, snapshot)} continued it."


def _rule_changed(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"🔁 the rule was changed in Dintero{in_parentheses(notification.note)}, so no approval counts any more: {to_approve(snapshot)} as it is now."


def _consent_void(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    if notification.note == RefusalReason.REQUESTER_LEFT:
        ask = f"Ask {mentions(formatter.admins) or 'an admin of the bot'} to let you; else it ends by itself."
        return f"🔁 you may not ask in that channel any more, so the approval no longer counts. {ask}"
    return (
        f"🔁 the approval no longer counts{in_parentheses(notification.note)}: {to_approve(snapshot)} anew."
    )


def _unseen(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    code, short = notification.facts.get("slack", ""), snapshot.request.short
    back = f"Then take this back with `/discount cancel {short}`, and ask again."
    because = escape(delivery_errors.why(code, notification.note), NOTE)
    return f"⚠️ its card could not be posted in <#{snapshot.request.channel}>, so nobody sees it: {because}. {delivery_errors.cure(code)} {back}"


def _untold(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    """Tell whoever asked what its thread does not show; an admin, of a channel that is told of requests."""
    code, channel, short = (
        notification.facts.get("slack", ""),
        notification.facts.get("channel", snapshot.request.channel),
        snapshot.request.short,
    )
    what = f"⚠️ I cannot write about it in <#{channel}>: {escape(delivery_errors.why(code, notification.note), NOTE)}. {delivery_errors.cure(code)}"
    follows = " What is missing there follows then." if delivery_errors.passes(code) else ""
    return f"{what}{follows} `/discount status {short}` shows how it stands."


def _done(_notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    sign = "🎉" if snapshot.tally.given == snapshot.tally.asked else "☑️"
    return f"{sign} it is done; {_counts(snapshot, formatter)}."


def _hurried(notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"⏩ {who(notification, snapshot)} ended its hold: it is given now."


def _waits(_notification: Notification, snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"🔔 it still waits: {to_approve(snapshot)}."


def _paused(notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"⏸️ {pause_banner.doer(notification.by)} paused the bot{pause_banner.because(notification.by, notification.note)}; it goes on by itself after the pause."


def _resumed(_notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "▶️ the pause is over, and giving goes on."


def _waiting(notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return f"⏳ it waits for Dintero{in_parentheses(notification.note)}, and tries again by itself."


def _goes_on(_notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "▶️ Dintero answers again, and giving goes on."


def _listed(_notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    return "📄 the list of those who were not given it comes as a file."


def _list_lost(notification: Notification, _snapshot: RequestSnapshot, _formatter: Formatter) -> str:
    cure = "Press *Get the list* on its card to try again; if it goes on, show this to whoever runs the bot."
    return f"⚠️ the list of those who were not given it could not be sent as a file{why(notification)}. {cure}"


def _before(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Count what a round before this one gave, where there was one."""
    return f" ({_counts(snapshot, formatter)})" if snapshot.request.started_at else ""


def _counts(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    return ", ".join([outcome(snapshot.tally, formatter), *ends(snapshot.tally, formatter)])


NEWS: Final[dict[NotificationType, Callable[[Notification, RequestSnapshot, Formatter], str]]] = {
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
    NotificationType.ENDED_HERE: _done,
    NotificationType.RULE_CHANGED: _rule_changed,
    NotificationType.CONSENT_VOID: _consent_void,
    NotificationType.UNSEEN: _unseen,
    NotificationType.DONE: _done,
    NotificationType.HURRIED: _hurried,
    NotificationType.REMINDED: _waits,
    NotificationType.ESCALATED: _waits,
    NotificationType.PAUSED: _paused,
    NotificationType.RESUMED: _resumed,
    NotificationType.WAITING: _waiting,
    NotificationType.GOES_ON: _goes_on,
    NotificationType.LISTED: _listed,
    NotificationType.LIST_LOST: _list_lost,
    NotificationType.UNTOLD: _untold,
}
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
"""After these, whoever was left out can be asked for again."""
