"""Refusals of a rule. People know a rule by its title, never by its id."""

from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.slack.language.texts import N_, _
from bot.slack.rendering.refusals.words import UUID, Text, Words, always, named
from bot.slack.rendering.technical import technical


def _expired(words: Words) -> str:
    at = words.refusal.at
    if words.name and at:
        return _(
            "{name} expired on {day}. Choose another rule, or extend it in Dintero.",
            name=words.name,
            day=words.formatter.day(at),
        )
    if words.name:
        return _("{name} has expired. Choose another rule, or extend it in Dintero.", name=words.name)
    return _("This rule has expired. Choose another rule, or extend it in Dintero.")


def _unreadable(words: Words) -> str:
    if words.detail and not UUID.fullmatch(words.detail):
        return _(
            "Dintero isn't answering, so the rule can't be checked ({why})."
            " Try again in a minute. If it keeps happening, tell {who}.",
            why=technical(words.say(words.detail)),
            who=words.who,
        )
    return _(
        "Dintero isn't answering, so the rule can't be checked."
        " Try again in a minute. If it keeps happening, tell {who}.",
        who=words.who,
    )


RULES: Final[dict[RefusalReason, Text]] = {
    RefusalReason.NO_RULE: named(
        N_("No rule matches {name}. Try another word of its name."), N_("Choose a rule.")
    ),
    RefusalReason.RULE_NOT_ALLOWED: named(
        N_("{name} isn't allowed in this channel. Choose another rule, or ask {who}."),
        N_("This rule isn't allowed in this channel. Choose another rule, or ask {who}."),
    ),
    RefusalReason.RULE_GONE: named(
        N_("{name} was deleted in Dintero. Choose another rule."),
        N_("This rule was deleted in Dintero. Choose another rule."),
    ),
    RefusalReason.RULE_INACTIVE: named(
        N_("{name} is inactive in Dintero. Choose another rule, or activate it there."),
        N_("This rule is inactive in Dintero. Choose another rule, or activate it there."),
    ),
    RefusalReason.RULE_EXPIRED: _expired,
    RefusalReason.RULE_UNREADABLE: _unreadable,
    RefusalReason.WRONG_NAME: named(
        N_("That doesn't match. Type {name}, or close without approving if you expected another rule."),
        N_(
            "That doesn't match. Type the rule's name as it's shown,"
            " or close without approving if you expected another rule."
        ),
    ),
    RefusalReason.UNPRICED: always(
        N_(
            "This channel has a spending limit, and this rule's cost can't be calculated."
            " Choose a rule with a fixed amount, or ask {who}."
        )
    ),
}
"""The text of each reason."""
