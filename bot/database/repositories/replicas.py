"""The room of the processes that share a PostgreSQL: who lives, and a word to all of them."""

from typing import Final

from sqlalchemy import bindparam, func, select

from bot.database.connection import BaseRepository
from bot.database.schema import replicas

CHANNEL: Final = "discount_bot"
"""What they listen to."""
_LIVING: Final = select(replicas.c.name)
_TELL: Final = select(func.pg_notify(CHANNEL, bindparam("name")))


class ReplicaRepository(BaseRepository):
    """The processes that work on this database."""

    async def live_replicas(self) -> frozenset[str]:
        """Say who lives; a dead one is among them until another has noticed."""
        return frozenset(str(row[0]) for row in await self._database.run(_LIVING, {}))

    async def notify(self, name: str) -> None:
        """Tell the others that one has changed something: they look at once."""
        await self._database.run(_TELL, {"name": name})
