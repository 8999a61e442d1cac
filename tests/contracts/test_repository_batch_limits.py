"""What the books keep of how large a batch may be, on both databases."""

from datetime import UTC, datetime, timedelta

from bot.database.repositories.repository import SqlRepository

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


async def test_a_size_that_was_learnt_is_known_again_and_the_newest_word_stands(
    repository: SqlRepository,
) -> None:
    assert await repository.largest_batch("T1", LONG_AGO) is None
    await repository.learn_batch("T1", 250, NOW)
    await repository.learn_batch("T1", 125, NOW)
    assert await repository.largest_batch("T1", LONG_AGO) == 125
    assert await repository.largest_batch("T2", LONG_AGO) is None


async def test_a_size_that_was_learnt_long_ago_is_forgotten(repository: SqlRepository) -> None:
    await repository.learn_batch("T1", 250, LONG_AGO)
    assert await repository.largest_batch("T1", LONG_AGO) is None
