"""The use of rules over time: one total a day, and what the bot gave itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ChannelId, CustomerId, RuleId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import State
from bot.domain.rules.rule import Rule, Statistics
from bot.domain.rules.usage_history import HISTORY_DAYS
from bot.errors import RuleNotFound, TransientError
from bot.services.rule_history import RuleHistory
from tests.contracts.repository import CHANNEL, RULE, giving, save
from tests.support.clock import HandClock

ACCOUNT = "T12345678"

START = datetime(2026, 11, 3, 9, tzinfo=UTC)


@dataclass
class CountedRules:
    """A port `Rules` in which a rule is used three times between two readings."""

    fault: Exception | None = None
    used: int = 100
    read: list[RuleId] = field(default_factory=list)

    async def rules(self) -> tuple[Rule, ...]:
        return ()

    async def rule(self, rule: RuleId) -> Rule:
        if self.fault:
            raise self.fault
        self.read.append(rule)
        self.used += 3
        return used(self.used)


def used(times: int | None) -> Rule:
    return replace(RULE, statistics=None if times is None else Statistics(usage=times))


@pytest.fixture(name="clock")
def clock_fixture() -> HandClock:
    return HandClock(START)


@pytest.fixture(name="dintero")
def dintero_fixture() -> CountedRules:
    return CountedRules()


@pytest.fixture(name="history")
def history_fixture(repository: SqlRepository, dintero: CountedRules, clock: HandClock) -> RuleHistory:
    return RuleHistory(repository, dintero, clock, ACCOUNT, "Europe/Oslo")


async def give(
    repository: SqlRepository, customers: Sequence[str], at: datetime, *, unconfirmed: Sequence[str] = ()
) -> None:
    """Give the rule to customers, and end the request."""
    request = replace(await giving(repository, customers, size=10), started_at=at, rule=RULE)
    await save(repository, request)
    unknown = tuple(map(CustomerId, unconfirmed))
    await repository.start_portion(request.id, 0)
    await repository.record_outcomes(request.id, BatchOutcome(0, 0, len(customers), unknown=unknown), at=at)
    await save(repository, replace(request, state=State.DONE, ended_at=at))


async def test_a_rule_with_a_history_is_read_once_a_day(
    history: RuleHistory, dintero: CountedRules, clock: HandClock
) -> None:
    assert await history.sample() == 0
    await history.keep(used(100))
    for _ in range(3):
        clock.pass_by(days=1)
        await history.sample()
        assert await history.sample() == 0
    assert dintero.read == [RULE.id] * 3


async def test_the_history_has_what_was_used_and_given_since_the_first_day(
    history: RuleHistory, repository: SqlRepository, clock: HandClock
) -> None:
    await give(repository, ["a", "b"], START)
    await history.keep(used(100))
    clock.pass_by(days=1)
    await history.sample()
    clock.pass_by(days=1)
    await give(repository, ["c", "d", "e"], clock.now(), unconfirmed=["e"])
    points = await history.of(used(120), CHANNEL)
    assert [(point.day.day, point.given, point.used) for point in points] == [
        (3, 2, 0),
        (4, 2, 3),
        (5, 4, 20),
    ]
    elsewhere = await history.of(used(120), ChannelId("C0OTHER"))
    assert [point.given for point in elsewhere] == [0, 0, 0]


@pytest.mark.parametrize("absurd", [10**30, -1])
async def test_an_absurd_total_is_no_sample_and_breaks_nothing(history: RuleHistory, absurd: int) -> None:
    await history.keep(used(absurd))
    assert await history.sample() == 0
    assert await history.of(used(absurd), CHANNEL) == ()


async def test_a_rule_that_people_look_at_is_read_too(
    history: RuleHistory, dintero: CountedRules, clock: HandClock
) -> None:
    await history.keep(used(None))
    assert await history.sample() == 0
    await history.keep(used(5))
    assert await history.sample() == 0
    clock.pass_by(days=1)
    assert await history.sample() == 1
    assert dintero.read == [RULE.id]


@pytest.mark.parametrize("fault", [TransientError("busy"), RuleNotFound("gone")])
async def test_a_rule_that_dintero_does_not_send_is_tried_again(
    history: RuleHistory, dintero: CountedRules, clock: HandClock, fault: Exception
) -> None:
    await history.keep(used(5))
    clock.pass_by(days=1)
    dintero.fault = fault
    assert await history.sample() == 0
    dintero.fault = None
    assert await history.sample() == 1


async def test_totals_are_forgotten_after_a_while(
    history: RuleHistory, repository: SqlRepository, clock: HandClock
) -> None:
    await history.keep(used(5))
    clock.pass_by(days=HISTORY_DAYS + 1)
    await history.sample()
    since = (START - timedelta(days=1)).date()
    assert await repository.usage_samples(ACCOUNT, RULE.id, since) == ()


async def test_another_account_has_a_history_of_its_own(
    history: RuleHistory, repository: SqlRepository
) -> None:
    await history.keep(used(5))
    await give(repository, ["a"], START)
    other = replace(history, account="P12345678")
    assert await other.of(used(None), CHANNEL) == ()
    assert await other.sample() == 0
