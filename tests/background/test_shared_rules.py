"""Of several processes one reads the rules, and the others have them from it; where it does not, each reads them itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, update

from bot.background.shared_rules import FRESH, SharedRules
from bot.cluster.membership import SingleProcess
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.schema import rules as table
from bot.domain.customers.packing import packed
from bot.domain.ids import RuleId
from bot.domain.rules.rule import Rule
from bot.errors import TransientError
from tests.contracts.repository import RULE
from tests.support.clock import HandClock
from tests.support.postgres import BUSY_SECONDS

ACCOUNT = "T12345678"


@dataclass
class Account:
    """What Dintero would answer, and how often it was asked."""

    found: tuple[Rule, ...] = (RULE,)
    asked: int = 0
    away: bool = False

    async def rules(self) -> tuple[Rule, ...]:
        self.asked += 1
        if self.away:
            raise TransientError("Dintero could not be reached")
        return self.found

    async def rule(self, rule: RuleId) -> Rule:
        self.asked += 1
        return next(one for one in self.found if one.id == rule)


@dataclass
class Processes:
    """The first process and another one, on one database."""

    account: Account
    repository: SqlRepository
    clock: HandClock
    url: str

    def __post_init__(self) -> None:
        """Let each know which it is."""
        self.first, self.other = (
            SharedRules(
                self.account,
                self.repository,
                SingleProcess(is_leader=first, has_peers=True),
                self.clock,
                ACCOUNT,
            )
            for first in (True, False)
        )


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[Processes]:
    clock = HandClock()
    async with open_repository(database_url, clock=clock, patience=BUSY_SECONDS) as repository:
        yield Processes(Account(), repository, clock, database_url)


async def test_dintero_is_asked_once_for_all(processes: Processes) -> None:
    for _ in range(3):
        assert await processes.first.rules() == await processes.other.rules() == (RULE,)
        processes.clock.pass_by(minutes=1)
    assert processes.account.asked == 3


async def test_what_has_changed_comes_to_the_other_with_the_next_reading(processes: Processes) -> None:
    await processes.first.rules()
    await processes.other.rules()
    processes.account.found = (replace(RULE, name="new"), replace(RULE, id=RuleId("2")))
    assert await processes.other.rules() == (RULE,)
    await processes.first.rules()
    assert await processes.other.rules() == processes.account.found
    assert processes.account.asked == 2


async def test_who_finds_nothing_fresh_asks_dintero(processes: Processes) -> None:
    assert await processes.other.rules() == (RULE,)
    processes.clock.pass_by(seconds=FRESH / timedelta(seconds=1))
    assert await processes.other.rules() == (RULE,)
    assert processes.account.asked == 2


async def test_a_dintero_that_is_away_for_the_first_is_away_for_the_others_only_once_what_was_read_is_old(
    processes: Processes,
) -> None:
    await processes.first.rules()
    processes.account.away = True
    with pytest.raises(TransientError):
        await processes.first.rules()
    assert await processes.other.rules() == (RULE,)
    processes.clock.pass_by(seconds=FRESH / timedelta(seconds=1))
    with pytest.raises(TransientError):
        await processes.other.rules()


async def test_what_another_version_kept_and_cannot_be_read_is_read_from_dintero(
    processes: Processes,
) -> None:
    await processes.first.rules()
    engine = create_engine(parse_url(processes.url))
    with engine.begin() as connection:
        connection.execute(update(table).values(digest="x", content=packed([{"named": "otherwise"}])))
    engine.dispose()
    assert await processes.other.rules() == (RULE,)
    assert processes.account.asked == 2


async def test_one_rule_is_always_dinteros_own_answer(processes: Processes) -> None:
    await processes.first.rules()
    processes.account.found = (replace(RULE, name="new"),)
    assert await processes.other.rule(RULE.id) == replace(RULE, name="new")
    assert processes.account.asked == 2


async def test_who_is_alone_keeps_nothing(processes: Processes) -> None:
    alone = SharedRules(processes.account, processes.repository, SingleProcess(), processes.clock, ACCOUNT)
    assert await alone.rules() == (RULE,)
    assert await processes.repository.rules_read(ACCOUNT) is None
