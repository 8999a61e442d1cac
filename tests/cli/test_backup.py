"""`backup` and `restore` as separate processes: what they say, and when they refuse."""

from pathlib import Path

import pytest

from bot.cluster.single_instance import single_instance
from bot.database.migrate import migrate
from tests.cli.test_main import call

POSTGRES = "postgresql://bot:a-secret@127.0.0.1:9/bot"


async def test_a_backup_is_made_and_restored(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    await migrate(url)
    made = call(tmp_path, "backup", DATABASE_URL=url)
    assert (made.returncode, made.stderr) == (0, "")
    (folder,) = (tmp_path / "backups").iterdir()
    assert f"backups/{folder.name}: 0 requests" in made.stdout
    async with single_instance(url):
        refused = call(tmp_path, "restore", str(folder), DATABASE_URL=url)
    assert refused.returncode == 1
    assert "Another discount-bot is using this database." in refused.stderr
    done = call(tmp_path, "restore", str(folder), DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "bot.db.replaced-" in done.stdout
    assert "Nothing happened after the backup." in done.stdout


@pytest.mark.parametrize(("command", "program"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_on_postgresql_its_own_program_is_named(tmp_path: Path, command: str, program: str) -> None:
    result = call(tmp_path, command, "somewhere", DATABASE_URL=POSTGRES)
    assert result.returncode == 1
    assert program in result.stderr
    words = {
        "backup": ("set -a; . ./.env; set +a", "percent-encode"),
        "restore": ("as a superuser", "--single-transaction"),
    }
    steps = Path("docs/backup.md").read_text().lower()
    assert [word for word in words[command] if word not in result.stderr or word not in steps] == []
    assert "a-secret" not in result.stderr


def test_a_file_of_anything_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("no database")
    result = call(tmp_path, "backup", DATABASE_URL="sqlite:///other.db")
    assert result.returncode == 1
    assert result.stderr.startswith("other.db: file is not a database\nNothing was changed.")
    assert list((tmp_path / "backups").iterdir()) == []


def test_without_a_database_nothing_is_made(tmp_path: Path) -> None:
    result = call(tmp_path, "backup", DATABASE_URL="sqlite:///none.db")
    assert result.returncode == 1
    assert "There's no file none.db" in result.stderr
    assert list(tmp_path.iterdir()) == []


async def test_a_file_in_the_place_of_the_folder_is_told_in_plain_words(tmp_path: Path) -> None:
    await migrate(f"sqlite:///{tmp_path}/bot.db")
    (tmp_path / "taken").touch()
    result = call(tmp_path, "backup", "taken", DATABASE_URL="sqlite:///bot.db")
    assert result.returncode == 1
    assert result.stderr.startswith("taken: File exists\nNothing was changed. Name another folder")
