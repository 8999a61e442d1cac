"""Who may give what, where, and who has to agree: the allowlist as values, and the decision it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.ids import ChannelId, RuleId, UserId
from bot.domain.policy.budget import Budget
from bot.domain.policy.tiers import RESERVED_APPROVALS, AppliedTier, Tier

ANY = "*"


class RefusalReason(StrEnum):
    """Why something is refused; what a person reads is written in `bot.slack.words`."""

    UNLISTED_CHANNEL = "unlisted_channel"
    NOT_A_REQUESTER = "not_a_requester"
    REQUESTER_LEFT = "requester_left"
    """Whoever asked may not ask here any more: no yes to it would count."""
    NOT_AN_APPROVER = "not_an_approver"
    OWN_REQUEST = "own_request"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"
    LOOKUP_FAILED = "lookup_failed"
    CANNOT_POST = "cannot_post"
    NO_RULE = "no_rule"
    RULE_NOT_ALLOWED = "rule_not_allowed"
    RULE_GONE = "rule_gone"
    RULE_INACTIVE = "rule_inactive"
    RULE_EXPIRED = "rule_expired"
    RULE_UNREADABLE = "rule_unreadable"
    """Dintero could not be asked about the rule."""
    NO_CUSTOMERS = "no_customers"
    ID_TOO_LONG = "id_too_long"
    ID_UNREADABLE = "id_unreadable"
    """A hidden character stands inside an id."""
    RESERVED_ID = "reserved_id"
    RESERVED_BESIDE = "reserved_beside"
    """A reserved id was asked for beside other ids."""
    RESERVED_BUDGET = "reserved_budget"
    """Whom it reaches cannot be counted, and the channel has a budget."""
    TOO_MANY_CUSTOMERS = "too_many_customers"
    TOO_EXPENSIVE = "too_expensive"
    UNPRICED = "unpriced"
    BUDGET_CUSTOMERS = "budget_customers"
    """These are more customers than are left of the channel's budget."""
    BUDGET_AMOUNT = "budget_amount"
    LINK = "link"
    """A link stands among the customer ids that is none to a file in Slack; the detail is the link."""
    BAD_FILE = "bad_file"
    """A file cannot be read; the detail is the trouble, a slash, and its name."""
    WHICH_COLUMN = "which_column"
    """More than one column of a file could be meant; the detail is its name."""
    REASON_MISSING = "reason_missing"
    BAD_ONCE_KEY = "bad_once_key"
    NO_APPROVER = "no_approver"
    """Nobody but the requester could approve."""
    WRONG_COUNT = "wrong_count"
    WRONG_NAME = "wrong_name"
    """What was typed to confirm is not the rule's name."""
    UNKNOWN_REQUEST = "unknown_request"
    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    """The request has moved on; the answer says where to and by whom."""
    ALREADY_VOTED = "already_voted"
    CHANGED = "changed"
    """What is asked is no longer what this person was shown."""
    NOT_AN_ADMIN = "not_an_admin"
    NOT_HELD = "not_held"
    """Nothing is held any more: it goes on by itself, or has gone."""
    PURGED = "purged"
    NOBODY_LEFT = "nobody_left"
    ONLY_REFUSED = "only_refused"
    """Of a request nobody is left but those whom Dintero refused, and they were not chosen."""
    NO_LIST = "no_list"
    """What is asked for was forgotten, as the policy's `retention_days` say."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, with the value at fault (`detail`, raw) and the people it is about (`who`, user or group ids).

    The renderer adds the policy's admins where only they can help.
    """

    reason: RefusalReason
    detail: str = ""
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """What one channel may do; the policy file's keys, with its defaults applied. Amounts are minor units."""

    id: ChannelId
    rules: frozenset[str]
    requesters: tuple[str, ...]
    max_customers: int
    approvers: tuple[str, ...] = ()
    name: str = ""
    max_amount: int | None = None
    allow_unpriced: bool = False
    notify: tuple[ChannelId, ...] = ()
    require_reason: bool = False
    approvals: int = 1
    expires_hours: float = 24
    batch_size: int = 500
    concurrency: int = 8
    hold_minutes: float = 0
    remind_minutes: float | None = None
    escalate_to: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    budget: Budget | None = None
    reserved: bool = False
    """Whether everyone, or purchases without a customer, may be asked for at all."""
    repeat_days: int = 7
    """It is warned of customers whom the bot gave the same rule within these days; 0 is never."""

    @property
    def most_approvals(self) -> int:
        """How many people may have to agree, at most, by the strictest tier."""
        return max(
            [self.approvals, RESERVED_APPROVALS * self.reserved, *(tier.approvals for tier in self.tiers)]
        )

    def may_give(self, rule: RuleId) -> bool:
        """Say whether the channel lists the rule."""
        return ANY in self.rules or rule in self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole allowlist; a channel that is not in it may do nothing."""

    currency: str
    timezone: str
    admins: tuple[UserId, ...] = ()
    retention_days: int = 90
    """After their end, so many days until customer ids, reasons and whatever was typed are forgotten."""
    channels: Mapping[ChannelId, ChannelPolicy] = field(default_factory=dict)

    def notify_of(self, channel: ChannelId) -> tuple[ChannelId, ...]:
        """List the channels that are told of another one's requests."""
        listed = self.channels.get(channel)
        return listed.notify if listed else ()


class DecisionOutcome(StrEnum):
    """What a decision comes to."""

    GOES = "goes"
    WAITS = "waits"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of a request, and why: goes at once, waits for `approvals` people, or is refused."""

    outcome: DecisionOutcome
    approvals: int = 0
    refusals: tuple[Refusal, ...] = ()
    tier: AppliedTier | None = None
    """The tier that applies, and why."""
