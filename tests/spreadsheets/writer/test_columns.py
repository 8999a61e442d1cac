"""The list's rows have the columns of the source files, and ids that the reader finds again."""

import pytest

from bot.domain.customers.own_lists import ENDING
from bot.domain.ids import CustomerId
from bot.domain.requests.batches import NotGiven, Outcome
from bot.spreadsheets import detection
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.writer.columns import FileTable, OutcomeColumns, in_columns, table_of
from tests.spreadsheets.sample_files import workbook
from tests.spreadsheets.writer.sample_lists import SHORT, WHY

SOURCE = b"Navn;Kundenr;By\nAnn;k1;Oslo\nBo;k2;Bergen\nAnn igjen;k1;Moss\nCleo;k3;\n"
REFUSED = ["refused", "no such customer", SHORT]


def not_given(*customers: str, outcome: Outcome = Outcome.REFUSED) -> dict[str, NotGiven]:
    return {
        one: NotGiven(row, CustomerId(one), outcome, "no such customer")
        for row, one in enumerate(customers, start=1)
    }


def opened(data: bytes, *, name: str = "vip.csv", column: int | None = None) -> FileTable:
    return table_of(name, detection.table_of(Content([data])), column)


def listed(
    customers: dict[str, NotGiven], *tables: FileTable, outcome_columns: OutcomeColumns | None = None
) -> list[list[str]]:
    rows = in_columns(tables, customers, outcome_columns or OutcomeColumns(WHY, SHORT))
    return [list(row) for row in rows]


def test_a_row_is_as_in_its_file_with_its_row_number_and_the_request() -> None:
    assert listed(not_given("k1", "k3"), opened(SOURCE)) == [
        ["Navn", "Kundenr", "By", "row", "outcome", "reason", "request"],
        ["Ann", "k1", "Oslo", "2", *REFUSED],
        ["Cleo", "k3", "", "5", *REFUSED],
    ]


def test_several_files_give_all_columns_one_id_column_and_a_file_column() -> None:
    two = opened(b"customer_id,Navn,Tlf\nx,Di,1\nk2,Bo too,2\n", name="two.txt")
    assert listed(not_given("k2", "x", "typed"), opened(SOURCE), two) == [
        ["Navn", "Kundenr", "By", "Tlf", "file", *ENDING],
        ["Bo", "k2", "Bergen", "", "vip.csv", "3", *REFUSED],
        ["Di", "x", "", "1", "two.txt", "2", *REFUSED],
        ["", "typed", "", "", "", "", *REFUSED],
    ]


def test_typed_customers_come_last_in_the_id_column() -> None:
    last = listed(not_given("typed", "k2"), opened(SOURCE))[-1]
    assert last == ["", "typed", "", "", *REFUSED]


def test_columns_without_a_header_are_named_by_letter_and_the_ids_are_customer_id() -> None:
    assert listed(not_given("1002"), opened(b"Ann;1001\nBo;1002\n", column=2)) == [
        ["column A", "customer_id", *ENDING],
        ["Bo", "1002", "2", *REFUSED],
    ]


@pytest.mark.parametrize("other", ["Navn", "customer_id", "Kundenummer"])
def test_ids_in_a_column_that_does_not_name_them_alone_are_repeated_in_customer_id(other: str) -> None:
    data = f"Ref;{other}\nr1;Ann\nr2;Bo\n".encode()
    assert listed(not_given("r2", "typed"), opened(data, column=1)) == [
        ["Ref", other, "customer_id", *ENDING],
        ["r2", "Bo", "r2", "3", *REFUSED],
        ["typed", "", "typed", "", *REFUSED],
    ]


def test_a_list_of_the_bot_keeps_its_own_columns_once() -> None:
    data = f"Ref;customer_id;{';'.join(ENDING)}\n1;c-1;7;refused;no;R-2222A\n2;c-2;8;refused;no;R-2222A\n"
    assert listed(not_given("c-2"), opened(data.encode())) == [
        ["Ref", "customer_id", *ENDING],
        ["2", "c-2", "3", *REFUSED],
    ]


def test_a_workbooks_rows_are_as_excel_shows_them() -> None:
    data = workbook(
        [["customer_id", "name", "since"], ["x-1", "Ann", None], [None, "Bo", None], [4711, "-Di", 2024]]
    )
    assert listed(not_given("4711"), opened(data, name="flere.xlsx")) == [
        ["customer_id", "name", "since", *ENDING],
        ["4711", "-Di", "2024", "4", *REFUSED],
    ]


def test_columns_of_one_name_stay_separate_below_a_preamble() -> None:
    rows = listed(not_given("k1", "k2"), opened(b"Liste over kunder\n\nKundenr,Note,Note\nk1,a,b\nk2,c\n"))
    assert rows[0] == ["Kundenr", "Note", "Note", *ENDING]
    assert [row[:4] for row in rows[1:]] == [["k1", "a", "b", "4"], ["k2", "c", "", "5"]]


@pytest.mark.parametrize("written", ['="0042"', " 0042 ", "\u200b0042"])
def test_an_id_is_found_however_its_cell_is_written_and_listed_alone(written: str) -> None:
    (row,) = listed(not_given("0042"), opened(f"Kundenr\tNavn\n{written}\tAnn\n".encode()))[1:]
    assert row[:3] == ["0042", "Ann", "2"]


def test_a_reason_stays_on_one_line() -> None:
    customers = {"k1": NotGiven(1, CustomerId("k1"), Outcome.REFUSED, "no\r\n\n such;\tcustomer ")}
    assert listed(customers, opened(SOURCE))[1][-2] == "no such; customer"


def test_unknown_customers_in_dinteros_list_have_their_own_reason() -> None:
    outcome_columns = OutcomeColumns(WHY, SHORT, frozenset({"k2"}))
    customers = not_given("k1", "k2")
    unknown = {one: NotGiven(each.row, each.customer, Outcome.UNKNOWN) for one, each in customers.items()}
    rows = listed(unknown, opened(SOURCE), outcome_columns=outcome_columns)
    assert [row[-2] for row in rows[1:]] == ["no answer", "no answer, but there"]
    assert outcome_columns.counts == {Outcome.UNKNOWN: 2}
