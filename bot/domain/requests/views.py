"""What the desk answers: values that say what is so, which Slack's side turns into words and views."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.customers.uploads import AmbiguousFile, FileRead
from bot.domain.ids import CustomerId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import ChannelPolicy, Decision, Refusal
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import NEVER, PriorGrants, PriorRequest
from bot.domain.requests.remainder import Remainder
from bot.domain.requests.request import FormInput, Request
from bot.domain.rules.rule import Availability, Cost, Rule


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
class FieldError:
    """What is wrong with one field."""

    field: Field
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of `/discount add` is drawn from. `chosen` is the rule that `typed.rule` names, where there is one.

    `faults` that were found only after the form was answered are drawn beside their fields.
    """

    request: Request
    form_input: FormInput
    policy: ChannelPolicy
    chosen: Rule | None = None
    faults: tuple[FieldError, ...] = ()
    pause: Pause | None = None
    remainder: Remainder | None = None
    """Whose rest is asked for, in place of customers that are typed."""
    unclear: tuple[AmbiguousFile, ...] = ()
    """Files of which it has to be asked which column is meant."""


@dataclass(frozen=True, slots=True)
class FileSummary:
    """A list that came out of files: what was found in each, and the first ids and the last of all."""

    files: tuple[FileRead, ...]
    first: tuple[CustomerId, ...]
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is shown before it is asked, and again before it is approved: all of it comes from the books."""

    request: Request
    rule: Rule
    usable: Availability
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
    prior_grants: PriorGrants = NEVER
    """Who of them were given the same rule a short while ago."""
    remainder: Remainder | None = None
    """Whose rest it asks for again, where it does."""
    budget_use: BudgetUse | None = None
    """What it uses of the channel's budget, where there is one."""
    file_summary: FileSummary | None = None
    """What was read, where files were put in: shown to the requester alone."""

    @property
    def named(self) -> tuple[PriorRequest, ...]:
        """Name each other request that is told of once, those of the rest first."""
        rest = (self.remainder.first, *self.remainder.also) if self.remainder else ()
        return tuple({each.id: each for each in (*rest, *self.prior_grants.by)}.values())


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """What an approver is shown. `count` tells that the number of customers has to be typed."""

    review: Review
    snapshot: RequestSnapshot
    count: bool
