"""A pause, as a value."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import UserId


class PausedFor(StrEnum):
    """Why the bot paused itself; stands where a person's own words would."""

    UNKNOWN = "unknown"
    """A batch ended unknown for good."""
    FAULTS = "faults"
    """Dintero's fault stopped several requests in a row."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is given since then; `by` is None where the bot paused itself, and `why` then a `PausedFor`."""

    since: datetime
    by: UserId | None
    why: str = ""
