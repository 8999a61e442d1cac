"""How amounts, numbers and times are written for people; knows the policy's currency and time zone and nothing else of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

BIGGEST: Final = 15
"""Digits of a number that is still written out with thousands apart; a bigger one is shown raw."""
REMEMBERED: Final = 4_096
"""How many of a kind are remembered as they were written: Babel takes 30 µs or more for one, and a list of rules needs hundreds."""
UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `blocks` as it is drawn, `text` for notifications and screen readers."""

    text: str
    blocks: list[Json]


@dataclass(frozen=True, slots=True)
class Formatter:
    """What every message and modal is drawn with. `admins` are whom people are sent to when nobody else can help."""

    currency: str
    timezone: str
    admins: tuple[str, ...] = ()
    locale: str = "en_GB"

    def amount(self, minor: int | Decimal) -> str:
        """Write minor units as an amount.

        >>> Look("NOK", "Europe/Oslo").amount(123450)
        '1,234.50 NOK'
        >>> Look("JPY", "Europe/Oslo").amount(500)
        '500 JPY'
        """
        value = Decimal(minor)
        if not value.is_finite() or value.adjusted() > BIGGEST:
            return f"{value} minor units of {self.currency}"
        return _amount(value, self.currency, self.locale)

    def number(self, value: int | Decimal) -> str:
        """Write a number, with all its decimals up to six.

        >>> Look("NOK", "Europe/Oslo").number(Decimal("10.50"))
        '10.5'
        """
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() > BIGGEST:
            return str(value)
        return _number(exact, self.locale)

    def customers(self, count: int) -> str:
        """Count customers in words."""
        return self.pluralize(count, "customer")

    def pluralize(self, count: int, thing: str) -> str:
        """Count things in words.

        >>> Look("NOK", "Europe/Oslo").counted(1, "use"), Look("NOK", "Europe/Oslo").counted(1200, "use")
        ('1 use', '1,200 uses')
        """
        return f"{self.number(count)} {thing}{'' if count == 1 else 's'}"

    def moment(self, at: datetime) -> str:
        """Write a moment in the policy's time zone, for where everybody should read the same."""
        try:
            return format_datetime(at, "d MMM y, HH:mm z", tzinfo=ZoneInfo(self.timezone), locale=self.locale)
        except OverflowError:  # the last day of the year 9999, where Dintero means "for ever"
            return at.strftime("%d %b %Y, %H:%M UTC")

    def day(self, at: datetime) -> str:
        """Write a moment's day in the policy's time zone."""
        try:
            return _day(at.astimezone(ZoneInfo(self.timezone)).date(), self.locale)
        except OverflowError:
            return at.strftime("%d %b %Y")

    def slack_date(self, at: datetime) -> str:
        """Write a moment so that Slack shows it to each reader in their own time zone (mrkdwn only)."""
        return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{self.moment(at)}>"

    def clock(self, at: datetime) -> str:
        """Write a moment of the next hours, to the minute, in each reader's own time zone (mrkdwn only).

        >>> Look("NOK", "Europe/Oslo").clock(datetime.fromisoformat("2026-11-23T13:32:40+00:00"))
        '<!date^1795440780^{time}|14:33>'
        """
        minute = (at + timedelta(seconds=30)).replace(second=0, microsecond=0)
        return (
            f"<!date^{int(minute.timestamp())}^{{time}}|{minute.astimezone(ZoneInfo(self.timezone)):%H:%M}>"
        )


@lru_cache(REMEMBERED)
def _amount(minor: Decimal, currency: str, locale: str) -> str:
    digits = get_currency_precision(currency)
    pattern = f"#,##0.{'0' * digits}#### ¤¤"
    return format_currency(
        minor.scaleb(-digits), currency, format=pattern, locale=locale, currency_digits=False
    )


@lru_cache(REMEMBERED)
def _number(exact: Decimal, locale: str) -> str:
    return format_decimal(exact, format="#,##0.######", locale=locale)


@lru_cache(REMEMBERED)
def _day(day: date, locale: str) -> str:
    return format_date(day, "d MMM y", locale=locale)


def duration(passed: timedelta) -> str:
    """Write how long something took, in its two largest units.

    >>> duration(timedelta(seconds=3725)), duration(timedelta(seconds=0.2))
    ('1 hour 2 minutes', 'less than a second')
    """
    left = max(int(passed.total_seconds()), 0)
    parts = []
    for name, size in UNITS:
        count, left = divmod(left, size)
        if count > 0:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "less than a second"
