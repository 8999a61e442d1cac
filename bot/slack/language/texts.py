"""Translates texts. The English sentence is its own key; its placeholders have names.

Only whole sentences are translated. A number writes itself as the locale does; any other value in a
placeholder is a name, an amount, a date or a phrase that stands alone, such as "3 customers".
"""

import gettext
from collections.abc import Sequence
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Final, Literal

from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from bot.slack.language.current import current, current_locale

MAX_EXPONENT: Final = 15
"""Bigger numbers are shown raw, without separators."""


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Read a catalogue as it lies in this folder, so that there is nothing to compile; none for English."""
    found = files(__package__) / f"{language}.po"
    if not found.is_file():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with found.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(text: str, /, **values: object) -> str:
    """Translate a text, then fill in its placeholders.

    >>> _("Given to {given} of {total} customers", given=1200, total=1300)
    'Given to 1,200 of 1,300 customers'
    """
    return _filled(catalogue(current().texts).gettext(text), values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Translate a text that counts something; `{count}` is the number.

    >>> ngettext("{count} customer", "{count} customers", 1200)
    '1,200 customers'
    """
    return _filled(catalogue(current().texts).ngettext(one, many, count), {"count": count, **values})


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text of a table for the catalogue; `_` translates it where it is used."""
    return text


def number(value: float | Decimal) -> str:
    """Write a number with up to six decimals, as the locale does.

    >>> number(12100), number(Decimal("10.50"))
    ('12,100', '10.5')
    """
    exact = Decimal(value)
    if not exact.is_finite() or exact.adjusted() > MAX_EXPONENT:
        return str(value)
    return format_number(exact, current().locale)


@lru_cache(4_096)  # Babel takes 30 µs or more for a number, and a list of rules needs hundreds
def format_number(value: Decimal, locale: str) -> str:
    """Write a number in a locale."""
    return format_decimal(value, format="#,##0.######", locale=locale)


def in_quotes(text: str) -> str:
    """Put a text between the quotes of the language.

    >>> in_quotes("Spar 100,-")
    '“Spar 100,-”'
    """
    return _("“{text}”", text=text)


def joined(parts: Sequence[str], last: Literal["and", "or"] = "and") -> str:
    """Join names or phrases as the language does.

    >>> joined(["Ann", "Bo", "Cleo"]), joined(["@leads", "@Chief"], "or")
    ('Ann, Bo and Cleo', '@leads or @Chief')
    """
    return format_list(list(parts), style="standard" if last == "and" else "or", locale=current_locale())


def _filled(text: str, values: dict[str, object]) -> str:
    if not values:
        return text
    return text.format_map({name: _written(value) for name, value in values.items()})


def _written(value: object) -> object:
    return number(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
