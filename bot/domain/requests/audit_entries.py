"""Audit entries: one for each event, never with a customer's id."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.pause import Pause, PauseState
from bot.domain.requests.request import MOVES, Approval, Event, Request, State, digest


class EntryKind(StrEnum):
    """The kinds of entries; a transition's kind is its `Event` instead."""

    SHOWN = "shown"
    """An approver saw what an approval would be for."""
    APPROVAL = "approval"
    REFUSED = "refused"
    MOVED = "moved"
    """A change of state without an event: an operator's change, or a restored database."""
    OUTCOME = "outcome"
    """The outcomes of a round's batches, in numbers."""
    VIEWED = "looked"
    CHECKED = "checked"
    """Somebody had Dintero's list checked for the customers without an answer, who stay unconfirmed."""
    ESCALATED = "escalated"
    """More people may approve from here on."""
    HURRIED = "hurried"
    PAUSED = "paused"
    RESUMED = "resumed"
    PARKED = "parked"
    """A run that the pause interrupted has stopped."""
    GOES_ON = "goes_on"
    """A parked run continues."""
    PURGED = "purged"
    POLICY = "policy"
    SETTLED = "settled_lost"
    """An admin has settled what became of the requests that a restored backup lacks."""
    HEAD = "head"
    """The admins received the end of the chain."""


class Action(StrEnum):
    """A refused action."""

    ASK = "ask"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    CONTINUE = "continue"
    END_HERE = "end_here"
    SHOW_CUSTOMERS = "show_customers"
    GET_LIST = "get_list"
    CHECK_AGAIN = "check_again"
    SKIP_HOLD = "skip_hold"
    PAUSE = "pause"
    RESUME = "resume"
    SETTLE_LOST = "settle_lost"


DECIDED: Final = frozenset(
    {Event.LAST_APPROVAL, Event.REJECTED, Event.CANCELLED, Event.WOUND_UP, Event.CONTINUED, Event.ENDED_HERE}
)
"""Events of a person; `decided_by` has the id."""

PASSING: Final = frozenset(
    {
        RefusalReason.LOOKUP_FAILED,
        RefusalReason.UNKNOWN_REQUEST,
        RefusalReason.LOST_REQUEST,
        RefusalReason.WRONG_STATE,
        RefusalReason.ALREADY_VOTED,
        RefusalReason.WRONG_COUNT,
        RefusalReason.NO_RULE,
        RefusalReason.NO_CUSTOMERS,
        RefusalReason.LINK,
        RefusalReason.BAD_FILE,
        RefusalReason.WHICH_COLUMN,
        RefusalReason.IS_IT_THE_COLUMN,
        RefusalReason.HIDDEN_ROWS,
    }
)
"""Refusals that are not about a person's rights; the audit leaves them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry before it has its place and time in the chain. `who` is None for the bot itself."""

    kind: str
    who: UserId | None = None
    channel: ChannelId | None = None
    request: RequestId | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def entry_of(request: Request, kind: str, who: UserId | None = None, **facts: object) -> Entry:
    """Make an entry about a request."""
    facts = {"short": request.short, **facts}
    return Entry(kind=kind, who=who, channel=request.channel, request=request.id, facts=facts)


def refused(request: Request | None, refusals: Sequence[Refusal], act: Action, who: UserId) -> Entry:
    """Record the reasons of a refused action, without their details: these may hold what a person typed."""
    reasons = [refusal.reason for refusal in refusals]
    if request is None:
        return Entry(kind=EntryKind.REFUSED, who=who, facts={"act": act, "reasons": reasons})
    return entry_of(request, EntryKind.REFUSED, who, act=act, reasons=reasons, state=request.state)


def approval_entry(request: Request, approval: Approval) -> Entry:
    """Record an approval; one that was carried into a new round keeps its time."""
    facts = {"round": approval.round, "digest": approval.digest, "said_at": approval.at.isoformat()}
    return entry_of(request, EntryKind.APPROVAL, approval.by, **facts)


def policy_in_force(policy: Policy, account: str) -> Entry:
    """Record the Dintero account, the policy, and its hash: SHA-256 over canonical JSON, in hexadecimal."""
    written = canonical(asdict(policy))
    facts = {
        "account": account,
        "hash": hashlib.sha256(written.encode()).hexdigest(),
        "policy": json.loads(written),
    }
    return Entry(kind=EntryKind.POLICY, facts=facts)


def paused(pause: Pause) -> Entry:
    """Record a pause and its author, without a person's own words."""
    facts = {"reason_given": bool(pause.why)} if pause.by else {"why": pause.why}
    return Entry(kind=EntryKind.PAUSED, who=pause.by, facts=facts)


def transition_entry(before: Request, after: Request) -> Entry | None:
    """Record how a request moved, if it did. Every write of a request calls this, so none is left out."""
    if before.state is after.state:
        return _within_state(before, after)
    kind = _event(before, after)
    who = after.requester if before.state is State.DRAFT else after.decided_by if kind in DECIDED else None
    return entry_of(after, kind, who, **{"from": before.state, "to": after.state, **_facts(before, after)})


def _within_state(before: Request, after: Request) -> Entry | None:
    asked, round_ = after.cancel_asked_by, after.round
    if after.state is State.WAITING and round_ > before.round and after.rule != before.rule:
        return entry_of(after, Event.RULE_CHANGED, **_facts(before, after))
    if asked and asked != before.cancel_asked_by:
        return entry_of(after, Event.CANCEL_ASKED, asked, round=round_)
    if after.escalated_to != before.escalated_to:
        return entry_of(after, EntryKind.ESCALATED, round=round_, to=list(after.escalated_to))
    if after.pausing is not before.pausing and PauseState.PARKED in {before.pausing, after.pausing}:
        parked = after.pausing is PauseState.PARKED
        return entry_of(after, EntryKind.PARKED if parked else EntryKind.GOES_ON, round=round_)
    return None


def canonical(value: object) -> str:
    """Write canonical JSON: the same value gives the same text on any machine."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _event(before: Request, after: Request) -> str:
    """Find the event behind a move; of two between the same states, the rule tells which it was."""
    events = [event for (state, event), to in MOVES.items() if (state, to) == (before.state, after.state)]
    if Event.RULE_CHANGED in events and before.rule != after.rule:
        return Event.RULE_CHANGED
    others = (event for event in events if event is not Event.RULE_CHANGED)
    return next(others, events[0] if events else EntryKind.MOVED)


def _facts(before: Request, after: Request) -> dict[str, Any]:
    """Collect the facts of a move, such as digest, approvals and stop reason; no text of a person."""
    facts: dict[str, Any] = {"round": after.round, "digest": digest(after)}
    if before.state is State.DRAFT:
        facts |= {
            "account": after.account,
            "approvals": after.approvals,
            "customers": after.customers,
            "once_only_key": "own" if after.own_key else "derived",
            "reason_given": bool(after.reason),
            "rest_of": after.rest_of,
            "rule": after.rule.id if after.rule else None,
        }
    if after.state is State.WAITING:
        facts["approvals"] = after.approvals
    if after.state is State.STOPPED or (after.stop and after.state is State.DONE):
        facts["stop"] = after.stop
    if after.note in set(RefusalReason):
        facts["why"] = after.note
    return facts
