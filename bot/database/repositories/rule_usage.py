"""How often rules were used: one of Dintero's totals a day, and what the bot gave itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, func, select

from bot.database.connection import BaseRepository, Database
from bot.database.mapping import decode, to_columns
from bot.database.schema import batches, requests, rule_usage
from bot.domain.ids import ChannelId, RuleId
from bot.domain.rules.usage_history import UsageSample

HOUR_MICROS: Final = 3_600 * 10**6
_OF_ACCOUNT: Final = rule_usage.c.account == bindparam("account")
_SAMPLES: Final = (
    select(rule_usage.c.day, rule_usage.c.used)
    .where(_OF_ACCOUNT, rule_usage.c.rule == bindparam("rule"), rule_usage.c.day >= bindparam("since"))
    .order_by(rule_usage.c.day)
)
_HOUR: Final = batches.c.given_at // HOUR_MICROS
_SINCE: Final = bindparam("since", type_=BigInteger)
_GIVEN: Final = (
    select(_HOUR, func.sum(batches.c.given))
    .join(requests, requests.c.id == batches.c.request)
    .where(
        requests.c.rule_id == bindparam("rule"),
        requests.c.channel == bindparam("channel"),
        requests.c.granted_from > _SINCE,
        requests.c.account == bindparam("account"),
        batches.c.given_at > _SINCE,
    )
    .group_by(_HOUR)
    .order_by(_HOUR)
)
_IN_USE: Final = (
    select(rule_usage.c.rule)
    .where(_OF_ACCOUNT)
    .group_by(rule_usage.c.rule)
    .having(func.max(rule_usage.c.day) < bindparam("today"))
)
_FORGET: Final = delete(rule_usage).where(rule_usage.c.day < bindparam("before"))


class RuleUsageRepository(BaseRepository):
    """Keeps a total of each rule and day; the first one of a day stays."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._keep = database.insert(rule_usage).on_conflict_do_nothing(
            index_elements=["account", "rule", "day"]
        )

    async def keep_usage(self, account: str, rule: RuleId, sample: UsageSample) -> None:
        row = to_columns(account=account, rule=rule, day=sample.day.toordinal(), used=sample.used)
        await self._database.run(self._keep, row)

    async def usage_samples(self, account: str, rule: RuleId, since: date) -> tuple[UsageSample, ...]:
        values = to_columns(account=account, rule=rule, since=since.toordinal())
        rows = await self._database.run(_SAMPLES, values)
        return tuple(UsageSample(date.fromordinal(int(day)), int(used)) for day, used in rows)

    async def given_by_hour(
        self, account: str, rule: RuleId, channel: ChannelId, since: datetime
    ) -> tuple[tuple[datetime, int], ...]:
        values = to_columns(account=account, rule=rule, channel=channel, since=since)
        rows = await self._database.run(_GIVEN, values)
        begin = datetime.fromtimestamp(0, UTC)
        return tuple((begin + timedelta(hours=int(hour)), int(given)) for hour, given in rows)

    async def rules_to_sample(self, account: str, today: date) -> tuple[RuleId, ...]:
        values = to_columns(account=account, today=today.toordinal())
        return tuple(sorted(RuleId(decode(rule)) for (rule,) in await self._database.run(_IN_USE, values)))

    async def forget_usage(self, before: date) -> None:
        await self._database.run(_FORGET, {"before": before.toordinal()})
