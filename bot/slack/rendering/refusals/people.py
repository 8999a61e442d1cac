"""Refusals of people: who may do what, and where."""

from typing import Final

from bot.domain.policy.policy import OWN_HOLD, RefusalReason
from bot.slack.language.texts import N_, _
from bot.slack.rendering.refusals.words import Text, Words, always, elsewhere, of_request
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
    RefusalReason.NOT_YOURS: of_request(
        N_("You can't change or see {request}. Ask {who}."),
        N_("You can't change or see this request. Ask {who}."),
    ),
}
"""The text of each reason."""
