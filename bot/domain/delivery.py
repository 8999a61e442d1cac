"""The delivery of one payload: its name, and what its handling may have written.

What people are told of their writes is true: a write registers first and then checks whether the delivery is
closed, in the thread that commits; an answer closes the delivery first and then checks for writes.
"""

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from bot.errors import DatabaseUnavailable

WAIT_SECONDS: Final = 8.0
"""How long work after an ack waits for the database, for a person who waits for its answer."""


@dataclass(slots=True)
class Delivery:
    """One payload of Slack's while it is handled, its work after the ack included."""

    key: str
    """The same for every copy of the payload."""
    handling: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Tells this handling from that of a copy."""
    writes: int = 0
    """Writes that are committed, or may be."""
    has_work: bool = False
    """Whether work follows the ack."""
    closed: bool = False
    """Whether the person was told how it ended: nothing may be written any more."""

    def begin_write(self) -> None:
        """Count a write about to be committed; raises DatabaseUnavailable if the delivery is closed."""
        self.writes += 1
        if self.closed:
            self.undo_write()
            raise DatabaseUnavailable("the answer is out already")

    def undo_write(self) -> None:
        """Forget a write that surely was not committed."""
        self.writes -= 1

    def close(self) -> None:
        """Let no further write pass; what may be written shows in `writes`."""
        self.closed = True


_current: Final[ContextVar[Delivery | None]] = ContextVar("delivery", default=None)


def current_delivery() -> Delivery | None:
    """Return the delivery that is handled here; None for work that no person waits for."""
    return _current.get()


@contextmanager
def handling(payload: Mapping[str, Any]) -> Iterator[Delivery]:
    """Handle a payload until the block ends; tasks that begin in the block belong to it."""
    text = json.dumps(payload, sort_keys=True)
    delivery = Delivery(hashlib.sha256(text.encode()).hexdigest())
    token = _current.set(delivery)
    try:
        yield delivery
    finally:
        _current.reset(token)


@contextmanager
def no_delivery() -> Iterator[None]:
    """Write on nobody's behalf: without the limits and promises of a delivery."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


@asynccontextmanager
async def wait_limited(seconds: float = WAIT_SECONDS) -> AsyncIterator[None]:
    """Limit a wait for the database, if a person waits; raises DatabaseUnavailable."""
    try:
        async with asyncio.timeout(seconds if current_delivery() else None):
            yield
    except TimeoutError as error:
        raise DatabaseUnavailable(f"no answer within {seconds:g} seconds") from error
