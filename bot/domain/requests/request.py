"""A request: its data, its states, and the only transitions between them."""

import hashlib
import json
import secrets
import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.customers.parsing import RESERVED
from bot.domain.customers.uploads import Upload
from bot.domain.ids import ChannelId, OnceKey, RequestId, ShortId, TeamId, UserId
from bot.domain.policy.policy import AppliedTier
from bot.domain.requests.pause import PauseState
from bot.domain.rules.rule import Cost, Rule, cost, terms_of

SHORT_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0/O and no 1/I: people read the short id aloud."""
SHORT_LENGTH: Final = 5

NO_KEY: Final = OnceKey("")
MARK_LENGTH: Final = 16
SALT_BYTES: Final = 16
KEY_PREFIX: Final = "discount-bot-"
"""How the keys that the bot makes begin; people's own keys do not."""


class State(StrEnum):
    """The state of a request."""

    DRAFT = "draft"
    WAITING = "waiting"
    APPROVED = "approved"
    GIVING = "giving"
    STOPPED = "stopped"
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Event(StrEnum):
    """The events of a request."""

    ASKED = "asked"
    """For approval."""
    ASKED_AT_ONCE = "asked_at_once"
    """Without approval, where none is needed."""
    LAST_APPROVAL = "last_approval"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STARTED = "started"
    CANCEL_ASKED = "cancel_asked"
    """During a run: batches in flight end first."""
    SETTLED = "settled"
    """Every batch has an outcome."""
    WOUND_UP = "wound_up"
    """After a cancellation, the batches in flight have ended."""
    STOPPED = "stopped"
    CONTINUED = "continued"
    ENDED_HERE = "ended_here"
    RULE_CHANGED = "rule_changed"
    CONSENT_VOID = "consent_void"
    """An approval no longer counts, or the policy needs more of them."""


MOVES: Final[dict[tuple[State, Event], State]] = {
    (State.DRAFT, Event.ASKED): State.WAITING,
    (State.DRAFT, Event.ASKED_AT_ONCE): State.APPROVED,
    (State.WAITING, Event.LAST_APPROVAL): State.APPROVED,
    (State.WAITING, Event.REJECTED): State.REJECTED,
    (State.WAITING, Event.CANCELLED): State.CANCELLED,
    (State.WAITING, Event.EXPIRED): State.EXPIRED,
    (State.APPROVED, Event.STARTED): State.GIVING,
    (State.APPROVED, Event.CANCELLED): State.CANCELLED,
    (State.APPROVED, Event.STOPPED): State.STOPPED,
    (State.APPROVED, Event.RULE_CHANGED): State.WAITING,
    (State.APPROVED, Event.CONSENT_VOID): State.WAITING,
    (State.GIVING, Event.CANCEL_ASKED): State.GIVING,
    (State.GIVING, Event.SETTLED): State.DONE,
    (State.GIVING, Event.WOUND_UP): State.CANCELLED,
    (State.GIVING, Event.STOPPED): State.STOPPED,
    (State.GIVING, Event.RULE_CHANGED): State.WAITING,
    (State.GIVING, Event.CONSENT_VOID): State.WAITING,
    (State.STOPPED, Event.CONTINUED): State.APPROVED,
    (State.STOPPED, Event.ENDED_HERE): State.DONE,
}
"""The only transitions; any other event changes nothing, and the person gets an answer.

**Continue…** goes from `STOPPED` through `APPROVED`, so policy, people and rule are checked again.
"""

ENDED: Final = frozenset({State.DONE, State.REJECTED, State.CANCELLED, State.EXPIRED})
OPEN: Final = frozenset(State) - ENDED - {State.DRAFT}


class StopReason(StrEnum):
    """Why a run stopped before its end."""

    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a reason, not a secret
    SCOPE_MISSING = "scope_missing"
    RULE_GONE = "rule_gone"
    RULE_INACTIVE = "rule_inactive"
    RULE_EXPIRED = "rule_expired"
    UNKNOWN_FOR_GOOD = "unknown_for_good"
    RULE_CHANGED = "rule_changed"
    """The rule is no longer the approved one, and nobody can approve the new one."""
    BUSY = "busy"
    POLICY = "policy"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class FormInput:
    """The text typed into the form so far, unchanged."""

    rule: str = ""
    customers: str = ""
    reason: str = ""
    once_key: str = ""
    more: bool = False
    """Whether the form shows the fields behind **More…**."""
    reserved: str = ""
    """The reserved ids selected in place of customers, concatenated."""
    files: tuple[Upload, ...] = ()
    refused_too: bool = False
    """Whether a remainder includes the customers refused by Dintero."""
    new_key: bool = False
    """Whether a list that the bot wrote is meant for a new request, which can give the discount again."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filled in."""
        typed = (self.rule, self.customers, self.reason, self.once_key)
        return not (any(text.strip() for text in typed) or self.reserved or self.files)

    @property
    def mark(self) -> str:
        """Name this input: a review of other input has another mark."""
        return hashlib.sha256(repr(replace(self, more=False)).encode()).hexdigest()[:MARK_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to give one rule's discount to customers. Times are aware, in UTC."""

    id: RequestId
    short: ShortId
    team: TeamId
    account: str
    channel: ChannelId
    requester: UserId
    created_at: datetime
    state: State = State.DRAFT
    round: int = 1
    """Approvals and runs belong to a round: a new one starts for a new approval and for a resumed run."""
    rule: Rule | None = None
    """The rule as the requester saw it; None before one is chosen."""
    customers: int = 0
    repeated: int = 0
    customers_digest: str = ""
    first_customer: str = ""
    last_customer: str = ""
    reason: str = ""
    once_key: OnceKey = NO_KEY
    own_key: bool = False
    """Whether the requester chose the idempotency key."""
    approvals: int = 0
    tier: AppliedTier | None = None
    """The policy's tier at the time of the request, if any."""
    batch_size: int = 0
    batches_per_portion: int = 0
    concurrency: int = 0
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    decided_by: UserId | None = None
    """The last approver, or the person who rejected, cancelled, continued or ended it."""
    decided_at: datetime | None = None
    files: str = ""
    """The name of the reading that its files are kept under; empty without files."""
    note: str = ""
    """Why it was rejected or stopped, in its author's words."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_asked_by: UserId | None = None
    stop: StopReason | None = None
    last_answer: Rule | None = None
    """The rule with statistics from Dintero's last answer."""
    card_ts: str | None = None
    give_after: datetime | None = None
    """The end of the hold: no batch is sent before."""
    remind_at: datetime | None = None
    reminded: int = 0
    """Reminders of this round, skipped ones included."""
    escalate_at: datetime | None = None
    escalated_to: tuple[str, ...] = ()
    """User and group ids that may approve since the escalation at half-time."""
    pausing: PauseState = PauseState.NO
    rule_before: Rule | None = None
    """The rule before the change that voided an approval."""
    purged_at: datetime | None = None
    """When its customers, texts and files were deleted."""
    rest_of: RequestId | None = None
    """The request whose remainder this one asks for, under the same idempotency key."""
    had_before: int = 0
    """How many of those given had it before, by other requests under the same idempotency key."""
    maybe_before: int = 0
    """How many others of those given may have had it before."""
    waits_since: datetime | None = None
    """The start of an outage that the thread knows about; every transition clears it."""
    told_of_pause: bool = False
    """Whether the thread of a parked run knows of the pause, and so has to hear of its end."""

    @property
    def production(self) -> bool:
        """Whether the account is a production account: Dintero's test accounts begin with T."""
        return self.account.startswith("P")

    @property
    def reserved(self) -> bool:
        """Whether it is for a reserved id; no list of customers contains one."""
        return self.customers == 1 and self.first_customer in RESERVED

    @property
    def price(self) -> Cost | None:
        """The cost of one use by every customer; None if it has no price, or no countable customers."""
        return None if self.rule is None or self.reserved else cost(self.rule, self.customers)

    @property
    def ended(self) -> bool:
        """Whether it is in a final state."""
        return self.state in ENDED

    def is_held(self, now: datetime) -> bool:
        """Check whether it is approved and still on hold."""
        return self.state is State.APPROVED and self.give_after is not None and now < self.give_after

    def is_expired(self, now: datetime) -> bool:
        """Check whether it has waited too long for approvals."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval in one round, bound to the digest of what the person saw."""

    request: RequestId
    round: int
    by: UserId
    at: datetime
    digest: str


def new_request_id() -> RequestId:
    """Make an id that cannot be guessed."""
    return RequestId(str(uuid.uuid4()))


def new_short_id() -> ShortId:
    """Make an id that people can read aloud; the database detects conflicts."""
    return ShortId("R-" + "".join(secrets.choice(SHORT_ALPHABET) for _ in range(SHORT_LENGTH)))


def rule_of(request: Request) -> Rule:
    """Return the rule of a submitted request; raises ValueError for a draft without one."""
    if request.rule is None:
        raise ValueError(request.id)
    return request.rule


def new_once_key() -> OnceKey:
    """Make an idempotency key for all batches, retries and rounds of a request; nobody can guess it."""
    return OnceKey(f"{KEY_PREFIX}{secrets.token_hex(16)}")


def is_bots_key(key: str) -> bool:
    """Check whether a key looks like one that the bot makes, in any spelling.

    >>> is_bots_key("Discount-Bot-1"), is_bots_key("stamp-2020")
    (True, False)
    """
    return unicodedata.normalize("NFKC", key).strip().casefold().startswith(KEY_PREFIX)


def new_salt() -> str:
    """Make the salt of a request, in the form of a digest of no customers yet."""
    return f"{secrets.token_hex(SALT_BYTES)}:"


def salted(digest: str, kept: str) -> str:
    """Salt a digest like a kept one: without the salt, nobody can confirm a guess at a single customer.

    >>> is_digest_of(salted("5994471a", new_salt()), "5994471a")
    True
    """
    salt = kept.rpartition(":")[0]
    if not salt:  # a draft of a version that had none
        salt = new_salt().rstrip(":")
    return f"{salt}:{hashlib.sha256(f'{salt}:{digest}'.encode()).hexdigest()}"


def is_digest_of(kept: str, digest: str) -> bool:
    """Compare a kept digest, salted or from before there was a salt, with that of customers."""
    salt = kept.rpartition(":")[0]
    return kept == (salted(digest, kept) if salt else digest)


def next_state(request: Request, event: Event) -> State | None:
    """Return the state after an event; None if the event is not allowed now."""
    return MOVES.get((request.state, event))


def transition(request: Request, event: Event, **changes: object) -> Request:
    """Apply an event; raises KeyError if the state does not allow it (check `next_state` first)."""
    return replace(request, **{"state": MOVES[request.state, event], "waits_since": None, **changes})  # type: ignore[arg-type]


def digest(request: Request) -> str:
    """Digest what an approval is for; empty without a rule.

    SHA-256 over canonical JSON, in hexadecimal; people see the first 8 characters.
    """
    if request.rule is None:
        return ""
    shown: dict[str, object] = {
        "account": request.account,
        "approvals": request.approvals,
        "channel": request.channel,
        "customers": request.customers,
        "customers_digest": request.customers_digest,
        "once_key": request.once_key,
        "request": request.id,
        "requester": request.requester,
        "rule": request.rule.id,
        "terms": terms_of(request.rule),
    }
    if request.tier:  # only then, so approvals from before tiers existed stay valid
        shown["tier"] = [request.tier.why, request.tier.bound, request.tier.approvals]
    return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
