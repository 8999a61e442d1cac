"""Batches: a request's customers, the outcomes of its batches, and whether its giving may continue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import column as column_of
from sqlalchemy import values as rows_of
from sqlalchemy.sql.dml import ReturningInsert

from bot.database.connection import BaseRepository, ColumnValue, InsertInto
from bot.database.mapping import encode, outcome_row, to_columns, to_micros
from bot.database.schema import batches, customers, replicas, requests
from bot.database.tally import TALLY, tally_of
from bot.domain.customers.packing import RowHashes, hash_row, hash_rows, unpacked
from bot.domain.ids import CustomerId, Fence, RequestId
from bot.domain.requests.batches import (
    MOST_OUTCOMES,
    BatchOutcome,
    NotGiven,
    PackedOutcomes,
    Portion,
    Refused,
    Tally,
    Unsettled,
)
from bot.domain.requests.outcome_codec import left_of, not_given_of, outcome_of
from bot.domain.requests.request import State, StopReason
from bot.domain.rules.rule import Rule
from bot.errors import LeaseLost

_WHICH: Final[BindParameter[str]] = bindparam("which")
_OF_REQUEST: Final = customers.c.request == _WHICH
_PORTION: Final = _OF_REQUEST & (customers.c.portion == bindparam("number"))
_BATCHES: Final = select(batches.c.portion, batches.c.batch, batches.c.size, batches.c.ends).where(
    batches.c.request == _WHICH
)
_GIVING: Final = (
    (requests.c.id == _WHICH) & (requests.c.state == State.GIVING.value) & requests.c.stop.is_(None)
)
_MAY_CONTINUE: Final = _GIVING & requests.c.cancel_asked_by.is_(None) & (requests.c.pausing == "")
_HELD: Final = (requests.c.id == _WHICH) & (
    requests.c.fence == func.coalesce(cast(bindparam("held"), Integer), requests.c.fence)
)
"""Whether the writer's fence is the current one; a writer without a fence may always write."""
_TERM: Final = cast(bindparam("of_term"), BigInteger)

_CLAIM: Final = (
    update(requests)
    .where(
        requests.c.id == _WHICH,
        or_(_TERM.is_(None), select(replicas.c.term).where(replicas.c.term == _TERM).exists()),
    )
    .values(fence=requests.c.fence + 1)
    .returning(requests.c.fence)
)
_COUNT_PORTIONS: Final = select(func.count()).select_from(customers).where(_OF_REQUEST)
_CUSTOMERS: Final = select(customers.c.ids).where(_PORTION)
_ALL_CUSTOMERS: Final = (
    select(customers.c.portion, customers.c.ids).where(_OF_REQUEST).order_by(customers.c.portion)
)
_START_PORTION: Final = (
    update(customers)
    .where(_PORTION, select(requests.c.id).where(_MAY_CONTINUE, _HELD).exists())
    .values(starts=customers.c.starts + 1)
    .returning(customers.c.ids, customers.c.starts)
)
_MARK_ALL_STARTED: Final = update(customers).where(_OF_REQUEST).values(starts=customers.c.starts + 1)
_OUTCOMES: Final = _BATCHES.where(batches.c.portion == bindparam("number")).order_by(batches.c.batch)
_REFUSING: Final = _BATCHES.where(batches.c.refused > 0).order_by(batches.c.portion, batches.c.batch)
_REQUEST_STOP: Final = update(requests).where(_GIVING, _HELD)
_CHECK_HELD: Final = select(requests.c.id).where(_HELD)
_CHECK_CONTINUE: Final = select(requests.c.id).where(_MAY_CONTINUE)
_ANSWERED: Final = update(requests).where(_HELD)


def _sum_over_batches(counts: ColumnElement[int]) -> ColumnElement[int]:
    found = select(func.coalesce(func.sum(counts), 0))
    same_portion = (batches.c.request == customers.c.request) & (batches.c.portion == customers.c.portion)
    return found.where(same_portion).scalar_subquery()


_UNSETTLED: Final = (
    select(customers.c.portion)
    .where(_OF_REQUEST)
    .where(or_(customers.c.starts == 0, customers.c.size > _sum_over_batches(batches.c.size)))
    .order_by(customers.c.portion)
)


_PORTIONS: Final = (
    select(
        customers.c.portion,
        customers.c.size,
        customers.c.starts,
        select(requests.c.batch_size).where(requests.c.id == _WHICH).scalar_subquery(),
        _sum_over_batches(batches.c.given),
        _sum_over_batches(batches.c.refused),
    )
    .where(_OF_REQUEST)
    .order_by(customers.c.portion)
)

_OUTCOME_COLUMNS: Final = tuple(column for column in batches.c if column.name not in {"request", "fence"})
"""The columns that `outcome_row` writes."""
_NO_OUTCOME: Final = dict.fromkeys((column.name for column in _OUTCOME_COLUMNS), None)
STATEMENT_SIZES: Final = (1, 4, 16, MOST_OUTCOMES)
"""For how many outcomes there is a statement; the rest of its rows are NULL, and skipped."""


@cache
def _upsert(insert_into: InsertInto, count: int) -> ReturningInsert[Any]:
    """Write outcomes under the holder's fence, and return for each whether the giving may continue."""
    rows = [
        tuple(cast(bindparam(f"{column.name}_{number}"), column.type) for column in _OUTCOME_COLUMNS)
        for number in range(count)
    ]
    recorded = (
        rows_of(*(column_of(column.name, column.type) for column in _OUTCOME_COLUMNS), name="recorded")
        .data(rows)
        .cte("recorded")
    )
    accepted = select(requests.c.id, *recorded.c, requests.c.fence).where(
        _HELD, recorded.c.batch.is_not(None)
    )
    insert = insert_into(batches).from_select(
        ["request", *(column.name for column in _OUTCOME_COLUMNS), "fence"], accepted
    )
    written = ("size", "given", "refused", "unknown", "ends", "fence")
    # a batch that is tried again keeps its time unless more of it was given
    given_at = case(
        (insert.excluded.given > batches.c.given, insert.excluded.given_at),
        else_=func.coalesce(batches.c.given_at, insert.excluded.given_at),
    )
    return insert.on_conflict_do_update(
        index_elements=["request", "portion", "batch"],
        set_={**{name: insert.excluded[name] for name in written}, "given_at": given_at},
        where=batches.c.fence <= insert.excluded.fence,
    ).returning(select(func.count()).select_from(requests).where(_MAY_CONTINUE).scalar_subquery())


def _portion(row: bytes, *, again: bool) -> Portion:
    return Portion(tuple(unpacked(row)), again, hash_row(row))


class BatchRepository(BaseRepository):
    """What a giving reads and writes."""

    async def claim(self, request: RequestId, *, term: int | None = None) -> Fence | None:
        """Make this process the owner of a run, in one statement; an older token's writes are rejected.

        Returns None if there is no such request, or if the process's cluster `term` is over.
        """
        rows = await self._database.run(_CLAIM, {"which": encode(request), "of_term": term})
        return Fence(rows[0][0]) if rows else None

    async def portions(self, request: RequestId) -> int:
        """Count a request's portions; they are numbered from 0."""
        return int((await self._database.run(_COUNT_PORTIONS, {"which": encode(request)}))[0][0])

    async def unsettled(self, request: RequestId) -> tuple[int, ...]:
        """List the portions of which a batch has no outcome at all."""
        rows = await self._database.run(_UNSETTLED, {"which": encode(request)})
        return tuple(int(portion) for (portion,) in rows)

    async def customers(self, request: RequestId, portion: int) -> tuple[CustomerId, ...]:
        rows = await self._database.run(_CUSTOMERS, {"which": encode(request), "number": portion})
        return tuple(await asyncio.to_thread(unpacked, rows[0][0])) if rows else ()

    async def hash_rows(self, request: RequestId) -> RowHashes:
        rows = await self._database.run(_ALL_CUSTOMERS, {"which": encode(request)})
        if [number for number, _ in rows] != list(range(len(rows))):
            return RowHashes("")
        return await asyncio.to_thread(hash_rows, [ids for _, ids in rows])

    async def start_portion(
        self, request: RequestId, portion: int, *, fence: Fence | None = None
    ) -> Portion | None:
        held = {"which": encode(request), "held": fence}
        rows = await self._database.run(_START_PORTION, {**held, "number": portion})
        if rows:
            ids, starts = rows[0]
            return await asyncio.to_thread(_portion, ids, again=starts > 1)
        if fence is not None and not await self._database.run(_CHECK_HELD, held):
            raise LeaseLost(request)
        return None

    async def mark_all_started(self, request: RequestId) -> None:
        """Mark every portion as started: any batch may have been sent."""
        await self._database.run(_MARK_ALL_STARTED, {"which": encode(request)})

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        rows = await self._database.run(_OUTCOMES, {"which": encode(request), "number": portion})
        return tuple(map(outcome_of, rows))

    async def record_outcomes(
        self,
        request: RequestId,
        *outcomes: BatchOutcome,
        at: datetime | None = None,
        fence: Fence | None = None,
    ) -> bool:
        size = next(size for size in STATEMENT_SIZES if size >= len(outcomes))
        values: dict[str, ColumnValue] = {"which": encode(request), "held": fence}
        given_at = to_micros(at) if at else None
        rows_written = [{**outcome_row(outcome), "given_at": given_at} for outcome in outcomes]
        for number, row in enumerate([*rows_written, *[_NO_OUTCOME] * (size - len(outcomes))]):
            values |= {f"{name}_{number}": value for name, value in row.items()}
        rows = await self._database.run(_upsert(self._database.insert, size), values)
        if len(rows) < len(outcomes):
            raise LeaseLost(request)
        return bool(rows[0][0])

    async def request_stop(
        self, request: RequestId, stop: StopReason, note: str, *, fence: Fence | None = None
    ) -> None:
        values = to_columns(which=request, held=fence, stop=stop, note=note)
        await self._database.run(_REQUEST_STOP, values)

    async def may_continue(self, request: RequestId) -> bool:
        return bool(await self._database.run(_CHECK_CONTINUE, {"which": encode(request)}))

    async def answered(self, request: RequestId, rule: Rule, *, fence: Fence | None = None) -> None:
        await self._database.run(_ANSWERED, to_columns(which=request, held=fence, last_answer=rule))

    async def tally(self, request: RequestId) -> Tally:
        return tally_of(await self._database.run(TALLY, {"which": encode(request)}))

    async def refused(self, request: RequestId, *, most: int | None = None) -> tuple[Refused, ...]:
        rows = await self._database.run(_REFUSING, {"which": encode(request)})
        found: list[Refused] = []
        for portion, of_portion in groupby(rows, key=itemgetter(0)):
            refused = [one for row in of_portion for one in outcome_of(row).refused]
            order = {customer: at for at, customer in enumerate(await self.customers(request, portion))}
            # splitting a batch may have found them in another order
            found += sorted(refused, key=lambda one: order.get(one.customer, len(order)))
            if most is not None and len(found) >= most:
                break
        return tuple(found[:most])

    async def left_out(self, request: RequestId, *, most: int) -> Unsettled:
        unknown: list[CustomerId] = []
        not_tried: list[CustomerId] = []
        rows = await self._database.run(_PORTIONS, {"which": encode(request)})
        for portion, size, starts, batch_size, given, refused in rows:
            if given + refused < size and len(unknown) + len(not_tried) < most:
                asked, known = await self.customers(request, portion), await self.outcomes(request, portion)
                found = left_of(asked, known, max(batch_size, 1), started=starts > 0)
                unknown += found.unknown
                not_tried += found.not_tried
        return Unsettled(tuple(unknown[:most]), tuple(not_tried[: max(most - len(unknown), 0)]))

    async def packed_outcomes(self, request: RequestId) -> AsyncIterator[PackedOutcomes]:
        first_row = 1
        rows = await self._database.run(_PORTIONS, {"which": encode(request)})
        for portion, size, starts, batch_size, given, _ in rows:
            if given < size:
                values = {"which": encode(request), "number": portion}
                ids = await self._database.run(_CUSTOMERS, values)
                known = tuple(map(tuple, await self._database.run(_OUTCOMES, values)))
                if ids:
                    yield PackedOutcomes(first_row, max(batch_size, 1), starts > 0, bytes(ids[0][0]), known)
            first_row += size

    async def not_given(self, request: RequestId) -> AsyncIterator[tuple[NotGiven, ...]]:
        async for found in self.packed_outcomes(request):
            yield await asyncio.to_thread(not_given_of, found)
