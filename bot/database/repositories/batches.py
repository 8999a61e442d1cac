"""The room of what is given: customers, batches, what came of them, and whether the giving goes on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Integer, bindparam, cast, func, or_, select, update
from sqlalchemy import column as column_of
from sqlalchemy import values as rows_of
from sqlalchemy.sql.dml import ReturningInsert

from bot.database.connection import BaseRepository, Database, Kept, Values
from bot.database.encoding import encode, rule_json
from bot.database.mapping import outcome_row
from bot.database.schema import batches, customers, replicas, requests
from bot.database.tally import TALLY, tally_of
from bot.domain.customers.packing import unpacked
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

LARGE: Final = 32_768
"""Bytes of a packed portion: about 1,500 customers. Below that, changing threads takes as long as unpacking."""

_WHICH: Final[BindParameter[str]] = bindparam("which")
_PORTION: Final = (customers.c.request == _WHICH) & (customers.c.portion == bindparam("number"))
_BATCHES: Final = select(batches.c.portion, batches.c.batch, batches.c.size, batches.c.ends).where(
    batches.c.request == _WHICH
)
_GIVING: Final = (requests.c.state == State.GIVING.value) & requests.c.stop.is_(None)
_GOES_ON: Final = _GIVING & requests.c.cancel_asked_by.is_(None) & (requests.c.pausing == "")
_HELD: Final = requests.c.fence == func.coalesce(cast(bindparam("held"), Integer), requests.c.fence)
"""Whether whoever writes holds the request; where no number is given, it does not matter who does."""
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
_COUNT: Final = select(func.count()).select_from(customers).where(customers.c.request == _WHICH)
_CUSTOMERS: Final = select(customers.c.ids).where(_PORTION)
_TAKE_UP: Final = (
    update(customers)
    .where(_PORTION, select(requests.c.id).where(requests.c.id == _WHICH, _GOES_ON, _HELD).exists())
    .values(starts=customers.c.starts + 1)
    .returning(customers.c.ids, customers.c.starts)
)
_DOUBT: Final = update(customers).where(customers.c.request == _WHICH).values(starts=customers.c.starts + 1)
_OUTCOMES: Final = _BATCHES.where(batches.c.portion == bindparam("number")).order_by(batches.c.batch)
_REFUSING: Final = _BATCHES.where(batches.c.refused > 0).order_by(batches.c.portion, batches.c.batch)
_HALT: Final = update(requests).where(requests.c.id == _WHICH, _GIVING, _HELD)
_HOLDS: Final = select(requests.c.id).where(requests.c.id == _WHICH, _HELD)
_ASK: Final = select(requests.c.id).where(requests.c.id == _WHICH, _GOES_ON)
_ANSWERED: Final = update(requests).where(requests.c.id == _WHICH, _HELD)


def _open() -> Any:
    """Find the portions in which somebody has no end yet, or none that settles it."""
    settled = (
        select(func.coalesce(func.sum(batches.c.given + batches.c.refused), 0))
        .where(batches.c.request == customers.c.request, batches.c.portion == customers.c.portion)
        .scalar_subquery()
    )
    size = select(requests.c.batch_size).where(requests.c.id == _WHICH).scalar_subquery()
    found = select(customers.c.portion, customers.c.starts, size).where(
        customers.c.request == _WHICH, settled < customers.c.size
    )
    return found.order_by(customers.c.portion)


_OPEN: Final = _open()


def _given_to() -> Any:
    """Read of each portion how many were given it."""
    given = (
        select(func.coalesce(func.sum(batches.c.given), 0))
        .where(batches.c.request == customers.c.request, batches.c.portion == customers.c.portion)
        .scalar_subquery()
    )
    size = select(requests.c.batch_size).where(requests.c.id == _WHICH).scalar_subquery()
    found = select(customers.c.portion, customers.c.size, customers.c.starts, size, given).where(
        customers.c.request == _WHICH
    )
    return found.order_by(customers.c.portion)


_GIVEN_TO: Final = _given_to()
_BATCH: Final = tuple(column for column in batches.c if column.name not in {"request", "fence"})
"""What `outcome_row` says of a batch."""
LOTS: Final = (1, 4, 16, MOST_OUTCOMES)
"""How many outcomes a statement may be written for; one that has room for more than there are is handed rows that are none."""


_NO_OUTCOME: Final = dict.fromkeys((column.name for column in _BATCH), None)


def _settle(database: Database, lot: int) -> ReturningInsert[Any]:
    """Put outcomes in, under the number of whoever holds the request, and say of each whether the giving goes on."""
    rows = [
        tuple(cast(bindparam(f"{column.name}_{place}"), column.type) for column in _BATCH)
        for place in range(lot)
    ]
    came = (
        rows_of(*(column_of(column.name, column.type) for column in _BATCH), name="came")
        .data(rows)
        .cte("came")
    )
    held = select(requests.c.id, *came.c, requests.c.fence).where(
        requests.c.id == _WHICH, _HELD, came.c.batch.is_not(None)
    )
    put = database.insert(batches).from_select(
        ["request", *(column.name for column in _BATCH), "fence"], held
    )
    new = {name: put.excluded[name] for name in ("size", "given", "refused", "unknown", "ends", "fence")}
    go_on = (
        select(func.count()).select_from(requests).where(requests.c.id == _WHICH, _GOES_ON).scalar_subquery()
    )
    return put.on_conflict_do_update(
        index_elements=["request", "portion", "batch"], set_=new, where=batches.c.fence <= put.excluded.fence
    ).returning(go_on)


class BatchRepository(BaseRepository):
    """Whatever the giving writes and reads."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._unpacking = asyncio.Lock()
        self._settle = {lot: _settle(database, lot) for lot in LOTS}

    async def claim(self, request: RequestId, *, term: int | None = None) -> Fence | None:
        """Take a request for this process to give: what its earlier holders still write counts for nothing. One statement."""
        rows = await self._database.run(_CLAIM, {"which": encode(request), "of_term": term})
        return Fence(rows[0][0]) if rows else None

    async def portions(self, request: RequestId) -> int:
        """Count the rows of customers; they are numbered from 0."""
        rows = await self._database.run(_COUNT, {"which": encode(request)})
        return int(rows[0][0])

    async def customers(self, request: RequestId, portion: int) -> tuple[CustomerId, ...]:
        """Read one row of customers."""
        rows = await self._database.run(_CUSTOMERS, {"which": encode(request), "number": portion})
        return tuple(await self._unpack(rows[0][0])) if rows else ()

    async def start_portion(
        self, request: RequestId, portion: int, *, fence: Fence | None = None
    ) -> Portion | None:
        """Note that every batch of a portion may go out from now on, and read it; None where the giving does not go on. One statement.

        Raises:
            LeaseLost: another holds the request.
        """
        rows = await self._database.run(
            _TAKE_UP, {"which": encode(request), "number": portion, "held": fence}
        )
        if not rows:
            await self._holds(request, fence)
            return None
        return Portion(tuple(await self._unpack(rows[0][0])), again=rows[0][1] > 1)

    async def _unpack(self, kept: bytes) -> list[CustomerId]:
        """Unpack a portion, a large one beside the event loop: of 32,000 customers it takes 10 ms, in which calls would wait.

        One after the other: a giving begins with three of them, and waits for the first.
        """
        if len(kept) < LARGE:
            return unpacked(kept)
        async with self._unpacking:
            return await asyncio.to_thread(unpacked, kept)

    async def _holds(self, request: RequestId, fence: Fence | None) -> None:
        if fence is not None and not await self._database.run(
            _HOLDS, {"which": encode(request), "held": fence}
        ):
            raise LeaseLost(request)

    async def mark_all_started(self, request: RequestId) -> None:
        """Note that every batch of every portion may have gone out, whether the giving goes on or not."""
        await self._database.run(_DOUBT, {"which": encode(request)})

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        """Read what came of a portion's batches so far."""
        return tuple(
            map(
                outcome_of, await self._database.run(_OUTCOMES, {"which": encode(request), "number": portion})
            )
        )

    async def record_outcomes(
        self, request: RequestId, *outcomes: BatchOutcome, fence: Fence | None = None
    ) -> bool:
        """Write what came of different batches, at most `MOST_OUTCOMES`, over earlier outcomes of them. One statement.

        Answers whether the giving shall go on.

        Raises:
            LeaseLost: another holds the request; nothing stands over what it wrote.
        """
        lot = next(lot for lot in LOTS if lot >= len(outcomes))
        handed: dict[str, Kept] = {"which": encode(request), "held": fence}
        for place, row in enumerate([*map(outcome_row, outcomes), *[_NO_OUTCOME] * (lot - len(outcomes))]):
            handed |= {f"{name}_{place}": value for name, value in row.items()}
        rows = await self._database.run(self._settle[lot], handed)
        if len(rows) < len(outcomes):
            raise LeaseLost(request)
        return bool(rows[0][0])

    async def request_stop(
        self, request: RequestId, stop: StopReason, note: str, *, fence: Fence | None = None
    ) -> None:
        """Ask for the giving to stop; the first reason stands."""
        await self._database.run(
            _HALT, {"which": encode(request), "held": fence, "stop": stop.value, "note": encode(note)}
        )

    async def may_continue(self, request: RequestId) -> bool:
        """Say whether the giving shall go on: it is being given, and nobody cancelled or halted it."""
        return bool(await self._database.run(_ASK, {"which": encode(request)}))

    async def answered(self, request: RequestId, rule: Rule, *, fence: Fence | None = None) -> None:
        """Keep the rule as Dintero last answered it."""
        await self._database.run(
            _ANSWERED, {"which": encode(request), "held": fence, "last_answer": rule_json(rule)}
        )

    async def tally(self, request: RequestId) -> Tally:
        """Add up the four ends. A batch that was started and has no outcome counts as unknown."""
        return tally_of(await self._database.run(TALLY, {"which": encode(request)}))

    async def refused(self, request: RequestId, *, most: int | None = None) -> tuple[Refused, ...]:
        """Read the refused customers with the reason, in the order they were asked for; no more than so many of the first."""
        found: list[Refused] = []
        for portion, rows in groupby(
            await self._database.run(_REFUSING, {"which": encode(request)}), key=itemgetter(0)
        ):
            those = [one for row in rows for one in outcome_of(row).refused]
            found += _in_order(those, await self.customers(request, portion))
            if most is not None and len(found) >= most:
                break
        return tuple(found[:most])

    async def left_out(self, request: RequestId, *, most: int) -> Unsettled:
        """Read who is unknown and who was not tried, as `tally` counts them; of the first so many, both together."""
        unknown: list[CustomerId] = []
        not_tried: list[CustomerId] = []
        async for _, found in self._left_by_portion(request):
            unknown += found.unknown
            not_tried += found.not_tried
            if len(unknown) + len(not_tried) >= most:
                break
        return Unsettled(tuple(unknown[:most]), tuple(not_tried[: max(most - len(unknown), 0)]))

    async def packed_outcomes(self, request: RequestId) -> AsyncIterator[PackedOutcomes]:
        """Read the portions with somebody who was not given it, as `tally` counts them, in the order they were asked for."""
        row = 1
        for portion, size, starts, batch_size, given in await self._database.run(
            _GIVEN_TO, {"which": encode(request)}
        ):
            if given < size:
                values: Values = {"which": encode(request), "number": portion}
                ids, outcomes = (
                    await self._database.run(_CUSTOMERS, values),
                    await self._database.run(_OUTCOMES, values),
                )
                known = tuple((number, batch, count, ends) for number, batch, count, ends in outcomes)
                if ids:
                    yield PackedOutcomes(row, max(batch_size, 1), starts > 0, bytes(ids[0][0]), known)
            row += size

    async def not_given(self, request: RequestId) -> AsyncIterator[tuple[NotGiven, ...]]:
        """Read all who were not given it, a portion at a time, unpacked beside the event loop."""
        async for found in self.packed_outcomes(request):
            yield await asyncio.to_thread(not_given_of, found)

    async def _left_by_portion(
        self, request: RequestId
    ) -> AsyncIterator[tuple[tuple[CustomerId, ...], Unsettled]]:
        """Read the portions that have somebody left, one after the other: no more than one is held at a time."""
        for portion, starts, batch_size in await self._database.run(_OPEN, {"which": encode(request)}):
            asked, known = await self.customers(request, portion), await self.outcomes(request, portion)
            yield asked, left_of(asked, known, max(batch_size, 1), started=starts > 0)


def _in_order(found: Sequence[Refused], asked: Sequence[CustomerId]) -> list[Refused]:
    """Put refused customers as they were asked for: halving may have found them in another order."""
    place = {customer: at for at, customer in enumerate(asked)}
    return sorted(found, key=lambda one: place.get(one.customer, len(place)))
