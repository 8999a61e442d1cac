"""Refusals of people: who may do what, and where."""

from typing import Final

from bot.domain.policy.policy import OWN_HOLD, Forbidden, RefusalReason
from bot.slack.language.texts import N_, _
from bot.slack.rendering.refusals.words import Text, Words, elsewhere
from bot.slack.rendering.technical import technical


def _requester_left(words: Words) -> str:
    requester = words.refusal.name
    name = words.mention(requester) if requester.startswith(("U", "W")) else ""
    return words.fill(REQUESTER_LEFT if name else UNKNOWN_REQUESTER_LEFT, name=name)


def _own_request(words: Words) -> str:
    if words.detail == OWN_HOLD:
        return _("You can't skip the hold of your own request. It ends by itself.")
    return words.fill(N_("You can't approve or reject your own request. Ask {who}."))


def _lookup_failed(words: Words) -> str:
    why = technical(words.say(words.detail)).rstrip(".")
    return " ".join([words.fill(LOOKUP_FAILED), *([_("The cause: “{why}”.", why=why)] if why else [])])


def _cannot_post(words: Words) -> str:
    channel = words.mention(words.detail) if words.detail.startswith(("C", "G")) else ""
    text = N_("I'm not in {channel}. Type `/invite @discount-bot` there, then try again.")
    return words.fill(text, channel=channel or _("this channel"))


REQUESTER_LEFT: Final = N_(
    "{name} can't request discounts here any more, so approving won't work."
    " Reject this, or ask {who} to restore their access."
)
UNKNOWN_REQUESTER_LEFT: Final = N_(
    "The requester can't request discounts here any more, so approving won't work."
    " Reject this, or ask {who} to restore their access."
)
LOOKUP_FAILED: Final = N_(
    "Slack couldn't confirm who you are. Try again in a minute. If it keeps happening, tell {who}."
)
NOT_YOURS: Final[dict[Forbidden | None, str]] = {
    Forbidden.CANCEL: N_("Only {who} can cancel {request}."),
    Forbidden.CANCEL_NOT_REJECT: N_("Only {who} can cancel {request}. You can reject it instead."),
    Forbidden.CANCEL_ELSEWHERE: N_(
        "Only {who} can cancel {request} from here. While it's on hold, anyone in {places} can."
    ),
    Forbidden.RESOLVE: N_("Only {who} can continue or end {request}."),
    Forbidden.SEE_ELSEWHERE: N_("Only {who} can see {request} outside its channel."),
    Forbidden.SEE_CUSTOMERS: N_("Only {who} can see the customers of {request}."),
    None: N_("Only {who} can do this with {request}."),
}


def _not_yours(words: Words) -> str:
    return words.fill(NOT_YOURS[words.refusal.forbidden], places=words.places or _("its channel"))


PEOPLE: Final[dict[RefusalReason, Text]] = {
    RefusalReason.UNLISTED_CHANNEL: elsewhere(
        N_("You can't request discounts in this channel. Try {places}, or ask {who} to set this one up."),
        N_("You can't request discounts in this channel. Ask {who} to set it up."),
    ),
    RefusalReason.NOT_A_REQUESTER: elsewhere(
        N_("You can't request discounts in this channel. Try {places}, or ask {who} to add you."),
        N_("You can't request discounts in this channel. Ask {who} to add you."),
    ),
    RefusalReason.NO_PLACE: N_("You can't request discounts in any channel. Ask {who} to add you."),
    RefusalReason.REQUESTER_LEFT: _requester_left,
    RefusalReason.NOT_AN_APPROVER: N_("You can't approve in this channel. Ask {who}."),
    RefusalReason.OWN_REQUEST: _own_request,
    RefusalReason.GUEST: N_("Guests can't use discount-bot. Ask a colleague, or {who}."),
    RefusalReason.BOT: N_("Bots can't use discount-bot. If this is a person's account, tell {who}."),
    RefusalReason.DEACTIVATED: N_(
        "This Slack account is deactivated. Ask a workspace admin to activate it, or tell {who}."
    ),
    RefusalReason.STRANGER: N_("Only members of this workspace can do this. Ask a colleague here, or {who}."),
    RefusalReason.LOOKUP_FAILED: _lookup_failed,
    RefusalReason.CANNOT_POST: _cannot_post,
    RefusalReason.NOT_AN_ADMIN: N_("Only bot admins can do this. Ask {who}."),
    RefusalReason.NOT_YOURS: _not_yours,
}
