"""Among ids with digits, words are no ids: footers, titles, remarks, and what belongs to another table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.columns import IdColumn, find
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.pasted import read_customers
from bot.domain.customers.tables import Row, block_of
from bot.domain.customers.uploads import RowProblem
from bot.domain.customers.usual_ids import usual_ids

NUMBERS = st.one_of(
    st.from_regex("[1-9][0-9]{3,8}", fullmatch=True),
    st.from_regex("(K|c-|NO-|cust_)[1-9][0-9]{0,6}", fullmatch=True),
)
WORDS = st.sampled_from(
    [
        "Slutt",
        "EOF",
        "Butikken AS",
        "Mvh Kari",
        "string",
        "Kontantkunde",
        "Gesamt",
        "Confidential",
        "Hilsen Bo",
    ]
)


def read(*lines: str) -> tuple[list[str], list[tuple[int, RowProblem]]]:
    """Read a table of cells apart by semicolons."""
    rows: list[Row] = [line.split(";") for line in lines]
    place = find(rows)
    assert isinstance(place, IdColumn)
    ids: list[str] = []
    extractor = IdExtractor(place, rows, UniqueIds(ids.extend))
    extractor.consume(place.first, block_of(rows[place.first - 1 :], place.column.number))
    return ids, [(odd.row, odd.why) for odd in extractor.read().odd_rows]


@given(st.lists(NUMBERS, min_size=2, max_size=12, unique=True), WORDS, st.integers(0, 12))
def test_a_word_among_numbers_is_named_and_no_id(numbers: list[str], word: str, at: int) -> None:
    at = min(at, len(numbers))
    lines = [*numbers[:at], word, *numbers[at:]]
    ids, told = read("customer_id", *lines)
    assert ids == numbers
    assert [row for row, _ in told] == [at + 2]
    pasted = read_customers("\n".join(lines))
    assert (list(pasted.ids), [each.row for each in pasted.unreadable]) == (numbers, [at + 1])


@given(st.lists(st.from_regex("[a-z]{2,8}( [a-z]{2,8})?", fullmatch=True), min_size=1, max_size=8))
def test_ids_that_are_words_are_judged_each_for_itself(words: list[str]) -> None:
    assert all(map(usual_ids(words, has_header=True).fits, words))


@pytest.mark.parametrize(
    ("ids", "one"),
    [
        (["cus_Nf4rFeUfNV2Hib", "cus_9s6XKzkNRiz8i3"], "cus_NffrFeUfNVxHib"),
        (["9f3e1c7a", "1b2c3d4e", "7a7b7c7d"], "deadbeef"),
        (["YW4xMjM0NQ==", "Ym8yMzQ1Ng=="], "YWJjZGVmZ2g="),
        (["ann1@example.com", "bo2@example.com"], "cy.ek@example.com"),
    ],
)
def test_a_random_id_or_an_address_needs_no_digit(ids: list[str], one: str) -> None:
    assert usual_ids(ids, has_header=True).judge(one) == one
    assert usual_ids(ids, has_header=True).judge("Butikken AS") is RowProblem.UNLIKE


def test_an_id_of_letters_behind_the_usual_prefix_is_one() -> None:
    usual = usual_ids(["c-1", "c-2", "NO_3"], has_header=True)
    assert [usual.judge(one) for one in ("c-last", "NO_x")] == ["c-last", "NO_x"]
    assert {usual.judge(one) for one in ("last", "c", "Hilsen-Kari", "d-x")} == {RowProblem.UNLIKE}


def test_words_with_a_space_are_unlike_ids_with_one() -> None:
    usual = usual_ids(["K 1001", "K 1002", "K 1003"], has_header=True)
    assert usual.judge("K 1004") == "K 1004"
    assert usual.judge("Hilsen Kari") is RowProblem.UNLIKE
    assert usual_ids(["1001", "1002"], has_header=True).judge("K 1004") == "K 1004"


def test_numbers_of_a_year_below_a_known_name_are_ids() -> None:
    years = ["2024/17", "2024/1", "2023/1044", "17/2025"]
    assert read("customer_id", *years, "Slutt", "3/11", "2024/11/03") == (
        years,
        [(6, RowProblem.UNLIKE), (7, RowProblem.SEVERAL), (8, RowProblem.FORMATTED)],
    )
    for lines in (
        ("customer_id", "2024/11", "2024/12"),
        ("3/11", "4/11"),
        ("Nr", *years),
        ("customer_id", "1001/1002"),
    ):
        assert read(*lines)[0] == []
    assert read_customers("Kundenr\n2024/17\n2024/18").ids == ("2024/17", "2024/18")
    assert read_customers("2024/17\n2024/18").ids == ()


def test_a_first_value_with_letters_is_a_title_above_numbers() -> None:
    assert read("Uke48", "1001", "1002") == (["1001", "1002"], [(1, RowProblem.HEADER)])
    assert read("customer_id", "K1", "1001", "1002") == (["K1", "1001", "1002"], [])
    assert read("K1", "1001", "K2") == (["K1", "1001", "K2"], [])


@pytest.mark.parametrize("names", ["Ordrenr;Sum", "Postnr;Sted", "Order ID;Amount", "Fakturadato;Kommentar"])
def test_the_rows_of_another_table_below_are_no_ids(names: str) -> None:
    ids, told = read("Kundenr;Navn", "1001;Ann", "1002;Bo", ";", names, "9001;x", "9002;y")
    assert ids == ["1001", "1002"]
    assert [row for row, _ in told] == [5, 6, 7]
    assert {why for _, why in told[1:]} == {RowProblem.MISFIT}


@pytest.mark.parametrize("names", ["Kundenr;Navn", "Kundenummer;Fullt navn"])
def test_names_of_ids_below_another_table_begin_ids_again(names: str) -> None:
    rows = ("Kundenr;Navn", "1001;Ann", "1002;Bo", "Ordrenr;Sum", "9001;x", names, "1003;Cy")
    assert read(*rows)[0] == ["1001", "1002", "1003"]


@pytest.mark.parametrize("word", ["Antall", "Totalt:", "-----", "=======", "Sum"])
def test_the_number_below_a_total_is_no_id(word: str) -> None:
    ids, told = read("Kundenr", "1001", "1002", "", word, "", "2")
    assert (ids, told[-1]) == (["1001", "1002"], (7, RowProblem.TOTAL))
    assert read("Kundenr", "1001", "1002", word, "1003")[0] == ["1001", "1002", "1003"]
    assert read("Kundenr;Beløp", "7;1", "8;2", "Totalt;3", "2;4")[0] == ["7", "8", "2"]


def test_a_line_below_the_names_is_no_total() -> None:
    assert read("customer_id", "-----------", "1", "2")[0] == ["1", "2"]
