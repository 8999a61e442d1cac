"""Decodes packed outcomes. Imports little, since the process that writes files starts with it."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from bot.domain.customers.packing import unpacked
from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome, NotGiven, Outcome, PackedOutcomes, Refused, Unsettled


def outcome_of(row: Sequence[Any]) -> BatchOutcome:
    """Decode a row of portion, batch, size and packed outcomes."""
    portion, batch, size, ends = row
    if ends is None:
        return BatchOutcome(portion, batch, size)
    refused, unknown, not_tried = unpacked(ends)
    return BatchOutcome(
        portion,
        batch,
        size,
        refused=tuple(Refused(CustomerId(customer), why) for customer, why in refused),
        unknown=tuple(unknown),
        not_tried=tuple(not_tried),
    )


def left_of(
    asked: Sequence[CustomerId], known: Sequence[BatchOutcome], batch_size: int, *, started: bool
) -> Unsettled:
    """Find a portion's unsettled customers: a batch without an outcome is unknown if the portion started."""
    batches = {outcome.batch for outcome in known}
    others = {customer for at, customer in enumerate(asked) if at // batch_size not in batches}
    unknown = {customer for outcome in known for customer in outcome.unknown}
    not_tried = {customer for outcome in known for customer in outcome.not_tried}
    (unknown if started else not_tried).update(others)
    return Unsettled(
        tuple(customer for customer in asked if customer in unknown),
        tuple(customer for customer in asked if customer in not_tried),
    )


def not_given_of(found: PackedOutcomes) -> tuple[NotGiven, ...]:
    """List a portion's customers who did not get the discount, in the order of the request."""
    asked, known = tuple(unpacked(found.ids)), tuple(map(outcome_of, found.outcomes))
    left = left_of(asked, known, found.batch_size, started=found.started)
    ends: dict[CustomerId, tuple[Outcome, str]] = {
        one.customer: (Outcome.REFUSED, one.why) for outcome in known for one in outcome.refused
    }
    ends |= dict.fromkeys(left.unknown, (Outcome.UNKNOWN, ""))
    ends |= dict.fromkeys(left.not_tried, (Outcome.NOT_TRIED, ""))
    return tuple(
        NotGiven(found.row + at, customer, *ends[customer])
        for at, customer in enumerate(asked)
        if customer in ends
    )


def frame_of(found: PackedOutcomes) -> bytes:
    """Encode a portion for another process."""
    outcomes = [(*numbers, ends and base64.b64encode(ends).decode()) for *numbers, ends in found.outcomes]
    return json.dumps(
        [found.row, found.batch_size, found.started, base64.b64encode(found.ids).decode(), outcomes]
    ).encode()


def ends_of(frame: bytes) -> PackedOutcomes:
    """Decode what `frame_of` wrote."""
    row, batch_size, started, ids, outcomes = json.loads(frame)
    known = tuple(
        (portion, batch, size, ends and base64.b64decode(ends)) for portion, batch, size, ends in outcomes
    )
    return PackedOutcomes(row, batch_size, started, base64.b64decode(ids), known)
