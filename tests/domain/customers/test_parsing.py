"""The characters that are stripped around a customer id."""

from bot.domain.customers.parsing import OUTER


def test_all_of_pythons_whitespace_is_stripped() -> None:
    assert {letter for letter in map(chr, range(0x110000)) if letter.isspace()} <= set(OUTER)
