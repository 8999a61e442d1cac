import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.columns import IdColumn, find
from bot.domain.customers.extraction import LINE, IdExtractor, UniqueIds
from bot.domain.customers.parsing import bare
from bot.domain.customers.pasted import read_customers
from bot.domain.customers.tables import LONGEST_TEXT, Row, block_of
from bot.domain.customers.uploads import TOLD, Doubt, FileRead, RowProblem
from bot.domain.customers.usual_ids import usual_ids
from bot.domain.ids import CustomerId

AWKWARD = st.text(alphabet=st.sampled_from('abEe019-_: "@+#=./*\u200b\xa0æ'), max_size=12)


def taken(*values: str, name: str = "kundenr") -> tuple[list[str], FileRead]:
    rows: list[Row] = [[name], *([value] for value in values)]
    place = find(rows)
    assert isinstance(place, IdColumn)
    ids: list[str] = []
    extractor = IdExtractor(place, rows, UniqueIds(ids.extend))
    extractor.consume(place.first, block_of(rows[place.first - 1 :], 1))
    return ids, extractor.read()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("x" * 256, RowProblem.TOO_LONG),
        ("a\x00b", RowProblem.HIDDEN),
        ("a\u200bb", RowProblem.HIDDEN),
        ("1.23457E+11", RowProblem.SHORTENED),
        ("1,23457E+11", RowProblem.SHORTENED),
        ("1E+15", RowProblem.SHORTENED),
        ("*", RowProblem.RESERVED),
        ("/", RowProblem.RESERVED),
        ("#N/A", RowProblem.ERROR),
        ("a1, b2", RowProblem.SEVERAL),
    ],
)
def test_an_unusable_id_is_listed_by_row_and_never_guessed(value: str, why: RowProblem) -> None:
    ids, read = taken("a1", value, "b2")
    assert ids == ["a1", "b2"]
    assert [(odd.row, odd.why) for odd in read.odd_rows] == [(3, why)]
    assert (read.found, read.odd) == (2, 1)


def test_a_row_without_id_is_listed_and_an_empty_row_is_not() -> None:
    rows: list[Row] = [["navn", "kundenr"], ["Ann", "1"], ["Bo", " "], ["", ""], [], ["Cy"], ["Di", "4"]]
    place = find(rows)
    assert isinstance(place, IdColumn)
    extractor = IdExtractor(place, rows, UniqueIds(lambda _ids: None))
    extractor.consume(2, block_of(list(rows[1:]), 2))
    assert [odd.row for odd in extractor.read().odd_rows] == [3, 6]


def test_ids_that_look_like_something_else_are_counted() -> None:
    ids, read = taken("ann@example.com", "+4791234567", "12345678", "ann lee")
    assert len(ids) == 4
    assert [(each.why, each.count, each.first) for each in read.doubtful] == [
        (Doubt.MAIL, 1, ((2, "ann@example.com"),)),
        (Doubt.PHONE, 1, ((3, "+4791234567"),)),
        (Doubt.SPACED, 1, ((5, "ann lee"),)),
    ]


def test_many_doubtful_ids_are_all_counted_and_the_first_are_kept() -> None:
    _, read = taken(*[f"{number}@example.com" for number in range(TOLD * 2)])
    (mails,) = read.doubtful
    assert (mails.count, len(mails.first)) == (TOLD * 2, TOLD)


def test_leading_zeros_of_a_protected_number_are_kept() -> None:
    assert taken('="00123"', "00124")[0] == ["00123", "00124"]


@pytest.mark.parametrize("value", ["1E-5", "12345678901234567890E-1234", "1.5E-05"])
def test_a_shortened_number_is_refused_in_any_company(value: str) -> None:
    for beside in ("a1", "x" * 255, "b8a1abcd-1a69-16c7-4da4-f9fc3c6da5d7"):
        ids, read = taken(beside, value, beside)
        assert (ids, [odd.why for odd in read.odd_rows]) == ([beside], [RowProblem.SHORTENED])


def test_the_text_of_an_unreadable_row_is_kept() -> None:
    rows: list[Row] = [["navn", "kundenr"], ["Ann", "1"], ["Bo", " "], ["Cy", "x" * 500]]
    place = find(rows)
    assert isinstance(place, IdColumn)
    extractor = IdExtractor(place, rows, UniqueIds(lambda _ids: None))
    extractor.consume(2, block_of(rows[1:], 2))
    assert [odd.text for odd in extractor.read().odd_rows] == ["Bo", "x" * LONGEST_TEXT]


def test_a_hexadecimal_id_is_no_shortened_number() -> None:
    assert taken("12397E6", "1e5", "9E11")[0] == ["12397E6", "1e5", "9E11"]


def set_aside(judged: list[CustomerId | RowProblem]) -> list[CustomerId]:
    return [one for one in judged if not isinstance(one, RowProblem)]


@given(st.lists(AWKWARD.filter(lambda text: not LINE.fullmatch(bare(text))), min_size=1, max_size=8))
def test_quick_and_careful_extraction_give_the_same(values: list[str]) -> None:
    """A suspect value makes the extractor check the whole block; each value alone gives the same."""
    usual = usual_ids(["a1", *values], has_header=True)
    alone = [usual.judge(bare(value)) for value in ["a1", *values]]
    assert taken("a1", *values)[0] == list(dict.fromkeys(set_aside(alone)))


@given(st.lists(AWKWARD, min_size=1, max_size=8))
def test_a_file_of_one_column_gives_what_pasting_it_gives(values: list[str]) -> None:
    ids, read = taken("a1", *values)
    pasted = read_customers("\n".join(["kundenr", "a1", *values]))
    assert tuple(ids) == pasted.ids
    assert [(odd.row, odd.why) for odd in read.odd_rows] == [(odd.row, odd.why) for odd in pasted.unreadable]
