"""Refusals of a request: it is unknown, it has moved on, or it is not what somebody was shown."""

import re
from datetime import UTC, datetime
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import Event, State
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.refusals.words import Text, Words, always, of_request

SECONDS: Final = re.compile(r"[0-9]{1,11}")

LATE: Final[dict[str, tuple[str, str]]] = {
    State.DRAFT: (
        N_("{request} hasn't been sent yet, so nothing changed."),
        N_("This request hasn't been sent yet, so nothing changed."),
    ),
    State.WAITING: (
        N_("{request} is already waiting for approval, so nothing changed."),
        N_("This request is already waiting for approval, so nothing changed."),
    ),
    State.APPROVED: (
        N_("{request} is already approved, so nothing changed."),
        N_("This request is already approved, so nothing changed."),
    ),
    State.GIVING: (
        N_("{request} is already being sent, so nothing changed."),
        N_("This request is already being sent, so nothing changed."),
    ),
    State.STOPPED: (
        N_("{request} has stopped, so nothing changed. It needs *Continue* or *End request…*."),
        N_("This request has stopped, so nothing changed. It needs *Continue* or *End request…*."),
    ),
    State.DONE: (
        N_("{request} is already done, so nothing changed."),
        N_("This request is already done, so nothing changed."),
    ),
    State.REJECTED: (
        N_("{request} is already rejected, so nothing changed."),
        N_("This request is already rejected, so nothing changed."),
    ),
    State.CANCELLED: (
        N_("{request} is already cancelled, so nothing changed."),
        N_("This request is already cancelled, so nothing changed."),
    ),
    State.EXPIRED: (
        N_("{request} expired before this, so nothing changed. Its requester has been told."),
        N_("This request expired before this, so nothing changed. Its requester has been told."),
    ),
    Event.CANCEL_ASKED: (
        N_("{request} is already being cancelled, so nothing changed."),
        N_("This request is already being cancelled, so nothing changed."),
    ),
}
"""For a person who acted too late: with the request's short id, and without."""

BEATEN: Final[dict[str, tuple[str, str]]] = {
    State.APPROVED: (
        N_("{name} got there first: {request} is already approved."),
        N_("{name} got there first: this request is already approved."),
    ),
    State.REJECTED: (
        N_("{name} got there first: {request} is already rejected."),
        N_("{name} got there first: this request is already rejected."),
    ),
    State.CANCELLED: (
        N_("{name} got there first: {request} is already cancelled."),
        N_("{name} got there first: this request is already cancelled."),
    ),
    Event.CANCEL_ASKED: (
        N_("{name} got there first: {request} is already being cancelled."),
        N_("{name} got there first: this request is already being cancelled."),
    ),
}
"""The same where somebody else's decision competed with theirs."""


def _too_late(words: Words) -> str:
    state, first = words.detail, "".join(words.refusal.who[:1])
    request = words.request
    if first and state in BEATEN and (name := words.mention(first)):
        text = BEATEN[state][0 if request else 1]
        return _(text, name=name, request=request)
    if state in LATE:
        return _(LATE[state][0 if request else 1], request=request)
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
        return _(
            "I can't find {request} here. Did you mean {nearest}?",
            request=words.say(words.detail),
            nearest=words.request,
        )
    if words.refusal.in_direct:
        return _(
            "I can't find {request} here. Ids look like R-7K2QF. `/discount status` lists your requests.",
            request=words.say(words.detail),
        )
    return _(
        "I can't find {request} here. Ids look like R-7K2QF."
        " `/discount status` lists this channel's requests.",
        request=words.say(words.detail),
    )


def _lost(words: Words) -> str:
    """Tell of a request that a restored backup lacks; the detail is such as "R-7K2QF/1796000000"."""
    short, _slash, at = words.detail.partition("/")
    if short.startswith("R-") and SECONDS.fullmatch(at):
        return _(
            "{request} was sent after the backup of {moment}, which was restored since."
            " I don't know whether its customers got the discount, and nothing was changed."
            " Ask {who} before you request it again: somebody could get it twice.",
            request=words.say(short),
            moment=words.formatter.moment(datetime.fromtimestamp(int(at), UTC)),
            who=words.who,
        )
    return _(
        "This request is missing from the backup that was restored."
        " I don't know whether its customers got the discount, and nothing was changed."
        " Ask {who} before you request it again: somebody could get it twice.",
        who=words.who,
    )


def _other_account(words: Words) -> str:
    own, _slash, now = words.detail.partition("/")
    if own and now:
        return _(
            "This request is for {account}, but I now use {other}. Nothing was done."
            " Send a new request with `/discount add`, or ask {who} to switch back.",
            account=_account(own, words),
            other=_account(now, words),
            who=words.who,
        )
    return _(
        "This request is for another Dintero account than mine. Nothing was done."
        " Send a new request with `/discount add`, or ask {who} to switch back.",
        who=words.who,
    )


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
    RefusalReason.APPROVAL_OLD: always(
        N_("An approval of this request is too old to count. Ask an approver to approve it again.")
    ),
    RefusalReason.ALREADY_VOTED: _already_voted,
    RefusalReason.CHANGED: always(N_("This changed while you had it open. Nothing was done. Open it again.")),
    RefusalReason.DATABASE_CHANGED: always(
        N_("This is no longer what people approved: its stored data was changed. Tell {who}.")
    ),
    RefusalReason.DATABASE_OLDER: always(
        N_("A backup was restored that is older than this request's last step. Tell {who}.")
    ),
    RefusalReason.REPEATED: always(
        N_(
            "Another request for some of these customers came in while you had this open."
            " Nothing was done. Review it again: that request is listed now."
        )
    ),
    RefusalReason.REPEATED_LOST: always(
        N_(
            "A backup was restored that lacks requests for this rule."
            " Nothing was done. Review it again: those requests are listed now."
        )
    ),
    RefusalReason.NOT_HELD: of_request(
        N_("{request} is no longer on hold, so nothing changed."),
        N_("This request is no longer on hold, so nothing changed."),
    ),
    RefusalReason.NOBODY_LEFT: of_request(
        N_(
            "Nobody is left in {request}: everyone has the discount, or the request was never sent."
            " Start a new request with `/discount add`."
        ),
        N_(
            "Nobody is left in this request: everyone has the discount, or the request was never sent."
            " Start a new request with `/discount add`."
        ),
    ),
    RefusalReason.NO_LIST: of_request(
        N_("{request} has no list yet: everyone got the discount, or the request hasn't finished."),
        N_("This request has no list yet: everyone got the discount, or the request hasn't finished."),
    ),
    RefusalReason.PURGED: of_request(
        N_(
            "The customer ids of {request} were deleted because it ended long ago."
            " Counts and approvals are still in `/discount status`."
        ),
        N_(
            "The customer ids of this request were deleted because it ended long ago."
            " Counts and approvals are still in `/discount status`."
        ),
    ),
}
"""The text of each reason."""
