"""Refusals of a size: the limits of a channel, its budget and its approvers."""

from typing import Final

from bot.domain.policy.policy import FOR_ANYBODY, RefusalReason
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.refusals.words import Text, Words, elsewhere

FEWER_PEOPLE: Final = elsewhere(
    N_("For larger requests use {places}, or ask {who} to raise the limit."),
    N_("Name fewer, or ask {who} to raise the limit."),
)
CHEAPER: Final = elsewhere(
    N_("For larger requests use {places}, or ask {who} to raise the limit."),
    N_("Name fewer customers, or ask {who} to raise the limit."),
)
CUSTOMERS_LEFT: Final = N_(
    "This channel's budget has room for {left}, and this request has {customers}."
    " Name fewer, wait for room, or ask {who} to raise the budget."
)
AMOUNT_LEFT: Final = N_(
    "This could cost {cost}, and this channel's budget has {left} left."
    " Name fewer customers, wait for room, or ask {who} to raise the budget."
)
USED_UP: Final = N_("This channel's budget is used up. Wait for room, or ask {who} to raise the budget.")


def _too_many(words: Words) -> str:
    problem = _("That's more customers than this channel allows.")
    if found := words.numbers():
        customers, limit = words.formatter.customers(found[0]), found[1]
        problem = _(
            "This has {customers}. The limit in this channel is {limit} per request.",
            customers=customers,
            limit=limit,
        )
    return f"{problem} {FEWER_PEOPLE(words)}"


def _too_expensive(words: Words) -> str:
    problem = _("This costs more than this channel allows per request.")
    if found := words.numbers():
        cost, limit = map(words.formatter.amount, found)
        problem = _(
            "This could cost {cost}. The limit in this channel is {limit} per request.",
            cost=cost,
            limit=limit,
        )
    return f"{problem} {CHEAPER(words)}"


def _budget_customers(words: Words) -> str:
    customers, left = words.numbers() or (0, 0)
    text = CUSTOMERS_LEFT if left else USED_UP
    return words.fill(text, left=words.formatter.customers(left), customers=customers)


def _budget_amount(words: Words) -> str:
    cost, left = words.numbers() or (0, 0)
    amount = words.formatter.amount
    return words.fill(AMOUNT_LEFT if left else USED_UP, cost=amount(cost), left=amount(left))


def _no_approver(words: Words) -> str:
    others, needed = words.numbers() or (0, 0)
    if words.detail.rpartition("/")[2] == FOR_ANYBODY:
        problem = _("Nobody can approve in this channel yet.")
    elif others:
        problem = ngettext(
            "This needs {needed}, but only {count} other person can approve.",
            "This needs {needed}, but only {count} other people can approve.",
            others,
            needed=ngettext("{count} approval", "{count} approvals", needed),
        )
    else:
        problem = _("You're the only approver here, and you can't approve your own request.")
    return " ".join([problem, words.fill(N_("Ask {who} to add approvers."))])


LIMITS: Final[dict[RefusalReason, Text]] = {
    RefusalReason.TOO_MANY_CUSTOMERS: _too_many,
    RefusalReason.TOO_EXPENSIVE: _too_expensive,
    RefusalReason.BUDGET_CUSTOMERS: _budget_customers,
    RefusalReason.BUDGET_AMOUNT: _budget_amount,
    RefusalReason.NO_APPROVER: _no_approver,
    RefusalReason.NO_ROOM: N_(
        "Your lists of the last 24 hours take up all your space. Try again tomorrow, or tell {who}."
    ),
}
