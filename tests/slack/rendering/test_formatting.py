"""Amounts, numbers, times and durations as text."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.language.texts import NORWEGIAN, Language, number, use_language
from bot.slack.rendering.formatting import Formatter, duration

LOOK = Formatter("NOK", "Europe/Oslo")


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [
        ("NOK", 10_000, "NOK 100"),
        ("NOK", -5, "-NOK 0.05"),
        ("NOK", 123_456_789, "NOK 1,234,567.89"),
        ("NOK", Decimal("1050.5"), "NOK 10.505"),
        ("JPY", 500, "JP¥500"),
        ("KWD", 1_500, "KWD 1.500"),
        ("NOK", Decimal("1E+40"), "1E+40 minor units of NOK"),
        ("NOK", Decimal("NaN"), "NaN minor units of NOK"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(currency: str, minor: int | Decimal, shown: str) -> None:
    assert Formatter(currency, "Europe/Oslo").amount(minor).replace("\xa0", " ") == shown


@given(st.integers() | st.decimals())
def test_every_amount_and_number_can_be_written(value: int | Decimal) -> None:
    assert LOOK.amount(value)
    assert number(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_can_be_written(at: datetime) -> None:
    assert LOOK.moment(at)
    assert LOOK.day(at)
    assert LOOK.slack_date(at).startswith("<!date^")


def test_a_time_is_written_in_the_policys_zone() -> None:
    summer = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert LOOK.moment(summer) == "1 Jul 2026, 12:00 CEST"
    assert Formatter("NOK", "UTC").moment(summer) == "1 Jul 2026, 10:00 UTC"


def test_a_slack_date_falls_back_on_the_policys_zone() -> None:
    at = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert (
        LOOK.slack_date(at)
        == f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|1 Jul 2026, 12:00 CEST>"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "less than a second"),
        (1, "1 second"),
        (61, "61 seconds"),
        (90_061, "25 hours"),
        (259_200, "3 days"),
        (-5, "less than a second"),
    ],
)
def test_a_duration_has_one_unit(seconds: float, shown: str) -> None:
    assert duration(timedelta(seconds=seconds)) == shown


def test_amounts_percentages_and_dates_are_written_as_the_locale_does() -> None:
    at = datetime(2026, 11, 29, 7, 46, tzinfo=UTC)

    def written() -> list[str]:
        look = Formatter("NOK", "Europe/Oslo")
        return [
            text.replace("\xa0", " ")
            for text in (look.amount(1_210_000), look.percent(15), number(12_100), look.moment(at))
        ]

    assert written() == ["NOK 12,100", "15%", "12,100", "29 Nov 2026, 08:46 CET"]
    with use_language(NORWEGIAN):
        assert written() == ["12 100 kr", "15 %", "12 100", "29. nov. 2026, 08:46 CET"]
    with use_language(Language("en", "en_US")):
        assert written()[3] == "Nov 29, 2026, 08:46 CET"
