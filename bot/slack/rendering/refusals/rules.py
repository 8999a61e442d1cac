"""Refusals of a rule. People know a rule by its title, never by its id."""

from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.slack.language.texts import N_
from bot.slack.rendering.refusals.words import UUID, Text, Words, about, named
from bot.slack.rendering.technical import technical

THIS_RULE: Final = N_("this rule")


EXPIRED: Final = about(N_("{name} has expired. Choose another rule, or extend it in Dintero."), THIS_RULE)
EXPIRED_ON: Final = about(
    N_("{name} expired on {day}. Choose another rule, or extend it in Dintero."), THIS_RULE
)


def _expired(words: Words) -> str:
    at = words.refusal.at
    return EXPIRED_ON(words, day=words.formatter.day(at)) if at else EXPIRED(words)


def _unreadable(words: Words) -> str:
    if words.detail and not UUID.fullmatch(words.detail):
        text = N_(
            "Dintero isn't answering, so the rule can't be checked ({why})."
            " Try again in a minute. If it keeps happening, tell {who}."
        )
        return words.fill(text, why=technical(words.say(words.detail)))
    return words.fill(
        N_(
            "Dintero isn't answering, so the rule can't be checked."
            " Try again in a minute. If it keeps happening, tell {who}."
        )
    )


RULES: Final[dict[RefusalReason, Text]] = {
    RefusalReason.NO_RULE: named(
        N_("No rule matches {name}. Try another word of its name."), N_("Choose a rule.")
    ),
    RefusalReason.RULE_NOT_ALLOWED: about(
        N_("{name} isn't allowed in this channel. Choose another rule, or ask {who}."), THIS_RULE
    ),
    RefusalReason.RULE_GONE: about(N_("{name} was deleted in Dintero. Choose another rule."), THIS_RULE),
    RefusalReason.RULE_INACTIVE: about(
        N_("{name} is inactive in Dintero. Choose another rule, or activate it there."), THIS_RULE
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
    RefusalReason.UNPRICED: N_(
        "This channel has a spending limit, and this rule's cost can't be calculated."
        " Choose a rule with a fixed amount, or ask {who}."
    ),
}
