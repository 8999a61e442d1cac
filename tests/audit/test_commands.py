"""`discount-bot audit verify`, `audit export` and `purge`, from outside."""

import csv
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from sqlalchemy import inspect

from bot.audit.export import COLUMNS, export
from bot.database.address import parse_url
from bot.database.audit.log import Row
from bot.database.read_only import open_read_only
from bot.database.repositories.repository import open_repository
from bot.database.schema import VERSION_TABLE
from bot.domain.customers.tables import escape_formula
from bot.domain.ids import ChannelId, CustomerId, UserId
from bot.domain.requests.audit_entries import Entry
from tests.audit import tampering
from tests.cli.test_main import call
from tests.support.audit_reader import naming
from tests.support.clock import HandClock
from tests.support.event_loops import run
from tests.support.lists import CELLS, is_formula
from tests.support.service_fixture import BO, NOW, open_office, person

POLICY = 'currency = "NOK"\ntimezone = "Europe/Oslo"\nretention_days = 30\n'
KEY = "a-key-for-the-audit"


async def _fill(url: str, key: str | None) -> str:
    clock = HandClock(NOW)
    async with open_repository(url, clock=clock, audit_key=key) as repository:
        office = await open_office(repository, clock=clock)
        for customer in ("secret-customer-1", "secret-customer-2"):
            request = await office.ask(customers=customer, reason="secret reason")
            await office.decisions.reject(request.id, person(BO), "secret note")
            clock.pass_by(days=1)
        await repository.record(
            Entry(kind="=cmd|' /C calc'!A0", who=UserId("@sum"), channel=ChannelId("+47"), facts={"-1": "\t"})
        )
        head = await repository.audit.head()
        assert head
        return head.hash


@pytest.fixture
def filled(sqlite_url: str) -> str:
    """Write two requests that ended, and a hostile row; return the head of the chain."""
    return run(_fill(sqlite_url, None))


def test_verify_reports_an_intact_chain(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    for arguments in ([], ["--head", filled], ["--head", filled[:8]]):
        result = call(tmp_path, "audit", "verify", *arguments, DATABASE_URL=sqlite_url)
        assert (result.returncode, result.stderr) == (0, "")
        assert f"ends with {filled}" in result.stdout


def test_verify_reports_the_first_changed_row(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    tampering.unguard(sqlite_url)
    tampering.run(sqlite_url, "UPDATE audit SET who = 'U0EVE' WHERE seq IN (2, 4)")
    result = call(tmp_path, "audit", "verify", "--head", filled, DATABASE_URL=sqlite_url)
    assert result.returncode == 1
    assert "1 row intact, then: row 2 was changed" in result.stdout


def test_verify_finds_a_deleted_tail_by_a_head(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    tampering.unguard(sqlite_url)
    last = tampering.rows(sqlite_url)[2]["hash"]
    tampering.run(
        sqlite_url, "DELETE FROM audit WHERE seq > 3", f"UPDATE audit_head SET seq = 3, hash = '{last}'"
    )
    assert call(tmp_path, "audit", "verify", DATABASE_URL=sqlite_url).returncode == 0
    assert call(tmp_path, "audit", "verify", "--head", filled, DATABASE_URL=sqlite_url).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "verify", "--head", "xyz"],
        ["audit", "verify", "--head", "abc"],
        ["audit", "export", "--since", "yesterday"],
        ["audit", "export", "--format", "xls"],
        ["audit", "unheard-of"],
        ["purge", "now"],
    ],
)
def test_unusable_arguments_exit_with_2(tmp_path: Path, sqlite_url: str, arguments: list[str]) -> None:
    assert call(tmp_path, *arguments, DATABASE_URL=sqlite_url).returncode == 2


@pytest.mark.parametrize("arguments", [["audit", "verify"], ["audit", "export"], ["purge"]])
def test_a_missing_database_exits_with_2_and_is_not_created(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    result = call(tmp_path, *arguments, DATABASE_URL="sqlite:///nowhere.db")
    assert result.returncode == 2
    assert "no file nowhere.db" in result.stderr
    assert not (tmp_path / "nowhere.db").exists()


def test_export_writes_each_row_as_a_line_of_json(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    result = call(tmp_path, "audit", "export", DATABASE_URL=sqlite_url)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, 6))
    assert rows[0]["facts"]["customers"] == 1
    assert rows[-1]["hash"] == filled
    assert "secret" not in result.stdout


def test_an_exported_csv_has_no_formula(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    result = call(tmp_path, "audit", "export", "--format", "csv", DATABASE_URL=sqlite_url)
    head, *rows = csv.reader(io.StringIO(result.stdout))
    assert head == list(COLUMNS)
    assert rows[-1][-1] == filled
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert rows[-1][2:6] == ["'@sum", "'+47", "", "'=cmd|' /C calc'!A0"]


def test_export_filters_by_time_channel_and_customer(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    def numbers(*arguments: str) -> list[int]:
        result = call(tmp_path, "audit", "export", *arguments, DATABASE_URL=sqlite_url)
        assert result.returncode == 0
        return [json.loads(line)["seq"] for line in result.stdout.splitlines()]

    assert filled
    second = (NOW + timedelta(days=1)).astimezone(UTC).strftime("%Y-%m-%d")
    assert numbers("--since", second) == [3, 4, 5]
    assert numbers("--until", second) == [1, 2]
    assert numbers("--channel", "C0SUPPORT") == [1, 2, 3, 4]
    assert numbers("--customer", "secret-customer-2") == [3, 4]
    assert numbers("--customer", "nobody") == []


def test_a_customer_can_only_be_searched_with_the_key_of_the_settings(
    tmp_path: Path, sqlite_url: str
) -> None:
    run(_fill(sqlite_url, KEY))
    asked = ("audit", "export", "--customer", "secret-customer-1")
    assert len(call(tmp_path, *asked, DATABASE_URL=sqlite_url, AUDIT_KEY=KEY).stdout.splitlines()) == 2
    other = call(tmp_path, *asked, DATABASE_URL=sqlite_url, AUDIT_KEY="another")
    assert other.returncode == 1
    assert "2 requests used another AUDIT_KEY" in other.stderr
    assert KEY not in "".join(str(value) for row in tampering.rows(sqlite_url) for value in row.values())


def test_purge_respects_the_retention_days_and_leaves_the_audit_intact(
    tmp_path: Path, sqlite_url: str, filled: str
) -> None:
    assert filled
    (tmp_path / "policy.toml").write_text(POLICY)
    for forgotten in (2, 0):
        result = call(tmp_path, "purge", DATABASE_URL=sqlite_url)
        assert (result.returncode, result.stderr) == (0, "")
        assert f"customer data of {forgotten} requests" in result.stdout
    assert "secret" not in Path(sqlite_url.removeprefix("sqlite:///")).read_bytes().decode("latin-1")
    assert call(tmp_path, "audit", "verify", DATABASE_URL=sqlite_url).returncode == 0


def test_purge_without_a_policy_exits_with_2(tmp_path: Path, sqlite_url: str) -> None:
    assert call(tmp_path, "purge", DATABASE_URL=sqlite_url).returncode == 2


async def test_export_writes_a_row_before_it_reads_the_next() -> None:
    out = io.StringIO()
    sizes: list[int] = []

    async def rows() -> AsyncIterator[Row]:
        for at in range(3):
            sizes.append(len(out.getvalue()))
            yield Row(at, at, None, None, None, "tested", "{}", "", "")

    await export(rows(), out, "jsonl")
    assert len(out.getvalue().splitlines()) == 3
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_looks_like_a_formula_is_quoted(begins: str) -> None:
    assert escape_formula(f"{begins}1") == f"'{begins}1"


@given(kind=CELLS, who=CELLS, facts=CELLS)
def test_no_cell_of_the_export_is_a_formula_under_any_separator(kind: str, who: str, facts: str) -> None:
    async def rows() -> AsyncIterator[Row]:
        yield Row(1, 1, who, "C1", "R-1", kind, facts, "0", "0")

    out = io.StringIO(newline="")
    run(export(rows(), out, "csv"))
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=separator):
            assert not list(filter(is_formula, row))


async def test_ids_that_differ_in_case_are_different_customers(sqlite_url: str) -> None:
    async with open_repository(sqlite_url, audit_key=KEY) as repository:
        office = await open_office(repository)
        request = await office.ask(customers="Ann\nann")
        assert await naming(repository, CustomerId("Ann")) == {request.id}
        assert await naming(repository, CustomerId("ANN")) == frozenset()


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "--head", "0" * 8], ["export"]])
@pytest.mark.parametrize("key", [{}, {"AUDIT_KEY": "another key"}])
def test_the_audit_commands_write_nothing(
    tmp_path: Path, sqlite_url: str, filled: str, arguments: list[str], key: dict[str, str]
) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    tampering.run(sqlite_url, "DELETE FROM audit_key")
    with closing(sqlite3.connect(database, isolation_level=None)) as left:  # as after a kill
        left.execute("UPDATE pause SET why = why")
        before = {path: path.read_bytes() for path in (database, Path(f"{database}-wal"))}
        result = call(tmp_path, "audit", *arguments, DATABASE_URL=sqlite_url, **key)
        assert (filled[:8] in result.stdout) is ("--head" not in arguments)
        assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("arguments", [["audit", "verify"], ["audit", "export"], ["purge"]])
def test_a_database_without_our_tables_is_refused_and_left_alone(
    tmp_path: Path, empty_database_url: str, arguments: list[str]
) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    if empty_database_url.startswith("sqlite"):
        with closing(sqlite3.connect(empty_database_url.removeprefix("sqlite:///"))) as other:
            other.execute("CREATE TABLE theirs (id)")
    before = sorted(path.name for path in tmp_path.iterdir())
    result = call(tmp_path, *arguments, DATABASE_URL=empty_database_url)
    assert result.returncode == 2
    assert "has none of the bot's tables" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    with open_read_only(parse_url(empty_database_url)) as engine:
        assert "requests" not in inspect(engine).get_table_names()


def test_purge_makes_no_file_for_an_engine_that_never_ran(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    assert call(tmp_path, "purge", DATABASE_URL=sqlite_url).returncode == 0
    assert not (tmp_path / "books.dbos.db").exists()


def test_an_older_schema_is_verified_and_not_migrated(tmp_path: Path, sqlite_url: str, filled: str) -> None:
    assert filled
    tampering.run(sqlite_url, f"UPDATE {VERSION_TABLE} SET version_num = '0002'")
    assert call(tmp_path, "audit", "verify", DATABASE_URL=sqlite_url).returncode == 0
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file:
        assert file.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [("0002",)]
