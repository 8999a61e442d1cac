"""Languages: who reads what in which one."""

import pytest

from bot.slack.language.texts import ENGLISH, NORWEGIAN, current, language_of, ngettext, number, use_language


def test_a_text_is_translated_and_its_number_written_as_the_language_does() -> None:
    with use_language(NORWEGIAN):
        assert ngettext("{count} customer", "{count} customers", 1) == "1 kunde"
        assert ngettext("{count} customer", "{count} customers", 1200).replace("\xa0", " ") == "1 200 kunder"
    assert ngettext("{count} customer", "{count} customers", 1200) == "1,200 customers"


def test_a_language_that_is_chosen_late_is_the_one_known_by_then() -> None:
    known = [ENGLISH]
    with use_language(lambda: known[-1]):
        known.append(NORWEGIAN)
        assert current() == NORWEGIAN
        assert number(1.5) == "1,5"


@pytest.mark.parametrize("locale", ["", "de-DE", "fr", "xx", "../en", "e"])
def test_a_language_without_a_catalogue_is_nobodys(locale: str) -> None:
    assert language_of(locale) is None
