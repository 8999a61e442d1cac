"""How large a list is given, and how: what bot, bare loop and the arithmetic are handed alike."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId
from bot.services.drafting.drafts import BATCHES_PER_PORTION

LATENCY: Final = 0.050
"""Seconds of every call to Dintero."""


@dataclass(frozen=True, slots=True)
class Workload:
    """So many customers, so many of them a call, and so many calls at once."""

    customers: int
    batch: int
    wide: int

    def __str__(self) -> str:
        """Name it in the table."""
        return f"giving to {self.customers:,} customers, {LATENCY * 1000:.0f} ms a call, {self.wide} wide"

    @property
    def portion(self) -> int:
        """How many customers are a row of the books, as the desk has it."""
        return self.batch * max(BATCHES_PER_PORTION, self.wide)

    @property
    def calls(self) -> int:
        """How many calls it takes."""
        return -(-self.customers // self.batch)

    @property
    def ideal(self) -> float:
        """How many seconds it takes where nothing costs time but Dintero: the calls of each lane, one after the other."""
        return self.calls / self.wide * LATENCY

    def arguments(self) -> tuple[str, ...]:
        """Hand it to a process."""
        return str(self.customers), str(self.batch), str(self.wide)

    @classmethod
    def read(cls, arguments: Sequence[str]) -> "Workload":
        """Read what was handed over."""
        return cls(*map(int, arguments))


def made_up(count: int) -> list[CustomerId]:
    """Make up ids like UUIDs, which nothing packs well; by one call for all, since a million are made for every turn."""
    digits = secrets.token_hex(16 * count)
    ids = (digits[at : at + 32] for at in range(0, 32 * count, 32))
    return [CustomerId(f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}") for one in ids]
