"""The outcomes of a request's customers in words: how many got the discount, and how the others ended."""

from bot.domain.requests.batches import Tally
from bot.slack.rendering.formatting import Formatter


def outcome(tally: Tally, formatter: Formatter) -> str:
    """Say whether all, some or none received it, for anywhere but the summary."""
    given = tally.newly_given
    if given == 0:
        return "nobody was given it"
    if given < tally.asked:
        return f"{formatter.number(given)} of {formatter.customers(tally.asked)} were given it"
    if tally.asked == 1:
        return "the customer was given it"
    return f"all {formatter.number(tally.asked)} were given it"


def ends(tally: Tally, formatter: Formatter) -> list[str]:
    """Count the customers of each other outcome that occurred."""
    counts = (
        (tally.had_before, "had it before under the same key"),
        (tally.maybe_before, "may have had it before under the same key"),
        (tally.refused, "refused by Dintero"),
        (tally.unknown, "unknown"),
        (tally.not_tried, "not tried"),
    )
    return [f"{formatter.number(count)} {words}" for count, words in counts if count > 0]
