"""A request: what it holds, its states, and the only moves between them."""

import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.customers.parsing import RESERVED
from bot.domain.customers.uploads import Upload
from bot.domain.ids import ChannelId, OnceKey, RequestId, ShortId, TeamId, UserId
from bot.domain.policy.tiers import AppliedTier
from bot.domain.rules.rule import Cost, Rule, cost

SHORT_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0/O and no 1/I: the short id is read aloud."""
SHORT_LENGTH: Final = 5
_LETTERS: Final = (SHORT_ALPHABET * (256 // len(SHORT_ALPHABET))).encode()
"""The letter of each byte: 256 is a multiple of 32, so that each is as likely."""

NO_KEY: Final = OnceKey("")


class State(StrEnum):
    """Where a request stands."""

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
    """What can happen to a request."""

    ASKED = "asked"
    """For approval."""
    ASKED_AT_ONCE = "asked_at_once"
    """Where no approval is needed."""
    LAST_APPROVAL = "last_approval"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STARTED = "started"
    CANCEL_ASKED = "cancel_asked"
    """While it is being given: the batch in flight ends first."""
    SETTLED = "settled"
    """Every batch has its outcome."""
    WOUND_UP = "wound_up"
    """The batches in flight have ended after somebody cancelled."""
    STOPPED = "stopped"
    CONTINUED = "continued"
    ENDED_HERE = "ended_here"
    RULE_CHANGED = "rule_changed"
    CONSENT_VOID = "consent_void"
    """A yes no longer counts, or the policy asks for more of them."""


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
    (State.STOPPED, Event.CONTINUED): State.APPROVED,
    (State.STOPPED, Event.ENDED_HERE): State.DONE,
}
"""Every other state × event answers the person and changes nothing.

`STOPPED` → **Continue…** goes through `APPROVED`, so that policy, people and rule are checked again before anything is given.
"""

ENDED: Final = frozenset({State.DONE, State.REJECTED, State.CANCELLED, State.EXPIRED})


class StopReason(StrEnum):
    """Why a giving stopped before its end."""

    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a reason, not a secret
    SCOPE_MISSING = "scope_missing"
    RULE_GONE = "rule_gone"
    RULE_INACTIVE = "rule_inactive"
    RULE_EXPIRED = "rule_expired"
    UNKNOWN_FOR_GOOD = "unknown_for_good"
    """No usable answer, however often it was repeated."""
    RULE_CHANGED = "rule_changed"
    """It is no longer what was asked for, and nobody is there who could agree to what it is now."""
    BUSY = "busy"
    """Dintero turned every call away (429), however often it was repeated."""
    POLICY = "policy"
    BUDGET = "budget"
    """Others have used what it would need of the channel's budget."""


class PauseState(StrEnum):
    """How far a giving has got with the pause that caught it."""

    NO = ""
    ASKED = "asked"
    """No new batch goes out; those in flight end, and with them the run."""
    PARKED = "parked"
    """Its run is over: after the pause another one begins, in a round of its own, into which the yeses were carried."""


@dataclass(frozen=True, slots=True)
class FormInput:
    """What a person has typed into the form so far, word for word."""

    rule: str = ""
    customers: str = ""
    reason: str = ""
    once_key: str = ""
    more: bool = False
    """Whether the form shows what stands behind **More…**."""
    reserved: str = ""
    """The reserved ids that were ticked in place of customers, one after the other."""
    files: tuple[Upload, ...] = ()
    """The files that were put in, beside the ids that were typed."""
    refused_too: bool = False
    """Whether the rest of a request shall be asked for with those whom Dintero refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One person's wish to give one rule to some customers. Times are aware, in UTC."""

    id: RequestId
    short: ShortId
    team: TeamId
    account: str
    channel: ChannelId
    requester: UserId
    created_at: datetime
    state: State = State.DRAFT
    round: int = 1
    rule: Rule | None = None
    """As it was when it was shown to the requester; None while nothing was chosen."""
    customers: int = 0
    repeated: int = 0
    customers_digest: str = ""
    first_customer: str = ""
    last_customer: str = ""
    reason: str = ""
    once_key: OnceKey = NO_KEY
    own_key: bool = False
    """Whether the requester set the once-only key."""
    approvals: int = 0
    """How many people must agree."""
    tier: AppliedTier | None = None
    """The policy's tier that it was asked under, and why."""
    batch_size: int = 0
    batches_per_portion: int = 0
    concurrency: int = 0
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    decided_by: UserId | None = None
    """Who approved last, rejected or cancelled."""
    decided_at: datetime | None = None
    files: str = ""
    """Under which name the files are kept that its customers were read from; empty where there were none."""
    note: str = ""
    """Why it was rejected or stopped, in the words of whoever did."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_asked_by: UserId | None = None
    stop: StopReason | None = None
    last_answer: Rule | None = None
    """The rule with its statistics, from Dintero's last answer."""
    card_ts: str | None = None
    give_after: datetime | None = None
    """Held until then: nothing is given before."""
    remind_at: datetime | None = None
    reminded: int = 0
    """How many reminders are over in this round, those that were left out included."""
    escalate_at: datetime | None = None
    escalated_to: tuple[str, ...] = ()
    """Who was asked too after half of its time, and may approve since: user and group ids."""
    pausing: PauseState = PauseState.NO
    rule_before: Rule | None = None
    """The rule as it was before it changed, where a yes was lost by that."""
    purged_at: datetime | None = None
    """Since when its customers, its reason and whatever was typed are forgotten."""
    rest_of: RequestId | None = None
    """The request whose unknown and not tried customers this one asks for again, under its once-only key."""
    waits_since: datetime | None = None
    """Since when a giving, or its start, waits for an answer, once the thread was told; whatever moves a request on ends that."""

    @property
    def production(self) -> bool:
        """Whether the account is a real one: Dintero's test accounts begin with T."""
        return self.account.startswith("P")

    @property
    def reserved(self) -> bool:
        """Whether it is for a reserved id: for everyone, or for purchases without a customer. No list of customers holds one."""
        return self.customers == 1 and self.first_customer in RESERVED

    @property
    def price(self) -> Cost | None:
        """What one use by every customer costs; None where that cannot be said, or nobody can say how many there are."""
        return None if self.rule is None or self.reserved else cost(self.rule, self.customers)

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes in one round, bound to the digest of what was shown."""

    request: RequestId
    round: int
    by: UserId
    at: datetime
    digest: str


def new_request_id() -> RequestId:
    """Make an id that nobody can guess."""
    return RequestId(str(uuid.uuid4()))


def new_reading() -> str:
    """Make a name under which the files of one reading are kept."""
    return str(uuid.uuid4())


def new_short_id() -> ShortId:
    """Make an id that people can say; whether it is taken, the books find out."""
    return ShortId("R-" + secrets.token_bytes(SHORT_LENGTH).translate(_LETTERS).decode())


def rule_of(request: Request) -> Rule:
    """Read the rule of a request that was asked for.

    Raises:
        ValueError: it is a draft without one.
    """
    if request.rule is None:
        raise ValueError(request.id)
    return request.rule


def idempotency_key(request: RequestId) -> OnceKey:
    """Derive the once-only key that every batch, retry and round of a request shares."""
    return OnceKey(f"discount-bot-{request}")


def next_state(request: Request, event: Event) -> State | None:
    """Say where an event leads from the request's state; None where it leads nowhere."""
    return MOVES.get((request.state, event))


def transition(request: Request, event: Event, **changes: object) -> Request:
    """Move a request on.

    Raises:
        KeyError: the event leads nowhere from this state; ask `move` first.
    """
    return replace(request, **{"state": MOVES[request.state, event], "waits_since": None, **changes})  # type: ignore[arg-type]


def digest(request: Request, terms: str) -> str:
    """Digest what an approval is given for; `terms` is `terms_of` the rule.

    SHA-256 over canonical JSON, in hexadecimal; people are shown the first 8 characters.
    """
    shown: dict[str, object] = {
        "account": request.account,
        "approvals": request.approvals,
        "channel": request.channel,
        "customers": request.customers,
        "customers_digest": request.customers_digest,
        "once_key": request.once_key,
        "request": request.id,
        "requester": request.requester,
        "rule": request.rule.id if request.rule else "",
        "terms": terms,
    }
    if request.tier:  # only then, so that a yes said before there were tiers still stands
        shown["tier"] = [request.tier.why, request.tier.bound, request.tier.approvals]
    return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
