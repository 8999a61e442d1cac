"""The audit chain: concurrent writers lose nothing, and every change is found."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from bot.audit.verify import verify
from bot.database.audit.log import ChainHead, Row
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import ChannelId, UserId
from bot.domain.requests.audit_entries import Entry, canonical
from tests.audit import tampering
from tests.support.postgres import BUSY_SECONDS
from tests.support.service_fixture import open_office

ROWS = 12


def an_entry(number: int = 0, **facts: Any) -> Entry:
    return Entry(
        kind="tested", who=UserId("U0ANN"), channel=ChannelId("C0"), facts={"number": number, **facts}
    )


async def filled(repository: SqlRepository, number: int = ROWS) -> ChainHead:
    for at in range(number):
        await repository.record(an_entry(at, odd='\x00"\ud800é=1+1'))
    head = await repository.audit.head()
    assert head
    return head


async def test_an_empty_audit_is_intact(repository: SqlRepository) -> None:
    verdict = await verify(repository.audit)
    assert verdict.fine
    assert verdict.rows == 0


async def test_each_row_matches_the_row_before_it(repository: SqlRepository) -> None:
    head = await filled(repository)
    verdict = await verify(repository.audit, head=head.hash[:8])
    assert (verdict.fine, verdict.rows, verdict.head) == (True, ROWS, head)


async def test_concurrent_writers_make_one_chain(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        several = [
            await stack.enter_async_context(open_repository(database_url, pool_timeout=BUSY_SECONDS))
            for _ in range(3)
        ]
        await asyncio.gather(*(repository.record(an_entry(at)) for at in range(20) for repository in several))
        verdict = await verify(several[0].audit)
        assert (verdict.fine, verdict.rows) == (True, 60)
        numbers = [row.facts async for row in several[1].audit.rows()]
        assert sorted(numbers) == sorted(canonical({"number": at}) for at in range(20) for _ in several)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET kind = 'nothing' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE audit_heads SET hash = 'x'",
        "DELETE FROM audit_heads",
        "UPDATE audit_customers SET key = 'x'",
        "DELETE FROM audit_customers",
        "DELETE FROM audit_head",
    ],
)
async def test_the_database_refuses_to_change_the_audit(
    repository: SqlRepository, database_url: str, statement: str
) -> None:
    head = await filled(repository)
    await repository.audit.keep_head(head)
    customers = "INSERT INTO audit_customers (request, portion, key, hashes) VALUES ('r', 0, 'k', :none)"
    tampering.run(database_url, customers, none=b"")
    with pytest.raises(DBAPIError, match=r"only ever added|has a head"):
        tampering.run(database_url, statement)
    assert (await verify(repository.audit)).fine


@pytest.mark.parametrize("table", tampering.TABLES)
async def test_postgresql_refuses_to_empty_the_audit(postgres_url: str, table: str) -> None:
    async with open_repository(postgres_url) as repository:
        await filled(repository)
        with pytest.raises(DBAPIError, match="only ever added"):
            tampering.run(postgres_url, f"TRUNCATE {table}")


async def test_sqlite_refuses_to_replace_a_row(sqlite_url: str) -> None:
    async with open_repository(sqlite_url) as repository:
        await filled(repository)
        with pytest.raises(DBAPIError, match="only ever added"):
            tampering.run(sqlite_url, "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3")


@pytest.mark.parametrize("rowid", ["rowid", "oid", "_rowid_"])
@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("audit", "seq, at, kind, facts, previous, hash", "99, 0, '', '', '', ''"),
        ("audit_heads", "seq, hash, kept_at", "99, '', 0"),
        ("audit_customers", "request, portion, key, hashes", "'other', 0, '', x''"),
    ],
)
async def test_sqlite_refuses_to_replace_a_row_by_its_rowid(
    sqlite_url: str, table: str, columns: str, values: str, rowid: str
) -> None:
    async with open_repository(sqlite_url) as repository:
        await repository.audit.keep_head(await filled(repository))
        await (await open_office(repository)).ask()
        insert = f"INTO {table} ({rowid}, {columns}) SELECT min({rowid}), {values} FROM {table}"
        for statement in (
            f"INSERT OR REPLACE {insert}",
            f"REPLACE {insert}",
            f"UPDATE {table} SET {rowid} = 1000",
            f"UPDATE OR REPLACE {table} SET {rowid} = 2 WHERE {rowid} = 1",
        ):
            with pytest.raises(DBAPIError, match="only ever added"):
                tampering.run(sqlite_url, statement)
        await filled(repository)  # the bot itself still adds rows
        assert (await verify(repository.audit)).fine


# tampering by a person who has the database


async def tampered(url: str, *statements: str, **values: Any) -> Any:
    async with open_repository(url, pool_timeout=BUSY_SECONDS) as repository:
        await repository.audit.keep_head(await filled(repository))
        tampering.unguard(url)
        tampering.run(url, *statements, **values)
        return await verify(repository.audit)


COPY = (
    "INSERT INTO audit SELECT {}, at, who, channel, request, kind, facts, previous, hash "
    "FROM audit WHERE seq = 1"
)
SWAP = [f"UPDATE audit SET seq = {to} WHERE seq = {seq}" for seq, to in ((7, -7), (8, 7), (-7, 8))]


@pytest.mark.parametrize(
    ("statements", "first", "words"),
    [
        (["UPDATE audit SET who = 'U0BO' WHERE seq = 4"], 4, "was changed"),
        (["UPDATE audit SET facts = '{' WHERE seq = 4"], 4, "was changed"),
        (["UPDATE audit SET at = at + 1 WHERE seq = 1"], 1, "was changed"),
        (["DELETE FROM audit WHERE seq = 5"], 5, "deleted"),
        (["DELETE FROM audit WHERE seq <= 2"], 1, "deleted"),
        (["UPDATE audit SET seq = -1 WHERE seq = 5"], -1, "doesn't match"),
        (
            [COPY.format("seq - 1")],
            0,
            "added",
        ),
        ([COPY.format("99")], 14, "deleted"),
        (["DELETE FROM audit WHERE seq > 10"], 11, "all later rows are missing"),
        (
            ["DELETE FROM audit WHERE seq > 10", "UPDATE audit_head SET seq = 10"],
            10,
            "isn't the last row that was written",
        ),
        (
            [
                "DELETE FROM audit WHERE seq > 10",
                "UPDATE audit_head SET seq = 10, hash = (SELECT hash FROM audit WHERE seq = 10)",
            ],
            11,
            "all later rows are missing",
        ),
        (["DELETE FROM audit_head"], 14, "end of the chain was deleted"),
        (
            [
                "UPDATE audit SET seq = -7 WHERE seq = 7",
                "UPDATE audit SET seq = 7 WHERE seq = 8",
                "UPDATE audit SET seq = 8 WHERE seq = -7",
            ],
            7,
            "doesn't match",
        ),
    ],
)
async def test_the_first_tampered_row_is_found(
    database_url: str, statements: list[str], first: int, words: str
) -> None:
    verdict = await tampered(database_url, *statements)
    assert verdict.seq == first
    assert words in verdict.fault


def rewritten(url: str, since: int) -> list[str]:
    """Change a row, and rewrite all hashes after it: the rows alone do not show it."""
    statements, previous = [], ""
    for row in tampering.rows(url):
        one = Row(**{**row, "previous": previous, "kind": "forged" if row["seq"] == since else row["kind"]})
        previous = one.own_hash()
        statements.append(
            f"UPDATE audit SET kind = '{one.kind}', previous = '{one.previous}', hash = '{previous}'"
            f" WHERE seq = {one.seq}"
        )
    return [*statements, f"UPDATE audit_head SET hash = '{previous}'"]


async def test_a_rewritten_chain_is_found_by_a_head_that_an_admin_has(database_url: str) -> None:
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as repository:
        head = await filled(repository)
        tampering.unguard(database_url)
        tampering.run(database_url, *rewritten(database_url, 5))
        assert (await verify(repository.audit)).fine
        assert (
            "not found: rows were deleted or rewritten"
            in (await verify(repository.audit, head=head.hash)).fault
        )


async def test_a_rewritten_chain_is_found_by_a_kept_head(database_url: str) -> None:
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as repository:
        await repository.audit.keep_head(await filled(repository))
        tampering.unguard(database_url)
        tampering.run(database_url, *rewritten(database_url, 5))
        verdict = await verify(repository.audit)
    assert verdict.seq == ROWS
    assert "sent to the admins" in verdict.fault


async def test_a_deleted_tail_is_found_by_a_head_that_an_admin_has(
    database_url: str,
) -> None:
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as repository:
        head = await filled(repository)
        tampering.unguard(database_url)
        last = tampering.rows(database_url)[9]
        tampering.run(
            database_url,
            "DELETE FROM audit WHERE seq > 10",
            f"UPDATE audit_head SET seq = 10, hash = '{last['hash']}'",
        )
        assert (await verify(repository.audit)).fine
        assert not (await verify(repository.audit, head=head.hash)).fine


VALUES = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=5)
CHANGES = st.fixed_dictionaries(
    {
        "seq": st.integers(1, ROWS),
        "column": st.sampled_from(["at", "who", "channel", "request", "kind", "facts", "previous", "hash"]),
    }
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(CHANGES, min_size=1, max_size=4), value=VALUES, number=st.integers(0, 9))
async def test_the_first_of_any_changed_rows_is_found(
    tampered_books: tuple[SqlRepository, str], changes: list[dict[str, Any]], value: str, number: int
) -> None:
    repository, url = tampered_books
    before = {row["seq"]: row for row in tampering.rows(url)}
    for change in changes:
        column = change["column"]
        new = number if column == "at" else value
        tampering.run(url, f"UPDATE audit SET {column} = :new WHERE seq = :seq", new=new, seq=change["seq"])
    after = {row["seq"]: row for row in tampering.rows(url)}
    first = min((seq for seq in before if before[seq] != after[seq]), default=None)
    verdict = await verify(repository.audit)
    for seq, row in before.items():
        keep = ", ".join(f"{name} = :{name}" for name in row if name != "seq")
        tampering.run(url, f"UPDATE audit SET {keep} WHERE seq = :seq", **{**row, "seq": seq})
    assert verdict.seq == first
    assert (await verify(repository.audit)).fine


@pytest.fixture
async def tampered_books(sqlite_url: str) -> Any:
    async with open_repository(sqlite_url) as repository:
        await filled(repository)
        tampering.unguard(sqlite_url)
        yield repository, sqlite_url
