"""The policy as values: who may give what and where, how many approvals a size needs, and the decision."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from bot.domain.ids import ChannelId, RuleId, UserId
from bot.domain.policy.budget import Budget
from bot.domain.rules.rule import Cost

ANY: Final = "*"
RESERVED_APPROVALS: Final = 2
"""The fewest approvals for "everyone", whatever the policy says."""
FOR_ANYBODY: Final = "anybody"
"""The end of the detail of a refusal for want of approvers, if there are none for anybody's request."""
OWN_HOLD: Final = "hold"
"""The detail of a refusal to end the hold of one's own request."""


class RefusalReason(StrEnum):
    """Why something is refused; `bot.slack.rendering.reasons` has the texts."""

    UNLISTED_CHANNEL = "unlisted_channel"
    NOT_A_REQUESTER = "not_a_requester"
    REQUESTER_LEFT = "requester_left"
    """The requester may no longer ask here: no approval would count."""
    NOT_AN_APPROVER = "not_an_approver"
    OWN_REQUEST = "own_request"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"
    OTHER_ACCOUNT = "other_account"
    """The request is for another Dintero account; the detail is "its account/the bot's account"."""
    LOOKUP_FAILED = "lookup_failed"
    NO_PLACE = "no_place"
    """This person may request in no channel."""
    CANNOT_POST = "cannot_post"
    NO_RULE = "no_rule"
    RULE_NOT_ALLOWED = "rule_not_allowed"
    RULE_GONE = "rule_gone"
    RULE_INACTIVE = "rule_inactive"
    RULE_EXPIRED = "rule_expired"
    RULE_UNREADABLE = "rule_unreadable"
    NO_CUSTOMERS = "no_customers"
    NOT_AN_ID = "not_an_id"
    """Pasted text holds something else than ids; the detail is the `RowProblem`, a slash and the lines."""
    PASTED_COLUMNS = "pasted_columns"
    """Pasted text has several columns that could hold the ids."""
    RESERVED_ID = "reserved_id"
    RESERVED_BESIDE = "reserved_beside"
    """A reserved id was entered together with other ids."""
    RESERVED_BUDGET = "reserved_budget"
    """The customers cannot be counted, and the channel has a budget."""
    TOO_MANY_CUSTOMERS = "too_many_customers"
    TOO_EXPENSIVE = "too_expensive"
    UNPRICED = "unpriced"
    BUDGET_CUSTOMERS = "budget_customers"
    BUDGET_AMOUNT = "budget_amount"
    LINK = "link"
    """A link among the customer ids does not lead to a file in Slack; the detail is the link."""
    BAD_FILE = "bad_file"
    """A file cannot be read; the detail is the problem, a slash and the file's name."""
    WHICH_COLUMN = "which_column"
    IS_IT_THE_COLUMN = "is_it_the_column"
    """The only column of a file has a name that says something else."""
    HIDDEN_ROWS = "hidden_rows"
    """A file has ids in rows that its sheet hides, and it is not clear whether they count."""
    """Several columns of a file could hold the ids; the detail is the file's name."""
    NO_ROOM = "no_room"
    """This person's requests of a day have filled the room for one person."""
    REASON_MISSING = "reason_missing"
    BAD_ONCE_KEY = "bad_once_key"
    NO_APPROVER = "no_approver"
    """Nobody else than the requester could approve."""
    WRONG_COUNT = "wrong_count"
    WRONG_NAME = "wrong_name"
    UNKNOWN_REQUEST = "unknown_request"
    LOST_REQUEST = "lost_request"
    """Its card is in Slack, and the database was put back to before it was made."""
    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    """The request has moved on; the answer says to which state, and who moved it."""
    ALREADY_VOTED = "already_voted"
    CHANGED = "changed"
    """The request is no longer what this person was shown."""
    DATABASE_CHANGED = "database_changed"
    """Customers or terms in the database are not those that were approved."""
    DATABASE_OLDER = "database_older"
    """A backup was put back: the durable engine has done more of the request than the database knows."""
    REPEATED = "repeated"
    REPEATED_LOST = "repeated_lost"
    """Another request for some of its customers came after this person was shown it."""
    NOT_AN_ADMIN = "not_an_admin"
    NOT_HELD = "not_held"
    APPROVAL_OLD = "approval_old"
    """An approval is older than `expires_hours`."""
    PURGED = "purged"
    NOBODY_LEFT = "nobody_left"
    OWN_LIST = "own_list"
    """A file is the bot's list of customers left out by the request in the detail."""
    ONLY_REFUSED = "only_refused"
    """Only customers refused by Dintero are left, and they were not chosen."""
    NO_LIST = "no_list"
    """The list was deleted after the policy's `retention_days`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of the policy, with the name that the policy gives it."""

    id: ChannelId
    name: str = ""


class Forbidden(StrEnum):
    """What a person may not do with a request that is not theirs."""

    CANCEL = "cancel"
    CANCEL_NOT_REJECT = "cancel_not_reject"
    """An approver may not cancel what waits, but may reject it."""
    CANCEL_ELSEWHERE = "cancel_elsewhere"
    """While it is on hold anybody in its channel may cancel it; this person is not there."""
    RESOLVE = "resolve"
    SEE_ELSEWHERE = "see_elsewhere"
    SEE_CUSTOMERS = "see_customers"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, the value at fault (`detail`, raw) and the people it is about (`who`, user or group ids).

    The rest is for the text alone. `empty` are user groups that the policy names for it and that have no
    members. `name` is what it is about as people know it: a rule's title, a short id or the requester; `at`
    is when. `elsewhere` are channels where this person may do it; `in_direct` is whether they typed this in
    direct messages. The renderer adds the policy's admins
    where only they can help.
    """

    reason: RefusalReason
    detail: str = ""
    who: tuple[str, ...] = ()
    empty: tuple[str, ...] = field(default=(), compare=False)
    name: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)
    elsewhere: tuple[Place, ...] = field(default=(), compare=False)
    in_direct: bool = field(default=False, compare=False)
    forbidden: Forbidden | None = field(default=None, compare=False)
    """For what is not theirs: what they may not do."""


class TierTrigger(StrEnum):
    """Why a tier applies."""

    CUSTOMERS = "customers"
    AMOUNT = "amount"
    UNPRICED = "unpriced"
    """A reward without a price counts as above every amount."""
    RESERVED = "reserved"
    """Customers who cannot be counted are above every bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The approvals needed above a size; a bound of None is never passed. Amounts are minor units."""

    approvals: int
    above_customers: int | None = None
    above_amount: int | None = None


@dataclass(frozen=True, slots=True)
class AppliedTier:
    """The tier of a request and its trigger; `bound` is the bound that it passed, or 0."""

    approvals: int
    why: TierTrigger
    bound: int = 0


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """What the same person asked for in the channel before, within `tier_hours`; tiers count it too."""

    customers: int = 0
    amount: int = 0


NOTHING: Final = AskedBefore()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """What one channel may do: the policy file's keys with defaults applied. Amounts are minor units."""

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
    tier_hours: float = 24
    """Tiers count what the same person asked for here within so many hours; 0 is each request alone."""
    budget: Budget | None = None
    reserved: bool = False
    """Whether requests for everyone, or for purchases without a customer, are allowed."""
    language: str = "en"
    """The catalogue of its messages."""
    locale: str = ""
    """The locale of numbers, money and dates, such as "en_US"; empty is the language's own."""
    repeat_days: int = 7
    """The bot warns of customers who got the same rule within so many days; 0 is never."""

    @property
    def most_approvals(self) -> int:
        """The number of approvals that the strictest tier needs."""
        by_tier = (tier.approvals for tier in self.tiers)
        return max([self.approvals, RESERVED_APPROVALS * self.reserved, *by_tier])

    def may_give(self, rule: RuleId) -> bool:
        """Check that the channel lists the rule."""
        return ANY in self.rules or rule in self.rules

    def initial_deadlines(self, now: datetime) -> dict[str, Any]:
        """Set the deadlines of a request that starts to wait; each round starts with new ones."""
        return {
            "expires_at": now + timedelta(hours=self.expires_hours),
            "remind_at": now + timedelta(minutes=self.remind_minutes) if self.remind_minutes else None,
            "reminded": 0,
            "escalate_at": now + timedelta(hours=self.expires_hours / 2) if self.escalate_to else None,
            "escalated_to": (),
            "give_after": None,
        }

    def held_until(self, now: datetime) -> datetime | None:
        """Return the end of the hold of a request approved now, if it has one."""
        return now + timedelta(minutes=self.hold_minutes) if self.hold_minutes else None

    def approval_ends(self, approved_at: datetime) -> datetime:
        """Return when an approval is too old to count."""
        return approved_at + timedelta(hours=self.expires_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole allowlist; a channel outside it may do nothing."""

    currency: str
    timezone: str
    admins: tuple[UserId, ...] = ()
    retention_days: int = 90
    """Days after a request's end until its customer ids, texts and files are deleted."""
    language: str = "en"
    """Outside the listed channels, for people whose own language is not known."""
    locale: str = ""
    channels: Mapping[ChannelId, ChannelPolicy] = field(default_factory=dict)

    def notify_of(self, channel: ChannelId) -> tuple[ChannelId, ...]:
        """List the channels that are notified of a channel's requests."""
        listed = self.channels.get(channel)
        return listed.notify if listed else ()


@dataclass(frozen=True, slots=True)
class Decision:
    """How many approvals a request needs, where 0 starts it at once, or why it is refused."""

    approvals: int
    refusals: tuple[Refusal, ...] = ()
    tier: AppliedTier | None = None


def applied(
    tiers: Iterable[Tier],
    *,
    customers: int,
    cost: Cost | None,
    reserved: bool = False,
    earlier: AskedBefore = NOTHING,
) -> AppliedTier | None:
    """Find the strictest tier that applies; the first of equals."""
    if reserved:
        approvals = max([RESERVED_APPROVALS, *(tier.approvals for tier in tiers)])
        return AppliedTier(approvals, TierTrigger.RESERVED)
    amount = None if cost is None else cost.total + earlier.amount
    return max(
        _passed(tiers, customers + earlier.customers, amount), key=lambda tier: tier.approvals, default=None
    )


def stricter(
    kept: tuple[int, AppliedTier | None], now: tuple[int, AppliedTier | None]
) -> tuple[int, AppliedTier | None]:
    """Choose between a request's own approvals and today's: a policy change never makes it easier."""
    return now if now[0] > kept[0] else kept


def _passed(tiers: Iterable[Tier], customers: int, amount: int | None) -> Iterator[AppliedTier]:
    for tier in tiers:
        if tier.above_customers is not None and customers > tier.above_customers:
            yield AppliedTier(tier.approvals, TierTrigger.CUSTOMERS, tier.above_customers)
        elif tier.above_amount is None:
            continue
        elif amount is None:
            yield AppliedTier(tier.approvals, TierTrigger.UNPRICED, tier.above_amount)
        elif amount > tier.above_amount:
            yield AppliedTier(tier.approvals, TierTrigger.AMOUNT, tier.above_amount)
