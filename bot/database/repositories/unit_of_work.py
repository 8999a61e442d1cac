"""The unit of work: one request, locked, and what is written with it; and what is written outside of one."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from bot.database.audit.log import Evidence, append
from bot.database.connection import (
    BaseRepository,
    Database,
    InsertInto,
    Statement,
    Transaction,
    Values,
    delivery_values,
    remember,
)
from bot.database.mapping import (
    APPROVALS,
    REQUESTS,
    decode,
    encode,
    files_read_json,
    input_json,
    input_of,
    notification_row,
    pause_of,
    request_row,
    to_columns,
    to_micros,
)
from bot.database.repositories import budgets
from bot.database.repositories import pause as pause_table
from bot.database.repositories.prior_grants import earlier_requests
from bot.database.repositories.requests import APPROVALS_OF_ROUND, FORM_INPUT
from bot.database.repositories.source_files import FORGET_READING
from bot.database.repositories.verification import save_verification, verification_row
from bot.database.schema import (
    PENDING,
    batches,
    channels,
    customers,
    deliveries,
    files,
    of_request,
    outbox,
    read_back,
    requests,
    votes,
)
from bot.domain.customers.packing import PackedIds, packed
from bot.domain.customers.uploads import FileRead
from bot.domain.delivery import current_delivery, no_delivery
from bot.domain.ids import RequestId
from bot.domain.policy.budget import Asked, Grant
from bot.domain.requests.audit_entries import Entry, approval_entry, paused
from bot.domain.requests.batches import HolderSearch
from bot.domain.requests.notification import Notification
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Approval, FormInput, Request

_ID: Final = requests.c.id == bindparam("which")
# FOR NO KEY UPDATE excludes other units of work, but not the outcomes that giving writes meanwhile.
_LOCK: Final = select(*REQUESTS.columns).where(_ID).with_for_update(key_share=True)
_SAVE: Final = update(requests).where(_ID)
_DELETE_CUSTOMERS: Final = delete(customers).where(of_request(customers))
_INSERT_CUSTOMERS: Final = insert(customers)
_ENQUEUE: Final = insert(outbox)
_FORGET_OTHER_FILES: Final = delete(files).where(of_request(files), files.c.reading != bindparam("counts"))
_PENDING_TWIN: Final = select(outbox.c.id).where(
    PENDING, *(outbox.c[name] == bindparam(name) for name in ("request", "kind", "addressee"))
)
_REDACT: Final = (
    delete(files).where(of_request(files)),
    update(customers).where(of_request(customers)).values(ids=packed([])),
    update(batches).where(of_request(batches)).values(ends=None),
    update(outbox).where(of_request(outbox)).values(note="", facts="{}"),
    update(read_back).where(of_request(read_back)).values(ids=packed([]), failed=""),
)
_FORGET_DELIVERIES: Final = delete(deliveries).where(deliveries.c.received_at < bindparam("before"))


@cache
def _vote(insert_into: InsertInto) -> Statement:
    return (
        insert_into(votes)
        .on_conflict_do_nothing(index_elements=["request", "round", "voter"])
        .returning(votes.c.id)
    )


@cache
def _make_lock(insert_into: InsertInto) -> Statement:
    return insert_into(channels).on_conflict_do_nothing(index_elements=["id"])


class SqlUnitOfWork:
    """One locked request; `request` is its row as last written, `entries` go to the audit at the end."""

    def __init__(
        self, database: Database, transaction: Transaction, request: Request, evidence: Evidence
    ) -> None:
        self._database = database
        self._transaction = transaction
        self._id = encode(request.id)
        self.entries: list[Entry] = []
        self._evidence = evidence
        self.request = request

    async def save(self, request: Request) -> None:
        row = request_row(request)
        del row["id"]
        await self._transaction.run(_SAVE, {"which": self._id, **row})
        if request.ended:
            await budgets.keep_total(self._transaction, request)
        self.entries += await self._evidence.of_change(self._transaction, self.request, request)
        self.request = request

    async def form_input(self) -> FormInput:
        return input_of((await self._transaction.run(FORM_INPUT, {"which": self._id}))[0][0])

    async def votes(self) -> tuple[Approval, ...]:
        rows = await self._transaction.run(
            APPROVALS_OF_ROUND, {"which": self._id, "of_round": self.request.round}
        )
        return tuple(map(APPROVALS.read, rows))

    async def vote(self, approval: Approval) -> bool:
        new = bool(await self._transaction.run(_vote(self._database.insert), APPROVALS.write(approval)))
        if new:
            self.audit(approval_entry(self.request, approval))
        return new

    async def forget_other_files(self) -> None:
        values = to_columns(which=self.request.id, counts=self.request.files)
        await self._transaction.run(_FORGET_OTHER_FILES, values)

    async def forget_reading(self, reading: str) -> None:
        await self._transaction.run(FORGET_READING, {"which": self._id, "of_reading": encode(reading)})

    async def redact(self, at: datetime) -> None:
        # without the salt in `customers_digest`, no digest that stays can confirm a guess
        texts = ("reason", "note", "first_customer", "last_customer", "files", "customers_digest")
        empty: Any = dict.fromkeys(texts, "")
        row = {"which": self._id, **empty, "typed": input_json(FormInput()), "files_read": ""}
        await self._transaction.run(_SAVE, {**row, "purged_at": to_micros(at)})
        for statement in _REDACT:
            await self._transaction.run(statement, {"which": self._id})
        self.request = replace(self.request, purged_at=at, **empty)

    def audit(self, *entries: Entry) -> None:
        self.entries += entries

    async def put_packed(self, packed: PackedIds) -> None:
        await self._transaction.run(_DELETE_CUSTOMERS, {"which": self._id})
        portions = enumerate(zip(packed.sizes, packed.rows, strict=True))
        rows: list[Values] = [
            {"request": self._id, "portion": portion, "size": size, "starts": 0, "ids": ids}
            for portion, (size, ids) in portions
        ]
        await self._transaction.run_many(_INSERT_CUSTOMERS, rows)

    async def put_files_read(self, files: Sequence[FileRead]) -> None:
        written = files_read_json(files, self.request.customers_digest)
        await self._transaction.run(_SAVE, {"which": self._id, "files_read": written})

    async def grants(self, since: datetime) -> tuple[Grant, ...]:
        channel = self.request.channel
        await self._lock(channel)
        return await budgets.read_grants(self._transaction, channel, since, self.request.id)

    async def asked_between(self, since: datetime, until: datetime) -> tuple[Asked, ...]:
        await self._lock(self.request.channel)
        return await budgets.read_asked(self._transaction, self.request, since, until)

    async def given_before(self, since: datetime) -> int:
        return await budgets.read_given_before(self._transaction, self.request.id, since)

    async def has_newer(self, among: Collection[RequestId], since: datetime) -> bool:
        await self._lock(f"{self.request.account} {self.request.rule and self.request.rule.id}")
        rows = await earlier_requests(self._transaction, self.request, since)
        return any(RequestId(decode(id_)) not in among for id_, *_ in rows)

    async def _lock(self, name: str) -> None:
        await self._transaction.run(_make_lock(self._database.insert), {"id": encode(name)})
        await self._transaction.run(budgets.LOCK, {"which": encode(name)})

    async def enqueue(self, *notifications: Notification) -> None:
        for notification in notifications:
            await self._transaction.run(_ENQUEUE, self._row(notification))

    async def enqueue_once(self, notification: Notification) -> bool:
        row = self._row(notification)
        twin = {name: row[name] for name in ("request", "kind", "addressee")}
        if await self._transaction.run(_PENDING_TWIN, twin):
            return False
        await self._transaction.run(_ENQUEUE, row)
        return True

    def _row(self, notification: Notification) -> Values:
        return notification_row(self.request.id, notification, is_posted=self.request.card_ts is not None)

    async def save_verification(self, found: HolderSearch) -> None:
        await self._transaction.run(
            save_verification(self._database.insert), verification_row(self.request.id, found)
        )

    async def pause(self) -> Pause | None:
        return pause_of(await self._transaction.run(pause_table.LOCK, {}))

    async def begin_pause(self, pause: Pause) -> bool:
        begun = await pause_table.begin(self._transaction, pause)
        if begun:
            self.audit(paused(pause))
        return begun

    async def count_fault(self) -> int:
        return int((await self._transaction.run(pause_table.COUNT_FAULT, {}))[0][0])

    async def forget_faults(self) -> None:
        await self._transaction.run(pause_table.FORGET_FAULTS, {})


class UnitOfWorkRepository(BaseRepository):
    """Opens units of work; writes audit entries, and remembers deliveries, that belong to none."""

    def __init__(self, database: Database, evidence: Evidence) -> None:
        super().__init__(database)
        self._evidence = evidence
        self._remember = remember(database.insert(deliveries))

    @asynccontextmanager
    async def unit_of_work(
        self, request: RequestId, *, evidence: Evidence | None = None
    ) -> AsyncIterator[SqlUnitOfWork | None]:
        async with self._database.transaction() as transaction:
            rows = await transaction.run(_LOCK, {"which": encode(request)})
            if not rows:
                yield None
                return
            unit = SqlUnitOfWork(
                self._database, transaction, REQUESTS.read(rows[0]), evidence or self._evidence
            )
            yield unit
            # The last thing before the commit: from now on, other writers of the audit wait.
            await append(transaction, unit.entries, self._evidence.clock.now())

    async def record(self, entry: Entry) -> None:
        async with self._database.transaction() as transaction:
            await append(transaction, [entry], self._evidence.clock.now())

    @asynccontextmanager
    async def unit_of_work_to_submit(self, draft: RequestId) -> AsyncIterator[SqlUnitOfWork | None]:
        evidence = replace(self._evidence, hashed=await self._evidence.hash(self._database, draft))
        async with self.unit_of_work(draft, evidence=evidence) as unit:
            yield unit

    async def remember_delivery(self) -> None:
        if delivery := current_delivery():
            with no_delivery():
                await self._database.run(self._remember, delivery_values(delivery))

    async def forget_deliveries(self, before: datetime) -> None:
        """Forget the deliveries that came before a time: their signatures count no more."""
        await self._database.run(_FORGET_DELIVERIES, {"before": to_micros(before)})
