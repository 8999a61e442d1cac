"""Reports a restored backup that people have not dealt with yet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from sqlalchemy import func, select

from bot.check.result import CheckResult
from bot.database.connection import parse_url
from bot.database.read_only import open_read_only
from bot.database.repositories.requests import COUNT_UNSETTLED
from bot.database.schema import pause
from bot.domain.requests.pause import PausedFor
from bot.errors import DatabaseUnavailable
from bot.slack.rendering.pause_banner import BOTS_REASONS

FIX: Final = "See docs/backup.md: a person has to decide."
_PAUSED: Final = select(func.count()).where(
    pause.c.since.is_not(None), pause.c.doer.is_(None), pause.c.why == PausedFor.RESTORED.value
)


async def check_restored(url: str) -> AsyncIterator[CheckResult]:
    """Warn while the bot is paused for it, or while requests that are in Slack alone are not settled."""
    with suppress(DatabaseUnavailable):  # has its own check, and an older schema has no such table
        paused, lost = await asyncio.to_thread(_read, url)
        found = [f"the bot is paused: {BOTS_REASONS[PausedFor.RESTORED]}"] if paused else []
        if lost:
            counted = "1 request is" if lost == 1 else f"{lost} requests are"
            found.append(f"{counted} in Slack but not in the database, and not settled yet")
        if found:
            yield CheckResult("restored or new database", "; ".join(found), FIX, is_warning=True)


def _read(url: str) -> tuple[int, int]:
    with open_read_only(parse_url(url)) as engine, engine.connect() as connection:
        paused, lost = (
            connection.execute(statement).scalar_one() for statement in (_PAUSED, COUNT_UNSETTLED)
        )
        return paused, lost
