"""What people and timers ask of the database costs the same after many ended requests as after few."""

import gc
import inspect
import shutil
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.history import Sample, Shape, fill, make_sample
from bot.clock import SystemClock
from bot.database.audit.customer_hashes import AuditKey
from bot.database.audit.log import ChainHead, Evidence, Row
from bot.database.audit.reader import ROWS_PER_QUERY, Audit
from bot.database.connection import (
    Database,
    InsertInto,
    Rows,
    Statement,
    Transaction,
    Values,
    compiled,
    is_sqlite,
    parse_url,
)
from bot.database.postgres import PostgresTransaction, open_postgres
from bot.database.repositories.repository import SqlRepository, open_audit
from bot.database.repositories.unit_of_work import SqlUnitOfWork
from bot.database.sqlite import SqliteDatabase, open_thread
from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId, UserId
from bot.domain.preferences import Preferences
from bot.domain.requests.audit_entries import Entry
from bot.domain.requests.batches import BatchOutcome, Verification
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import (
    Approval,
    FormInput,
    Request,
    State,
    StopReason,
    digest,
    new_once_key,
    new_request_id,
    new_short_id,
)
from bot.domain.rules.usage_history import UsageSample
from sandbox.shop import SUPPORT
from tests.support.event_loops import run
from tests.support.postgres import Server

FEW, MANY = (
    Shape(count=count, a_day=2, channels=1, rules=1, people=1, messages_kept=timedelta.max)
    for count in (200, 600)
)
"""A hundred days and three hundred: in every window up to the retention are the same."""
FEW_ROWS = replace(FEW, count=3)
STEPS = 10
"""Instructions of SQLite from count to count."""
AT_MOST = 1.3
SLACK = {"sqlite": 20, "postgresql": 10}
"""Steps, or rows, that may come on top: a tree is a level deeper."""
OFFLINE = {
    "digest_of_customers",
    "erase_deleted",
    "has_other_customers",
    "heads",
    "notify",
    "other_keys",
    "rows",
    "time",
}
"""What the bot does not ask while it runs: commands read the whole audit. `notify` reads nothing."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A request that the bot made, gave and announced."""
    return run(make_sample(tmp_path_factory.mktemp("sample")))


@dataclass(slots=True)
class Counting:
    """A database that counts what each statement reads: instructions on SQLite, rows on PostgreSQL."""

    database: Database
    work: Callable[[Transaction | None], Any]
    costs: Counter[str] = field(default_factory=Counter)

    @property
    def insert(self) -> InsertInto:
        return self.database.insert

    async def run(self, statement: Statement, values: Values) -> Rows:
        if statement.is_select and isinstance(self.database, SqliteDatabase):
            return await self.counted_run(None, statement, values, self.database)
        async with self.transaction() as transaction:
            return await transaction.run(statement, values)

    async def time(self) -> datetime | None:
        return await self.database.time()

    async def erase_deleted(self) -> bool:
        return await self.database.erase_deleted()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["CountingTransaction"]:
        async with self.database.transaction() as transaction:
            yield CountingTransaction(transaction, self)

    async def counted_run(
        self,
        transaction: Transaction | None,
        statement: Statement,
        values: Values,
        where: Database | Transaction,
    ) -> Rows:
        before = await self.work(transaction)
        rows = await where.run(statement, values)
        self.costs[str(statement)] += await self.work(transaction) - before
        return rows


@dataclass(slots=True)
class CountingTransaction:
    transaction: Transaction
    counting: Counting

    async def run(self, statement: Statement, values: Values) -> Rows:
        return await self.counting.counted_run(self.transaction, statement, values, self.transaction)

    async def run_many(self, statement: Statement, rows: Any) -> None:
        await self.transaction.run_many(statement, rows)


@asynccontextmanager
async def counting_sqlite(url: str) -> AsyncIterator[Counting]:
    """Count in both connections."""
    steps = Counter[str]()

    def count() -> int:
        steps["steps"] += 1
        return 0

    async def work(_: Transaction | None) -> int:
        return steps["steps"]

    path = parse_url(url).database or ""
    async with open_thread(path, "foreign_keys=ON") as writer, open_thread(path, "query_only=ON") as reader:
        for thread in (writer, reader):
            await thread.call(lambda connection: connection.set_progress_handler(count, STEPS))
        yield Counting(SqliteDatabase(path, writer, reader), work)


@asynccontextmanager
async def counting_postgres(url: str) -> AsyncIterator[Counting]:
    """Count the rows that a transaction has read so far; small tables are not read whole for their size."""
    read = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables"

    async def work(transaction: Transaction | None) -> int:
        assert isinstance(transaction, PostgresTransaction)
        rows = await (await transaction.connection.execute(read)).fetchall()
        return int(rows[0][0] or 0)

    parsed = parse_url(url).update_query_dict({"options": "-c enable_seqscan=off"})
    async with open_postgres(parsed) as database:
        yield Counting(database, work)


async def everything(books: SqlRepository, known: Request) -> None:  # noqa: PLR0915 - a list
    """Ask each question of the repository for a new request, beside the history of its channel and rule."""
    now = datetime.now(UTC)
    window, audit = now - timedelta(days=1), books.audit
    draft = replace(
        known, id=new_request_id(), short=new_short_id(), created_at=now, state=State.DRAFT, round=1,
        once_key=new_once_key(), asked_at=None, started_at=None, ended_at=None, card_ts=None, customers=3,
    )  # fmt: skip
    await books.ping()
    await audit.last_account()
    await books.open_draft(draft, FormInput())
    await books.save_input(draft.id, FormInput(reason="why"))
    await books.load_input(draft.id)
    await books.kept_bytes(draft.requester, window)
    await books.keep_piece(draft.id, "r1", 0, 0, b"content")
    _ = [piece async for piece in books.pieces(draft.id, "r1", 0)]
    await books.forget_reading(draft.id, "r1")
    asked = replace(draft, state=State.WAITING, asked_at=now)
    async with books.unit_of_work_to_submit(draft.id) as unit:
        assert unit
        await unit.put_packed(pack([CustomerId(f"new-{number}") for number in range(3)], portion=500))
        await unit.put_files_read([])
        await unit.form_input()
        await unit.forget_reading("r1")
        await unit.save(asked)
        await unit.has_newer([], window)
        await unit.asked_between(window, now)
        await unit.forget_other_files()
        await unit.enqueue(Notification(kind=ChannelKind.CARD, happened=NotificationType.ASKED, at=now))
    await books.find(asked.id)
    await books.find_short(asked.short)
    await books.files_read(asked.id)
    await books.recent(asked.channel, limit=10)
    await books.recent_of({asked.requester}, limit=10)
    await books.drafts_of(asked.requester, asked.channel, window)
    await books.remainders_of(known.id)
    await books.asked_between(asked, window, now)
    await books.grants(asked.channel, window, but=asked.id)
    await books.given_before(known.id, window)
    await books.prior_grants(asked, window)
    await books.key_use(asked)
    await books.overdue(now)
    await books.due(now)
    for message in await books.due_messages(now, limit=8):
        await books.mark_attempt(message)
        await books.versions(message)
        await books.reschedule(message, until=now, clean=True)
        await books.mark_sent(message, ts="1.0")
        await books.mark_failed(message, why="")
    await books.end_waits(now)
    await books.search_before_sending()
    approval = Approval(asked.id, asked.round, UserId("U0BO"), now, digest(asked))
    async with books.unit_of_work(asked.id) as unit:
        assert unit
        await unit.vote(approval)
        await unit.votes()
        await unit.pause()
        await unit.grants(window)
        await unit.given_before(window)
        await unit.enqueue_once(
            Notification(kind=ChannelKind.CARD, happened=NotificationType.STARTED, at=now)
        )
        unit.audit(Entry(kind="looked"))
        await unit.save(replace(asked, state=State.GIVING, started_at=now))
    await books.votes(asked.id, asked.round)
    await books.in_state(State.APPROVED, State.GIVING)
    fence = await books.claim(asked.id)
    await books.portions(asked.id)
    await books.customers(asked.id, 0)
    await books.hash_rows(asked.id)
    await books.start_portion(asked.id, 0, fence=fence)
    await books.mark_all_started(asked.id)
    await books.unsettled(asked.id)
    await books.may_continue(asked.id)
    outcome = BatchOutcome(0, 0, size=3)
    await books.record_outcomes(asked.id, outcome, at=now, fence=fence)
    await books.outcomes(asked.id, 0)
    await books.tally(asked.id)
    await books.refused(asked.id)
    await books.left_out(asked.id, most=10)
    _ = (
        [found async for found in books.packed_outcomes(asked.id)],
        [one async for one in books.not_given(asked.id)],
    )
    assert asked.rule
    await books.answered(asked.id, asked.rule, fence=fence)
    await books.save_verification(asked.id, Verification(now, 0, there=0, refs=0, whole=True), frozenset())
    await books.verification(asked.id)
    await books.confirmed_customers(asked.id)
    await books.key_use(replace(asked, started_at=now), given=True)
    await books.request_stop(asked.id, StopReason.BUSY, "")
    await books.begin_pause(Pause(now, None, ""))
    await books.replace_pause(Pause(now, UserId("U0BOSS"), "why"))
    await books.stop_for_pause()
    await books.pause()
    await books.mark_announced(await books.unannounced_change() or 0)
    await books.end_pause(UserId("U0BOSS"), now)
    async with books.unit_of_work(asked.id) as unit:
        assert unit
        await unit.count_fault()
        await unit.forget_faults()
        await unit.begin_pause(Pause(now, None, ""))
        await unit.save(replace(asked, state=State.DONE, started_at=now, ended_at=now))
        await unit.redact(now)
    lost = LostRequest(
        short=new_short_id(),
        id=asked.id,
        channel=asked.channel,
        card_ts="1.0",
        rule=asked.rule.id,
        said="Ann asked",
        backup_at=None,
    )
    await books.note_lost([lost], now)
    await books.lost(asked.rule.id)
    lost_head = ChainHead(1, lost.short)
    await books.begin_restore(lost_head, now, Pause(now, None, ""))
    await books.knows_restore(lost_head)
    restore = await books.open_restore()
    assert restore
    await books.mark_searched(restore, now)
    await books.mark_told(restore, now)
    await books.end_pause(UserId("U0BOSS"), now)
    await books.find_lost(lost.short)
    await books.settle_lost(UserId("U0BOSS"), now)
    await books.save_preferences(Preferences(UserId("U0ANN"), changed_at=now))
    await books.preferences(UserId("U0ANN"))
    await books.keep_usage(asked.account, asked.rule.id, UsageSample(now.date(), 5))
    await books.usage_samples(asked.account, asked.rule.id, window.date())
    await books.given_by_hour(asked.account, asked.rule.id, asked.channel, window)
    await books.rules_to_sample(asked.account, now.date())
    await books.forget_usage(window.date())
    await books.live_replicas()
    await books.record(Entry(kind="policy", facts={"account": "T1"}))
    await books.forget_deliveries(now)
    await books.remember_delivery()
    await books.forget_drafts(window)
    await books.forget_sent(now - timedelta(days=400))
    await books.forgettable(now - timedelta(days=90), limit=100)
    await audit.hash_of(1)
    head = await audit.head()
    assert head
    await audit.keep_head(head)
    await audit.last_kept()
    await audit.last_at(before=now)


@pytest.mark.parametrize("of", [SqlRepository, SqlUnitOfWork, Audit])
def test_each_question_of_the_repository_is_asked_here(of: type) -> None:
    source = inspect.getsource(everything)
    questions = {name for name, _ in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")}
    assert {name for name in questions - OFFLINE if f".{name}(" not in source} == set()


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(
    request: pytest.FixtureRequest, sample: Sample, sqlite_template: Path, tmp_path: Path
) -> Iterator[list[str]]:
    """Two databases of a kind, with few and with many ended requests."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            files = [tmp_path / f"{shape.count}.db" for shape in (FEW, MANY)]
            found = [f"sqlite:///{shutil.copyfile(sqlite_template, file)}" for file in files]
        else:
            server: Server = request.getfixturevalue("postgres")
            found = [stack.enter_context(server.database()) for _ in (FEW, MANY)]
        for url, shape in zip(found, (FEW, MANY), strict=True):
            fill(url, sample, shape)
        yield found


async def test_no_statement_reads_more_when_more_requests_have_ended(urls: list[str]) -> None:
    few, many = [await costs(url) for url in urls]
    slack = SLACK[parse_url(urls[0]).get_backend_name()]
    grown = {sql: (few[sql], cost) for sql, cost in many.items() if cost > few[sql] * AT_MOST + slack}
    assert grown == {}


async def test_the_export_of_a_longer_audit_needs_no_more_memory(urls: list[str]) -> None:
    few, many = [await memory(url) for url in urls]
    assert many < few * 1.5  # at most two pages, and the first audit has one and a half


async def count(rows: AsyncIterator[Row]) -> int:
    found = 0
    async for _ in rows:
        found += 1
    return found


async def memory(url: str) -> int:
    """Read the entries of a customer whom all requests named, and return the peak."""
    async with open_audit(url) as audit:
        gc.collect()
        tracemalloc.start()
        try:
            assert await count(audit.rows(customer=CustomerId("given-1"))) > ROWS_PER_QUERY
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


async def test_a_statement_is_compiled_only_once(database_url: str, sample: Sample) -> None:
    fill(database_url, sample, FEW_ROWS)
    async with opened(database_url) as (books, _):
        known = await newest(books)
        await everything(books, known)
        compiled_before = compiled.cache_info().misses
        await everything(books, known)
        assert compiled.cache_info().misses == compiled_before


async def costs(url: str) -> Counter[str]:
    """Ask everything, and return what each statement read."""
    async with opened(url) as (books, counting):
        await everything(books, await newest(books))
        return counting.costs


async def newest(books: SqlRepository) -> Request:
    return (await books.recent(SUPPORT, limit=1))[0]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[SqlRepository, Counting]]:
    key = AuditKey("key")
    evidence = Evidence(SystemClock(), key)
    kind = counting_sqlite if is_sqlite(parse_url(url)) else counting_postgres
    async with kind(url) as counting:
        yield SqlRepository(counting, evidence, Audit(counting, evidence, (key,))), counting
