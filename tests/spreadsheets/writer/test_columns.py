"""The list's rows have the columns of the source files, and no cell that a spreadsheet computes."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.tables import FORMULA
from bot.domain.ids import CustomerId
from bot.domain.requests.batches import NotGiven, Outcome
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.writer.columns import FileTable, OutcomeColumns, csv_of, in_columns, plain, table_of
from tests.spreadsheets.sample_files import workbook
from tests.spreadsheets.writer.sample_lists import WHY

SOURCE = b"Navn;Kundenr;By\nAnn;k1;Oslo\nBo;k2;Bergen\nAnn igjen;k1;Moss\nCleo;k3;\n"


def not_given(*customers: str, outcome: Outcome = Outcome.REFUSED) -> dict[str, NotGiven]:
    return {
        one: NotGiven(row, CustomerId(one), outcome, "no such customer")
        for row, one in enumerate(customers, start=1)
    }


def listed(
    customers: dict[str, NotGiven], *tables: FileTable, outcome_columns: OutcomeColumns | None = None
) -> list[list[str]]:
    rows = in_columns(tables, customers, outcome_columns or OutcomeColumns(WHY), several=len(tables) > 1)
    return read(b"".join(csv_of(rows)))


def read(written: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))


def test_a_row_is_as_in_its_file_with_its_row_number() -> None:
    assert listed(not_given("k1", "k3"), table_of("vip.csv", Content([SOURCE]), None)) == [
        ["Navn", "Kundenr", "By", "row", "outcome", "reason"],
        ["Ann", "k1", "Oslo", "2", "refused", "no such customer"],
        ["Cleo", "k3", "", "5", "refused", "no such customer"],
    ]


def test_several_files_give_all_columns_and_a_file_column() -> None:
    two = table_of("two.txt", Content([b"customer_id,Navn\nx,Di\nk2,Bo too\n"]), None)
    assert listed(not_given("k2", "x"), table_of("vip.csv", Content([SOURCE]), None), two) == [
        ["Navn", "Kundenr", "By", "customer_id", "file", "row", "outcome", "reason"],
        ["Bo", "k2", "Bergen", "", "vip.csv", "3", "refused", "no such customer"],
        ["Di", "", "", "x", "two.txt", "2", "refused", "no such customer"],
    ]


def test_typed_customers_come_last_in_the_id_column() -> None:
    last = listed(not_given("typed", "k2"), table_of("vip.csv", Content([SOURCE]), None))[-1]
    assert last == ["", "typed", "", "", "refused", "no such customer"]


def test_columns_without_a_header_are_named_by_letter() -> None:
    rows = listed(not_given("1002"), table_of("plain.csv", Content([b"Ann;1001\nBo;1002\n"]), 2))
    assert rows == [
        ["column A", "column B", "row", "outcome", "reason"],
        ["Bo", "1002", "2", "refused", "no such customer"],
    ]


def test_a_workbooks_rows_are_as_excel_shows_them() -> None:
    data = workbook(
        [["customer_id", "name", "since"], ["x-1", "Ann", None], [None, "Bo", None], [4711, "-Di", 2024]]
    )
    assert listed(not_given("4711"), table_of("flere.xlsx", Content([data]), None)) == [
        ["customer_id", "name", "since", "row", "outcome", "reason"],
        ["4711", "'-Di", "2024", "4", "refused", "no such customer"],
    ]


def test_columns_of_one_name_stay_separate_below_a_preamble() -> None:
    data = b"Liste over kunder\n\nKundenr,Note,Note\nk1,a,b\nk2,c\n"
    rows = listed(not_given("k1", "k2"), table_of("x.csv", Content([data]), None))
    assert rows[0] == ["Kundenr", "Note", "Note", "row", "outcome", "reason"]
    assert [row[:4] for row in rows[1:]] == [["k1", "a", "b", "4"], ["k2", "c", "", "5"]]


@pytest.mark.parametrize("written", ['="0042"', " 0042 ", "\u200b0042"])
def test_an_id_is_found_however_its_cell_is_written(written: str) -> None:
    data = f"Kundenr\tNavn\n{written}\tAnn\n".encode()
    (row,) = listed(not_given("0042"), table_of("x.tsv", Content([data]), None))[1:]
    assert row[1:3] == ["Ann", "2"]


def test_unknown_customers_in_dinteros_list_have_their_own_reason() -> None:
    outcome_columns = OutcomeColumns(WHY, frozenset({"k2"}))
    customers = not_given("k1", "k2")
    unknown = {one: NotGiven(each.row, each.customer, Outcome.UNKNOWN) for one, each in customers.items()}
    rows = listed(unknown, table_of("vip.csv", Content([SOURCE]), None), outcome_columns=outcome_columns)
    assert [row[-1] for row in rows[1:]] == ["no answer", "no answer, but there"]
    assert outcome_columns.counts == {Outcome.UNKNOWN: 2}


def test_no_cell_of_a_file_is_a_formula() -> None:
    data = b"Kundenr,=1+1,@SUM(A1)\nk1,-2+3,+47 900 00 000\n"
    rows = listed(not_given("k1"), table_of("x.csv", Content([data]), None))
    assert not [one for row in rows for one in row if one.startswith(FORMULA)]
    assert rows[1][1:3] == ["'-2+3", "'+47 900 00 000"]


@given(customer=st.text(min_size=1, max_size=20), why=st.text(max_size=20))
def test_any_id_and_reason_are_one_row_of_four_cells_without_formulas(customer: str, why: str) -> None:
    written = b"".join(
        csv_of(plain([NotGiven(1, CustomerId(customer), Outcome.REFUSED, why)], OutcomeColumns(WHY)))
    )
    header, row = read(written)
    assert header == ["customer_id", "row", "outcome", "reason"]
    assert len(row) == 4
    assert not any(one.startswith(FORMULA) for one in row)
    assert row[0].removeprefix("'") == customer.removeprefix("'")


def test_half_a_character_is_written_as_an_escape() -> None:
    customers = [NotGiven(1, CustomerId("a\ud800"), Outcome.UNKNOWN)]
    assert rb"a\ud800" in b"".join(csv_of(plain(customers, OutcomeColumns(WHY))))
