"""The pause of the whole bot, and what it does to a run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.ids import UserId


class PauseState(StrEnum):
    """The effect of a pause on a run."""

    NO = ""
    ASKED = "asked"
    """No new batch is sent; the run ends after the batches in flight."""
    PARKED = "parked"
    """The run is over; after the pause, a new round continues with the same approvals."""


class PausedFor(StrEnum):
    """Why the bot paused itself; stored in place of a person's reason."""

    UNKNOWN = "unknown"
    FAULTS = "faults"
    """Dintero's failures stopped several requests in a row."""
    RESTORED = "restored"
    """The database is older than what the bot has seen: somebody restored a backup."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of the whole bot; if the bot paused itself, `by` is None and `why` is a `PausedFor`."""

    since: datetime
    by: UserId | None
    why: str = ""
