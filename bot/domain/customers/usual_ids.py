"""What the ids of a column have in common: a word among numbers is no id, whatever it says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.customers.cells import LETTER, LONGEST_WORD, SEVERAL, judge_bare
from bot.domain.customers.columns import DIGIT, MAIL
from bot.domain.customers.parsing import bare
from bot.domain.customers.uploads import RowProblem
from bot.domain.ids import CustomerId

LETTER_BEHIND_DIGIT: Final = re.compile(r"\d[\W\d_]*[^\W\d_]")
PREFIX: Final = re.compile(r"[^\W\d_]\D*[\W_](?=\d)")
SIGN: Final = re.compile(r"[\W_]")
YEAR_AND_NUMBER: Final = re.compile(r"(?:19|20)\d\d/(\d{1,6})|(\d{1,6})/(?:19|20)\d\d")
MONTHS: Final = 12
MIN_TITLED: Final = 3
WORD: Final = re.compile(r"[^\W\d_]{3}")
SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class UsualIds:
    """The form of most ids of a column. Without a form, as in a column of names, every id fits."""

    have_digits: bool = False
    are_numbers: bool = False
    """They are numbers, perhaps with letters before them."""
    have_spaces: bool = False
    lengths: frozenset[int] = frozenset()
    signs: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    """What precedes the digits and ends with a sign, as in c-1."""
    are_of_years: bool = False
    """Numbers of a year, as in 2024/17."""
    title: str = ""
    """The first value, if it has letters and no other has."""
    are_own: bool = False
    """They come from a list of the bot: each was an id once, whatever it looks like."""

    def judge(self, text: str) -> CustomerId | RowProblem:
        """Judge a bare text as `cells.judge` does, and refuse an id that is unlike the others."""
        judged = judge_bare(text)
        if self.are_own and judged in {RowProblem.SEVERAL, RowProblem.CODE} and not SEVERAL.search(text):
            return CustomerId(text)
        if self.are_of_years and judged is RowProblem.SEVERAL and YEAR_AND_NUMBER.fullmatch(text):
            return CustomerId(text)
        if isinstance(judged, RowProblem):
            return judged
        if self.are_of_years:
            return RowProblem.UNLIKE
        return judged if self.fits(text) else RowProblem.UNLIKE

    def fits(self, one: str) -> bool:
        """Tell whether an id has the usual form; random ids may have no digit, but the same length."""
        if not self.have_digits:
            return True
        if len(one) > LONGEST_WORD or DIGIT.search(one):
            return True
        if SPACE.search(one) and not self.have_spaces:
            return False
        signs = SIGN.findall(one)
        if self.are_numbers:
            is_usual = one.startswith(self.prefixes)
        else:
            is_usual = self.signs.issuperset(signs) if signs else len(one) in self.lengths
        return is_usual or bool(MAIL.fullmatch(one))


def usual_ids(values: Sequence[str], *, has_header: bool, has_id_name: bool = False) -> UsualIds:
    """Find what more than half of a column's first ids have in common.

    >>> usual_ids(["c-1", "c-2", "Slutt"], has_header=True).judge("Slutt")
    <RowProblem.UNLIKE: 'unlike'>
    """
    values = [text for text in map(bare, values) if text]
    if has_id_name and _are_of_years(values):
        return UsualIds(are_of_years=True)
    ids = [one for one in map(judge_bare, values) if not isinstance(one, RowProblem)]
    with_digits = [one for one in ids if DIGIT.search(one)]
    numbers = [one for one in with_digits if not LETTER_BEHIND_DIGIT.search(one)]
    spaced = [one for one in with_digits if SPACE.search(one)]
    if len(with_digits) * 2 <= len(ids):
        return UsualIds()
    with_letters = [one for one in ids if LETTER.search(one)]
    is_odd = with_letters == ids[:1] == values[:1] and WORD.search(values[0]) is not None
    has_title = is_odd and not has_header and len(ids) >= MIN_TITLED
    return UsualIds(
        have_digits=True,
        are_numbers=len(numbers) * 2 > len(ids),
        have_spaces=len(spaced) * 2 > len(with_digits),
        lengths=frozenset(map(len, with_digits)),
        signs=frozenset(sign for one in with_digits for sign in SIGN.findall(one)),
        prefixes=tuple({found[0] for found in map(PREFIX.match, with_digits) if found}),
        title=ids[0] if has_title and not MAIL.fullmatch(ids[0]) else "",
    )


def _are_of_years(values: Sequence[str]) -> bool:
    """Tell whether most values are numbers of a year, and one is no month: else 2024/11 may be a date."""
    found = list(filter(None, map(YEAR_AND_NUMBER.fullmatch, values)))
    return len(found) * 2 > len(values) and any(int(each[1] or each[2]) > MONTHS for each in found)
