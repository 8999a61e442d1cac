"""Odd lists, from the form through review and approval to the ledger: the right customers, each once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.slack.api.web_api import DOWNLOAD
from sandbox.slack.user.modal import Modal
from tests.journeys.steps import RULE, SEED, Trip
from tests.spreadsheets.sample_files import DOCUMENTS, MAIN, column, packed, raw_workbook, relationships

SENT = "Request approval"
NUMBER = '<row r="{row}"><c r="A{row}" s="{style}"><v>{value}</v></c></row>'


@dataclass(frozen=True, slots=True)
class Case:
    """A list, the answers to the form's questions, what review and approval say, and who gets it."""

    line: int
    """The line of the issue "The right customers, once"."""
    why: str
    given: frozenset[str]
    name: str = ""
    content: bytes = b""
    typed: str = ""
    said: tuple[str, ...] = ()
    in_short: tuple[str, ...] = ()
    """What the approval says, if that is not what the review says."""
    answers: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    """What the first attempt says; the second one types the ids in `given`."""


def numbers(*cells: tuple[int, str]) -> str:
    """Write rows with one number each, by style."""
    rows = (
        NUMBER.format(row=row, style=style, value=value) for row, (style, value) in enumerate(cells, start=2)
    )
    return '<row r="1"><c r="A1" t="inlineStr"><is><t>kundenr</t></is></c></row>' + "".join(rows)


def at_the_root(*ids: str) -> bytes:
    """Make a workbook with parts at the root, backslashes and capitals."""
    sheets = '<sheets><sheet name="Ark1" sheetId="1" r:id="worksheet_1"/></sheets>'
    return packed(
        {
            "_rels\\.rels": relationships(officeDocument="Book.xml"),
            "Book.xml": f'<workbook {MAIN} xmlns:r="{DOCUMENTS}">{sheets}</workbook>',
            "_rels\\Book.xml.rels": relationships(worksheet_1="Data.xml"),
            "DATA.XML": f"<worksheet {MAIN}><sheetData>{column('kundenr', *ids)}</sheetData></worksheet>",
        }
    )


def ids(*of: str) -> frozenset[str]:
    return frozenset(of)


QUOTED = "kundenr;navn\n" + "".join(f"q-{at};{chr(34) if at == 2 else ''}Navn {at}\n" for at in range(40))
CASES = (
    Case(
        3,
        "Excel shows 00123 and K-00124; what a date shows is not certain",
        ids("00123", "K-00124"),
        "formats.xlsx",
        raw_workbook(
            numbers((1, "123"), (2, "124"), (3, "45000")), formats=("00000", '"K-"00000', "yyyy\\-mm\\-dd")
        ),
        said=("Skipped 1 row – row 4: a date",),
        in_short=("Skipped row: 4 (a date or a special format)",),
    ),
    Case(
        5,
        "pasted pieces are checked like cells",
        ids("p-1"),
        typed="1,23457E+11\n4001,0\n1,234,567\n#N/A\nNULL",
        refused=("Line 1 ", "Lines 2 and 3 ", "Line 4 ", "Line 5 "),
    ),
    Case(
        5,
        "of two columns pasted from a spreadsheet only the ids count",
        ids("5001", "5002"),
        typed="Navn\tKundenr\nAnn\t5001\nBo\t5002",
        said=("Pasted: 2 ids from column B, header “Kundenr” on line 1",),
    ),
    Case(
        6,
        "commas inside a cell are no separator",
        ids("6001", "6002"),
        "gate.csv",
        b"Kundenr;Adresse (gate, postnr, sted)\n6001;Storgata 1, 0155, Oslo\n6002;Torget 2, 5014, Bergen\n",
        said=("column “Kundenr” (A)",),
    ),
    Case(
        7,
        "several ids in one cell may be one, so nobody gets it",
        ids("s7"),
        "several.csv",
        b'kundenr;navn\n"s1,s2";Ann\ns7;Bo\n',
        said=("Skipped 1 row – row 2: more than one value",),
        in_short=("Skipped row: 2 (more than one value)",),
    ),
    Case(
        8,
        "a number with signs between its digits is a guess",
        ids("8001"),
        "grouped.csv",
        "kundenr;navn\n1001.0;A\n1\u00a0234\u00a0567;B\n1.234.567;C\n8001;D\n".encode(),
        said=("Skipped 3 rows – rows 2, 3 and 4: a formatted number",),
        in_short=("Skipped rows: 2, 3 and 4 (formatted number)",),
    ),
    Case(
        9,
        "a web page saved as a workbook is no list",
        ids("c-9"),
        "export.csv",
        b"<html><table><tr><td>9001</td></tr></table></html>",
        refused=("is a web page or code",),
    ),
    Case(
        10,
        "words for nothing, a repeated header and totals are no ids",
        ids("10-1", "10-2"),
        "dump.csv",
        b"kundenr;navn\n10-1;A\nNULL;B\nkundenr;navn\n10-2;C\nTotal: 2;\n",
        said=("row 3: a word for no value", "row 4: a column name", "row 6: a total"),
        in_short=(
            "3 (no value)",
            "4 (a column name or a title)",
            "6 (a total or a count)",
        ),
    ),
    Case(
        11,
        "a known name counts in any sheet, and the others are named",
        ids("11-1", "11-2"),
        "sheets.xlsx",
        raw_workbook(
            column("Summary", "42"), sheets=[("Kunder", "visible", column("kundenr", "11-1", "11-2"))]
        ),
        said=("of sheet “Kunder”", "1 sheet wasn't read: “Ark1” (2 rows)"),
    ),
    Case(
        11,
        "a known name beats a row number named id",
        ids("x-7", "x-8", "x-9"),
        "ref.csv",
        b"id;customer_ref\n1;x-7\n2;x-8\n3;x-9\n",
        said=("column “customer_ref” (B)",),
    ),
    Case(
        11,
        "without a known name the person is asked, with values",
        ids("m-7", "m-8"),
        "mobil.csv",
        b"Mobil;Ordre;Medlemskort\n91234567;5001;m-7\n91234568;5002;m-8\n",
        answers={"Which column of mobil.csv holds the customer ids?": "3"},
        said=("column “Medlemskort” (C)",),
    ),
    Case(
        12,
        "rows that a filter hides count only if the person says so",
        ids("12-1", "12-3"),
        "filter.xlsx",
        raw_workbook(column("kundenr", "12-1", "12-2", "12-3", hidden={3})),
        answers={"filter.xlsx hides 1 row with an id. Include it?": "leave"},
        said=("row 3: hidden in the sheet, and skipped as you chose",),
        in_short=("Skipped row: 3 (hidden in the sheet)",),
    ),
    Case(
        13,
        "what protects an id from a spreadsheet is no part of it",
        ids("+4791234567", "00123", "00456"),
        "protected.csv",
        b'kundenr\n\'+4791234567\n"=""00123"""\n\'00456\n',
        said=("1 id looks like a phone number",),
    ),
    Case(
        14,
        "one Windows byte makes only its own row doubtful",
        ids("kåre2", "14-1"),
        "byte.csv",
        "kundenr\n14-1\nkåre2\n".encode() + "kåre1\n".encode("cp1252"),
        said=("Skipped 1 row – row 4: damaged letters",),
        in_short=("Skipped row: 4 (damaged letters)",),
    ),
    Case(
        16,
        "a quote that is not closed swallows no row",
        frozenset(f"q-{at}" for at in range(40)),
        "quote.csv",
        QUOTED.encode(),
    ),
    Case(17, "Excel opens parts with other names and places", ids("17-1"), "root.xlsx", at_the_root("17-1")),
)


def on_disk(folder: Path, case: Case) -> str:
    path = folder / case.name
    path.write_bytes(case.content)
    return str(path)


async def fill_in(trip: Trip, case: Case, folder: Path) -> Modal:
    """Fill in the form, answer its questions, and return the review."""
    form = await trip.form()
    if case.content:
        await form.fill({"Rule": RULE, "File": on_disk(folder, case)})
    else:
        await form.fill({"Rule": RULE, "Customer IDs": case.typed})
    errors = (await form.submit()).errors
    for question, answer in case.answers.items():
        form = await trip.shop.ann.sees_view(label=question)
        await form.fill({question: answer})
        assert not (await form.submit()).errors
    if case.refused:
        if not errors:
            form = await trip.shop.ann.sees_view(text=case.refused[0])
        shown = form.text + " ".join(errors.values())
        assert [words for words in case.refused if words not in shown] == []
        await form.fill({"Customer IDs": "\n".join(case.given)})
        if case.content:
            await form.fill({"File": "", "Files from before": ""})
        assert not (await form.submit()).errors
    return await trip.shop.ann.sees_view(submit=SENT)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.line}: {case.why}")
async def test_the_right_customers_get_it_once(trip: Trip, tmp_path: Path, case: Case) -> None:
    review = await fill_in(trip, case, tmp_path)
    assert [words for words in case.said if words not in review.text] == []
    card = await trip.asked(review)
    approval = await trip.opens_approval(card)
    assert [words for words in case.in_short or case.said if words not in approval.text] == []
    await trip.approve_in(approval)
    await trip.summary(f"Given to {len(case.given)} of {len(case.given)} customer")
    assert trip.shop.dintero.ledger.holders(SEED) == dict.fromkeys(case.given, 1)
    assert not trip.shop.slack.refused


async def test_the_same_list_twice_is_named_to_whoever_decides_next(trip: Trip) -> None:
    """Line 2: in the review, and in the approval whose form was drawn before."""
    first = await trip.ask("2-1\n2-2")
    approval = await trip.opens_approval(first)
    review = await trip.review("2-2\n2-3")
    assert f"{(await trip.request(first)).short}, not finished)" in review.text
    second = await trip.asked(review)
    shorts = [(await trip.request(card)).short for card in (first, second)]
    assert not (await approval.submit()).errors
    approval = await trip.shop.bo.sees_view(text="came in while you had this open")
    assert f"{shorts[1]}, not finished)" in approval.text
    await trip.approve_in(approval)
    await trip.summary("Given to 2 of 2 customers")
    approval = await trip.opens_approval(second)
    assert f"1 of these customers got this discount in the last 7 days ({shorts[0]})" in approval.text
    await approval.close()
    assert trip.shop.dintero.ledger.holders(SEED) == {"2-1": 1, "2-2": 1}


async def test_a_reading_that_ends_late_changes_nothing_that_was_shown(trip: Trip, tmp_path: Path) -> None:
    """Line 15: the answer to the first click was lost, and its file arrives after the second click."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold(when: str, method: str, _number: int) -> None:
        if (when, method) == ("before", DOWNLOAD):
            begun.set()
            await go_on.wait()

    trip.shop.slack.faults.on_call = hold
    (tmp_path / "old.csv").write_text("kundenr\n15-1\n15-2\n")
    form = await trip.form()
    await form.fill({"Rule": RULE, "File": str(tmp_path / "old.csv")})
    await form.submit(lost=True)
    await begun.wait()
    await form.fill({"File": "", "Customer IDs": "15-3"})
    assert not (await form.submit()).errors
    review = await trip.shop.ann.sees_view(submit=SENT)
    go_on.set()
    await trip.shop.slack.until(lambda: trip.shop.slack.faults.calls["views.update"] >= 2)
    review = await trip.shop.ann.sees_view(submit=SENT)
    assert "Ids\n15-3" in review.text
    await trip.approve(await trip.asked(review))
    await trip.summary("Given to 1 of 1 customer")
    assert trip.shop.dintero.ledger.holders(SEED) == {"15-3": 1}
