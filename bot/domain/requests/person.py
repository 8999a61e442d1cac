"""Who somebody is, as far as giving cares."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.ids import TeamId, UserId


class AccountKind(StrEnum):
    """What a Slack account is; only a full member may do anything."""

    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"
    """Of another workspace, or not known to ours at all."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who clicked or typed, from Slack's signed payload and from nowhere else."""

    id: UserId
    team: TeamId


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says of a person; `name` is for people to read and decides nothing."""

    id: UserId
    kind: AccountKind
    name: str
