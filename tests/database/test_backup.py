"""A backup has both files as they are at one moment; a restore loses nothing without saying so."""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.database.backup import DATABASE, ENGINE, MANIFEST, read_manifest, saved_file, take_backup
from bot.database.migrate import migrate
from bot.database.repositories.repository import open_repository
from bot.database.restore import Change, RestoreResult, restore_backup
from bot.domain.requests.audit_entries import Entry
from bot.errors import BackupError
from tests.contracts.repository import enqueue, notice, saved_request

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
LATER = datetime(2026, 11, 30, 3, tzinfo=UTC)


@pytest.fixture
def files(sqlite_url: str, tmp_path: Path) -> tuple[Path, Path]:
    """A migrated database, and an engine's file with one number in it."""
    engine = tmp_path / "books.dbos.db"
    with closing(sqlite3.connect(engine, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE steps (number INTEGER)")
    return Path(sqlite_url.removeprefix("sqlite:///")), engine


def saved(files: tuple[Path, Path], *, now: datetime = NOW) -> Path:
    return take_backup(*files, files[0].parent / "backups", version="0.2.0", now=now)


def restored(folder: Path, files: tuple[Path, Path]) -> RestoreResult:
    return restore_backup(folder, *files, now=LATER)


def tables(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def test_a_backup_is_one_folder_that_only_its_owner_reads(files: tuple[Path, Path]) -> None:
    folder = saved(files)
    assert folder.name == "discount-bot-2026-11-29T03-00-00Z"
    assert {path.name for path in folder.iterdir()} == {DATABASE, ENGINE, MANIFEST}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert read_manifest(folder).taken_at == NOW


def test_a_backup_overwrites_nothing(files: tuple[Path, Path]) -> None:
    before = (saved(files) / MANIFEST).read_bytes()
    with pytest.raises(BackupError, match="already exists"):
        saved(files)
    assert [path.name for path in files[0].parent.joinpath("backups").iterdir()] == [
        "discount-bot-2026-11-29T03-00-00Z"
    ]
    assert (files[0].parent / "backups/discount-bot-2026-11-29T03-00-00Z" / MANIFEST).read_bytes() == before


@pytest.fixture
def writing(files: tuple[Path, Path]) -> Iterator[list[int]]:
    """Write a number into ours, then into the engine's, as fast as it goes; the list counts them."""
    written, over = [0], threading.Event()

    def write() -> None:
        with (
            closing(sqlite3.connect(files[0], isolation_level=None, timeout=5)) as ours,
            closing(sqlite3.connect(files[1], isolation_level=None, timeout=5)) as engine,
        ):
            while not over.is_set():
                ours.execute("INSERT INTO channels VALUES (?)", [f"{written[0]:09}"])
                engine.execute("INSERT INTO steps VALUES (?)", [written[0]])
                written[0] += 1

    with closing(sqlite3.connect(files[0])) as ours:
        ours.execute("PRAGMA journal_mode=WAL")
    writer = threading.Thread(target=write)
    writer.start()
    yield written
    over.set()
    writer.join()


def test_the_engine_s_copy_knows_of_nothing_that_ours_does_not(
    files: tuple[Path, Path], writing: list[int]
) -> None:
    for number in range(5):
        before = writing[0]
        folder = saved(files, now=NOW.replace(second=number))
        with closing(sqlite3.connect(folder / DATABASE)) as ours:
            last = int(ours.execute("SELECT coalesce(max(id), -1) FROM channels").fetchone()[0])
        with closing(sqlite3.connect(folder / ENGINE)) as engine:
            (step,) = engine.execute("SELECT coalesce(max(number), -1) FROM steps").fetchone()
        assert before - 1 <= step <= last <= step + 1


async def test_a_restore_keeps_what_it_replaces_and_says_what_is_lost(
    files: tuple[Path, Path], sqlite_url: str
) -> None:
    async with open_repository(sqlite_url) as repository:
        await repository.record(Entry(kind="tested"))
    folder = saved(files)
    async with open_repository(sqlite_url) as repository:
        request = await saved_request(repository)
        await repository.record(Entry(kind="tested"))
    done = restored(folder, files)
    assert done.difference
    assert done.difference.rows == 2
    assert done.difference.requests == (Change(request.short, None, request.state),)
    assert done.replaced
    assert {path.name for path in done.replaced.iterdir()} >= {"books.db", "books.dbos.db"}
    assert files[0].stat().st_mode & 0o777 == 0o600
    async with open_repository(sqlite_url) as repository:
        assert await repository.find(request.id) is None


async def test_a_message_that_the_backup_has_as_unsent_is_searched_for(
    files: tuple[Path, Path], sqlite_url: str
) -> None:
    async with open_repository(sqlite_url) as repository:
        await enqueue(repository, await saved_request(repository), notice())
    restored(saved(files), files)
    async with open_repository(sqlite_url) as repository:
        (message,) = await repository.due_messages(LATER, limit=10)
        assert message.tried


def test_a_restore_without_the_engine_s_file_leaves_none(files: tuple[Path, Path]) -> None:
    engine = files[1].rename(files[1].with_suffix(".away"))
    folder = saved(files)
    engine.rename(files[1])
    restored(folder, files)
    assert not files[1].exists()


def test_a_restore_takes_the_place_of_missing_files(files: tuple[Path, Path]) -> None:
    folder = saved(files)
    for file in files:
        file.unlink()
    assert restored(folder, files).replaced is None
    assert all(map(tables, files))


@pytest.mark.parametrize("name", [DATABASE, ENGINE])
def test_a_backup_that_was_changed_is_not_restored(files: tuple[Path, Path], name: str) -> None:
    folder, before = saved(files), files[0].read_bytes()
    with (folder / name).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"?")
    with pytest.raises(BackupError, match="has changed since the backup was made"):
        restored(folder, files)
    assert files[0].read_bytes() == before
    assert not list(files[0].parent.glob("*.restoring"))


def test_a_damaged_file_is_not_restored_even_if_its_hash_fits(files: tuple[Path, Path]) -> None:
    folder = saved(files)
    with (folder / DATABASE).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"][DATABASE]["sha256"] = saved_file(folder / DATABASE).sha256
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match="is damaged"):
        restored(folder, files)


def test_a_backup_of_a_newer_program_names_the_version_to_install(files: tuple[Path, Path]) -> None:
    folder = saved(files)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "schema": "9999", "version": "9.0"}))
    with pytest.raises(BackupError, match="schema 9999") as refused:
        restored(folder, files)
    assert "Install discount-bot 9.0" in refused.value.advice


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2}', "[]"])
def test_a_folder_that_is_no_backup_is_named_as_such(files: tuple[Path, Path], content: str) -> None:
    folder = files[0].parent / "other"
    folder.mkdir()
    (folder / MANIFEST).write_text(content)
    with pytest.raises(BackupError, match="isn't a backup"):
        restored(folder, files)


async def test_the_backup_of_another_database_is_told_as_such(
    files: tuple[Path, Path], sqlite_url: str, tmp_path: Path
) -> None:
    async with open_repository(sqlite_url) as repository:
        await repository.record(Entry(kind="tested"))
    folder = saved(files)
    other = tmp_path / "other.db"
    await migrate(f"sqlite:///{other}")
    async with open_repository(f"sqlite:///{other}") as repository:
        await repository.record(Entry(kind="another"))
    shutil.move(other, files[0])
    done = restored(folder, files)
    assert done.difference
    assert done.difference.is_other
