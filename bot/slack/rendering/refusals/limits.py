"""Refusals of a size: the limits of a channel, its budget and its approvers."""

from typing import Final

from bot.domain.policy.policy import FOR_ANYBODY, RefusalReason
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.refusals.words import Text, Words, always, elsewhere

_MANY: Final = elsewhere(
    N_(
        "That's more customers than this channel allows."
        " For larger requests use {places}, or ask {who} to raise the limit."
    ),
    N_("That's more customers than this channel allows. Name fewer, or ask {who} to raise the limit."),
)
_EXPENSIVE: Final = elsewhere(
    N_(
        "This costs more than this channel allows per request."
        " For larger requests use {places}, or ask {who} to raise the limit."
    ),
    N_(
        "This costs more than this channel allows per request."
        " Name fewer customers, or ask {who} to raise the limit."
    ),
)


def _too_many(words: Words) -> str:
    if not (found := words.numbers()):
        return _MANY(words)
    customers, who = words.formatter.customers(found[0]), words.who
    if words.places:
        return _(
            "{customers} is over this channel's limit of {limit}."
            " For larger requests use {places}, or ask {who} to raise the limit.",
            customers=customers,
            limit=found[1],
            places=words.places,
            who=who,
        )
    return _(
        "{customers} is over this channel's limit of {limit}. Name fewer, or ask {who} to raise the limit.",
        customers=customers,
        limit=found[1],
        who=who,
    )


def _too_expensive(words: Words) -> str:
    if not (found := words.numbers()):
        return _EXPENSIVE(words)
    cost, limit = map(words.formatter.amount, found)
    if words.places:
        return _(
            "This could cost {cost}. The limit in this channel is {limit} per request."
            " For larger requests use {places}, or ask {who} to raise the limit.",
            cost=cost,
            limit=limit,
            places=words.places,
            who=words.who,
        )
    return _(
        "This could cost {cost}. The limit in this channel is {limit} per request."
        " Name fewer customers, or ask {who} to raise the limit.",
        cost=cost,
        limit=limit,
        who=words.who,
    )


def _budget_customers(words: Words) -> str:
    found = words.numbers()
    if found and found[1]:
        return _(
            "This channel's budget has room for {left}, and this request has {customers}."
            " Name fewer, wait for room, or ask {who} to raise the budget.",
            left=words.formatter.customers(found[1]),
            customers=words.formatter.number(found[0]),
            who=words.who,
        )
    return _used_up(words)


def _budget_amount(words: Words) -> str:
    found = words.numbers()
    if found and found[1]:
        cost, left = map(words.formatter.amount, found)
        return _(
            "This could cost {cost}, and this channel's budget has {left} left."
            " Name fewer customers, wait for room, or ask {who} to raise the budget.",
            cost=cost,
            left=left,
            who=words.who,
        )
    return _used_up(words)


def _used_up(words: Words) -> str:
    return _(
        "This channel's budget is used up. Wait for room, or ask {who} to raise the budget.", who=words.who
    )


def _no_approver(words: Words) -> str:
    if words.detail.rpartition("/")[2] == FOR_ANYBODY:
        return _("Nobody can approve in this channel yet. Ask {who} to add approvers.", who=words.who)
    found = words.numbers()
    if found and found[0]:
        return ngettext(
            "This needs {needed}, but only {count} other person can approve. Ask {who} to add approvers.",
            "This needs {needed}, but only {count} other people can approve. Ask {who} to add approvers.",
            found[0],
            needed=ngettext("{count} approval", "{count} approvals", found[1]),
            who=words.who,
        )
    return _(
        "You're the only approver here, and you can't approve your own request. Ask {who} to add approvers.",
        who=words.who,
    )


LIMITS: Final[dict[RefusalReason, Text]] = {
    RefusalReason.TOO_MANY_CUSTOMERS: _too_many,
    RefusalReason.TOO_EXPENSIVE: _too_expensive,
    RefusalReason.BUDGET_CUSTOMERS: _budget_customers,
    RefusalReason.BUDGET_AMOUNT: _budget_amount,
    RefusalReason.NO_APPROVER: _no_approver,
    RefusalReason.NO_ROOM: always(
        N_("Your lists of the last 24 hours take up all your space. Try again tomorrow, or tell {who}.")
    ),
}
"""The text of each reason."""
