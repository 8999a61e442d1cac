"""The room of what was learnt of how many customers a call may have: a row an account, of which the newest word stands."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from bot.database.connection import BaseRepository, Database
from bot.database.mapping import encode, to_micros
from bot.database.schema import sizes

_LARGEST: Final = select(sizes.c.largest).where(
    sizes.c.account == bindparam("which"), sizes.c.learnt_at > bindparam("since")
)


class BatchLimitRepository(BaseRepository):
    """How large a batch may be."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        put = database.insert(sizes)
        new = {name: put.excluded[name] for name in ("largest", "learnt_at")}
        self._learn = put.on_conflict_do_update(index_elements=["account"], set_=new)

    async def largest_batch(self, account: str, since: datetime) -> int | None:
        """Read how many customers a call may have, where a larger one was too large since a moment."""
        rows = await self._database.run(_LARGEST, {"which": encode(account), "since": to_micros(since)})
        return int(rows[0][0]) if rows else None

    async def learn_batch(self, account: str, size: int, at: datetime) -> None:
        """Keep how many customers a call may have."""
        await self._database.run(
            self._learn, {"account": encode(account), "largest": size, "learnt_at": to_micros(at)}
        )
