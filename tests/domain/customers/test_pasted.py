"""Pasted text is read as a list or as a table, with the same checks as a file."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.customers.cells import judge
from bot.domain.customers.parsing import MAX_LENGTH, OUTER, RESERVED
from bot.domain.customers.pasted import CustomerList, read_customers
from bot.domain.customers.uploads import NO_COLUMN, Doubt, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId

NEW_LINES = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
SEPARATORS = [*NEW_LINES, ",", ";", "|", "\t"]

plain_ids = st.from_regex(r"[abcæøÅé]{1,3}[019]{1,4}[-_.:@]?[abc]{1,2}", fullmatch=True)
too_long = st.integers(min_value=MAX_LENGTH + 1, max_value=2 * MAX_LENGTH).map(
    lambda length: "1" + "x" * length
)
hidden = st.sampled_from(["1\x00b", "1\x07b", "1\u200bb", "1\u202eb", "1\ud800b"])
around = st.text(st.sampled_from(sorted(set(OUTER) - set("".join(SEPARATORS)))), max_size=3)


def ids(*of: str) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(each) for each in of)


def doubts(found: CustomerList) -> dict[Doubt, list[tuple[int, CustomerId]]]:
    return {each.why: list(each.first) for each in found.read.doubtful} if found.read else {}


@pytest.mark.parametrize("separator", SEPARATORS)
def test_new_lines_commas_semicolons_bars_and_tabs_separate_ids(separator: str) -> None:
    assert read_customers(f"ann{separator}bo").ids == ids("ann", "bo")


def test_a_space_inside_belongs_to_the_id_and_is_reported() -> None:
    found = read_customers("a b c\nd\u00a0e\nf")
    assert found.ids == ids("a b c", "d\u00a0e", "f")
    assert doubts(found) == {Doubt.SPACED: [(1, "a b c"), (2, "d\u00a0e")]}


@pytest.mark.parametrize("space", sorted(OUTER))
def test_space_and_invisible_characters_around_an_id_are_not_part_of_it(space: str) -> None:
    assert read_customers(f"{space}ann{space}").ids == ids("ann")


@pytest.mark.parametrize(
    "quoted", ['"ann"', "“ann”", "”ann”", "„ann“", "„ann”", '""ann""', ' "\ufeff ann " ']
)
def test_double_quotes_at_both_ends_are_stripped(quoted: str) -> None:
    assert read_customers(quoted).ids == ids("ann")


def test_quotes_do_not_protect_a_separator() -> None:
    found = read_customers('"ann,bo"')
    assert [(each.row, each.why) for each in found.unreadable] == [(1, RowProblem.QUOTE)] * 2


@pytest.mark.parametrize("nothing", ["", " ", "\n\n", ",;\t,", '""', "“ ”", "\ufeff", '" "" "'])
def test_text_without_ids_is_an_empty_list(nothing: str) -> None:
    found = read_customers(nothing)
    assert found.ids == ()
    assert not found.unreadable


def test_repeats_are_counted_and_left_out_in_the_order_of_the_first() -> None:
    found = read_customers("bo, ann, bo, ann, bo")
    assert (found.ids, found.repeated) == (ids("bo", "ann"), 3)


def test_case_and_encoding_of_an_id_are_kept() -> None:
    assert read_customers("Ann\nann\né\ne\u0301").ids == ids("Ann", "ann", "é", "e\u0301")


def test_everyone_and_nobody_are_reserved_and_never_an_id() -> None:
    found = read_customers("ann, *, / , '*', \"*\", *")
    assert found.ids == ids("ann")
    assert [each.text for each in found.unreadable] == ["*", "/", "*", "*", "*"]
    assert {each.why for each in found.unreadable} == {RowProblem.RESERVED}


def test_an_id_of_255_characters_is_read_and_one_of_256_is_not() -> None:
    found = read_customers("x" * 255 + "\n\n" + "ann, " + "y" * 256)
    assert found.ids == ids("x" * 255, "ann")
    assert found.unreadable == (UnreadableRow(3, RowProblem.TOO_LONG, "y" * 200),)


@pytest.mark.parametrize("bad", ["a\x00b", "a\x7fb", "a\u200bb", "a\u202eb"])
def test_an_id_with_a_hidden_character_is_unreadable(bad: str) -> None:
    found = read_customers(f"ann\r\n{bad}")
    assert found.ids == ids("ann")
    assert found.unreadable == (UnreadableRow(2, RowProblem.HIDDEN, bad),)


def test_a_carriage_return_and_line_feed_end_one_line() -> None:
    assert read_customers("ann\r\n\r\n" + "x" * 300).unreadable[0].row == 3


def test_a_mile_of_quotes_is_unreadable_at_once() -> None:
    (found,) = read_customers('"' * 1_000_000).unreadable
    assert (found.row, found.why) == (1, RowProblem.TOO_LONG)


def test_an_id_with_letters_that_this_python_does_not_know_yet_is_read() -> None:
    assert read_customers("a\u0378\ue000").ids == ids("a\u0378\ue000")


@given(
    st.lists(
        st.tuples(
            st.one_of(plain_ids, st.sampled_from(sorted(RESERVED)), too_long, hidden),
            around,
            st.sampled_from(SEPARATORS),
        )
    )
)
def test_nothing_is_lost_and_the_order_is_kept(pieces: list[tuple[str, str, str]]) -> None:
    found = read_customers("".join(f"{space}{piece}{space}{separator}" for piece, space, separator in pieces))
    if found.unclear or found.read:
        return
    judged = [judge(piece) for piece, _, _ in pieces]
    good = [one for one in judged if not isinstance(one, RowProblem)]
    assert list(found.ids) == list(dict.fromkeys(good))
    assert [each.why for each in found.unreadable] == [one for one in judged if isinstance(one, RowProblem)]
    assert found.repeated == len(good) - len(found.ids)


wild = st.text(st.one_of(st.characters(), st.sampled_from('",;\n\r\t*/ “”„\u200b\ufeff\x00')), max_size=400)


@given(wild)
@example('"\u200b"x"\u200b"')
@example('“"ann"”')
def test_every_parsed_id_is_valid_for_dintero(text: str) -> None:
    found = read_customers(text)
    assert len(set(found.ids)) == len(found.ids)
    for customer in found.ids:
        assert 0 < len(customer) <= MAX_LENGTH
        assert customer == customer.strip() == customer.strip(OUTER)
        assert customer not in RESERVED
        assert customer in text
        assert judge(customer) == customer
        customer.encode()
    assert {one for of_kind in doubts(found).values() for _, one in of_kind} <= set(found.ids)


@given(wild)
def test_parsing_the_ids_again_gives_the_same_ids(text: str) -> None:
    found = read_customers(text)
    again = read_customers("\n".join(found.ids))
    assert not again.unreadable
    assert again.ids == found.ids or (again.read and again.read.header == 1)


@given(wild)
def test_unreadable_ids_have_ascending_line_numbers(text: str) -> None:
    lines = [each.row for each in read_customers(text).unreadable]
    assert all(before <= after for before, after in pairwise([1, *lines, max(1, len(text.splitlines()))]))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Kundenr\n1001\n1002", ("1001", "1002")),
        ("Nummer\r\n1001\r\n1002\r\n", ("1001", "1002")),
        ("Kundenr\tNavn\n1001\tAnn Lee\n1002\tBo", ("1001", "1002")),
        ("id,name\n1,Ann\n2,Bo", ("1", "2")),
        ("| Kundenr | Navn |\n| 1001 | Ann |\n| 1002 | Bo |", ("1001", "1002")),
        (
            "Kundenr;Adresse (gate, sted)\n1001;Storgata 1, 0155 Oslo\n1002;Torget 2, 5003 Bergen",
            ("1001", "1002"),
        ),
        ("'c-1','c-2'", ("c-1", "c-2")),
        ('\'00123\n="00124"', ("00123", "00124")),
    ],
)
def test_a_pasted_table_or_header_gives_the_ids_alone(text: str, read: tuple[str, ...]) -> None:
    found = read_customers(text)
    assert (found.ids, found.unreadable) == (read, ())


@pytest.mark.parametrize(
    "text",
    [
        "1001\tAnn Lee\n1002\tBo",
        "Navn;Nummer\nAnn;1001\nBo;1002",
        "1001, Ann\n1002, Bo",
        '"Lee, Ann",1001\n"Ås, Bo",1002',
        "1001, Ann; Lee\n1002, Bo; Berg",
        "Nr;Adresse (gate, sted)\n1001;Torget 1, Ås\n1002;Torget 2, Moss",
    ],
)
def test_a_pasted_table_without_a_known_name_is_refused(text: str) -> None:
    found = read_customers(text)
    assert (found.ids, found.unclear) == ((), True)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1,23457E+11",
            "4001,0",
            "4001,0\n4002,0",
            "1,234,567",
            "1,234,567\n1,234,568",
            "1,234,567; 1,234,568",
        ),
        *(
            "1,234,567, 1,234,568",
            "1,234,567,1,234,568",
            "1001, 12,50",
            "101,102,103",
            "#N/A",
            "NULL\n#N/A",
            "1001\tAnn",
        ),
        *(
            "1001, Ann Lee\n1002",
            "['c-1', 'c-2']",
            '["c-1","c-2"]',
            "{c-1, c-2}",
            "('c-1'),('c-2')",
            "1001 Ann\n1002 Bo",
        ),
        *(
            "1001  Ann\n1002  Bo",
            "• c-1\n• c-2",
            "Kundenr: 1001, 1002",
            "customer_id, c-1, c-2",
            "Her er de:\nKundenr\n1001",
        ),
        *(
            "c-1\nKundenr\nc-2",
            "c-1\nc-2\nTotalt 2",
            "kunde 1001 og 1002",
            "ann\tbo\ncy\tdi",
            "c-1, c-2\nc-3, c-4",
        ),
        *("1001,5550001\n1002,5550002", "https://shop.example/a,b", "Navn\tKundenr\nAnn\t1001\nBo\t"),
    ],
)
def test_a_doubt_in_pasted_text_is_reported_and_nothing_is_guessed(text: str) -> None:
    found = read_customers(text)
    assert found.unreadable or found.unclear


@pytest.mark.parametrize(
    ("text", "name", "header", "column"),
    [
        ("\nKundenr\n1001", "Kundenr", 2, NO_COLUMN),
        ("Navn\tKundenr\n\nAnn\t1001", "Kundenr", 1, 2),
    ],
)
def test_the_column_and_its_name_are_told(text: str, name: str, header: int, column: int) -> None:
    read = read_customers(text).read
    assert read
    assert (read.column.name, read.header, read.column.number) == (name, header, column)


def test_ids_of_a_plain_list_that_look_like_something_else_are_told_by_line() -> None:
    found = read_customers("ann@example.com, bo@example.com\n+4791234567")
    assert doubts(found) == {
        Doubt.MAIL: [(1, "ann@example.com"), (1, "bo@example.com")],
        Doubt.PHONE: [(2, "+4791234567")],
    }


def test_the_lines_of_a_table_are_those_of_the_text() -> None:
    found = read_customers("Kundenr\tNavn\n\n1001\tAnn\n\n1 002\tBo\n\tCy")
    assert [(each.row, each.why) for each in found.unreadable] == [
        (5, RowProblem.FORMATTED),
        (6, RowProblem.EMPTY),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1001 Ann;Lee\n1002 Bo;Berg",
        "Navn,Kundenr\nAnn,1001\nLee, Bo,1002\nCy,1003",
        "Kundenr\tAdresse\tSted\n1001\tTorget 1\tÅs\n1002\tTorget\n2\tÅs\n1003\tTorget 3\tÅs",
        "Ann Lee;Oslo\nBo Berg;Moss",
    ],
)
def test_a_doubt_in_a_pasted_table_is_reported(text: str) -> None:
    found = read_customers(text)
    assert found.unreadable or found.unclear


@pytest.mark.parametrize("text", ["kari@x.no\nola2@x.no", "anna\nc-1", "kari@x.no, ola2@x.no"])
def test_the_first_word_of_a_list_is_no_header_unless_it_is_a_known_name(text: str) -> None:
    found = read_customers(text)
    assert len(found.ids) + len(found.unreadable) == 2


def test_a_pasted_list_of_the_bot_names_its_request() -> None:
    read = read_customers(
        "customer_id\trow\toutcome\treason\trequest\nc-1\t1\tunknown\tno answer\tR-7K2QF\n"
        "c-2\t2\tunknown\tno answer\tR-7K2QF"
    ).read
    assert read
    assert read.request == "R-7K2QF"
