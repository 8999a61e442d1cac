"""Texts as Excel and its Nordic users write them give the same ids in every encoding and separator."""

import csv
import io
from collections.abc import Iterable
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.row_fit import RowFit
from bot.domain.customers.separators import SEPARATORS, rows_of
from bot.domain.customers.tables import MISFIT
from bot.domain.customers.uploads import FileProblem, FileRead, RowProblem
from bot.domain.ids import CustomerId
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.csv_table import TextTable
from bot.spreadsheets.encodings import PART_BYTES
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.__main__ import answer_of, read
from bot.spreadsheets.row_blocks import blocks_of
from tests.support.examples import many_examples

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
NAMES = st.text(alphabet="ABCæøåÆØÅäöüé ,;|\"'", max_size=8)
QUOTE = '"'
IDS = st.from_regex(r"[a-z]{1,2}[0-9]{1,6}(-[0-9a-f]{4})?", fullmatch=True)
PREAMBLES = st.sampled_from(["", "Eksport fra CRM\n", "Utvalg: høst 2026\n\n"])


def no_ids() -> UniqueIds:
    return UniqueIds(lambda _ids: None)


def ids_of(data: bytes, column: int | None = None) -> list[str]:
    ids: list[CustomerId] = []
    found = read(Content([data]), column, UniqueIds(ids.extend))
    assert isinstance(found, FileRead), found
    return list(ids)


def problem_of(data: bytes) -> FileProblem:
    return FileProblem(answer_of(Content([data]), None, no_ids())["why"])


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=10)
@given(
    ids=st.lists(IDS, min_size=2, max_size=12),
    names=st.lists(NAMES, min_size=12, max_size=12),
    preamble=PREAMBLES,
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_ids_are_read_from_a_table(
    encoding: str, separator: str, ids: list[str], names: list[str], preamble: str, line_end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end)
    writer.writerow(["Navn på kunden", "Kundenr", "Poststed"])
    writer.writerows([name, one, "Ås"] for one, name in zip(ids, names, strict=False))
    assert ids_of((preamble + text.getvalue()).encode(encoding)) == list(dict.fromkeys(ids))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(
    ids=st.lists(st.text(alphabet="abcæøåÅ0123456789-", min_size=1, max_size=20), min_size=1, max_size=12),
    header=st.booleans(),
)
@settings(max_examples=10)
def test_ids_are_read_from_a_plain_list(encoding: str, ids: list[str], *, header: bool) -> None:
    ids = [f"x{one}1" for one in ids]
    text = "\r\n".join([*(["Kundenummer"] if header else []), *ids])
    assert ids_of(text.encode(encoding)) == list(dict.fromkeys(ids))


def test_excels_sep_line_sets_the_separator_and_counts_as_a_row() -> None:
    ids: list[CustomerId] = []
    found = read(Content([b"sep=|\nkundenr|navn\na1|Ann, Lee\n*|Bo\n"]), None, UniqueIds(ids.extend))
    assert isinstance(found, FileRead)
    assert ids == ["a1"]
    assert [odd.row for odd in found.odd_rows] == [4]


def test_a_quoted_cell_with_line_breaks_is_one_row() -> None:
    found = read(Content([b'kundenr,merknad\na1,"to\nlinjer"\n*,x\n']), None, no_ids())
    assert isinstance(found, FileRead)
    assert [odd.row for odd in found.odd_rows] == [3]


@given(
    text=st.text(alphabet=st.sampled_from("a1æ;,\r\n\x0b\x1c\u2028\x85 '"), min_size=1, max_size=60).filter(
        str.strip
    ),
    column=st.integers(1, 3),
    first=st.integers(1, 4),
    piece=st.integers(1, 9),
)
@many_examples(300)
def test_without_quotes_the_fast_path_finds_what_csv_finds(
    text: str, column: int, first: int, piece: int
) -> None:
    _compare(text.encode(), column, first, piece=piece)


@pytest.mark.parametrize("shift", range(5))
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_no_line_is_broken_at_the_end_of_a_part(shift: int, line_end: str) -> None:
    lines = [f"{'æ' * (number % 3)}{number};Ås {number % 7}" for number in range(PART_BYTES // 6)]
    _compare(("x" * shift + line_end.join(["a;b", *lines])).encode(), 2, 1)


def _compare(data: bytes, column: int, first: int, *, piece: int = PART_BYTES) -> None:
    """Compare the fast path with what `csv` reads."""
    try:
        quick_table, careful_table = TextTable(_cut(data, piece)), TextTable(Content([data]))
    except FileError:
        return
    rows = careful_table._rows(careful_table._content.chunks)  # noqa: SLF001 - the path for quotes
    fit = RowFit(rows_of(careful_table._sample, careful_table._separator), column)  # noqa: SLF001
    careful = list(blocks_of(islice(map(fit.fitted, rows), first - 1, None), column))
    quick = list(quick_table.blocks(column, first))
    assert _without_marks(one for block in quick for one in block.values) == _without_marks(
        one for block in careful for one in block.values
    )
    assert [_without_marks(row) for block in quick for row in block.rows()] == [
        _without_marks(row) for block in careful for row in block.rows()
    ]


def _without_marks(values: Iterable[str]) -> list[str]:
    """Take off the marks of rows that do not fit: which they are is found block by block."""
    return [value.replace(MISFIT, "") for value in values]


def _cut(data: bytes, size: int) -> Content:
    """Cut a file into chunks that are smaller than any file's."""
    content = Content([data])
    content.chunks = [data[start : start + size] for start in range(0, len(data), size)]
    return content


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", FileProblem.EMPTY),
        (b" \r\n\r\n", FileProblem.EMPTY),
        (b"\xef\xbb\xbf", FileProblem.EMPTY),
        (b"kundenr\n", FileProblem.EMPTY),
        (b"kundenr\n1,23457E+11\n1,23458E+11\n", FileProblem.SHORTENED),
        (b"1,23457E+11\n", FileProblem.SHORTENED),
        (b"kundenr\n1001,5\n1002,5\n", FileProblem.NO_ID),
        (b"kundenr;navn\n;Ann\n*;Bo\n", FileProblem.NO_ID),
        (b"kundenr\na1\x00\nb2\n", FileProblem.NO_TEXT),
        (b"\xff\xfea\x00b", FileProblem.BROKEN),
        ("kundenr\nblåbær\nbl".encode() + b"\xc3", FileProblem.BROKEN),
        (bytes(range(1, 9)) * 50 + b"\x81", FileProblem.NO_TEXT),
        (b"x" * 10_000_000, FileProblem.LONG_LINE),
        (b"a;" * 5_000_000 + b"\nb;c", FileProblem.LONG_LINE),
        (b"a1,b2,c3,d4,e5,f6,g7\n", FileProblem.ONE_LINE),
        (b"1001;7|8\n1002;9|3\n", FileProblem.SEPARATOR),
        (b"Kundenr:Navn\n1001:Ann\n1002:Bo\n", FileProblem.SEPARATOR),
        (b"Kundenr^Navn\n1001^Ann\n1002^Bo\n", FileProblem.SEPARATOR),
        (b"Kundenr\n1001,1002\n1003,1004\n", FileProblem.NO_ID),
        (b"%PDF-1.7 kundenr", FileProblem.KIND),
        (b"\x89PNG\r\n\x1a\n", FileProblem.KIND),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), FileProblem.OLD_EXCEL),
    ],
)
def test_an_unreadable_file_has_a_reason(data: bytes, why: FileProblem) -> None:
    assert problem_of(data) is why


def rows_told(data: bytes) -> tuple[list[str], list[tuple[int, RowProblem]]]:
    ids: list[CustomerId] = []
    found = read(Content([data]), None, UniqueIds(ids.extend), told=10_000)
    assert isinstance(found, FileRead), found
    return list(ids), [(odd.row, odd.why) for odd in found.odd_rows]


LINES = [f"{number};Kunde {number};Ås" for number in range(1001, 4001)]


@pytest.mark.parametrize("at", [1, 2, 1500, 2998, 2999])
@pytest.mark.parametrize("broken", ['{};"Kunde;Ås', '{};Kunde;"Ås', '{};"Kunde";"Ås'])
def test_an_unclosed_quote_loses_no_row(at: int, broken: str) -> None:
    lines = [*LINES[:at], broken.format(LINES[at][:4]), *LINES[at + 1 :]]
    ids, told = rows_told("\n".join(["Kundenr;Navn;Sted", *lines]).encode())
    assert (ids, told) == ([line[:4] for line in LINES], [])


def test_a_quoted_cell_that_may_hold_rows_gives_no_id() -> None:
    ids, told = rows_told(b'kundenr;merknad\nann;x\nbo;"hei\ncy;du\ndi";y\nem;z\n')
    assert ids == ["ann", "em"]
    assert [why for _, why in told] == [RowProblem.MISFIT] * 3


def test_an_address_of_several_lines_is_one_cell() -> None:
    ids, told = rows_told(b'kundenr;adresse\n1001;"Storgata 1\n0155 Oslo"\n1002;"Torget 2\r\n5003 Bergen"\n')
    assert (ids, told) == (["1001", "1002"], [])


@pytest.mark.parametrize("name", ["Kunde\nnr", "Kunde-\r\nnr.", "Kundenr\n\n"])
def test_the_name_of_a_column_may_go_over_several_lines(name: str) -> None:
    data = f'"{name}";"Sum\nkj\u00f8p"\n1001;5\n1002;7\n'.encode()
    assert rows_told(data) == (["1001", "1002"], [])


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_windows_byte_in_utf_8_costs_its_own_row(mark: bytes) -> None:
    lines = ["kundenr;sted", "kåre1;Ås", "bjørn2;Bodø", "anne3;Moss"]
    data = mark + "\n".join(lines).encode() + b"\nk\xe5re4;Oslo\nole5;\xc5s\n"
    ids, told = rows_told(data)
    assert (ids, told) == (["kåre1", "bjørn2", "anne3", "ole5"], [(5, RowProblem.ENCODING)])


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("1003;Cy;Bo\ndø", ["1001", "1002", "1003"]),
        ("1003;C\ny;Bodø", ["1001", "1002", "1003"]),
        ("1003;Cy;Bodø;1004;Di;Moss", ["1001", "1002"]),
        ("1003", ["1001", "1002", "1003"]),
        ("103;Cy", ["1001", "1002"]),
    ],
)
def test_a_part_of_a_row_gives_no_id(line: str, ids: list[str]) -> None:
    found, told = rows_told(
        f"Kundenr;Navn;Sted\n1001;Ann;Moss\n1002;Bo;Moss\n{line}\n9001;Ed;Moss\n9002;Fi;Moss\n".encode()
    )
    assert found == [*ids, "9001", "9002"]
    assert {why for _, why in told} == ({RowProblem.MISFIT} if line != "1003" else set())


MUTANTS = ['"', "'", ",", ";", "|", "\t", "\n", "\ufffd", "Ã¥", " ", "", "\udce5", '""', "\ufeff", "<"]


@given(
    numbers=st.lists(st.integers(100_000, 999_999), min_size=4, max_size=12, unique=True),
    separator=st.sampled_from(SEPARATORS),
    id_at=st.integers(0, 2),
    edits=st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 40), st.sampled_from(MUTANTS), st.booleans()), max_size=3
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
@many_examples(1_000)
def test_damage_beside_the_ids_is_named_or_harmless(
    numbers: list[int],
    separator: str,
    id_at: int,
    edits: list[tuple[int, int, str, bool]],
    encoding: str,
) -> None:
    """Rows of a good file are damaged beside their ids: no other id comes out, and none is lost unnamed."""
    ids = [f"K{number}" for number in numbers]
    lines = [f"{separator.join(_with_id(one, id_at))}\n" for one in ("kundenr", *ids)]
    for row, at, mutant, replaces in {edit[0] // 2: edit for edit in edits}.values():  # none beside another
        if row < len(ids):
            lines[row + 1] = _damaged(lines[row + 1], ids[row], at, mutant, replaces=replaces)
    data = "".join(lines).encode(encoding, errors="surrogateescape")
    if answer_of(Content([data]), None, no_ids())["kind"] != "read":
        return
    found, told = rows_told(data)
    assert set(found) <= set(ids)
    assert told or set(found) == set(ids)


def _with_id(one: str, at: int) -> list[str]:
    row = ["navn", "sted"] if one == "kundenr" else ["Åse Lee", "Bodø by"]
    return [*row[:at], one, *row[at:]]


def _damaged(line: str, id_: str, at: int, mutant: str, *, replaces: bool) -> str:
    """Insert something before or after the id, or put it in place of a character there."""
    at, start = at % len(line), line.index(id_)
    if start < at < start + len(id_) or (replaces and at == start):
        return line
    return line[:at] + mutant + line[at + replaces :]


@pytest.mark.parametrize("text", ["anna\nc-1\nc-2\n", "kari@x.no\nola2@x.no\nper3@x.no\n"])
def test_a_first_word_that_may_be_an_id_is_named(text: str) -> None:
    ids, told = rows_told(text.encode())
    assert len(ids) + len(told) == 3
    assert told in ([], [(1, RowProblem.HEADER)])
