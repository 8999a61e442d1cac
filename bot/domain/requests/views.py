"""View models: the values that services return for Slack to render."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.customers.uploads import AmbiguousFile, FileRead
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import ChannelPolicy, Refusal
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import NEVER, KeyUse, PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import FormInput, Request
from bot.domain.rules.rule import Availability, Rule


class Field(StrEnum):
    """The inputs of the forms."""

    RULE = "rule"
    CUSTOMERS = "customers"
    FILE = "file"
    RESERVED = "reserved"
    REFUSED = "refused"
    NEW_KEY = "new_key"
    REASON = "reason"
    ONCE_KEY = "once_key"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field."""

    field: Field
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class UnfinishedDraft:
    """A draft that its requester left, and can go on with; `rule` is the chosen one, if it is known."""

    request: Request
    form_input: FormInput
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The data of the form of `/discount add`; `faults` are errors found after it was acknowledged."""

    request: Request
    form_input: FormInput
    policy: ChannelPolicy
    chosen: Rule | None = None
    """The rule that `form_input.rule` names, if any."""
    usable: Availability | None = None
    """Whether that rule can be given."""
    candidates: int = 0
    """How many rules `form_input.rule` may mean, if it names none."""
    faults: tuple[FieldError, ...] = ()
    pause: Pause | None = None
    remainder: Remainder | None = None
    """The remainder that is asked for, in place of typed customers."""
    unclear: tuple[AmbiguousFile, ...] = ()
    lists_of: tuple[str, ...] = ()
    """The requests (by short id) whose lists of customers were uploaded: is this a remainder, or new?"""
    unfinished: UnfinishedDraft | None = None
    """An earlier draft to go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The review before a request is submitted and before it is approved, from saved data only."""

    request: Request
    rule: Rule
    usable: Availability
    asked_of: tuple[str, ...]
    """User and group ids of the approvers, without the requester."""
    digest: str = ""
    hold_minutes: float = 0
    repeat_days: int = 7
    """Within how many days a grant to the same customer counts as repeated."""
    pause: Pause | None = None
    prior_grants: PriorGrants = NEVER
    key_use: KeyUse = field(default_factory=KeyUse)
    remainder: Remainder | None = None
    budget_use: BudgetUse | None = None
    files_read: tuple[FileRead, ...] = ()
    """What was read of files and of pasted text."""
    input_mark: str = ""
    """The mark of the input that was reviewed, for the requester's review alone."""
    shows_ids: bool = True
    """Whether this person may see the customers of the first request, if it is for a remainder."""

    @property
    def named(self) -> tuple[PriorRequest, ...]:
        """The other requests that are named, each once, those of the remainder first."""
        rest = (self.remainder.first, *self.remainder.also) if self.remainder else ()
        shown = (each for each in self.prior_grants.by if not each.is_hidden)
        return tuple({each.id: each for each in (*rest, *shown)}.values())


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """What an approver sees. `count`: the approver must type the number of customers.

    The rule in it is Dintero's present one. If that is not the requested one, an approval of what this shows
    moves the request to the present rule first, without the approvals of the earlier one.
    """

    review: Review
    snapshot: RequestSnapshot
    count: bool
    unread: bool = False
    """Whether Dintero gave no answer, so that nobody knows whether the rule has changed."""
