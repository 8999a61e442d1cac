"""Dintero's list of who has a rule: its entries, and what it showed of those whose end is unknown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.ids import CustomerId

PAGE: Final = 1_000
"""The most refs a page that Dintero documents."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a rule, in Dintero's list; `customer` is None for everyone, and where it was taken back."""

    id: str
    customer: CustomerId | None


@dataclass(frozen=True, slots=True)
class Verification:
    """How many of the unknown stood in the first `refs` entries of the list; `whole` where that was all of it, or all were there.

    `failed` says why it could not be read to its end. With neither it is too long.
    """

    at: datetime
    unknown: int
    there: int = 0
    refs: int = 0
    whole: bool = False
    failed: str = ""
