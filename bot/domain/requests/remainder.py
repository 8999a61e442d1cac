"""The customers that an ended request left: unknown, not tried or refused."""

from dataclasses import dataclass

from bot.domain.requests.batches import Tally
from bot.domain.requests.prior_grants import PriorRequest
from bot.domain.requests.request import Request


@dataclass(frozen=True, slots=True)
class Remainder:
    """Whose rest is asked for, how many of it, and which other requests ask or asked for them.

    `left` are unknown or not tried, `refused` those whom Dintero refused, who are asked for only where that is chosen.
    """

    first: PriorRequest
    also: tuple[PriorRequest, ...] = ()
    left: int = 0
    refused: int = 0


def can_ask_again(request: Request, tally: Tally) -> bool:
    """Say whether a request has a rest: it ended after giving had begun, not everybody was given it, and it still knows whom."""
    return (
        request.ended
        and request.started_at is not None
        and request.purged_at is None
        and tally.given < tally.asked
    )
