"""The outcomes of a request's customers in words: given, refused, unconfirmed and not sent.

While a customer is unconfirmed, nothing says that nobody got the discount.
"""

from bot.domain.requests.batches import Tally
from bot.slack.language.texts import _, ngettext


def headline(tally: Tally) -> str:
    """Say to how many it was given, as the first words of a message outside the thread."""
    return ngettext(
        "Given to {given} of {count} customer",
        "Given to {given} of {count} customers",
        tally.asked,
        given=tally.newly_given,
    )


def outcome(tally: Tally) -> str:
    """Say as a phrase to how many it was given; "confirmed" while a customer is unconfirmed."""
    given = tally.newly_given
    if tally.unknown > 0:
        return _("{count} confirmed", count=given)
    if tally.given == 0:
        return _("not given to anyone")
    if given < tally.asked:
        return ngettext(
            "given to {given} of {count} customer",
            "given to {given} of {count} customers",
            tally.asked,
            given=given,
        )
    return ngettext("given", "given to all {count} customers", tally.asked)


def ends(tally: Tally) -> list[str]:
    """Count the customers of each other outcome that occurred, each as a phrase."""
    counts = (
        (tally.refused, refused(tally.refused)),
        (tally.unknown, unconfirmed(tally.unknown)),
        (tally.not_tried, not_sent(tally.not_tried)),
    )
    return [*before(tally), *(words for count, words in counts if count > 0)]


def before(tally: Tally) -> list[str]:
    """Count those given who may have had it before, right after their number; then those who had it."""
    had, maybe = tally.had_before, tally.maybe_before
    may_have = ngettext(
        "{count} of them may have had it before", "{count} of them may have had it before", maybe
    )
    counts = (
        (maybe, may_have),
        (had, ngettext("{count} had it before", "{count} had it before", had)),
    )
    return [words for count, words in counts if count > 0]


def refused(count: int) -> str:
    """Count refused customers."""
    return ngettext("{count} refused by Dintero", "{count} refused by Dintero", count)


def unconfirmed(count: int) -> str:
    """Count unconfirmed customers."""
    return ngettext("{count} unconfirmed", "{count} unconfirmed", count)


def not_sent(count: int) -> str:
    """Count the customers without a call."""
    return ngettext("{count} not sent", "{count} not sent", count)


def sign(tally: Tally) -> str:
    """Choose the sign of a request that is done: whether all of it is well."""
    return "✅" if tally.newly_given == tally.asked else "⚠️"
