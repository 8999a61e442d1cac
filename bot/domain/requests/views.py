"""What the desk answers: values that say what is so, which Slack's side turns into words and views."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.customers.uploads import FileRead, Unclear
from bot.domain.ids import CustomerId
from bot.domain.policy.budget import Use
from bot.domain.policy.policy import ChannelPolicy, Decision, Refusal
from bot.domain.requests.notification import Story
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import NEVER, Before, Earlier
from bot.domain.requests.remainder import Rest
from bot.domain.requests.request import Request, Typed
from bot.domain.rules.rule import Cost, Rule, Usable


class Field(StrEnum):
    """The inputs of the forms, by what they hold."""

    RULE = "rule"
    CUSTOMERS = "customers"
    FILE = "file"
    RESERVED = "reserved"
    REFUSED = "refused"
    REASON = "reason"
    ONCE_KEY = "once_key"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field."""

    field: Field
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of `/discount add` is drawn from. `chosen` is the rule that `typed.rule` names, where there is one.

    `faults` that were found only after the form was answered are drawn beside their fields.
    """

    request: Request
    typed: Typed
    policy: ChannelPolicy
    chosen: Rule | None = None
    faults: tuple[Fault, ...] = ()
    pause: Pause | None = None
    rest: Rest | None = None
    """Whose rest is asked for, in place of customers that are typed."""
    unclear: tuple[Unclear, ...] = ()
    """Files of which it has to be asked which column is meant."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that came out of files: what was found in each, and the first ids and the last of all."""

    files: tuple[FileRead, ...]
    first: tuple[CustomerId, ...]
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is shown before it is asked, and again before it is approved: all of it comes from the books."""

    request: Request
    rule: Rule
    usable: Usable
    cost: Cost | None
    decision: Decision
    asked_of: tuple[str, ...]
    """Who may approve, as user and group ids, the requester left out."""
    spaced: tuple[CustomerId, ...] = ()
    """Ids with a space inside, that may have been meant as several."""
    digest: str = ""
    hold_minutes: float = 0
    """How long it is held after the last yes."""
    pause: Pause | None = None
    before: Before = NEVER
    """Who of them were given the same rule a short while ago."""
    rest: Rest | None = None
    """Whose rest it asks for again, where it does."""
    use: Use | None = None
    """What it uses of the channel's budget, where there is one."""
    listed: Listed | None = None
    """What was read, where files were put in: shown to the requester alone."""

    @property
    def named(self) -> tuple[Earlier, ...]:
        """Name each other request that is told of once, those of the rest first."""
        rest = (self.rest.first, *self.rest.also) if self.rest else ()
        return tuple({each.id: each for each in (*rest, *self.before.by)}.values())


@dataclass(frozen=True, slots=True)
class Consideration:
    """What an approver is shown. `count` tells that the number of customers has to be typed."""

    review: Review
    story: Story
    count: bool
