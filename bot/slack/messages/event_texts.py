"""The texts of each event: one for the card's thread, one for other channels and people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.notification import STARTS_AFTER, Notification, NotificationType, RequestSnapshot
from bot.domain.requests.request import StopReason
from bot.slack.rendering import pause_banner
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions
from bot.slack.rendering.outcomes import ends, outcome
from bot.slack.rendering.reasons import in_parentheses, stop
from bot.slack.rendering.request_facts import approvals
from bot.slack.rendering.request_state import NOTE_CHARACTERS, agreed, done_mark, held

INVITE: Final = "Invite me there: `/invite @discount-bot`."
UNARCHIVE: Final = "Take it out of the archive."
OPERATOR: Final = "Show this to whoever runs the bot."
DELIVERY_PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "not_in_channel": ("I am not in that channel", INVITE),
    "channel_not_found": ("I do not see that channel: I was taken out of it, or it was deleted", INVITE),
    "is_archived": ("that channel is archived", UNARCHIVE),
    "is_inactive": ("that channel is archived", UNARCHIVE),
    "msg_too_long": ("it is too long for Slack", OPERATOR),
}
"""By Slack's error code: why Slack refused a message, and what helps."""

APPROVED_BY_SEVERAL: Final = "approved_by_several"
EXPIRED_IN_LATER_ROUND: Final = "expired_in_later_round"
REQUESTER_LEFT: Final = "requester_left"


@dataclass(frozen=True, slots=True)
class EventTexts:
    """Templates of the two texts; a mark goes before each, by default the same one."""

    mark: str
    thread: str
    direct: str
    direct_mark: str = ""


TEXTS: Final[dict[str, EventTexts]] = {
    NotificationType.ASKED: EventTexts(
        "📝", "{requester} asked for this {at}.{no_approval}", "it has been asked for."
    ),
    NotificationType.AGREED: EventTexts(
        "👍", "{who} approved{counted} {at}.", "{who} approved it; it waits for more."
    ),
    NotificationType.APPROVED: EventTexts(
        "✅",
        "{approvers} approved it {at}.{held}",
        "{approvers} approved it.{held_now} You hear from me when it is done.",
    ),
    APPROVED_BY_SEVERAL: EventTexts(
        "✅",
        "{who} approved{counted} {at}. That is enough: {agreed} agreed.{held}",
        "{approvers} approved it.{held_now} You hear from me when it is done.",
    ),
    NotificationType.REJECTED: EventTexts(
        "🚫", "{who} rejected it {at}{why}", "{who} rejected it{given_before}{why}"
    ),
    NotificationType.CANCELLED: EventTexts(
        "🚫", "{canceller} cancelled it {at}{why}", "{canceller} cancelled it; {given_at_all}."
    ),
    NotificationType.EXPIRED: EventTexts(
        "⌛",
        "It expired {at}: nobody approved it in time. "
        "Whoever still wants it can ask again with /discount add.",
        "nobody approved it in time, so it expired. Ask again with /discount add if you still want it.",
    ),
    EXPIRED_IN_LATER_ROUND: EventTexts(
        "⌛",
        "It expired {at}: nobody approved it anew in time.",
        "nobody approved it anew in time, so it expired{given_before}.",
    ),
    NotificationType.STARTED: EventTexts("⚙️", "Giving starts now ({at}).", "the giving has started."),
    NotificationType.CANCEL_ASKED: EventTexts(
        "🛑",
        "{canceller} asked to cancel it {at}. What is on its way to Dintero ends first.",
        "{canceller} asked to cancel it; what is on its way to Dintero ends first.",
    ),
    NotificationType.STOPPED: EventTexts(
        "⚠️", "It stopped {at}: {stop}", "it stopped. {stop_now} So far {counts}."
    ),
    NotificationType.CONTINUED: EventTexts(
        "▶️", "{who} continued it {at}, under the same once-only key.", "{who} continued it."
    ),
    NotificationType.ENDED_HERE: EventTexts(
        "⏹️", "{who} ended it here {at}.", "it is done; {counts}.", direct_mark="{done_mark}"
    ),
    NotificationType.RULE_CHANGED: EventTexts(
        "🔁",
        "The rule was changed in Dintero{detail}, seen {at}. "
        "No approval counts any more: {to_approve} as it is now.",
        "the rule was changed in Dintero{detail}, so no approval counts any more: {to_approve} as it is now.",
    ),
    NotificationType.CONSENT_VOID: EventTexts(
        "🔁",
        "The approval no longer counts{detail}, seen {at}: {to_approve} anew.",
        "the approval no longer counts{detail}: {to_approve} anew.",
    ),
    REQUESTER_LEFT: EventTexts(
        "🔁",
        "The approval no longer counts{detail}, seen {at}. "
        "Nobody can approve it until they may again; it can be rejected or cancelled.",
        "you may not ask in that channel any more, so the approval no longer counts. "
        "Ask {admins} to let you; else it ends by itself.",
    ),
    NotificationType.UNSEEN: EventTexts(
        "⚠️",
        "The card could not be posted {at}.",
        "its card could not be posted in <#{channel}>, so nobody sees it: {slack_problem}. {slack_advice} "
        "Then take this back with `/discount cancel {short}`, and ask again.",
    ),
    NotificationType.DONE: EventTexts(
        "🏁", "It was finished {at}.", "it is done; {counts}.", direct_mark="{done_mark}"
    ),
    NotificationType.HURRIED: EventTexts(
        "⏩", "{who} ended the hold {at}: it is given now.", "{who} ended its hold: it is given now."
    ),
    NotificationType.REMINDED: EventTexts(
        "🔔",
        "This still waits for a yes or a no ({at}): {asked_of} can say it.{waits_until}",
        "it still waits: {to_approve}.",
    ),
    NotificationType.ESCALATED: EventTexts(
        "📣",
        "Half of its time is over, so {asked_of} may approve it too from now on ({at}){until}.",
        "it still waits: {to_approve}.",
        direct_mark="🔔",
    ),
    NotificationType.PAUSED: EventTexts(
        "⏸️",
        "Giving was held up {at}, since {pauser} paused the bot{pause_reason}. "
        "What was on its way has ended; the rest goes on by itself after the pause, "
        "and nobody gets it twice.",
        "{pauser} paused the bot{pause_reason}; it goes on by itself after the pause.",
    ),
    NotificationType.RESUMED: EventTexts(
        "▶️", "The pause is over: giving goes on ({at}).", "the pause is over, and giving goes on."
    ),
    NotificationType.WAITING: EventTexts(
        "⏳",
        "Waiting for {awaited} since {at}{detail}. "
        "There is nothing to do: it tries again by itself, and {after_wait}.",
        "it waits for Dintero{detail}, and tries again by itself.",
    ),
    NotificationType.GOES_ON: EventTexts(
        "▶️", "Dintero answers again: giving goes on ({at}).", "Dintero answers again, and giving goes on."
    ),
    NotificationType.LISTED: EventTexts(
        "📄",
        "The list of those who were not given it was sent {at}.",
        "the list of those who were not given it comes as a file.",
    ),
    NotificationType.LIST_LOST: EventTexts(
        "⚠️",
        "The list of those who were not given it could not be sent {at}{why}.",
        "the list of those who were not given it could not be sent as a file{why}. "
        "Press *Get the list* on its card to try again; if it goes on, show this to whoever runs the bot.",
    ),
    NotificationType.UNTOLD: EventTexts(
        "⚠️",
        "Something could not be written here {at}.",
        "I cannot write about it in <#{lost_channel}>: {slack_problem}. {slack_advice}{follows} "
        "`/discount status {short}` shows how it stands.",
    ),
}


def thread_text(
    notification: Notification,
    snapshot: RequestSnapshot,
    formatter: Formatter,
    when: Callable[[datetime], str],
) -> str:
    """Write the text for the card's thread; `when` writes a moment."""
    texts = TEXTS[_variant(notification, snapshot)]
    return f"{texts.mark} {texts.thread}".format_map(_fields(notification, snapshot, formatter, when))


def direct_text(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Write the text for another channel or a person, as the end of a sentence."""
    texts = TEXTS[_variant(notification, snapshot)]
    template = f"{texts.direct_mark or texts.mark} {texts.direct}"
    return template.format_map(_fields(notification, snapshot, formatter, formatter.slack_date))


def _variant(notification: Notification, snapshot: RequestSnapshot) -> str:
    match notification.happened:
        case NotificationType.APPROVED if _counted(notification):
            return APPROVED_BY_SEVERAL
        case NotificationType.EXPIRED if snapshot.request.started_at:
            return EXPIRED_IN_LATER_ROUND
        case NotificationType.CONSENT_VOID if notification.note == RefusalReason.REQUESTER_LEFT:
            return REQUESTER_LEFT
    return notification.happened


def _fields(
    notification: Notification,
    snapshot: RequestSnapshot,
    formatter: Formatter,
    when: Callable[[datetime], str],
) -> dict[str, str]:
    request, facts, note = snapshot.request, notification.facts, notification.note
    by, canceller = notification.by or request.decided_by, notification.by or request.cancel_asked_by
    who = mention(by) if by else "Somebody"
    counts = ", ".join([outcome(snapshot.tally, formatter), *ends(snapshot.tally, formatter)])
    until = when(request.expires_at) if request.expires_at else ""
    held_then = f" {held(datetime.fromisoformat(facts['held_until']), when)}" if "held_until" in facts else ""
    stopped_by = facts.get("stop", "")
    stop_then = StopReason(stopped_by) if stopped_by in set(StopReason) else request.stop
    problem, advice = DELIVERY_PROBLEMS.get(facts.get("slack", ""), (note, OPERATOR))
    return {
        "at": when(notification.at),
        "who": who,
        "requester": mention(notification.by or request.requester),
        "canceller": mention(canceller) if canceller else who,
        "agreed": agreed(snapshot),
        "approvers": agreed(snapshot) if len(snapshot.votes) > 1 else who,
        "counted": _counted(notification),
        "no_approval": "" if request.approvals else f" No approval is needed here.{held_then}",
        "held": held_then,
        "held_now": f" {held(request.give_after, when)}" if request.give_after else "",
        "why": f": {escape(note, NOTE_CHARACTERS)}" if note.strip() else "",
        "detail": in_parentheses(note),
        "stop": stop(stop_then, note),
        "stop_now": stop(stop_then, note or request.note),
        "counts": counts,
        "given_before": f" ({counts})" if request.started_at else "",
        "given_at_all": counts if request.started_at else "nothing was given",
        "done_mark": done_mark(snapshot.tally),
        "to_approve": approvals(max(request.approvals, 1), [mention(one) for one in snapshot.asked_of]),
        "asked_of": mentions(facts.get("who", "").split(), most=30) or "an approver of this channel",
        "waits_until": f" It waits until {until}." if until else "",
        "until": f", until {until}" if until else "",
        "pauser": pause_banner.doer(notification.by),
        "pause_reason": pause_banner.because(notification.by, note),
        "awaited": facts.get(STARTS_AFTER) or "Dintero",
        "after_wait": "giving starts once there is an answer"
        if facts.get(STARTS_AFTER)
        else "nobody gets it twice",
        "admins": mentions(formatter.admins) or "an admin of the bot",
        "short": request.short,
        "channel": request.channel,
        "lost_channel": facts.get("channel", request.channel),
        "slack_problem": escape(problem, NOTE_CHARACTERS),
        "slack_advice": advice,
        "follows": "" if advice == OPERATOR else " What is missing there follows then.",
    }


def _counted(notification: Notification) -> str:
    """Number an approval, as ", 1 of 2,"; empty where one was enough."""
    number, needed = notification.facts.get("yeses", ""), notification.facts.get("approvals", "")
    several = number.isdecimal() and needed.isdecimal() and int(needed) > 1
    return f", {number} of {needed}," if several else ""
