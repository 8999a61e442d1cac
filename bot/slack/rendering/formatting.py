"""Formats amounts, numbers, times and durations in the policy's currency and time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

LOCALE: Final = "en_GB"
MAX_EXPONENT: Final = 15
"""Bigger numbers are shown raw, without separators."""
CACHE_SIZE: Final = 4_096
"""Babel takes 30 µs or more for a number, and a list of rules needs hundreds."""
UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))

_format_currency = lru_cache(CACHE_SIZE)(format_currency)
_format_decimal = lru_cache(CACHE_SIZE)(format_decimal)
_format_date = lru_cache(CACHE_SIZE)(format_date)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `blocks` to draw, `text` for notifications and screen readers."""

    text: str
    blocks: list[Json]


@dataclass(frozen=True, slots=True)
class Formatter:
    """Formats values for messages and modals. `admins` are the people to ask when nobody else can help.

    `account` is the Dintero account in which the bot gives, to tell apart the requests for another one.
    """

    currency: str
    timezone: str
    admins: tuple[str, ...] = ()
    account: str = ""

    def amount(self, minor: int | Decimal) -> str:
        """Write minor units as an amount.

        >>> Formatter("NOK", "Europe/Oslo").amount(123450)
        '1,234.50 NOK'
        >>> Formatter("JPY", "Europe/Oslo").amount(500)
        '500 JPY'
        """
        value = Decimal(minor)
        if not value.is_finite() or value.adjusted() > MAX_EXPONENT:
            return f"{value} minor units of {self.currency}"
        digits = get_currency_precision(self.currency)
        pattern = f"#,##0.{'0' * digits}#### ¤¤"
        major = value.scaleb(-digits)
        return _format_currency(major, self.currency, format=pattern, locale=LOCALE, currency_digits=False)

    def number(self, value: int | Decimal) -> str:
        """Write a number with up to six decimals.

        >>> Formatter("NOK", "Europe/Oslo").number(Decimal("10.50"))
        '10.5'
        """
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() > MAX_EXPONENT:
            return str(value)
        return _format_decimal(exact, format="#,##0.######", locale=LOCALE)

    def customers(self, count: int) -> str:
        """Count customers: `1 customer`, `1,200 customers`."""
        return self.pluralize(count, "customer")

    def pluralize(self, count: int, thing: str) -> str:
        """Count things.

        >>> Formatter("NOK", "Europe/Oslo").pluralize(1200, "use")
        '1,200 uses'
        """
        return f"{self.number(count)} {thing}{'' if count == 1 else 's'}"

    def moment(self, at: datetime) -> str:
        """Write a time in the policy's time zone, the same for every reader."""
        try:
            return format_datetime(at, "d MMM y, HH:mm z", tzinfo=ZoneInfo(self.timezone), locale=LOCALE)
        except OverflowError:  # Dintero writes "for ever" as the last day of 9999
            return at.strftime("%d %b %Y, %H:%M UTC")

    def day(self, at: datetime) -> str:
        """Write a date in the policy's time zone."""
        try:
            day = at.astimezone(ZoneInfo(self.timezone)).date()
        except OverflowError:
            return at.strftime("%d %b %Y")
        return _format_date(day, "d MMM y", locale=LOCALE)

    def slack_date(self, at: datetime) -> str:
        """Write a time that Slack shows in each reader's own time zone (mrkdwn only)."""
        return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{self.moment(at)}>"

    def clock(self, at: datetime) -> str:
        """Write the time of day, to the minute, in each reader's own time zone (mrkdwn only).

        >>> Formatter("NOK", "Europe/Oslo").clock(datetime.fromisoformat("2026-11-23T13:32:40+00:00"))
        '<!date^1795440780^{time}|14:33>'
        """
        minute = (at + timedelta(seconds=30)).replace(second=0, microsecond=0)
        fallback = minute.astimezone(ZoneInfo(self.timezone))
        return f"<!date^{int(minute.timestamp())}^{{time}}|{fallback:%H:%M}>"


def duration(passed: timedelta) -> str:
    """Write a duration in its two largest units.

    >>> duration(timedelta(seconds=3725)), duration(timedelta(seconds=0.2))
    ('1 hour 2 minutes', 'less than a second')
    """
    left, parts = max(int(passed.total_seconds()), 0), []
    for name, size in UNITS:
        count, left = divmod(left, size)
        if count > 0:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "less than a second"
