"""The room of the rules as one process reads them for all that share the database: a row an account."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from bot.database.connection import BaseRepository, Database, Values
from bot.database.encoding import encode, from_micros, rules_packed, rules_unpacked, to_micros
from bot.database.schema import rules
from bot.domain.rules.rule import Rule

_READ: Final = select(rules.c.read_at, rules.c.digest).where(rules.c.account == bindparam("which"))
_CONTENT: Final = select(rules.c.content).where(
    rules.c.account == bindparam("which"), rules.c.digest == bindparam("known")
)

_SAME: Final = (
    update(rules)
    .where(rules.c.account == bindparam("which"), rules.c.digest == bindparam("known"))
    .returning(rules.c.account)
)


class RuleCacheRepository(BaseRepository):
    """Rules, packed and unpacked beside the event loop."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        put = database.insert(rules)
        new = {name: put.excluded[name] for name in ("read_at", "digest", "content")}
        self._put_rules = put.on_conflict_do_update(index_elements=["account"], set_=new)

    async def keep_rules(self, account: str, found: Sequence[Rule], at: datetime) -> None:
        """Keep all rules of an account as they were read; where they are the same as before, only when that was."""
        digest, content = await asyncio.to_thread(rules_packed, found)
        read: Values = {
            "account": encode(account),
            "read_at": to_micros(at),
            "digest": digest,
            "content": content,
        }
        if not await self._database.run(
            _SAME, {"which": encode(account), "known": digest, "read_at": to_micros(at)}
        ):
            await self._database.run(self._put_rules, read)

    async def rules_read(self, account: str) -> tuple[datetime, str] | None:
        """Say when the rules of an account were read, and by which digest they are known."""
        rows = await self._database.run(_READ, {"which": encode(account)})
        return (from_micros(rows[0][0]), str(rows[0][1])) if rows else None

    async def kept_rules(self, account: str, digest: str) -> tuple[Rule, ...] | None:
        """Read the rules of an account that are known by a digest; None where others have come since.

        Raises:
            ValueError: another version of this program kept them, and has more to say of a rule.
        """
        rows = await self._database.run(_CONTENT, {"which": encode(account), "known": digest})
        return await asyncio.to_thread(rules_unpacked, bytes(rows[0][0])) if rows else None
