"""Chooses the language of what a person or a channel reads, and translates texts into it.

The English sentence is its own key; its placeholders have names. Only whole sentences are translated. A
number writes itself as the locale does; any other value in a placeholder is a name, an amount, a date or a
phrase that stands alone, such as "3 customers".
"""

import asyncio
import gettext
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Final, Literal

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Directory
from bot.domain.preferences import Preferences
from bot.errors import DatabaseUnavailable, DirectoryUnavailable

MAX_EXPONENT: Final = 15
"""Bigger numbers are shown raw, without separators."""
PREFERENCE_SECONDS: Final = 0.25
"""How long an answer waits to know its language: it comes in the wrong one rather than late."""


@dataclass(frozen=True, slots=True)
class Language:
    """The catalogue of the texts, and the locale of numbers, money and dates."""

    texts: str
    locale: str


ENGLISH: Final = Language("en", "en_GB")
NORWEGIAN: Final = Language("nb", "nb_NO")
DEFAULTS: Final = {"en": ENGLISH, "nb": NORWEGIAN}


def chosen(texts: str, locale: str) -> Language:
    """Return the language of a catalogue, with another locale if one is set."""
    return Language(texts, locale or DEFAULTS[texts].locale)


_choose: ContextVar[Callable[[], Language]] = ContextVar("language", default=lambda: ENGLISH)


def current() -> Language:
    """Return the language that holds now."""
    return _choose.get()()


def current_locale() -> Locale:
    """Return the locale that holds now."""
    return _parsed(current().locale)


@cache
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale)


def set_language(choose: Callable[[], Language]) -> None:
    """Choose the language of all texts that this task writes from now on."""
    _choose.set(choose)


@contextmanager
def use_language(language: Language | Callable[[], Language]) -> Iterator[None]:
    """Write in a language until the block ends; a function chooses it when the first text is written."""
    choose = (lambda: language) if isinstance(language, Language) else language
    token = _choose.set(choose)
    try:
        yield
    finally:
        _choose.reset(token)


def language_of(locale: str) -> Language | None:
    """Choose the language for a locale as Slack writes it; None if there is no catalogue for it.

    >>> language_of("en-US"), language_of("no-NO"), language_of("de-DE")
    (Language(texts='en', locale='en_US'), Language(texts='nb', locale='nb_NO'), None)
    """
    name, _dash, region = locale.replace("-", "_").partition("_")
    if name in {"no", "nn", "nb"}:
        return NORWEGIAN
    return (
        Language("en", f"en_{region}" if region in {"US", "GB"} else ENGLISH.locale) if name == "en" else None
    )


@dataclass(frozen=True, slots=True)
class ReaderLanguages:
    """People read in the language that they chose, else in their Slack's, else in the channel's."""

    policy: Policy
    directory: Directory
    preferences: Callable[[UserId], Awaitable[Preferences]]

    def of_channel(self, *channels: str) -> Language:
        """Choose the language of the first of these channels that the policy lists, or the policy's own."""
        listed = (self.policy.channels.get(ChannelId(channel)) for channel in channels)
        settings = next(filter(None, listed), self.policy)
        return chosen(settings.language, settings.locale)

    def of_person(self, user: str, channel: str = "", preferred: str = "") -> Language:
        """Choose the language of a person, from what is known of them by now."""
        profile = self.directory.last_known(UserId(user))
        slack = language_of(profile.locale) if profile else None
        if preferred and (slack is None or slack.texts != preferred):
            return chosen(preferred, "")
        return slack or self.of_channel(channel)

    async def chooser(self, user: str, channel: str = "") -> Callable[[], Language]:
        """Choose at each text: by the time that an answer is written, the person has been looked up."""
        preferred = await self._preferred(user)
        return lambda: self.of_person(user, channel, preferred)

    async def look_up(self, user: str, channel: str = "") -> Language:
        """Choose the language of a person, after looking them up if that was not done yet."""
        if self.directory.last_known(UserId(user)) is None:
            try:
                await self.directory.profile(UserId(user))
            except DirectoryUnavailable:
                return self.of_channel(channel)
        return self.of_person(user, channel, await self._preferred(user))

    async def _preferred(self, user: str) -> str:
        try:
            async with asyncio.timeout(PREFERENCE_SECONDS):
                return (await self.preferences(UserId(user))).language
        except (TimeoutError, DatabaseUnavailable):
            return ""


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
