"""Remembers deliveries: the first write of one records it in its transaction, so a copy writes nothing."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from bot.database.connection import BaseRepository, Database, Statement, Transaction, Values
from bot.database.mapping import to_micros
from bot.database.schema import deliveries
from bot.domain.delivery import Delivery, current_delivery, no_delivery
from bot.errors import DeliveredBefore


def remember(insert: sqlite.Insert | postgresql.Insert) -> Statement:
    """Build the statement that remembers a delivery; it returns no row for the handling of a copy."""
    same = deliveries.c.handling == insert.excluded.handling
    remembered = insert.on_conflict_do_update(
        index_elements=["key"], set_={"handling": insert.excluded.handling}, where=same
    )
    return remembered.returning(deliveries.c.key)


_FORGET: Final = delete(deliveries).where(deliveries.c.received_at < bindparam("before"))


class DeliveryRepository(BaseRepository):
    """The deliveries that were handled."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._remember = remember(database.insert(deliveries))

    async def remember_delivery(self) -> None:
        if delivery := current_delivery():
            with no_delivery():
                await self._database.run(self._remember, delivery_values(delivery))

    async def forget_deliveries(self, before: datetime) -> None:
        """Forget the deliveries that came before a time: their signatures count no more."""
        await self._database.run(_FORGET, {"before": to_micros(before)})


def delivery_values(delivery: Delivery) -> Values:
    """Fill in the statement that remembers it."""
    return {"key": delivery.key, "handling": delivery.handling, "received_at": time.time_ns() // 1000}


@asynccontextmanager
async def of_delivery(transaction: Transaction, remember: Statement) -> AsyncIterator[None]:
    """Make a transaction that of the current delivery, if there is one; the commit follows the block.

    Raises:
        DeliveredBefore: a copy of the delivery has written.
        DatabaseUnavailable: the person was told that nothing is written.
    """
    delivery = current_delivery()
    if delivery is None:
        yield
        return
    if not await transaction.run(remember, delivery_values(delivery)):
        raise DeliveredBefore
    yield
    delivery.begin_write()
