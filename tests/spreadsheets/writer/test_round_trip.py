"""Whatever the bot writes into a list, it reads back as the same ids, or names the row."""

import csv
import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.own_lists import ENDING
from bot.domain.customers.pasted import read_customers
from bot.domain.customers.separators import SEPARATORS
from bot.domain.ids import CustomerId
from bot.domain.requests.outcome_codec import frame_of
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.reader.__main__ import answer_of
from bot.spreadsheets.worker_protocol import frame, read_frames
from bot.spreadsheets.writer.__main__ import write
from tests.spreadsheets.writer.sample_lists import SHORT, WHY, ends
from tests.support.examples import many_examples

NAMES = [
    ["Kundenr", "Navn"],
    ["Navn", "customer_id"],
    ["customer_id", "Kundenr"],
    ["Ref", "Navn"],
    ["id", "Beløp", "Dato"],
    [*["Navn", "Kundenr"], *ENDING],
]
USUAL = st.from_regex(r"[a-zæ]{1,3}-[0-9]{1,8}|[0-9]{1,8}", fullmatch=True)
FORMATTED = st.from_regex(r"00[0-9]{4}|[+][0-9]{10}|[a-z]{3}@[a-z]{3}[.]no", fullmatch=True)
ODD = st.text(st.sampled_from('abEe0019-_:@+#=./ "æÆłß\u3042😀'), min_size=1, max_size=8)
IDS = st.lists(USUAL | FORMATTED | ODD, min_size=3, max_size=8, unique=True)
NOTES = st.text(st.sampled_from("ab 12,;|=+-@'\"æ\u200b"), max_size=8)
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]


@dataclass
class Read:
    """The ids of a file, and what else the reader says."""

    ids: list[CustomerId]
    odd: int = 0
    request: str = ""


def read(data: bytes, column: int | None = None) -> Read | None:
    """Read a file as the form does; None if it is refused, or a column has to be chosen."""
    ids: list[CustomerId] = []
    answer = answer_of(Content([data]), column, UniqueIds(ids.extend))
    if answer["kind"] == "read":
        return Read(ids, answer["file"]["odd"], answer["file"]["request"])
    return None


def list_of(ids: Sequence[str], files: Sequence[tuple[str, bytes, int | None]] = (), why: str = "") -> bytes:
    """Write the list of these customers, in the columns of these files."""
    portion = frame_of(ends(refused=[(one, why) for one in ids[::2]], not_tried=ids[1::2]))
    stdin = io.BytesIO(
        frame(portion)
        + frame(b"")
        + b"".join(frame(zlib.compress(data)) + frame(b"") for _, data, _ in files)
    )
    stdout = io.BytesIO()
    columns = [(name, column, 0) for name, _, column in files]
    write({"why": WHY, "request": SHORT, "there": [], "files": columns}, stdin, stdout)
    stdout.seek(0)
    written = b"".join(read_frames(stdout))
    assert sum(json.loads(next(read_frames(stdout)))["counts"].values()) == len(ids)
    return written


@st.composite
def texts(draw: st.DrawFn, ids: Sequence[str]) -> bytes:
    """Draw a text with these ids, in columns of any names, or without names."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=draw(st.sampled_from(SEPARATORS))).writerows(draw(rows(ids)))
    return text.getvalue().encode(draw(st.sampled_from(ENCODINGS)), errors="replace")


@st.composite
def workbooks(draw: st.DrawFn, ids: Sequence[str]) -> bytes:
    """Draw a workbook with these ids."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = draw(st.sampled_from(["Ark1", "Høst (26)"]))
    for row in draw(rows(ids)):
        book.worksheets[0].append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@st.composite
def rows(draw: st.DrawFn, ids: Sequence[str]) -> list[list[str]]:
    names = draw(st.sampled_from(NAMES))
    at = draw(st.integers(0, min(len(names), 2) - 1))
    cells = [[draw(NOTES) for _ in names] for _ in ids]
    for row, one in zip(cells, ids, strict=True):
        row[at] = one
    return [names, *cells] if draw(st.booleans()) else cells


@many_examples(200)
@given(data=st.data(), ids=IDS, others=IDS, why=NOTES, column=st.sampled_from([None, None, 1, 2]))
def test_a_list_of_files_is_read_back_as_the_same_ids(
    data: st.DataObject, ids: list[str], others: list[str], why: str, column: int | None
) -> None:
    kinds = [texts(ids), workbooks(ids), texts(others), workbooks(others)]
    drawn = data.draw(st.lists(st.one_of(kinds), min_size=1, max_size=3))
    files = [(f"{at}.csv", one, column) for at, one in enumerate(drawn) if read(one, column)]
    customers = dict.fromkeys(one for _, file, _ in files for one in found(file, column))
    some = [one for one in customers if data.draw(st.booleans())]
    if some:
        back = read(list_of(some, files, why))
        # in the order of the rows: an id that one file refuses may stand in it before those that it gives
        assert back
        assert (sorted(back.ids), back.odd, back.request) == (sorted(some), 0, SHORT)


def found(file: bytes, column: int | None) -> list[CustomerId]:
    read_ = read(file, column)
    return read_.ids if read_ else []


@given(ids=IDS, why=NOTES)
def test_typed_ids_are_read_back_as_the_same_ids_or_named(ids: list[str], why: str) -> None:
    typed = [one for text in ids for one in read_customers(text).ids]
    back = read(list_of(list(dict.fromkeys(typed)), why=why))
    if back:
        assert set(back.ids) <= set(typed)
        assert (len(back.ids) + back.odd, back.request) == (len(set(typed)), SHORT)


@given(ids=IDS, kept=st.sampled_from(SEPARATORS))
def test_an_id_typed_beside_a_text_is_read_back_or_named(ids: list[str], kept: str) -> None:
    typed = list(dict.fromkeys(one for text in ids for one in read_customers(text).ids if one != "known-1"))
    source = f"Kundenr{kept}Navn\nknown-1{kept}Ann\n".encode()
    back = read(list_of(["known-1", *typed], [("a.csv", source, None)]))
    assert back
    assert set(back.ids) <= {"known-1", *typed}
    assert len(back.ids) + back.odd == len(typed) + 1
