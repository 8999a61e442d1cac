"""The verification of unknown outcomes against Dintero's list of the rule's holders."""

from functools import cache
from typing import Final

from sqlalchemy import select

from bot.database.connection import BaseRepository, InsertInto, Statement, Values
from bot.database.mapping import RowMapper, encode, to_columns
from bot.database.schema import of_request, read_back
from bot.domain.customers.packing import packed, unpacked
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import HolderSearch, Verification

_VERIFICATIONS: Final = RowMapper(Verification, read_back, at="read_at")
_VERIFICATION: Final = select(*_VERIFICATIONS.columns).where(of_request(read_back))
_CONFIRMED: Final = select(read_back.c.ids).where(of_request(read_back))


@cache
def save_verification(insert_into: InsertInto) -> Statement:
    """Write a verification over an earlier one."""
    insert = insert_into(read_back)
    return insert.on_conflict_do_update(index_elements=["request"], set_=dict(insert.excluded))


def verification_row(request: RequestId, search: HolderSearch) -> Values:
    """Make the row of a verification."""
    ids = to_columns(request=request, ids=packed(sorted(search.confirmed)))
    return {**_VERIFICATIONS.write(search.verification), **ids}


class VerificationRepository(BaseRepository):
    """Verifications, one for each request."""

    async def save_verification(
        self, request: RequestId, found: Verification, who: frozenset[CustomerId]
    ) -> None:
        await self._database.run(
            save_verification(self._database.insert), verification_row(request, HolderSearch(found, who))
        )

    async def verification(self, request: RequestId) -> Verification | None:
        rows = await self._database.run(_VERIFICATION, {"which": encode(request)})
        return _VERIFICATIONS.read(rows[0]) if rows else None

    async def confirmed_customers(self, request: RequestId) -> frozenset[CustomerId]:
        rows = await self._database.run(_CONFIRMED, {"which": encode(request)})
        return frozenset(unpacked(rows[0][0])) if rows else frozenset()
