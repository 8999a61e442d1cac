"""The processes that share a PostgreSQL database."""

from typing import Final

from sqlalchemy import bindparam, func, select

from bot.database.connection import BaseRepository
from bot.database.schema import replicas

CHANNEL: Final = "discount_bot"
"""The channel of NOTIFY that all processes listen to."""
_LIVE: Final = select(replicas.c.name)
_NOTIFY: Final = select(func.pg_notify(CHANNEL, bindparam("name")))


class ReplicaRepository(BaseRepository):
    """The processes that work on this database."""

    async def live_replicas(self) -> frozenset[str]:
        """Return the names of the live processes; a dead one is among them until a peer evicts it."""
        return frozenset(str(name) for (name,) in await self._database.run(_LIVE, {}))

    async def notify(self, name: str) -> None:
        """Notify the other processes that this one has changed something."""
        await self._database.run(_NOTIFY, {"name": name})
