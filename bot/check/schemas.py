"""Compares the tables in a database, the bot's and the durable engine's, with those of this program."""

from dataclasses import dataclass
from pathlib import Path

from bot.background.durable_engine import engine_url, engine_versions
from bot.check.result import CheckResult
from bot.database.connection import parse_url
from bot.database.migrate import schema_version
from bot.database.read_only import open_read_only
from bot.database.schema import VERSION


@dataclass(frozen=True, slots=True)
class Schemas:
    """The versions of the tables in a database; nothing where there are none yet."""

    bot: str | None = None
    engine: int = 0
    engine_needed: int = 0

    @property
    def updates(self) -> list[str]:
        """What a start changes in the database, each as part of a sentence."""
        updates = []
        if self.bot is None:
            updates.append("make its tables")
        elif self.bot < VERSION:
            updates.append(f"update it from {self.bot} to {VERSION}")
        if 0 < self.engine < self.engine_needed:
            updates.append(f"update the durable engine's tables from {self.engine} to {self.engine_needed}")
        return updates

    def result(self, state: str) -> CheckResult:
        """Say what `run` will do with a database that is in this state, or why it can't use it."""
        if self.bot is not None and self.bot > VERSION:
            problem = f"its schema {self.bot} is newer than this program's ({VERSION})"
            fix = "Run the newer version of discount-bot, or restore an older backup."
            return CheckResult("database", problem, fix, stops_run=True)
        if self.engine > self.engine_needed > 0:
            versions = f"{self.engine}, not {self.engine_needed}"
            problem = f"the durable engine's tables are newer than this program ({versions})"
            fix = "A newer version has run on it: run that one."
            return CheckResult("database", f"{state}; {problem}", fix, is_warning=True)
        if self.updates:
            return CheckResult("database", f"{state}; run will {' and '.join(self.updates)}")
        return CheckResult("database", f"{state}, schema {VERSION} is up to date")


def read_schemas(database_url: str) -> Schemas:
    """Read the versions, and write nothing.

    Raises:
        DatabaseUnavailable: the database cannot be read.
    """
    url, engines = parse_url(database_url), parse_url(engine_url(database_url))
    with open_read_only(url) as engine:
        with engine.connect() as connection:
            ours = schema_version(connection)
        if engines == url:
            return Schemas(ours, *(engine_versions(engine) or ()))
    if not Path(engines.database or "").exists():
        return Schemas(ours)
    with open_read_only(engines) as engine:
        return Schemas(ours, *(engine_versions(engine) or ()))
