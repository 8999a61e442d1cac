"""The list to give, the same for bot, bare loop and ideal."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId
from bot.services.drafting.recipients import BATCHES_PER_PORTION

LATENCY: Final = 0.050
"""Latency of a call to Dintero, in seconds."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Customers, batch size and concurrency."""

    customers: int
    batch: int
    wide: int

    def __str__(self) -> str:
        """Name it in the table."""
        return f"giving to {self.customers:,} customers, {LATENCY * 1000:.0f} ms a call, {self.wide} wide"

    @property
    def portion(self) -> int:
        """Customers per portion, as the bot chooses it."""
        return self.batch * max(BATCHES_PER_PORTION, self.wide)

    @property
    def calls(self) -> int:
        """The number of calls."""
        return -(-self.customers // self.batch)

    @property
    def ideal(self) -> float:
        """The ideal seconds: each lane's calls one after the other, at no other cost."""
        return self.calls / self.wide * LATENCY

    def arguments(self) -> tuple[str, ...]:
        """Format it as arguments."""
        return str(self.customers), str(self.batch), str(self.wide)

    @classmethod
    def read(cls, arguments: Sequence[str]) -> "Workload":
        """Parse the arguments."""
        return cls(*map(int, arguments))


def made_up(count: int) -> list[CustomerId]:
    """Make ids like UUIDs, which compress badly, in one call for all."""
    digits = secrets.token_hex(16 * count)
    ids = (digits[at : at + 32] for at in range(0, 32 * count, 32))
    return [CustomerId(f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}") for one in ids]
