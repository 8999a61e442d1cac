"""The language that texts are written in now; a handler or a message sets it for all that it calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Final

from babel import Locale


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
    name, _, region = locale.replace("-", "_").partition("_")
    if name in {"no", "nn", "nb"}:
        return NORWEGIAN
    return (
        Language("en", f"en_{region}" if region in {"US", "GB"} else ENGLISH.locale) if name == "en" else None
    )
