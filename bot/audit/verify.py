"""Verifies the audit's chain: finds the first row that was changed, taken out, put in or moved, and a tail that was cut off."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.database.audit.chain import START, Row
from bot.database.audit.log import Audit, ChainHead

HASHES: Final = "customer_hashes"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """How many rows fit, where the chain ends, and what is wrong with the first row that does not fit. `seq` is that row's number."""

    rows: int
    head: ChainHead
    seq: int | None = None
    fault: str = ""

    @property
    def fine(self) -> bool:
        """Whether all of it fits."""
        return not self.fault


async def verify(audit: Audit, *, head: str | None = None) -> VerificationResult:
    """Follow the chain from its first row to its end; `head` is an end that somebody was told, in full or its beginning."""
    told, before = {kept.seq: kept.hash for kept in await audit.heads()}, await audit.head()
    at, seen = ChainHead(0, START), head is None
    async for row in audit.rows():
        fault = _fault(row, at, told, before) or await _customers(audit, row)
        if fault:
            return VerificationResult(at.seq, at, min(row.seq, at.seq + 1), fault)
        at = ChainHead(row.seq, row.hash)
        seen = seen or row.hash.startswith(str(head))
    fault = await _end(audit, at, told, before)
    if not fault and not seen:
        fault = f"no row has the hash {head}: the rows up to it were cut off, or all after some row were written anew"
    return VerificationResult(at.seq, at, at.seq + 1, fault) if fault else VerificationResult(at.seq, at)


def _fault(row: Row, at: ChainHead, told: Mapping[int, str], head: ChainHead | None) -> str:
    """Say what is wrong with a row, after the one before it was found to fit."""
    if row.seq > at.seq + 1:
        return f"row {at.seq + 1} is missing: it was taken out"
    if row.previous != at.hash or row.seq != at.seq + 1:
        return (
            f"row {row.seq} does not follow the one before it: a row was changed, taken out, put in or moved"
        )
    if row.hash != row.own_hash():
        return f"row {row.seq} was changed"
    if told.get(row.seq, row.hash) != row.hash:
        return f"row {row.seq} is not the one whose hash was told to the admins: it, or one before it, was written anew"
    if head and head.seq == row.seq and head.hash != row.hash:
        return f"row {row.seq} is not the one that the chain ended with: it was changed"
    return ""


async def _customers(audit: Audit, row: Row) -> str:
    """Hold the hashes of a request's customers to what its row says of them."""
    kept = _facts(row).get(HASHES) if HASHES in row.facts else None
    if kept is None or await audit.digest_of_customers(row.request or "") == kept:
        return ""
    return f"the hashes of the customers that row {row.seq} tells of were changed"


def _facts(row: Row) -> dict[str, Any]:
    try:
        facts = json.loads(row.facts)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


async def _end(audit: Audit, at: ChainHead, told: Mapping[int, str], before: ChainHead | None) -> str:
    """Hold the last row to the end as it stood before and after reading, while others may have been writing."""
    after = await audit.head()
    if before is None or after is None:
        return "the chain's head was taken away"
    last = max(before.seq, *told, 0) if told else before.seq
    if at.seq < last:
        return f"row {at.seq + 1} and all after it are missing: the chain went on to row {last}"
    if at.seq > after.seq:
        return f"row {after.seq + 1} was put in after the end"
    return ""
