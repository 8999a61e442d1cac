"""A request's page: what is read and written of it while its row is locked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from bot.database.audit.chain import append
from bot.database.audit.evidence import Evidence
from bot.database.connection import Database, Kept, Transaction
from bot.database.encoding import encode
from bot.database.mapping import REQUEST, notice_row, request_of, request_row, vote_of, vote_row
from bot.database.repositories import pause as pause_table
from bot.database.repositories.budgets import grants_locked
from bot.database.repositories.redaction import forget
from bot.database.repositories.requests import VOTES
from bot.database.schema import PENDING, customers, files, outbox, requests, votes
from bot.domain.customers.packing import PackedIds
from bot.domain.ids import RequestId
from bot.domain.policy.budget import Grant
from bot.domain.requests.audit_entries import Entry, approval_entry, paused
from bot.domain.requests.notification import Notification
from bot.domain.requests.request import Approval, Pause, Request

_ID: Final = requests.c.id == bindparam("which")
# FOR NO KEY UPDATE: it keeps other pages out, but not the outcomes that are written meanwhile under the request's foreign key.
_LOCK: Final = select(*REQUEST).where(_ID).with_for_update(key_share=True)
_KEEP: Final = update(requests).where(_ID)
_EMPTY: Final = delete(customers).where(customers.c.request == bindparam("which"))
_PORTION: Final = insert(customers)
_SAY: Final = insert(outbox)
_OTHER_FILES: Final = delete(files).where(
    files.c.request == bindparam("which"), files.c.reading != bindparam("counts")
)
_SAME: Final = select(outbox.c.id).where(
    PENDING, *(outbox.c[name] == bindparam(name) for name in ("request", "kind", "addressee"))
)


class SqlUnitOfWork:
    """One request, locked; `request` is as it stands, and as `keep` last wrote it."""

    def __init__(
        self, database: Database, transaction: Transaction, request: Request, evidence: Evidence
    ) -> None:
        self._database = database
        self._transaction = transaction
        self._vote = (
            database.insert(votes)
            .on_conflict_do_nothing(index_elements=["request", "round", "voter"])
            .returning(votes.c.id)
        )  # fmt: skip
        self._id = encode(request.id)
        self._stored = request
        self._entries: list[Entry] = []
        self._evidence = evidence
        self.request = request

    async def save(self, request: Request) -> None:
        """Write the request's row, all of it, and what moved it into the audit."""
        row = request_row(request)
        del row["id"]
        await self._transaction.run(_KEEP, {"which": self._id, **row})
        self._entries += await self._evidence.of_change(self._transaction, self._stored, request)
        self.request = self._stored = request

    async def votes(self) -> tuple[Approval, ...]:
        """Read the yeses of the request's present round, oldest first."""
        rows = await self._transaction.run(VOTES, {"which": self._id, "of_round": self.request.round})
        return tuple(map(vote_of, rows))

    async def vote(self, approval: Approval) -> bool:
        """Write a yes; false where this person has said yes in this round before."""
        new = bool(await self._transaction.run(self._vote, vote_row(approval)))
        if new:
            self.audit(approval_entry(self.request, approval))
        return new

    async def forget_other_files(self) -> None:
        """Forget what was kept of files by other readings than the one that counts."""
        await self._transaction.run(_OTHER_FILES, {"which": self._id, "counts": encode(self.request.files)})

    async def redact(self, at: datetime) -> None:
        """Forget customer ids, files, the reason, the note and what was typed; the counts stay."""
        await forget(self._transaction, self._id, at)
        self.request = self._stored = replace(
            self.request, purged_at=at, reason="", note="", first_customer="", last_customer="", files=""
        )

    def audit(self, *entries: Entry) -> None:
        """Put entries into the audit, with what else this page writes."""
        self._entries += entries

    async def close(self) -> None:
        """Write the audit, as the last thing before the end: from then on whoever else writes there waits."""
        await append(self._transaction, self._entries, self._evidence.now())

    async def put_packed(self, packed: PackedIds) -> None:
        """Write customers that were packed before, in place of any written before and of what came of those."""
        await self._transaction.run(_EMPTY, {"which": self._id})
        for number, (size, ids) in enumerate(packed.rows):
            row: dict[str, Kept] = {
                "request": self._id,
                "portion": number,
                "size": size,
                "starts": 0,
                "ids": ids,
            }
            await self._transaction.run(_PORTION, row)

    async def grants(self, since: datetime) -> tuple[Grant, ...]:
        """Lock the channel's row until the block ends, and read what its other requests have given since a moment, or are giving."""
        return await grants_locked(
            self._database, self._transaction, self.request.channel, since, self.request.id
        )

    async def enqueue(self, *notices: Notification) -> None:
        """Put notices into the outbox, in this order."""
        for notification in notices:
            await self._transaction.run(_SAY, notice_row(self.request.id, notification))

    async def enqueue_once(self, notification: Notification) -> bool:
        """Put a notice into the outbox; false where one of its kind, to the same person, still stands there unsaid."""
        row = notice_row(self.request.id, notification)
        if await self._transaction.run(_SAME, {name: row[name] for name in ("request", "kind", "addressee")}):
            return False
        await self._transaction.run(_SAY, row)
        return True

    async def pause(self) -> Pause | None:
        """Say whether the bot is paused; from here to the end of the block nobody can pause it."""
        return pause_table.pause_of(await self._transaction.run(pause_table.LOCK, {}))

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; false where it is paused already."""
        begun = bool(await self._transaction.run(pause_table.BEGIN, pause_table.pause_row(pause)))
        if begun:
            self.audit(paused(pause))
        return begun

    async def count_fault(self) -> int:
        """Count one more request in a row that Dintero's fault stopped, and answer how many there are."""
        return int((await self._transaction.run(pause_table.COUNT, {}))[0][0])

    async def forget_faults(self) -> None:
        """Begin that count anew: a request was given to its end."""
        await self._transaction.run(pause_table.FORGET, {})


@asynccontextmanager
async def open_unit_of_work(
    database: Database, request: RequestId, evidence: Evidence
) -> AsyncIterator[SqlUnitOfWork | None]:
    """Lock a request's row until the block ends; None where there is none."""
    async with database.transaction() as transaction:
        rows = await transaction.run(_LOCK, {"which": encode(request)})
        unit = SqlUnitOfWork(database, transaction, request_of(rows[0]), evidence) if rows else None
        yield unit
        if unit:
            await unit.close()
