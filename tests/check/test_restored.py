"""`check` reports a restored backup until people have dealt with it."""

import pytest

from bot.check.restored import check_restored
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.pause import Pause, PausedFor
from tests.support.service_fixture import NOW

LOST = LostRequest(
    short=ShortId("R-7K2QF"),
    id=RequestId("an-id"),
    channel=ChannelId("C0SUPPORT"),
    card_ts="1.1",
    rule=RuleId("rule"),
    said="done",
    backup_at=NOW,
)


async def lines(url: str) -> list[str]:
    return [str(result) async for result in check_restored(url)]


async def test_a_restored_backup_is_reported_until_it_is_settled(
    repository: SqlRepository, database_url: str
) -> None:
    assert await lines(database_url) == []
    await repository.begin_pause(Pause(NOW, None, PausedFor.RESTORED))
    await repository.note_lost([LOST], NOW)
    (line,) = await lines(database_url)
    assert line.startswith(
        "⚠ restored or new database – the bot is paused: the database lacks earlier requests"
    )
    assert "1 request is in Slack but not in the database, and not settled yet. See docs/backup.md" in line
    await repository.end_pause(UserId("U0BOSS"), NOW)
    assert ["the bot is paused" in line for line in await lines(database_url)] == [False]
    await repository.settle_lost(UserId("U0BOSS"), NOW)
    assert await lines(database_url) == []


@pytest.mark.parametrize("url", ["sqlite:///none.db", "postgresql://bot:a-secret@127.0.0.1:9/db"])
async def test_a_database_that_cannot_be_read_is_left_to_its_own_check(url: str) -> None:
    assert await lines(url) == []
