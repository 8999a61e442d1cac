"""The history of a rule's use: writes down Dintero's total once a day, and reads it with the bot's grants."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.ids import ChannelId
from bot.domain.ports import Clock, Repository, Rules
from bot.domain.rules.rule import Rule
from bot.domain.rules.usage_history import HISTORY_DAYS, DailyGrants, UsagePoint, UsageSample, usage_history
from bot.errors import DinteroError, RuleNotFound

MOST_USED: Final = 2**53
MOST_SAMPLED: Final = 200
"""Rules read in one go; the next hour reads the others."""


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """Keeps and reads the use of an account's rules, by days of the policy's time zone."""

    repository: Repository
    dintero: Rules
    clock: Clock
    account: str
    timezone: str

    async def of(self, rule: Rule, channel: ChannelId) -> tuple[UsagePoint, ...]:
        """Read a rule's history until now, with what one channel gave; empty while it has too few days."""
        since = self.clock.now() - timedelta(days=HISTORY_DAYS)
        samples = await self.repository.usage_samples(self.account, rule.id, self._day(since))
        given: Counter[date] = Counter()
        for at, count in await self.repository.given_by_hour(self.account, rule.id, channel, since):
            given[self._day(at)] += count
        today = self._sample(rule)
        grants = [DailyGrants(day, count) for day, count in given.items()]
        return usage_history([*samples, today] if today else samples, grants)

    async def keep(self, rule: Rule) -> None:
        """Write down how often a rule that was just read has been used."""
        if sample := self._sample(rule):
            await self.repository.keep_usage(self.account, rule.id, sample)

    async def sample(self) -> int:
        """Read the rules with a history that have no total of today, and count them; forget what is old.

        A rule that Dintero does not send now is tried again in an hour.
        """
        now = self.clock.now()
        since = now - timedelta(days=HISTORY_DAYS)
        await self.repository.forget_usage(self._day(since))
        due = await self.repository.rules_to_sample(self.account, self._day(now))
        count = 0
        for rule in due[:MOST_SAMPLED]:
            try:
                await self.keep(await self.dintero.rule(rule))
            except RuleNotFound:
                continue
            except DinteroError:
                break
            count += 1
        return count

    def _sample(self, rule: Rule) -> UsageSample | None:
        used = rule.statistics.usage if rule.statistics else None
        if used is None or not 0 <= used <= MOST_USED:  # Dintero's numbers have no bound, a database's have
            return None
        return UsageSample(self._day(self.clock.now()), used)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.timezone)).date()
