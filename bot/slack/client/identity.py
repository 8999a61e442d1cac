"""Who clicked or typed, read from Slack's signed payload and from nowhere else."""

from collections.abc import Mapping
from typing import Any

from bot.domain.ids import TeamId, UserId
from bot.domain.requests.person import Person


def person_of(body: Mapping[str, Any]) -> Person | None:
    """Read the person and their team; None where a payload names none.

    In a shared channel a person's own team is not the one that the payload was sent for: theirs decides.
    """
    user = body.get("user")
    if isinstance(user, Mapping):
        at = body.get("team")
        team = user.get("team_id") or (at.get("id") if isinstance(at, Mapping) else None)
        who = user.get("id")
    else:
        who, team = body.get("user_id"), body.get("team_id")
    return (
        Person(UserId(who), TeamId(team))
        if isinstance(who, str) and isinstance(team, str) and who and team
        else None
    )
