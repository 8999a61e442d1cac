"""Verifies the audit chain: finds the first row that was changed, deleted, added or moved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.database.audit.log import ChainHead, Row
from bot.database.audit.reader import FIRST_PREVIOUS, Audit

HASHES: Final = "customer_hashes"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """How many rows are intact, the head after them, and the fault of the row `seq` that follows."""

    rows: int
    head: ChainHead
    seq: int | None = None
    fault: str = ""

    @property
    def fine(self) -> bool:
        """Whether the whole chain is intact."""
        return not self.fault


async def verify(audit: Audit, *, head: str | None = None) -> VerificationResult:
    """Follow the whole chain; `head` is the hash of a head that an admin has, or its first characters."""
    kept, before = {one.seq: one.hash for one in await audit.heads()}, await audit.head()
    at, seen = ChainHead(0, FIRST_PREVIOUS), head is None
    async for row in audit.rows():
        fault = _fault(row, at, kept, before) or await _customers(audit, row)
        if fault:
            return VerificationResult(at.seq, at, min(row.seq, at.seq + 1), fault)
        at = ChainHead(row.seq, row.hash)
        seen = seen or row.hash.startswith(str(head))
    fault = await _end(audit, at, kept, before)
    if not fault and not seen:
        fault = f"checkpoint {head} not found: rows were deleted or rewritten"
    return VerificationResult(at.seq, at, at.seq + 1, fault) if fault else VerificationResult(at.seq, at)


def _fault(row: Row, at: ChainHead, kept: Mapping[int, str], head: ChainHead | None) -> str:
    """Describe the fault of the row after an intact one; empty if it has none."""
    if row.seq > at.seq + 1:
        return f"row {at.seq + 1} is missing: it was deleted"
    if row.previous != at.hash or row.seq != at.seq + 1:
        return f"row {row.seq} doesn't match row {at.seq}: a row was changed, added, moved or deleted"
    if row.hash != row.own_hash():
        return f"row {row.seq} was changed"
    if kept.get(row.seq, row.hash) != row.hash:
        return f"row {row.seq} doesn't match the checkpoint sent to the admins: rows were rewritten"
    if head and head.seq == row.seq and head.hash != row.hash:
        return f"row {row.seq} isn't the last row that was written: it was changed"
    return ""


async def _customers(audit: Audit, row: Row) -> str:
    """Compare the hashes of a request's customers with the digest in its row, and with its customers."""
    if HASHES not in row.facts:
        return ""
    try:
        facts = json.loads(row.facts)
    except ValueError:
        return ""
    digest = facts.get(HASHES) if isinstance(facts, dict) else None
    if digest is None:
        return ""
    if await audit.digest_of_customers(row.request or "") != digest:
        return f"the customer hashes of row {row.seq} were changed"
    if await audit.has_other_customers(row.request or ""):
        return f"the customers of {facts.get('short')} in the database aren't those of row {row.seq}"
    return ""


async def _end(audit: Audit, at: ChainHead, kept: Mapping[int, str], before: ChainHead | None) -> str:
    """Compare the last row with the head before and after reading: others may have written meanwhile."""
    after = await audit.head()
    if before is None or after is None:
        return "the end of the chain was deleted"
    last = max(before.seq, *kept, 0)
    if at.seq < last:
        return f"row {at.seq + 1} and all later rows are missing: the audit ended with row {last}"
    if at.seq > after.seq:
        return f"row {after.seq + 1} was added after the end"
    return ""
