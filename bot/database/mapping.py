"""Rows of tables from the heart's values, and back; knows no statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import uuid4

from bot.database.connection import Kept, Values
from bot.database.encoding import (
    decode,
    encode,
    facts_json,
    facts_of,
    from_micros,
    rule_json,
    rule_of,
    tier_of,
    tier_text,
    to_micros,
)
from bot.database.schema import outbox, requests
from bot.domain.customers.packing import packed
from bot.domain.ids import RequestId, UserId
from bot.domain.policy.policy import AppliedTier
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import Approval, PauseState, Request, State, StopReason
from bot.domain.rules.rule import Rule

T = TypeVar("T")

REQUEST: Final = tuple(column for column in requests.c if column.name not in {"typed", "rule_id", "fence"})
"""A request's columns; what was typed is read on its own, the rule's id is that of its rule, and who gives it is the giving's business."""
UNSAID: Final = tuple(outbox.c[name] for name in (
    "id", "key", "request", "tried", "attempts", "kind", "happened", "happened_at", "addressee", "doer", "note", "facts",
))  # fmt: skip

THREAD: Final = "thread"
"""The lane of all that is said where the card is."""


def kept(value: Any) -> Kept:
    """Write a field of a request, whatever it is."""
    match value:
        case None:
            return None
        case str():
            return encode(value)
        case int():
            return int(value)
        case datetime():
            return to_micros(value)
        case Rule():
            return rule_json(value)
        case tuple():
            return encode(" ".join(value))
        case AppliedTier():
            return tier_text(value)
    raise TypeError(f"no column for {type(value).__name__}")


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "state": State,
    "stop": StopReason,
    "own_key": bool,
    "rule": rule_of,
    "last_answer": rule_of,
    "tier": tier_of,
    "rule_before": rule_of,
    "pausing": PauseState,
    "escalated_to": lambda kept: tuple(decode(kept).split()),
    **dict.fromkeys(("give_after", "remind_at", "escalate_at", "waits_since"), from_micros),
    "reminded": int,
    **dict.fromkeys(
        ("created_at", "asked_at", "expires_at", "decided_at", "started_at", "ended_at", "purged_at"),
        from_micros,
    ),
    **dict.fromkeys(
        ("round", "customers", "repeated", "approvals", "batch_size", "batches_per_portion", "concurrency"),
        int,
    ),
}
_FIELDS: Final = tuple((column.name, _READERS.get(column.name, decode)) for column in REQUEST)


_DEFAULTS: Final = {field.name: field.default for field in fields(Request) if field.default is not MISSING}
UNTOUCHED: Final = {name: kept(default) for name, default in _DEFAULTS.items()}
"""How the fields are written that a new request has not touched, which are most of them: an ack waits for its row."""
_ALWAYS: Final = tuple(field.name for field in fields(Request) if field.default is MISSING)


def request_row(request: Request) -> dict[str, Kept]:
    """Write a request; `typed` is not part of it."""
    return {**UNTOUCHED, **opening_row(request)}


def opening_row(request: Request) -> dict[str, Kept]:
    """Write of a new request what is not as in `UNTOUCHED`."""
    row = {name: kept(getattr(request, name)) for name in _ALWAYS}
    row |= {
        name: kept(value)
        for name, default in _DEFAULTS.items()
        if (value := getattr(request, name)) is not default
    }
    row["rule_id"] = encode(request.rule.id) if request.rule else ""
    return row


def request_of(row: Sequence[Any]) -> Request:
    """Read the columns of `REQUEST`."""
    fields: dict[str, Any] = {}
    for (name, read), value in zip(_FIELDS, row, strict=True):
        fields[name] = None if value is None else read(value)
    return Request(**fields)


def vote_row(approval: Approval) -> Values:
    """Write a yes."""
    return {
        "request": encode(approval.request),
        "round": approval.round,
        "voter": encode(approval.by),
        "voted_at": to_micros(approval.at),
        "digest": encode(approval.digest),
    }


def vote_of(row: Sequence[Any]) -> Approval:
    """Read request, round, voter, voted_at and digest."""
    request, round_, voter, at, digest = row
    return Approval(
        RequestId(decode(request)), round_, UserId(decode(voter)), from_micros(at), decode(digest)
    )


def outcome_row(outcome: BatchOutcome) -> Values:
    """Write what came of a batch of some request; where everybody was given it, there are no ends to keep."""
    refused = [(one.customer, one.why) for one in outcome.refused]
    ends = (refused, list(outcome.unknown), list(outcome.not_tried))
    return {
        "portion": outcome.portion,
        "batch": outcome.batch,
        "size": outcome.size,
        "given": outcome.given,
        "refused": len(outcome.refused),
        "unknown": len(outcome.unknown),
        "ends": packed(ends) if any(ends) else None,
    }


def lane(notification: Notification) -> str:
    """Say with what a notice keeps in order.

    A card and its thread go in one order. Each other channel and person has its own, so that one that cannot be
    written to holds up nobody else. A list comes after what announces it to the same person.
    """
    if notification.kind in (ChannelKind.DIRECT, ChannelKind.LIST):
        return f"{ChannelKind.DIRECT}:{encode(notification.to)}"
    return (
        f"{notification.kind}:{encode(notification.to)}"
        if notification.kind is ChannelKind.NOTICE
        else THREAD
    )


def notice_row(request: RequestId, notification: Notification) -> Values:
    """Write what is to be said, due at once, under a new key."""
    return {
        "key": str(uuid4()),
        "request": encode(request),
        "lane": lane(notification),
        "kind": encode(notification.kind),
        "happened": encode(notification.happened),
        "happened_at": to_micros(notification.at),
        "addressee": encode(notification.to),
        "doer": kept(notification.by),
        "note": encode(notification.note),
        "facts": facts_json(notification.facts),
        "attempts": 0,
        "tried": 0,
        "due": 0,
    }


def unsaid_of(row: Sequence[Any]) -> OutboxMessage:
    """Read the columns of `UNSAID`."""
    id_, key, request, tried, attempts, kind, happened, at, to, doer, note, facts = row
    notification = Notification(
        kind=ChannelKind(kind),
        happened=NotificationType(happened),
        at=from_micros(at),
        to=decode(to),
        by=None if doer is None else UserId(decode(doer)),
        note=decode(note),
        facts=facts_of(facts),
    )
    return OutboxMessage(
        id_, key, RequestId(decode(request)), notification, tried=bool(tried), attempts=attempts
    )
