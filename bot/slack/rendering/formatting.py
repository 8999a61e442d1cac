"""Formats amounts, numbers and times in the policy's currency and time zone, as the locale does."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_timedelta, get_timezone_name
from babel.numbers import format_currency, format_percent, get_currency_precision

from bot.slack.language.texts import MAX_EXPONENT, _, current, current_locale, joined, ngettext
from bot.slack.rendering.mrkdwn import escape, mention

CACHE_SIZE: Final = 4_096
"""Babel takes 30 µs or more for an amount, and a list of rules needs hundreds."""
CODE_BEFORE_NUMBER: Final = re.compile(r"^(-?[^\W\d]+)(?=\d)")
"""CLDR puts a space between the letters of a currency and the number; Babel leaves it out."""

MAX_ADMINS_NAMED: Final = 2

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
    names: Callable[[str], str] = field(default=lambda _who: "", compare=False)
    """The plain name of a person the bot has looked up; empty for anybody else."""

    workspace: str = ""
    """The address of the workspace, as Slack gives it, with a slash at its end."""

    def permalink(self, channel: str, ts: str | None) -> str:
        """Write the address of a message, without asking Slack; empty if it cannot be known.

        >>> Formatter("NOK", "Europe/Oslo", workspace="https://x.slack.com/").permalink("C0", "12.000034")
        'https://x.slack.com/archives/C0/p12000034'
        """
        known = self.workspace and ts
        return f"{self.workspace}archives/{channel}/p{ts.replace('.', '')}" if known and ts else ""

    def name(self, who: str) -> str:
        """Name a person without pinging them, in mrkdwn; mention one whose name nobody knows yet."""
        known = self.names(who)
        return escape(known, 60) if known else mention(who)

    @property
    def admin_names(self) -> str:
        """The first admins, named without pinging them; empty if there are none."""
        return joined([self.name(admin) for admin in self.admins[:MAX_ADMINS_NAMED]], "or")

    def amount(self, minor: int | Decimal) -> str:
        r"""Write minor units as an amount, without decimals where there are none.

        >>> Formatter("NOK", "Europe/Oslo").amount(1210000).replace("\xa0", " ")
        'NOK 12,100'
        >>> Formatter("NOK", "Europe/Oslo").amount(123450).replace("\xa0", " ")
        'NOK 1,234.50'
        """
        value = Decimal(minor)
        if not value.is_finite() or value.adjusted() > MAX_EXPONENT:
            return _("{value} minor units of {currency}", value=str(value), currency=self.currency)
        return _amount(value.scaleb(-get_currency_precision(self.currency)), self.currency, current().locale)

    def percent(self, value: int | Decimal) -> str:
        """Write a percentage.

        >>> Formatter("NOK", "Europe/Oslo").percent(Decimal("7.5"))
        '7.5%'
        """
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() > MAX_EXPONENT:
            return f"{value}%"
        return format_percent(exact / 100, locale=current_locale(), decimal_quantization=False)

    def customers(self, count: int) -> str:
        """Count customers: `1 customer`, `1,200 customers`."""
        return ngettext("{count} customer", "{count} customers", count)

    def local(self, at: datetime) -> datetime:
        """Convert a time to the policy's time zone; Dintero's "for ever", the last day of 9999, stays."""
        try:
            return at.astimezone(ZoneInfo(self.timezone))
        except OverflowError:
            return at

    def moment(self, at: datetime) -> str:
        """Write a time in the policy's time zone, the same for every reader.

        >>> Formatter("NOK", "Europe/Oslo").moment(datetime.fromisoformat("2026-11-23T13:32:40+00:00"))
        '23 Nov 2026, 14:32 CET'
        """
        try:
            here = at.astimezone(ZoneInfo(self.timezone))
        except OverflowError:  # Dintero writes "for ever" as the last day of 9999
            return self.day(at)
        return f"{self.day(at)}, {self.time(at)} {get_timezone_name(here, width='short', locale='en_GB')}"

    def time(self, at: datetime) -> str:
        """Write the time of day in the policy's time zone, the same for every reader."""
        return format_skeleton("Hm", at, tzinfo=ZoneInfo(self.timezone), locale=current_locale())

    def day(self, at: datetime) -> str:
        """Write a date in the policy's time zone.

        >>> Formatter("NOK", "Europe/Oslo").day(datetime.fromisoformat("2026-11-23T23:32:40+00:00"))
        '24 Nov 2026'
        """
        return _day(self.local(at).date(), current().locale)

    def days(self, first: datetime, last: datetime) -> str:
        """Write a span of dates in the policy's time zone: `30 Oct 2026 – 31 Dec 2027`."""
        begin, end = self.local(first).date(), self.local(last).date()
        return str(format_interval(begin, end, "yMMMd", locale=current_locale())).replace("\u2009", " ")

    def slack_date(self, at: datetime) -> str:
        """Write a time that Slack shows in each reader's own time zone (mrkdwn only)."""
        shown = _("{day} at {time}", day="{date_short_pretty}", time="{time}")
        return f"<!date^{int(at.timestamp())}^{shown}|{self.moment(at)}>"

    def clock(self, at: datetime) -> str:
        """Write the time of day, to the minute, in each reader's own time zone (mrkdwn only).

        >>> Formatter("NOK", "Europe/Oslo").clock(datetime.fromisoformat("2026-11-23T13:32:40+00:00"))
        '<!date^1795440780^{time}|14:33>'
        """
        minute = (at + timedelta(seconds=30)).replace(second=0, microsecond=0)
        return f"<!date^{int(minute.timestamp())}^{{time}}|{self.time(minute)}>"


def duration(passed: timedelta) -> str:
    """Write a duration in its largest unit.

    >>> duration(timedelta(minutes=90)), duration(timedelta(seconds=6)), duration(timedelta(days=1))
    ('90 minutes', '6 seconds', '24 hours')
    """
    if passed < timedelta(seconds=1):
        return _("less than a second")
    return format_timedelta(passed, threshold=2, locale=current_locale())


@lru_cache(CACHE_SIZE)
def _amount(major: Decimal, currency: str, locale: str) -> str:
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    if major == major.to_integral_value():
        pattern = pattern.replace("0.00", "0")
    else:
        pattern = pattern.replace("0.00", f"0.{'0' * get_currency_precision(currency)}####")
    written = format_currency(major, currency, pattern, locale=locale, currency_digits=False)
    return CODE_BEFORE_NUMBER.sub("\\1\u00a0", written)


@lru_cache(CACHE_SIZE)
def _day(day: date, locale: str) -> str:
    return format_date(day, "medium", locale=locale)
