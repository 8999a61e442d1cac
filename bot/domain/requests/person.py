"""Persons and their Slack accounts."""

from dataclasses import dataclass
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
