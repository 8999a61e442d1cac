"""One function judges every cell and every pasted piece: an id, or the reason why it is none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.customers.cells import WORDS, judge, problem_in
from bot.domain.customers.columns import IdColumn
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.parsing import MAX_LENGTH, OUTER, RESERVED
from bot.domain.customers.tables import block_of
from bot.domain.customers.uploads import Column, RowProblem
from tests.support.examples import many_examples

PROBLEMS = {
    RowProblem.EMPTY: ["", " ", '""', "''", '=""', "\ufeff"],
    RowProblem.MISFIT: ["\ufdd01001", "\ufdd0", "\ufdd0" + "x" * 300],
    RowProblem.TOO_LONG: ["x" * 256, '"' * 100_000],
    RowProblem.RESERVED: ["*", "/", "'*'", '="/"', "\uff0a"],
    RowProblem.LINK: ["https://shop.example/a1", "www.shop.no", "mailto:ann@example.com", "<http://x|x>"],
    RowProblem.ENCODING: [
        "kÃ¥re1",
        "KÃ…RE1",
        "bj\xc3\xb8rn",
        "k\ufffdre1",
        "k?re1",
        "k\udce5re1",
        "k†re1",
        "+AOU-se1",
        "kunde-+AMY-1",
        "bj\u203arn",
        "bj¿rn",
        "kŒre1",
        "s„r1",
        "â€“1",
    ],
    RowProblem.ERROR: ["#N/A", "#I/T", "#VERDI!", "#REF!", "#DIV/0!", "#NAVN?", "#SPILL!", "#####"],
    RowProblem.NOTHING: [
        *(
            "NULL",
            "null",
            "nil",
            "None",
            "nan",
            "NaN",
            "NaT",
            "\\N",
            "N/A",
            "n.a.",
            "<NA>",
            "(null)",
            "[null]",
        ),
        *(
            "undefined",
            "-",
            "--",
            "—",
            ".",
            "...",
            "_",
            "TRUE",
            "false",
            "SANN",
            "ukjent",
            "(tomt)",
            "Saknas",
            "-" * 60,
            "Anonymous",
            "xxx",
            "XX",
            "_x_x_",
            "ååå",
            "ukjent kunde",
            "mangler kundenr",
            "ikke medlem",
            "Uten kundenr",
        ),
    ],
    RowProblem.HEADER: [
        "Kundenr",
        "KUNDENR.",
        "customer_id",
        "Customer ID",
        "id",
        "Kundenr: 1001",
        "id 1001",
        "id:1001",
        "Customer_ID:b8a1abcd-1a69-16c7-4da4-f9fc3c6da5d7",
        "Kunde #1001",
    ],
    RowProblem.TOTAL: [
        "Total",
        "Sum:",
        "Totalt: 3",
        "total 1 234",
        "Antall rader: 3",
        "Gjennomsnitt 5,5",
        "(2 rows affected)",
        "3 kunder",
        "Sum alle kunder",
        "Oslo Total",
        "K1001 Totalt",
        "Total for Oslo 2026",
        "Total général",
        "Gesamtergebnis",
        "Seite 1 von 3",
    ],
    RowProblem.SHORTENED: ["1.23457E+11", "1,23457E+11", "1E+15", "1e-5", "1.5E5", "-1.2e+10"],
    RowProblem.FORMATTED: [
        *(
            "1001.0",
            "1001,00",
            "1 234 567",
            "1\u00a0234\u202f567",
            "1\u2009234",
            "1.234.567",
            "1,234,567",
            "1'234'567",
        ),
        *(
            "1’234",
            "4001,0",
            "1001.",
            "kr 100",
            "1 234,50 kr",
            "100,-",
            "$1,001.00",
            "12%",
            "-5",
            "+ 47 912",
            "1001-",
        ),
        *(
            "2026-02-01",
            "01.02.2026",
            "1/2/2026",
            "12/31/26",
            "2026-02-01T12:30:00",
            "12:30",
            "1-Feb",
            "feb.26",
            "mai 2026",
            "2026-03",
            "03-2026",
            "2026-W12",
            "20260302T101500Z",
            "−1001",
        ),
        *("91 23 45 67", "+47 912 34 567", "1001²", "Ⅳ", "１００１", "١٢٣"),  # noqa: RUF001 - looks like 1001
    ],
    RowProblem.CODE: [
        *(
            "[1001",
            "1001]",
            "</td>",
            "<td>1001</td>",
            '{"a": 1',
            '"nr": 1001',
            "nr = 1001",
            "x='a1'",
            "a1);",
            "('a1'",
        ),
        *(
            "=A1",
            "=SUM(A1)",
            "=HYPERLINK(a)",
            "-- a1",
            "// a1",
            "/* a1",
            "• a1",
            "- a1",
            "1. a1",
            "2) a1",
            "SELECT a1",
        ),
        *(
            "{b8a1abcd-1a69-16c7-4da4-f9fc3c6da5d7}",
            "a\\b",
            "INSERT INTO x",
            "a1 (Ann)",
            "Ann <ann@example.com>",
            "✅ 1001",
            "1001 ✓",
            "№ 1001",
            "*1001*",
            "*****1234",
            "ann%40example.com",
            "c-3.",
            "her er kundene:",
            "1001!",
            "k-1&nbsp",
            "k-1&ensp",
            "k-1&amp;k-2",
            "&#160;k1",
            "_k-2_",
            "__k2__",
            "BEGIN:VCARD",
            "=== 2 ===",
        ),
    ],
    RowProblem.QUOTE: ['"a1', 'a1"', "a1'", "“a1", 'a"1"2', "`a1"],
    RowProblem.SEVERAL: [
        *(
            "s1,s2",
            "s1; s2",
            "s1|s2",
            "s1^s2",
            "1001~Ann",
            "s1\ts2",
            "s1\ns2",
            "a1, b2",
            "s1 s2",
            "s1/s2",
            "s1+s2",
            "s1 og s2",
            "s1 & s2",
        ),
        *("1001–1010", "1001 - 1010", "1001  Ann", "1001 Ann", "Ann 1001", "ann  bo", "a,b"),
        *(
            "c-1 Ann",
            "c-1 Ann Lee",
            "Nr. 1001",
            "s1 bo22",
            "1001 t.o.m. 1010",
            "s1 · s2",
            "1001 → 1002",
            "ann og bo",
            "ann & bo",
        ),
        *("ann@example.com bo@example.com", "ann—bo", "s1 et s2", "SW1A 1AA"),
        *("s1、s2", "s1；s2", "s1・s2", "s1→s2", "s1\u2011s2"),  # noqa: RUF001 - signs of other keyboards
        *("1001/Kari", "1001#Kari", "1001:Kari Ås", "Kari/1001", "k-1+O'Brien", "1001/Kari/0155"),
    ],
    RowProblem.HIDDEN: ["a\x00b", "a\u200bb", "a\u202eb"],
}


@pytest.mark.parametrize(
    ("value", "why"), [(value, why) for why, values in PROBLEMS.items() for value in values]
)
def test_what_is_no_id_has_a_reason(value: str, why: RowProblem) -> None:
    assert judge(value) is why
    assert problem_in(f" {value}\u00a0") is why


def test_every_problem_of_a_row_is_found_by_the_judge() -> None:
    of_columns = {RowProblem.UNCERTAIN, RowProblem.HIDDEN_ROW, RowProblem.UNLIKE}
    assert set(PROBLEMS) == set(RowProblem) - of_columns


@pytest.mark.parametrize(
    "value",
    [
        *(
            "1001",
            "00123",
            "c-1",
            "ann",
            "nobody",
            "Ærlig-Å",
            "a b c",
            "ann lee",
            "K 1001",
            "2024-0012",
            "1e5",
            "12397E6",
        ),
        *(
            "b8a1abcd-1a69-16c7-4da4-f9fc3c6da5d7",
            "ann@example.com",
            "+4791234567",
            "O'Brien",
            "bo.ek+x@mail.example.com",
            "customer:1001",
            "sha256:ab12",
            "a.b",
            "a/b",
            "urn:x:1",
        ),
        *(
            "YWJj==",
            "cus_9s6XKzkNRiz8i3",
            "sum1",
            "total-5",
            "null1",
            "mar-1001",
            "=1+1",
            "@ann",
            "#1001",
            "x" * 255,
        ),
        *("a\u0378\ue000", "é", "e\u0301", "1_000", "id-7", "Kåre’s"),
        *("abc-1001", "ord_55", "c:1001", "a+1@x.no", "1001/A", "R&D1", "åse+1@x.no", "s+1-2", "_k2"),
    ],
)
def test_an_id_comes_out_as_it_is(value: str) -> None:
    assert judge(value) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((f"{sign}00123", "00123") for sign in "'‘’"),
        ("'+4791234567", "+4791234567"),
        ("'=1+1", "=1+1"),
        *((f'{before}"00123"', "00123") for before in ("=", "", " =")),
        ('="00123', RowProblem.QUOTE),
        *((f"{one}a1{other}", "a1") for one, other in ("''", "``", "‘’", "«»", "»«", "“”", "„“")),
        ("\"'a1'\"", "a1"),
    ],
)
def test_what_protects_an_id_is_not_part_of_it(value: str, shown: str) -> None:
    assert judge(value) == shown


WILD = st.text(st.one_of(st.characters(), st.sampled_from("aE019-_:.,;'\"=<*/ +#\u200b\xa0Ã¥å")), max_size=40)
WORDY = st.sampled_from([*sorted(WORDS), *(value for values in PROBLEMS.values() for value in values)])
PLAINLY = st.text(alphabet="aAeEnulN019-_:åÃª", min_size=1, max_size=36)


@given(st.one_of(WILD, WORDY))
@many_examples(1_000)
def test_an_id_is_valid_for_dintero_and_judged_again_stays_the_same(value: str) -> None:
    judged = judge(value)
    if isinstance(judged, RowProblem):
        return
    assert judge(judged) == judged
    assert judged in value
    assert 0 < len(judged) <= MAX_LENGTH
    assert judged == judged.strip(OUTER)
    assert judged not in RESERVED
    judged.encode()


@given(
    st.lists(st.one_of(PLAINLY.filter(lambda text: text.strip("_-")), st.uuids().map(str)), max_size=4),
    st.one_of(PLAINLY, WORDY, WORDY.map(str.upper)),
)
@example([], "2026-02-01T12:30:00-05:00")
@example(["b8a1abcd-1a69-16c7-4da4-f9fc3c6da5d7"], "-" * 36)
@example([], "customer_id")
@example([], "c-u-s-t-o-m-e-r" + "-" * 20)
@example(["1"], "0")
@example(["k1"], "xxx")
@example(["k1"], "20260302T101500Z")
@example(["k1"], "_k2_")
@many_examples(1_000)
def test_many_at_once_are_judged_as_each_alone(plain: list[str], other: str) -> None:
    values = [*plain, other]
    ids: list[str] = []
    extractor = IdExtractor(IdColumn(Column(1), 0, 1, alone=True), [], UniqueIds(ids.extend))
    extractor.consume(1, block_of([[value] for value in values], 1))
    judged = [judge(value) for value in values]
    assert ids == list(dict.fromkeys(one for one in judged if not isinstance(one, RowProblem)))
    named = [one for one in judged if isinstance(one, RowProblem) and one is not RowProblem.EMPTY]
    assert [odd.why for odd in extractor.read().odd_rows if odd.why is not RowProblem.EMPTY] == named
