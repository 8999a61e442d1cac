"""Refusals of people: who may do what, and where."""

from typing import Final

from bot.domain.policy.policy import OWN_HOLD, Forbidden, RefusalReason
from bot.slack.language.texts import N_, _
from bot.slack.rendering.refusals.words import Text, Words, always, elsewhere
from bot.slack.rendering.technical import technical


def _requester_left(words: Words) -> str:
    requester = words.refusal.name
    if requester.startswith(("U", "W")) and (name := words.mention(requester)):
        return _(
            "{name} can't request discounts here any more, so approving won't work."
            " Reject this, or ask {who} to restore their access.",
            name=name,
            who=words.who,
        )
    return _(
        "The requester can't request discounts here any more, so approving won't work."
        " Reject this, or ask {who} to restore their access.",
        who=words.who,
    )


def _own_request(words: Words) -> str:
    if words.detail == OWN_HOLD:
        return _("You can't skip the hold of your own request. It ends by itself.")
    return _("You can't approve or reject your own request. Ask {who}.", who=words.who)


def _lookup_failed(words: Words) -> str:
    if words.detail:
        return _(
            "Slack couldn't confirm who you are. Try again in a minute."
            " If it keeps happening, tell {who}. The cause: “{why}”.",
            who=words.who,
            why=technical(words.say(words.detail)).rstrip("."),
        )
    return _(
        "Slack couldn't confirm who you are. Try again in a minute. If it keeps happening, tell {who}.",
        who=words.who,
    )


def _cannot_post(words: Words) -> str:
    if words.detail.startswith(("C", "G")) and (channel := words.mention(words.detail)):
        return _("I'm not in {channel}. Type `/invite @discount-bot` there, then try again.", channel=channel)
    return _("I'm not in this channel. Type `/invite @discount-bot` there, then try again.")


NOT_YOURS: Final[dict[Forbidden | None, tuple[str, str]]] = {
    Forbidden.CANCEL: (
        N_("Only {who} can cancel {request}."),
        N_("Only {who} can cancel this request."),
    ),
    Forbidden.CANCEL_NOT_REJECT: (
        N_("Only {who} can cancel {request}. You can reject it instead."),
        N_("Only {who} can cancel this request. You can reject it instead."),
    ),
    Forbidden.CANCEL_ELSEWHERE: (
        N_("Only {who} can cancel {request} from here. While it's on hold, anyone in {places} can."),
        N_("Only {who} can cancel this request from here. While it's on hold, anyone in its channel can."),
    ),
    Forbidden.RESOLVE: (
        N_("Only {who} can continue or end {request}."),
        N_("Only {who} can continue or end this request."),
    ),
    Forbidden.SEE_ELSEWHERE: (
        N_("Only {who} can see {request} outside its channel."),
        N_("Only {who} can see this request outside its channel."),
    ),
    Forbidden.SEE_CUSTOMERS: (
        N_("Only {who} can see the customers of {request}."),
        N_("Only {who} can see the customers of this request."),
    ),
    None: (
        N_("Only {who} can do this with {request}."),
        N_("Only {who} can do this with this request."),
    ),
}
"""What only some people can do with a request: with its short id, and without."""


def _not_yours(words: Words) -> str:
    named, unnamed = NOT_YOURS[words.refusal.forbidden]
    is_named = words.request and (words.places or words.refusal.forbidden is not Forbidden.CANCEL_ELSEWHERE)
    text = named if is_named else unnamed
    return _(text, who=words.who, request=words.request, places=words.places)


PEOPLE: Final[dict[RefusalReason, Text]] = {
    RefusalReason.UNLISTED_CHANNEL: elsewhere(
        N_("You can't request discounts in this channel. Try {places}, or ask {who} to set this one up."),
        N_("You can't request discounts in this channel. Ask {who} to set it up."),
    ),
    RefusalReason.NOT_A_REQUESTER: elsewhere(
        N_("You can't request discounts in this channel. Try {places}, or ask {who} to add you."),
        N_("You can't request discounts in this channel. Ask {who} to add you."),
    ),
    RefusalReason.NO_PLACE: always(N_("You can't request discounts in any channel. Ask {who} to add you.")),
    RefusalReason.REQUESTER_LEFT: _requester_left,
    RefusalReason.NOT_AN_APPROVER: always(N_("You can't approve in this channel. Ask {who}.")),
    RefusalReason.OWN_REQUEST: _own_request,
    RefusalReason.GUEST: always(N_("Guests can't use discount-bot. Ask a colleague, or {who}.")),
    RefusalReason.BOT: always(N_("Bots can't use discount-bot. If this is a person's account, tell {who}.")),
    RefusalReason.DEACTIVATED: always(
        N_("This Slack account is deactivated. Ask a workspace admin to activate it, or tell {who}.")
    ),
    RefusalReason.STRANGER: always(
        N_("Only members of this workspace can do this. Ask a colleague here, or {who}.")
    ),
    RefusalReason.LOOKUP_FAILED: _lookup_failed,
    RefusalReason.CANNOT_POST: _cannot_post,
    RefusalReason.NOT_AN_ADMIN: always(N_("Only bot admins can do this. Ask {who}.")),
    RefusalReason.NOT_YOURS: _not_yours,
}
"""The text of each reason."""
