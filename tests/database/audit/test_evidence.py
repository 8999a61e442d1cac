"""The keyed hashes of customers are made before a lock is held, and always of the submitted customers."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import pytest

from bot.clock import SystemClock
from bot.database.audit.customer_hashes import AuditKey
from bot.database.audit.log import Evidence
from bot.database.audit.reader import Audit
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository
from bot.database.sqlite import open_sqlite
from bot.domain.customers.packing import packed
from bot.domain.ids import CustomerId
from bot.domain.requests.request import Request, digest
from bot.domain.requests.views import Review
from tests.support.audit_reader import naming
from tests.support.digests import digest_of
from tests.support.service_fixture import ANN, Office, open_office, person


@dataclass(frozen=True)
class Watched(AuditKey):
    """A key that does something else while it hashes."""

    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def pack(self, customers: Sequence[str]) -> bytes:
        while self.meanwhile:
            self.meanwhile.pop()()
        return AuditKey(self.key).pack(customers)


KEY = Watched("secret")


@pytest.fixture
async def watched(sqlite_url: str) -> AsyncIterator[Office]:
    async with open_sqlite(parse_url(sqlite_url)) as database:
        evidence = Evidence(SystemClock(), KEY)
        yield await open_office(SqlRepository(database, evidence, Audit(database, evidence, (KEY,))))


@pytest.mark.parametrize("many", [1, 1_500])
async def test_no_lock_is_held_while_customers_are_hashed(
    watched: Office, sqlite_url: str, many: int
) -> None:
    written = []

    def write() -> None:
        with closing(
            sqlite3.connect(str(parse_url(sqlite_url).database), timeout=0, isolation_level=None)
        ) as another:
            written.append(another.execute("UPDATE pause SET changes = changes").rowcount)

    KEY.meanwhile.append(write)
    await watched.ask(customers="\n".join(f"c{at}" for at in range(many)))
    assert written == [1]


async def test_customers_replaced_during_hashing_are_hashed_again(watched: Office, sqlite_url: str) -> None:
    others = [CustomerId("new")]

    def put() -> None:
        with closing(sqlite3.connect(str(parse_url(sqlite_url).database))) as another, another:
            another.execute("UPDATE customers SET ids = ?", [packed(others)])
            another.execute("UPDATE requests SET customers_digest = ?", [digest_of(others)])

    KEY.meanwhile.append(put)
    draft = await watched.draft(customers="old")
    review = await watched.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    shown = digest(replace(review.request, customers_digest=digest_of(others)))
    asked = await watched.drafts.ask(draft, person(ANN), shown=shown, named=())
    assert isinstance(asked, Request)
    assert isinstance(watched.repository, SqlRepository)
    assert await naming(watched.repository, CustomerId("new")) == {asked.id}
    assert not await naming(watched.repository, CustomerId("old"))
