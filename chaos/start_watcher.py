"""Checks at each request's first call to Dintero that it had been started."""

from contextlib import suppress
from dataclasses import dataclass, field

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.request import State
from bot.errors import DatabaseUnavailable
from sandbox.dintero import Point
from sandbox.dintero.ledger import Ledger

ASKED = tuple(state for state in State if state is not State.DRAFT)


@dataclass(slots=True)
class Witness:
    """Reads the database before the call's effect; while that is away, it checks the next call."""

    repository: SqlRepository
    ledger: Ledger
    faults: list[str] = field(default_factory=list)
    _seen: set[str | None] = field(default_factory=set)

    async def sees(self, point: Point, number: int) -> None:
        """Check a call."""
        key = self.ledger.calls[number - 1].key
        if point is not Point.BEFORE or key in self._seen:
            return
        with suppress(DatabaseUnavailable):
            requests = await self.repository.in_state(*ASKED)
            if key not in self._seen and not any(one.once_key == key and one.started_at for one in requests):
                self.faults.append(f"{key} was given before it was started")
            self._seen.add(key)
