"""Small files and texts of every kind give the ids that people meant, or say what is wrong."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.slack.command_parser import Add, read
from bot.spreadsheets.reader.reader import FileSource, Reader
from tests.corpus.case import Case, Way
from tests.corpus.reading import MANY, Outcome, read_file, read_text
from tests.corpus.topics import (
    apostrophes,
    code,
    command_words,
    displayed_values,
    encodings,
    formatted_numbers,
    hidden,
    pasted_text,
    quotes,
    separators,
    several_in_a_cell,
    tables,
    words_for_nothing,
    workbook_packages,
)
from tests.services.drafting.test_rule_catalog import book_of, rule
from tests.support.service_fixture import Office

MIN_CASES = 120

TOPICS = (
    displayed_values,
    command_words,
    pasted_text,
    separators,
    several_in_a_cell,
    formatted_numbers,
    code,
    words_for_nothing,
    tables,
    hidden,
    apostrophes,
    encodings,
    quotes,
    workbook_packages,
)
NAMED = {
    f"{topic.__name__.rpartition('.')[2]}: {case.name}": case for topic in TOPICS for case in topic.CASES
}


def tried(way: Way) -> list[object]:
    return [pytest.param(case, id=name) for name, case in NAMED.items() if way in case.ways]


def source(case: Case) -> FileSource:
    async def pieces() -> AsyncIterator[bytes]:
        yield case.file()

    return FileSource(Upload(FileId("F1"), case.name, **case.chosen), pieces)


def expected(case: Case) -> Outcome:
    return Outcome(
        tuple(case.ids),
        case.named,
        tuple(case.asked),
        case.asked_hidden,
        case.refused,
        tuple(case.other_sheets),
    )


@pytest.mark.parametrize("case", tried(Way.FILE))
def test_a_file_gives_its_ids_and_names_its_doubts(case: Case) -> None:
    assert read_file(case.file(), case.chosen) == expected(case), case.why


@pytest.mark.parametrize("case", tried(Way.PASTED))
def test_pasted_text_gives_the_same_ids_and_doubts_as_a_file(case: Case) -> None:
    """A doubt about a whole file is one about some lines here, and nothing is given before it is mended."""
    assert isinstance(case.content, str)
    found = read_text(case.content)
    if case.asked or case.refused:
        assert found.asked or found.named, case.why
    else:
        assert (found.ids, found.named, found.asked) == (tuple(case.ids), case.named, ()), case.why


async def test_a_command_takes_no_word_of_a_rules_name_for_a_customer(office: Office) -> None:
    catalog, _ = await book_of(*(rule(name, f"rule-{at}") for at, name in enumerate(command_words.RULES)))
    drafts = replace(office.drafts, catalog=catalog)
    for case in command_words.CASES:
        command = read(f"add {case.content!s}")
        assert isinstance(command, Add)
        filled = drafts.prefill(command.rule, command.customers, quoted=command.quoted)
        found = read_text(filled.customers)
        assert (filled.rule, found.ids, found.named) == (case.rule, tuple(case.ids), case.named), case.name


async def test_the_process_for_files_gives_the_same_answers() -> None:
    """All files go through one real process; ids come back only if every file of a reading can be read."""
    cases = [case for case in NAMED.values() if Way.FILE in case.ways]
    answers = await Reader().read([*map(source, cases)], told=MANY)
    readable = [case for case in cases if not (case.refused or case.asked or case.asked_hidden)]
    assert [file.odd for file in answers.files] == [len(case.named) for case in readable]
    assert [bad.why for bad in answers.bad] == [case.refused for case in cases if case.refused]
    assert [each.hidden for each in answers.unclear if not each.columns] == [
        case.asked_hidden for case in cases if case.asked_hidden
    ]
    again = await Reader().read([*map(source, readable)], told=MANY)
    assert again.everybody.unpacked() == tuple(dict.fromkeys(one for case in readable for one in case.ids))


def test_there_are_enough_cases_and_each_says_why() -> None:
    assert len(NAMED) == sum(len(topic.CASES) for topic in TOPICS) >= MIN_CASES
    assert [name for name, case in NAMED.items() if not case.why.endswith(".")] == []
    assert all(any(way in case.ways for case in NAMED.values()) for way in Way)
