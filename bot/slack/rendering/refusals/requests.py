"""Refusals of a request: it is unknown, it has moved on, or it is not what somebody was shown."""

import re
from datetime import UTC, datetime
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import Event, State
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.refusals.words import Text, Words

SECONDS: Final = re.compile(r"[0-9]{1,11}")

LATE: Final[dict[str, str]] = {
    State.DRAFT: N_("{request} hasn't been sent yet, so nothing changed."),
    State.WAITING: N_("{request} is already waiting for approval, so nothing changed."),
    State.APPROVED: N_("{request} is already approved, so nothing changed."),
    State.GIVING: N_("{request} is already being sent, so nothing changed."),
    State.STOPPED: N_("{request} has stopped, so nothing changed. It needs *Continue* or *End request…*."),
    State.DONE: N_("{request} is already done, so nothing changed."),
    State.REJECTED: N_("{request} is already rejected, so nothing changed."),
    State.CANCELLED: N_("{request} is already cancelled, so nothing changed."),
    State.EXPIRED: N_("{request} expired before this, so nothing changed. Its requester has been told."),
    Event.CANCEL_ASKED: N_("{request} is already being cancelled, so nothing changed."),
}

BEATEN: Final[dict[str, str]] = {
    State.APPROVED: N_("{name} got there first: {request} is already approved."),
    State.REJECTED: N_("{name} got there first: {request} is already rejected."),
    State.CANCELLED: N_("{name} got there first: {request} is already cancelled."),
    Event.CANCEL_ASKED: N_("{name} got there first: {request} is already being cancelled."),
}
"""The same where somebody else's decision competed with theirs."""


LOST: Final = N_(
    "I don't know whether its customers got the discount, and nothing was changed."
    " Ask {who} before you request it again: somebody could get it twice."
)
OTHER_ACCOUNT: Final = N_("Nothing was done. Ask {who} to switch back.")


def _too_late(words: Words) -> str:
    state, first = words.detail, "".join(words.refusal.who[:1])
    if first and state in BEATEN and (name := words.mention(first)):
        return words.fill(BEATEN[state], name=name)
    if state in LATE:
        return words.fill(LATE[state])
    return _("This request has already changed, so nothing was done.")


def _already_voted(words: Words) -> str:
    if words.request and words.detail.isdecimal():
        return ngettext(
            "You already approved {request}. It needs {count} more person.",
            "You already approved {request}. It needs {count} more people.",
            int(words.detail),
            request=words.request,
        )
    return _("You already approved this. It still needs somebody else's approval.")


def _unknown(words: Words) -> str:
    if not words.detail.startswith("R-"):
        return _("I can't find this request any more. Look it up with `/discount status`.")
    if words.refusal.name and words.request:
        advice = _("Did you mean {nearest}?", nearest=words.request)
    elif words.refusal.in_direct:
        advice = _("Ids look like `R-7K2QF`. `/discount status` lists your requests.")
    else:
        advice = _("Ids look like `R-7K2QF`. `/discount status` lists this channel's requests.")
    return " ".join([_("I can't find {request} here.", request=words.say(words.detail)), advice])


def _lost(words: Words) -> str:
    """Tell of a request that a restored backup lacks; the detail is such as "R-7K2QF/1796000000"."""
    short, _slash, at = words.detail.partition("/")
    if short.startswith("R-") and SECONDS.fullmatch(at):
        moment = words.formatter.moment(datetime.fromtimestamp(int(at), UTC))
        text = _(
            "{request} is newer than the backup of {moment} that was restored.",
            request=words.say(short),
            moment=moment,
        )
    else:
        text = _("This request is missing from the backup that was restored.")
    return f"{text} {words.fill(LOST)}"


def _other_account(words: Words) -> str:
    own, _slash, now = words.detail.partition("/")
    text = _("This request is for a Dintero account I don't use now.")
    if own and now:
        account, other = _account(own, words), _account(now, words)
        text = _("This request is for {account}, but I now use {other}.", account=account, other=other)
    return f"{text} {words.fill(OTHER_ACCOUNT)}"


def _account(account: str, words: Words) -> str:
    named = words.say(account[:20])
    if account.startswith("P"):
        return _("the PRODUCTION account {account}", account=named)
    return _("the TEST account {account}", account=named)


REQUESTS: Final[dict[RefusalReason, Text]] = {
    RefusalReason.OTHER_ACCOUNT: _other_account,
    RefusalReason.UNKNOWN_REQUEST: _unknown,
    RefusalReason.LOST_REQUEST: _lost,
    RefusalReason.WRONG_STATE: _too_late,
    RefusalReason.APPROVAL_OLD: N_(
        "An approval of this request is too old to count. Ask an approver to approve it again."
    ),
    RefusalReason.ALREADY_VOTED: _already_voted,
    RefusalReason.CHANGED: N_("This changed while you had it open. Nothing was done. Open it again."),
    RefusalReason.DATABASE_CHANGED: N_(
        "This is no longer what people approved: its stored data was changed. Tell {who}."
    ),
    RefusalReason.DATABASE_OLDER: N_(
        "A backup was restored that is older than this request's last step. Tell {who}."
    ),
    RefusalReason.REPEATED: N_(
        "Another request for some of these customers came in while you had this open."
        " Nothing was done. Review it again: that request is listed now."
    ),
    RefusalReason.REPEATED_LOST: N_(
        "A backup was restored that lacks requests for this rule."
        " Nothing was done. Review it again: those requests are listed now."
    ),
    RefusalReason.NOT_HELD: N_("{request} is no longer on hold, so nothing changed."),
    RefusalReason.NOBODY_LEFT: N_(
        "Nobody is left in {request}: everyone has the discount, or the request was never sent."
        " Start a new request with `/discount add`."
    ),
    RefusalReason.NO_LIST: N_(
        "{request} has no list yet: everyone got the discount, or the request hasn't finished."
    ),
    RefusalReason.PURGED: N_(
        "The customer ids of {request} were deleted because it ended long ago."
        " Counts and approvals are still in `/discount status`."
    ),
}
