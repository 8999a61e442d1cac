"""The schedule of a chaotic day: a value that depends only on the seed."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, cycle, islice
from typing import Final

HOURS, REQUESTS, TROUBLES, KILLS = 24.0, 200, 120, 260
"""Defaults of a whole day."""
LARGEST, QUICK = 100_000, 3
"""Maximum customers of a request, and of one that needs no approval."""
DAYLIGHT: Final = 0.8
"""By this part of the day all requests are made; the rest is for giving."""


class FaultKind(StrEnum):
    """The kinds of faults, in words."""

    SLOW = "Dintero is slow"
    BUSY = "Dintero answers 429"
    BROKEN = "Dintero answers 5xx"
    CUT = "Dintero's connections are cut, before and after the effect"
    HANGING = "Dintero hangs"
    GARBAGE = "Dintero answers 200 with garbage"
    TOKEN_GONE = "Dintero's token is revoked"  # noqa: S105 - a sentence
    FORBIDDEN = "Dintero's access is withdrawn"
    AWAY = "Dintero cannot be reached"
    NO_DNS = "Dintero's name is unknown"
    NO_TLS = "Dintero speaks no TLS"
    RULE_DELETED = "a rule is deleted, and put back"
    RULE_CHANGED = "a rule is changed"
    SLACK_BUSY = "Slack answers 429"
    SLACK_AWAY = "Slack is away"
    SLACK_CUT = "Slack's connections are cut, before and after the effect"
    TOO_LONG = "Slack finds a message too long"
    NOT_INVITED = "the bot is taken out of a channel"
    ARCHIVED = "a channel is archived"
    LOST = "a channel cannot be found"
    SLACK_TOKEN = "Slack's token is revoked"  # noqa: S105 - a sentence
    CARD_DELETED = "somebody deletes a card"
    SILENT = "Socket Mode goes silent"
    ASKED_TO_END = "SIGTERM"
    SUSPENDED = "SIGSTOP, then SIGCONT"
    DISK_FULL = "the disk is full"
    CLOCK = "the clock jumps"
    PUT_BACK_SLACK_AWAY = "the clock is put back while Slack is away"
    PUT_BACK_SLACK_BUSY = "the clock is put back while Slack answers 429"
    PUT_BACK_DINTERO_AWAY = "the clock is put back while Dintero cannot be reached"
    PUT_BACK_SILENT = "the clock is put back while Socket Mode is silent"
    LOCKED = "the database is locked"
    RESTARTED = "PostgreSQL is restarted"
    SPLIT = "no network between a replica and PostgreSQL"
    NO_READER = "what reads files is killed"


LASTS: Final[dict[FaultKind, tuple[float, float]]] = {
    FaultKind.SLOW: (0.2, 2.0),
    FaultKind.BUSY: (0.1, 0.5),
    FaultKind.BROKEN: (0.1, 1.0),
    FaultKind.FORBIDDEN: (0.05, 0.2),
    FaultKind.AWAY: (0.1, 1.0),
    FaultKind.NO_DNS: (0.1, 0.5),
    FaultKind.NO_TLS: (0.1, 0.5),
    FaultKind.RULE_DELETED: (0.05, 0.3),
    FaultKind.SLACK_AWAY: (0.1, 1.0),
    FaultKind.NOT_INVITED: (0.1, 0.6),
    FaultKind.ARCHIVED: (0.1, 0.6),
    FaultKind.LOST: (0.1, 0.6),
    FaultKind.SLACK_TOKEN: (0.1, 0.5),
    FaultKind.SILENT: (0.3, 2.0),
    FaultKind.SUSPENDED: (0.05, 1.0),
    FaultKind.DISK_FULL: (0.1, 0.4),
    FaultKind.PUT_BACK_SLACK_AWAY: (0.1, 0.5),
    FaultKind.PUT_BACK_SLACK_BUSY: (0.1, 0.2),
    FaultKind.PUT_BACK_DINTERO_AWAY: (0.1, 0.5),
    FaultKind.PUT_BACK_SILENT: (0.3, 1.0),
    FaultKind.LOCKED: (0.05, 0.4),
    FaultKind.SPLIT: (0.1, 1.0),
}
"""Minimum and maximum hours; a kind not named lasts a moment."""
PUT_BACK_DURING: Final = {
    FaultKind.PUT_BACK_SLACK_AWAY: FaultKind.SLACK_AWAY,
    FaultKind.PUT_BACK_SLACK_BUSY: FaultKind.SLACK_BUSY,
    FaultKind.PUT_BACK_DINTERO_AWAY: FaultKind.AWAY,
    FaultKind.PUT_BACK_SILENT: FaultKind.SILENT,
}
"""In the middle of the other fault the clock is put back: every wait that a fault begins meets that."""
ON_SQLITE: Final = frozenset({FaultKind.DISK_FULL})
ON_POSTGRESQL: Final = frozenset({FaultKind.RESTARTED, FaultKind.SPLIT})
OVER_SOCKET: Final = frozenset({FaultKind.SILENT, FaultKind.PUT_BACK_SILENT})


class KillPoint(StrEnum):
    """The points at which a replica is killed."""

    AT_RANDOM = "at random"
    WHILE_STARTING = "while it starts"
    AT_A_STEP = "at a step in the database"
    BEFORE_A_CALL = "before a call's effect"
    AFTER_A_CALL = "after a call's effect"


ADD: Final = "add customers"
CALLS: Final = (
    ADD,
    "chat.postMessage",
    "chat.update",
    ADD,
    "files.completeUploadExternal",
    "views.update",
    "conversations.open",
)
MOST_CALLS, MOST_STEPS = 12, 120
"""Numbered points count from here: the 12th call of a kind, and the 120th write of a life."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for some customers; a `quick` one needs no approval."""

    at: float
    who: int
    size: int
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault at an hour, for some hours, on a replica; `amount` from 0 to 1 is its severity."""

    at: float
    what: FaultKind
    lasts: float
    replica: int
    amount: float


@dataclass(frozen=True, slots=True)
class Kill:
    """From an hour on, kill a replica at a numbered step or call."""

    at: float
    how: KillPoint
    replica: int
    nth: int = 0
    call: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The amounts of a day; `first` shifts the numbered points, so that successive days cover all."""

    hours: float = HOURS
    requests: int = REQUESTS
    troubles: int = TROUBLES
    kills: int = KILLS
    largest: int = LARGEST
    people: int = 5
    replicas: int = 1
    postgresql: bool = False
    socket: bool = False
    first: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A day in order of time: requests, faults and kills."""

    seed: int
    shape: Shape
    asks: tuple[Ask, ...]
    troubles: tuple[Trouble, ...]
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        """List it line by line."""
        lines = [(ask.at, f"somebody asks for {ask.size:,} customers") for ask in self.asks]
        lines += [(one.at, f"{one.what}, for {one.lasts * 60:.0f} minutes") for one in self.troubles]
        lines += [
            (kill.at, f"replica {kill.replica} is killed {kill.how} {kill.call} {kill.nth or ''}".rstrip())
            for kill in self.kills
        ]
        return "\n".join(f"{int(at):02}:{int(at % 1 * 60):02} {what}" for at, what in sorted(lines))


def plan(seed: int, shape: Shape) -> Plan:
    """Make a day's schedule."""
    chance = random.Random(seed)  # noqa: S311 - the same day for the same seed
    asks = sorted((_ask(chance, shape) for _ in range(shape.requests)), key=lambda ask: ask.at)
    troubles = sorted(
        (_trouble(chance, what, shape) for what in _all_in_turn(chance, shape)),
        key=lambda trouble: trouble.at,
    )
    return Plan(seed, shape, tuple(asks), tuple(troubles), tuple(_kills(chance, shape)))


def _ask(chance: random.Random, shape: Shape) -> Ask:
    size = round(shape.largest ** chance.random())
    return Ask(
        chance.uniform(0, shape.hours * DAYLIGHT),
        chance.randrange(shape.people),
        size,
        quick=size <= QUICK and chance.random() < 1 / 2,
    )


def _all_in_turn(chance: random.Random, shape: Shape) -> Iterator[FaultKind]:
    """Choose every possible fault about equally often."""
    left_out = (ON_SQLITE if shape.postgresql else ON_POSTGRESQL) | (
        frozenset() if shape.socket else OVER_SOCKET
    )
    there = [what for what in FaultKind if what not in left_out]
    chance.shuffle(there)
    return islice(cycle(there), shape.troubles)


def _trouble(chance: random.Random, what: FaultKind, shape: Shape) -> Trouble:
    shortest, longest = LASTS.get(what, (0.0, 0.0))
    at, lasts = chance.uniform(0, shape.hours), chance.uniform(shortest, longest) * min(1.0, shape.hours)
    return Trouble(at, what, min(lasts, shape.hours - at), chance.randrange(shape.replicas), chance.random())


def _kills(chance: random.Random, shape: Shape) -> Iterator[Kill]:
    """Spread the kills over the day; numbered points go through their numbers in turn."""
    steps, calls = count(shape.first), count(shape.first)
    for at in sorted(chance.uniform(0, shape.hours) for _ in range(shape.kills)):
        how = chance.choices(tuple(KillPoint), (2, 1, 4, 2, 2))[0]
        yield _kill(at, how, chance.randrange(shape.replicas), steps, calls)


def _kill(at: float, how: KillPoint, replica: int, steps: Iterator[int], calls: Iterator[int]) -> Kill:
    if how is KillPoint.AT_A_STEP:
        return Kill(at, how, replica, 1 + next(steps) % MOST_STEPS)
    if how in {KillPoint.BEFORE_A_CALL, KillPoint.AFTER_A_CALL}:
        number = next(calls)
        return Kill(at, how, replica, 1 + number // len(CALLS) % MOST_CALLS, CALLS[number % len(CALLS)])
    return Kill(at, how, replica)


def tally(plans: Sequence[Plan]) -> Counter[FaultKind]:
    """Count the faults of several days."""
    return Counter(trouble.what for one in plans for trouble in one.troubles)
