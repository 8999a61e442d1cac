"""What the books promise of the rules that one process reads for all, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RuleId
from tests.contracts.repository import RULE, over_one_database
from tests.support import hostile_values

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ACCOUNT = "T12345678"


async def test_nobody_has_kept_any(repository: SqlRepository) -> None:
    assert await repository.rules_read(ACCOUNT) is None
    assert await repository.kept_rules(ACCOUNT, "x") is None


@over_one_database
@given(names=st.lists(hostile_values.texts, max_size=4))
async def test_rules_come_back_whatever_they_are_called(repository: SqlRepository, names: list[str]) -> None:
    found = tuple(replace(RULE, id=RuleId(f"r{at}"), name=name) for at, name in enumerate(names))
    await repository.keep_rules(ACCOUNT, found, AT)
    read = await repository.rules_read(ACCOUNT)
    assert read
    assert read[0] == AT
    assert await repository.kept_rules(ACCOUNT, read[1]) == found


async def test_the_same_rules_are_known_by_the_same_digest_and_others_take_their_place(
    repository: SqlRepository,
) -> None:
    await repository.keep_rules(ACCOUNT, [RULE], AT)
    first = await repository.rules_read(ACCOUNT)
    await repository.keep_rules(ACCOUNT, [RULE], AT + timedelta(minutes=1))
    assert first
    assert await repository.rules_read(ACCOUNT) == (AT + timedelta(minutes=1), first[1])
    await repository.keep_rules("P12345678", [], AT)
    await repository.keep_rules(ACCOUNT, [replace(RULE, name="another")], AT)
    assert await repository.kept_rules(ACCOUNT, first[1]) is None
