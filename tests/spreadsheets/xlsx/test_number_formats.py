import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spreadsheets.xlsx.number_formats import shown_number, shown_text, whole, written_number


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (123, "General", "123"),
        (-5, "General", "-5"),
        (0, "General", "0"),
        (99_999_999_999, "General", "99999999999"),
        (1001.0000000000001, "General", "1001"),
        (5, "@", "5"),
        (123, "00000", "00123"),
        (1_234_567, "00000", "1234567"),
        (123, '"K-"00000', "K-00123"),
        (123, r"\K\-00000", "K-00123"),
        (123, '0"-no"', "123-no"),
        (123_456, "000-000", "123-456"),
        (7, '"1"000', "1007"),
        (123_456_789_012, "0", "123456789012"),
        (5, "##0", "5"),
        (5, '"K"General', "K5"),
        (123, r"0_ ;[Red]\-0\ ", "123 "),
        (-5, r"0_ ;[Red]\-0\ ", "-5 "),
        (-5, r"0_);\(0\)", "(5)"),
        (7, "[$-414]00000", "00007"),
        (5, "General;-General", "5"),
    ],
)
def test_a_number_is_shown_in_its_format(value: float, form: str, shown: str) -> None:
    assert shown_number(value, form) == shown


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (123_456_789_012, "General"),
        (123_456_789_012, "@"),
        (123_456_789_012, '"K"General'),
        (12.5, "General"),
        (12.5, "0"),
        (1234567890123456, "0"),
        (1234567890123450, "0"),
        (1e300, "0"),
        (123, "0.00E+00"),
        (123, "0.00"),
        (1234, "#,##0"),
        (1234, "# ##0"),
        (123, "0%"),
        (123, "0,"),
        (123, "# ?/?"),
        (123, "0*-"),
        (123, "[>100]0"),
        (123, "[$kr-414]0"),
        (123, "[$-D000414]0"),
        (123, "[DBNum1]0"),
        (123, "yyyy-mm-dd"),
        (123, "[h]:mm"),
        (123, "K0"),
        (123, '"K'),
        (123, '"x"'),
        (123, ";;;"),
        (123, ""),
        (123, '"K-"@'),
        (0, "#"),
        (12, "###-###"),
        (-5, "0;;"),
        (0, '0;-0;"none"'),
        (123, "0" * 300),
        (123, "0;0;0;0;0"),
        (float("inf"), "0"),
    ],
)
def test_a_number_that_is_shown_otherwise_is_never_guessed(value: float, form: str) -> None:
    assert shown_number(value, form) is None


@given(value=st.integers(0, 10**15 - 1), width=st.integers(1, 20), prefix=st.sampled_from(["", "K", "no. "]))
def test_leading_zeros_and_words_are_those_of_the_format(value: int, width: int, prefix: str) -> None:
    form = f'"{prefix}"{"0" * width}'
    assert shown_number(value, form) == f"{prefix}{value:0{width}}"


@given(value=st.floats(), form=st.text('0#.,%E+-?*_\\"@;[]$hRd: General', max_size=12))
def test_every_format_is_certain_or_refused(value: float, form: str) -> None:
    shown = shown_number(value, form)
    number = whole(value)
    assert shown is None or (number is not None and shown.strip())
    if shown and '"' not in form and "\\" not in form and not any(sign in form for sign in "0+-()"):
        assert "".join(filter(str.isdigit, shown)) == str(abs(number or 0))


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("General", "ann"),
        ("@", "ann"),
        ("00000", "ann"),
        ("0;-0;0", "ann"),
        ('"K-"@', "K-ann"),
        ('0;"K-"@', "K-ann"),
        ("0;0;0;[Red]@", "ann"),
        (r'_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)', " ann "),
        (";;;", None),
        ('0;0;0;"text"', None),
        ('"K', None),
    ],
)
def test_a_text_is_shown_in_its_format(form: str, shown: str | None) -> None:
    assert shown_text("ann", form) == shown


def test_dates_and_amounts_are_written_for_people() -> None:
    assert written_number(46355, "yyyy-mm-dd") == "2026-11-29"
    assert written_number(44893, "yyyy-mm-dd", days=1462) == "2026-11-29"
    assert written_number(46355.5, "d.m.yy h:mm") == "2026-11-29T12:00:00"
    assert written_number(0.25, "h:mm") == "06:00:00"
    assert written_number(12.5, "0.00") == "12.5"
    assert written_number(-1, "yyyy-mm-dd") == "-1"
