"""`discount-bot backup` and `discount-bot restore`."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.runner import report_errors, run_async

if TYPE_CHECKING:
    from bot.database.restore import Difference, RestoreResult

FOLDER: Final = Path("backups")
MOST_NAMED: Final = 20
DUMP: Final = (
    "Back up PostgreSQL with its own program, while the bot runs: pg_dump --format=custom "
    '--file=discount-bot.dump "$DATABASE_URL". If the address is in .env, run `set -a; . ./.env; set +a` '
    "first, and percent-encode the password in it."
)
PUT_BACK: Final = (
    "Restore PostgreSQL with its own program: stop every bot, create an empty database, and run as a "
    "superuser pg_restore --exit-on-error --single-transaction --dbname=<its address> discount-bot.dump. "
    "Then set DATABASE_URL to the new database. Keep the old one."
)


def backup(
    folder: Annotated[
        Path, typer.Argument(help="Folder for backups; each gets a folder of its own.")
    ] = FOLDER,
) -> None:
    """Back up the SQLite database while the bot runs."""
    with report_errors():
        from bot.database.backup import read_manifest, take_backup

        database, engine = _files(DUMP)
        made = take_backup(database, engine, folder, version=_version(), now=datetime.now(UTC))
        manifest = read_manifest(made)
        size = sum(file.size for file in manifest.files.values())
    typer.echo(f"✓ {made}: {_requests(manifest.requests)}, {size / 1e6:,.1f} MB, schema {manifest.schema}")
    typer.echo("  Checked. It contains customer IDs: keep it secret, and on another machine.")


def restore(backup: Annotated[Path, typer.Argument(help="A folder made by discount-bot backup.")]) -> None:
    """Restore a backup. Stop the bot first; the replaced files are kept."""
    with report_errors():
        restored = run_async(_restore(backup))
    typer.echo("\n".join(_told(restored)))


async def _restore(folder: Path) -> "RestoreResult":
    from bot.cluster.single_instance import single_instance
    from bot.database.restore import restore_backup

    database, engine = _files(PUT_BACK)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(single_instance(f"sqlite:///{database}", patience=0))
        return restore_backup(folder, database, engine, now=datetime.now(UTC))


def _files(on_postgres: str) -> tuple[Path, Path]:
    """Return the bot's SQLite file and the durable engine's; raises BackupError on PostgreSQL."""
    from bot.background.durable_engine import sqlite_files
    from bot.config.settings import environment, read_basics
    from bot.database.address import is_sqlite, parse_url
    from bot.errors import BackupError

    url = read_basics(environment()).database_url.get_secret_value()
    if not is_sqlite(parse_url(url)):
        raise BackupError(on_postgres, advice="See docs/backup.md for all steps.")
    return sqlite_files(url)


def _version() -> str:
    from importlib.metadata import version

    return version("discount-bot")


def _told(restored: "RestoreResult") -> list[str]:
    """Say what is there now, what is gone, and what to do next."""
    saved = restored.manifest
    lines = [f"✓ Restored the backup of {_when(saved.taken_at)}: {_requests(saved.requests)}"]
    if restored.replaced:
        lines.append(f"  The old files are in {restored.replaced}. Nothing was deleted.")
        lines += _lost(restored.difference)
    return [
        *lines,
        "Next: start the bot. If anything is missing, it starts paused and tells the admins in Slack",
        "  which requests it doesn't know. Before /discount resume, read docs/backup.md.",
    ]


def _lost(difference: "Difference | None") -> list[str]:
    if difference is None:
        return ["  They can't be read, so what happened after the backup is unknown."]
    if difference.is_other:
        return ["⚠ This backup is from another database than the old files."]
    if not difference.rows:
        return ["  Nothing happened after the backup."]
    until = f", until {_when(difference.until)}" if difference.until else ""
    lines = [f"⚠ Lost: {difference.rows:,} audit rows{until}."]
    for change in difference.requests[:MOST_NAMED]:
        then = f"{change.before} again; it was" if change.before else "not in the backup; it was"
        lines.append(f"  {change.short} is {then} {change.after}")
    more = len(difference.requests) - MOST_NAMED
    return [*lines, *([f"  … and {more:,} more requests"] if more > 0 else [])]


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"
