"""The room of what Dintero's list of a rule showed of a request's unknown customers; the newest look stands."""

from typing import Final

from sqlalchemy import bindparam, select

from bot.database.connection import BaseRepository, Database, Values
from bot.database.encoding import decode, encode, from_micros, to_micros
from bot.database.schema import read_back
from bot.domain.customers.packing import packed, unpacked
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import Verification

_NAMES: Final = ("read_at", "unknown", "there", "refs", "whole", "failed")
_FOUND: Final = select(*(read_back.c[name] for name in _NAMES)).where(
    read_back.c.request == bindparam("which")
)
_WHO: Final = select(read_back.c.ids).where(read_back.c.request == bindparam("which"))


class VerificationRepository(BaseRepository):
    """What was read back."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        put = database.insert(read_back)
        new = {name: put.excluded[name] for name in (*_NAMES, "ids")}
        self._put = put.on_conflict_do_update(index_elements=["request"], set_=new)

    async def save_verification(
        self, request: RequestId, found: Verification, who: frozenset[CustomerId]
    ) -> None:
        """Keep what a look showed, in place of the one before."""
        row: Values = {
            "request": encode(request),
            "read_at": to_micros(found.at),
            "unknown": found.unknown,
            "there": found.there,
            "refs": found.refs,
            "whole": int(found.whole),
            "failed": encode(found.failed),
            "ids": packed(sorted(who)),
        }
        await self._database.run(self._put, row)

    async def verification(self, request: RequestId) -> Verification | None:
        """Read what the last look showed; None where there was none."""
        rows = await self._database.run(_FOUND, {"which": encode(request)})
        if not rows:
            return None
        at, unknown, there, refs, whole, failed = rows[0]
        return Verification(
            from_micros(at), unknown, there=there, refs=refs, whole=bool(whole), failed=decode(failed)
        )

    async def confirmed_customers(self, request: RequestId) -> frozenset[CustomerId]:
        """Read who of the unknown stood in the list."""
        rows = await self._database.run(_WHO, {"which": encode(request)})
        return frozenset(unpacked(rows[0][0])) if rows else frozenset()
