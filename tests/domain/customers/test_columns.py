from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.columns import IdColumn, find


def table(*lines: str) -> list[list[str]]:
    return [line.split(";") for line in lines]


def found(head: Sequence[Sequence[str]], chosen: int | None = None) -> tuple[int, str, int]:
    """Return the column, its name and the first row of ids."""
    place = find(head, chosen)
    assert isinstance(place, IdColumn), place
    return place.column.number, place.column.name, place.first


def asked(head: Sequence[Sequence[str]]) -> list[int]:
    columns = find(head)
    assert not isinstance(columns, IdColumn), columns
    return [column.number for column in columns]


@pytest.mark.parametrize(
    "name",
    [
        "customer_id",
        "Customer ID",
        "customerId",
        "CUSTOMER-ID",
        "kundenr",
        "Kundenr.",
        "Kundenummer",
        "Kunde-ID",
        "kundnummer",
        "Asiakasnumero",
        "customer_ref",
        "Kundereferanse",
        "Kunden-Nr.",
        "Debitornummer",
        "Customer UUID",
    ],
)
def test_a_column_is_found_by_its_name_in_any_place(name: str) -> None:
    assert found(table(f"Navn;{name};Poststed", "Ann;1001;Oslo", "Bo;1002;Bergen")) == (2, name, 2)


def test_a_weak_name_counts_without_a_strong_one() -> None:
    assert found(table("id;name", "a1;Ann", "b2;Bo")) == (1, "id", 2)
    assert found(table("id;kundenr", "a1;1001", "b2;1002")) == (2, "kundenr", 2)


def test_people_under_a_weak_name_are_no_ids() -> None:
    assert asked(table("Kunde;Ordre", "Ann Lee;o-1", "Bo Ek;o-2")) == [1, 2]
    assert found(table("Kunde;Ordre", "k-1;o-1", "k-1;o-2")) == (1, "Kunde", 2)


def test_a_preamble_above_the_names_is_skipped() -> None:
    preamble = ["Eksport fra CRM;;", "26.11.2026;;", ";;"]
    assert found(table(*preamble, "Navn;Kundenr;By", "Ann;1001;Oslo")) == (2, "Kundenr", 5)


def test_a_preamble_above_a_single_column_is_skipped() -> None:
    assert found(table("Utvalg høst 2026", "", "Kundenr", "1001", "1002")) == (1, "Kundenr", 4)


def test_ids_are_never_taken_for_a_preamble() -> None:
    assert found(table("c-1", "c-2", "kunde", "c-3")) == (1, "", 1)


def test_a_list_without_names_starts_at_its_first_row() -> None:
    assert found(table("c-1", "c-2")) == (1, "", 1)


def test_an_unknown_name_is_a_name_if_the_rest_has_digits() -> None:
    assert found(table("Bonusmottaker", "a1", "b2")) == (1, "Bonusmottaker", 2)
    assert found(table("ann", "bo", "cy")) == (1, "", 1)


def test_the_only_column_that_looks_like_ids_is_taken() -> None:
    assert (
        found(
            table(
                "Ann Lee;ann@example.com;a1;12,50",
                "Bo Ek;bo@example.com;b2;12,50",
                "Cy Ås;cy@example.com;c3;9,00",
            )
        )[0]
        == 3
    )


@pytest.mark.parametrize("head", [table("kundenr;customer_id", "1;a1", "2;b2"), table("a1;x1", "b2;x2")])
def test_two_candidates_are_both_returned_with_samples(head: list[list[str]]) -> None:
    assert asked(head) == [1, 2]
    columns = find(head)
    assert not isinstance(columns, IdColumn)
    assert all(2 <= len(column.samples) <= 3 for column in columns)


def test_the_chosen_column_is_taken() -> None:
    assert found(table("kundenr;customer_id", "1;a1", "2;b2"), 2) == (2, "customer_id", 2)


def test_a_missing_column_is_not_found() -> None:
    assert find(table("kundenr;customer_id", "1;a1"), 7) == ()
    assert find([]) == ()
    assert find([["", ""], [" "]]) == ()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Mobil", ("91234567", "41234568")),
        ("Postnr", ("0150", "5003")),
        ("Ordrenr", ("10001", "10002")),
        ("Beløp", ("300", "450")),
        ("Dato", ("20261129", "20261130")),
        ("Bonusnr", ("b1", "b2")),
        ("", ("91234567", "41234568")),
    ],
)
def test_the_only_column_with_numbers_is_asked_about_and_never_taken(
    name: str, values: tuple[str, str]
) -> None:
    header = [f"Navn;{name}"] if name else []
    assert asked(table(*header, f"Ann Lee;{values[0]}", f"Bo Ek;{values[1]}")) == [1, 2]


@pytest.mark.parametrize("name", ["Mobilnummer", "Postnr.", "Ordre-id", "Beløp", "E-post", "Fødselsnummer"])
def test_a_single_column_of_something_else_is_asked_about(name: str) -> None:
    assert asked(table(name, "10000001", "10000002")) == [1]


def test_row_numbers_named_id_are_not_taken_beside_other_ids() -> None:
    assert found(table("id;customer_ref", "1;c-77", "2;c-12", "3;c-40")) == (2, "customer_ref", 2)
    assert asked(table("id;crm_customer", "1;c-77", "2;c-12", "3;c-40")) == [1, 2]
    assert asked(table("id;ref", "1;c-77", "2;c-12", "3;c-40")) == [1, 2]
    assert found(table("id;points", "1;17.50", "2;12.50", "3;17.50")) == (1, "id", 2)
    assert found(table("id;ref", "1001;c-77", "1002;c-12", "1003;c-40")) == (1, "id", 2)
    assert found(table("id;ref", "17;c-77", "12;c-12", "40;c-40")) == (1, "id", 2)


def test_an_id_beside_another_id_or_names_beside_numbers_are_asked_about() -> None:
    assert asked(table("id;user_id;amount", "17;501;5,00", "18;502;7,00")) == [1, 2]
    assert asked(table("order_id;id", "17;501", "18;502")) == [1, 2]
    assert asked(table("customer;order", "Ann;501", "Bo;502")) == [1, 2]
    assert found(table("id;paid", "17;yes", "18;no")) == (1, "id", 2)


@pytest.mark.parametrize("ids", [("1", "2"), ("Ann", "Bo"), ("c-1", "c-2")])
def test_names_that_are_narrower_than_the_rows_may_be_above_other_columns(ids: tuple[str, str]) -> None:
    """R writes the number or name of each row, and no name above these."""
    assert asked(table("customer_id;name", f"{ids[0]};c-7;Ann", f"{ids[1]};c-9;Bo")) == [1, 2, 3]
    assert found(table("customer_id;name", "c-7;Ann;", "c-9;Bo;x", "c-10;Cy;"))[0] == 1


def test_the_names_of_a_table_are_above_all_its_columns() -> None:
    columns = find(table("Email Address;First Name;LEID;EUID", "a@x.no;Ann;1234;a1", "b@x.no;Bo;1235;b2"))
    assert not isinstance(columns, IdColumn)
    assert [column.name for column in columns] == ["LEID", "EUID"]
    assert found(table("Bonusnr;Navn", "10001;Ann", "10002;Bo", "Summe;2"), 1) == (1, "Bonusnr", 2)
    assert found(table("Bonusnr;Navn", "10001;Ann", "10002;Bo", "Summe;2"), 2) == (2, "Navn", 2)


@pytest.mark.parametrize(
    "preamble",
    [
        ["Periode;november"],
        ["Kunde;Bonus AS", "Dato;26.11.2026"],
        ["Kundenr;Alle", "Dato;26.11.2026"],
        ["Butikk nr. 7;Oslo"],
    ],
)
def test_a_preamble_as_wide_as_the_table_is_skipped(preamble: list[str]) -> None:
    rows = [f"{1000 + at};Ann" for at in range(12)]
    assert found(table(*preamble, "Kundenr;Navn", *rows)) == (1, "Kundenr", len(preamble) + 2)


def test_a_preamble_above_unknown_names_gives_no_id_to_the_chosen_column() -> None:
    rows = [f"{1000 + at};Ann" for at in range(30)]
    head = table("Periode;november", "Bonusnr;Navn", *rows)
    assert asked(head) == [1, 2]
    assert found(head, 1) == (1, "Bonusnr", 3)


def test_a_repeated_header_hides_no_row() -> None:
    assert found(table("id;name", "ann;x", "bo;y", "id;name", "cy;z")) == (1, "id", 2)
    assert found(table("Kundenr;Navn", "1001;x", "1002;y", "Kundenr;Navn", "1003;z")) == (1, "Kundenr", 2)
    assert found(table("id;name", "ann;x", "bo;y", "id;name", "c1;z", "c2;w")) == (1, "id", 2)
    assert found(table("id;type", "ann;kunde", "bo;kunde")) == (1, "id", 2)


SOMETHING_ELSE = {
    "Mobil": st.from_regex("[49][0-9]{7}", fullmatch=True),
    "Postnr": st.from_regex("[0-9]{4}", fullmatch=True),
    "Ordrenr": st.integers(10_000, 99_999).map(str),
    "Beløp": st.integers(1, 9_999).map(str),
    "Dato": st.dates().map(str),
    "Navn": st.sampled_from(["Ann Lee", "Bo", "Cy Ås"]),
    "E-post": st.sampled_from(["ann@example.com", "bo@example.com"]),
}


@given(
    data=st.data(),
    names=st.lists(st.sampled_from(list(SOMETHING_ELSE)), min_size=2, max_size=5, unique=True),
    has_header=st.booleans(),
)
def test_nothing_is_decided_in_a_table_without_a_known_name(
    data: st.DataObject, names: list[str], *, has_header: bool
) -> None:
    rows = [[data.draw(SOMETHING_ELSE[name]) for name in names] for _ in range(data.draw(st.integers(1, 8)))]
    assert not isinstance(find([names, *rows] if has_header else rows), IdColumn)


@given(
    data=st.data(),
    names=st.lists(st.sampled_from(list(SOMETHING_ELSE)), max_size=4, unique=True),
    ids=st.lists(st.from_regex("[a-z]{0,2}[0-9]{1,9}", fullmatch=True), min_size=1, max_size=20),
    preamble=st.sampled_from([[], [["Utvalg høst"]], [["Periode", "november"], ["Butikk", "Oslo"]]]),
)
def test_a_column_with_a_known_name_is_found_among_all_others(
    data: st.DataObject, names: list[str], ids: list[str], preamble: list[list[str]]
) -> None:
    at = data.draw(st.integers(0, len(names)))
    rows = [[data.draw(SOMETHING_ELSE[name]) for name in names] for _ in ids]
    head = [[*names[:at], "Kundenr", *names[at:]]]
    head += [[*row[:at], one, *row[at:]] for row, one in zip(rows, ids, strict=True)]
    assert found([*preamble, *head]) == (at + 1, "Kundenr", len(preamble) + 2)
