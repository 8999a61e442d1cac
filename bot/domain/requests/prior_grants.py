"""Given before: who of a request's customers were given the same rule a short while ago, and by which requests."""

from dataclasses import dataclass
from typing import Final

from bot.domain.ids import ChannelId, RequestId, ShortId


@dataclass(frozen=True, slots=True)
class PriorRequest:
    """An earlier request with the same rule, and how many of the same customers it gave it to."""

    id: RequestId
    short: ShortId
    channel: ChannelId
    card_ts: str | None
    customers: int
    refused: int = 0
    """Of a request whose rest is asked for, how many of these Dintero had refused."""


@dataclass(frozen=True, slots=True)
class PriorGrants:
    """What was found: the newest requests first; `customers` counts each once. `more` tells that not all there is was looked at."""

    customers: int = 0
    by: tuple[PriorRequest, ...] = ()
    more: bool = False


NEVER: Final = PriorGrants()
