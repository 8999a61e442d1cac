"""What each person wants: which direct messages about results, and in which language."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.ids import UserId

LANGUAGES: Final = ("", "en", "nb")
"""The languages to choose from; empty is the one that Slack says."""


class Results(StrEnum):
    """Which direct messages about results a person wants. Those that ask them to act come always."""

    ALWAYS = "always"
    PROBLEMS = "problems"
    """Only if something went wrong: a request that was rejected or expired, or that left customers out."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences of one person; `changed_at` is None if they never chose any."""

    person: UserId
    results: Results = Results.ALWAYS
    language: str = ""
    changed_at: datetime | None = None
