"""Persons and their Slack accounts."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.ids import TeamId, UserId


class AccountKind(StrEnum):
    """The kinds of Slack accounts; only a full member may do anything."""

    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"
    """Of another workspace, or unknown."""


@dataclass(frozen=True, slots=True)
class Person:
    """The author of a click or command, from Slack's signed payload only.

    `team` is the workspace or organisation that the payload names. It admits nobody: the account's own do.
    """

    id: UserId
    team: TeamId


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's account as Slack describes it; `teams` are its workspaces and its organisation."""

    id: UserId
    kind: AccountKind
    teams: frozenset[TeamId] = frozenset()
    asked_as: UserId | None = field(default=None, compare=False)
    """The id that Slack was asked about: an account may have two, and `id` is the one Slack answers with."""
    name: str = field(default="", compare=False)
    """As Slack shows it, for histories that ping nobody."""
    locale: str = field(default="", compare=False)
    """The language of the person's Slack, such as "en-US"."""
