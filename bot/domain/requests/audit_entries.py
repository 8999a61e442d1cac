"""What stands in the audit: one entry for each thing that happened, never with a customer's id; knows not where it is written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Person
from bot.domain.requests.request import MOVES, Approval, Event, PauseState, Request, State, digest
from bot.domain.rules.terms import terms_of


class EntryKind(StrEnum):
    """The kinds of entries, beside those that are named as the event by which a request moved (`Event`)."""

    SHOWN = "shown"
    """An approver was shown what a yes is for."""
    APPROVAL = "approval"
    """One person's yes."""
    REFUSED = "refused"
    """The policy, or who somebody is, stood against what they wanted."""
    MOVED = "moved"
    """A change of state by no event: an operator's hand, or a database that was restored."""
    OUTCOME = "outcome"
    """What came of a round's batches, in numbers."""
    LOOKED = "looked"
    """Somebody looked at the list of customers."""
    ESCALATED = "escalated"
    """More people may approve from here on."""
    HURRIED = "hurried"
    """An admin ended the hold."""
    PAUSED = "paused"
    RESUMED = "resumed"
    PARKED = "parked"
    """A giving that the pause had caught was put aside."""
    GOES_ON = "goes_on"
    """A giving that was put aside goes on."""
    PURGED = "purged"
    POLICY = "policy"
    """The policy that is in force from here on."""
    HEAD = "head"
    """The end of the chain was told to the admins."""


class Action(StrEnum):
    """What somebody wanted, where it was refused."""

    ASK = "ask"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    CONTINUE = "continue"
    END_HERE = "end_here"
    SHOW_CUSTOMERS = "show_customers"
    GET_LIST = "get_list"


DECIDED: Final = frozenset(
    {Event.LAST_APPROVAL, Event.REJECTED, Event.CANCELLED, Event.WOUND_UP, Event.CONTINUED, Event.ENDED_HERE},
)
"""Moves that a person made, who may be the one who made the move before it as well: `decided_by` says who."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the audit, before it has its place and its time there. `who` is None where it was the bot itself."""

    kind: str
    who: UserId | None = None
    channel: ChannelId | None = None
    request: RequestId | None = None
    facts: Facts = field(default_factory=dict)


class AuditLog(Protocol):
    """Whoever writes entries that come with no change of a request."""

    async def record(self, entry: Entry) -> None:
        """Write an entry at the end of the audit."""


PASSING: Final = frozenset(
    {
        RefusalReason.LOOKUP_FAILED,
        RefusalReason.UNKNOWN_REQUEST,
        RefusalReason.WRONG_STATE,
        RefusalReason.ALREADY_VOTED,
        RefusalReason.WRONG_COUNT,
        RefusalReason.NO_RULE,
        RefusalReason.NO_CUSTOMERS,
        RefusalReason.LINK,
        RefusalReason.BAD_FILE,
        RefusalReason.WHICH_COLUMN,
    }
)
"""Refusals that say nothing of what somebody may do."""


async def audit_refusal(
    audit_log: AuditLog, refusal: Refusal | None, act: Action, request: Request, who: Person
) -> Refusal | None:
    """Write a refusal into the audit, where it says that somebody may not do a thing; and answer it."""
    if refusal:
        await audit_refusals(audit_log, [refusal], act, request, who)
    return refusal


async def audit_refusals(
    audit_log: AuditLog, refusals: Sequence[Refusal], act: Action, request: Request, who: Person
) -> None:
    """Write all that stood against something into the audit, in one entry."""
    against = [refusal for refusal in refusals if refusal.reason not in PASSING]
    if against:
        await audit_log.record(refused(request, against, act, who.id))


def refused(request: Request, refusals: Sequence[Refusal], act: Action, who: UserId) -> Entry:
    """Tell what stood against what somebody wanted; a refusal's detail is left out, since it may hold what a person typed."""
    return _of(
        request,
        EntryKind.REFUSED,
        who,
        {"act": act, "reasons": [refusal.reason for refusal in refusals], "state": request.state},
    )


def shown(request: Request, who: UserId) -> Entry:
    """Tell that an approver was shown what a yes is for."""
    return _of(request, EntryKind.SHOWN, who, {"digest": digest_of_shown(request)})


def viewed(request: Request, who: UserId, first: int, last: int) -> Entry:
    """Tell that somebody saw these of the customers, counted from 1."""
    return _of(request, EntryKind.LOOKED, who, {"first": first, "last": last, "customers": request.customers})


def got_list(request: Request, who: UserId, listed: int) -> Entry:
    """Tell that somebody was sent the list of those who were not given it, and how many these are."""
    return _of(request, EntryKind.LOOKED, who, {"not_given": listed, "customers": request.customers})


def purged(request: Request, days: int) -> Entry:
    """Tell that a request's customers, reason, note and what was typed are forgotten."""
    return _of(request, EntryKind.PURGED, None, {"retention_days": days, "customers": request.customers})


def approval_entry(request: Request, approval: Approval) -> Entry:
    """Tell one person's yes; one that was carried into a new round says when it was said."""
    return _of(
        request,
        EntryKind.APPROVAL,
        approval.by,
        {"round": approval.round, "digest": approval.digest, "said_at": approval.at.isoformat()},
    )


def policy_in_force(policy: Policy) -> Entry:
    """Tell the whole policy and its hash: SHA-256 over canonical JSON, in hexadecimal."""
    whole = asdict(policy)
    whole["channels"] = {name: _sorted(keys) for name, keys in whole["channels"].items()}
    written = json.loads(canonical(whole))
    return Entry(
        kind=EntryKind.POLICY,
        facts={"hash": hashlib.sha256(canonical(written).encode()).hexdigest(), "policy": written},
    )


def transition_entry(before: Request, after: Request) -> Entry | None:
    """Tell how a request moved; None where it did not. Whatever writes a request calls this, so no path can forget it."""
    if before.state is after.state:
        return _beside(before, after)
    kind = _event(before, after)
    return _of(
        after, kind, _doer(before, after), {"from": before.state, "to": after.state, **_facts(before, after)}
    )


def _beside(before: Request, after: Request) -> Entry | None:
    """Tell what happened to a request that stays in its state."""
    asked, facts = after.cancel_asked_by, {"round": after.round}
    if asked and asked != before.cancel_asked_by:
        return _of(after, Event.CANCEL_ASKED, asked, facts)
    if after.escalated_to != before.escalated_to:
        return _of(after, EntryKind.ESCALATED, None, {**facts, "to": list(after.escalated_to)})
    if after.pausing is not before.pausing and PauseState.PARKED in {before.pausing, after.pausing}:
        return _of(
            after, EntryKind.PARKED if after.pausing is PauseState.PARKED else EntryKind.GOES_ON, None, facts
        )
    return None


def paused(pause: Pause) -> Entry:
    """Tell that nothing is given from here on, and who said so; what a person wrote to it is left out."""
    facts = {"reason_given": bool(pause.why)} if pause.by else {"why": pause.why}
    return Entry(kind=EntryKind.PAUSED, who=pause.by, facts=facts)


def resumed(by: UserId) -> Entry:
    """Tell who ended the pause."""
    return Entry(kind=EntryKind.RESUMED, who=by)


def hurried(request: Request, by: UserId) -> Entry:
    """Tell which admin ended the hold."""
    return _of(request, EntryKind.HURRIED, by, {"round": request.round})


def digest_of_shown(request: Request) -> str:
    """Compute the digest of what stands in the books: what an approval is bound to."""
    return digest(request, terms_of(request.rule)) if request.rule else ""


def canonical(value: object) -> str:
    """Write JSON of which the same value always gives the same text, on any machine."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)


def _of(request: Request, kind: str, who: UserId | None, facts: Facts) -> Entry:
    return Entry(
        kind=kind,
        who=who,
        channel=request.channel,
        request=request.id,
        facts={"short": request.short, **facts},
    )


def _event(before: Request, after: Request) -> str:
    """Find the event behind a move; of two between the same states, the rule tells which it was."""
    events = [event for (state, event), to in MOVES.items() if (state, to) == (before.state, after.state)]
    if Event.RULE_CHANGED in events and before.rule != after.rule:
        return Event.RULE_CHANGED
    return next(
        (event for event in events if event is not Event.RULE_CHANGED),
        events[0] if events else EntryKind.MOVED,
    )


def _doer(before: Request, after: Request) -> UserId | None:
    """Say who moved it; None where it was the bot."""
    if before.state is State.DRAFT:
        return after.requester
    return after.decided_by if _event(before, after) in DECIDED else None


def _facts(before: Request, after: Request) -> dict[str, Any]:
    """Tell what matters about a move: what was agreed to, how many must agree, and why it stopped; no words of a person's."""
    facts: dict[str, Any] = {"round": after.round, "digest": digest_of_shown(after)}
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


def _sorted(keys: dict[str, Any]) -> dict[str, Any]:
    """Put what has no order into one."""
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in keys.items()}


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
