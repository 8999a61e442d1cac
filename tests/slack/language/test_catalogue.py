"""The catalogues: complete, with the same placeholders, and read in place of every English sentence."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter as Placeholders
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.check.samples import messages, modals
from bot.slack.language.texts import NORWEGIAN, use_language
from bot.slack.rendering.formatting import Json, Message
from tests.support.reading import texts_of
from tests.support.samples import LOOK

ROOT: Final = Path(__file__).parents[3]
CATALOGUES: Final = sorted((ROOT / "bot/slack/language").glob("*.po"))
ENGLISH_ONLY: Final = re.compile(
    r"\b(the|of|this|that|these|was|were|and|with|you|your|has|have|not|from|by|are|is|it|its|nobody|request|customers?)\b",
    re.IGNORECASE,
)
"""Words that no Norwegian sentence has."""
COMMANDS: Final = re.compile(r"`[^`]*`|«[^»]*»|^&gt;.*$|^>.*$", re.MULTILINE)
"""What is no prose of ours."""


@cache
def extracted() -> list[tuple[str, tuple[str, ...]]]:
    """Read the texts of the code: each with its plural, if it has one."""
    found = []
    for folder in ("bot", "handlers"):
        for _file, _line, text, _comments, _context in extract_from_dir(ROOT / folder):
            key, *plural = text if isinstance(text, tuple) else (text,)
            found.append((key, tuple(plural)))
    return found


def in_the_code() -> dict[str, tuple[str, ...]]:
    return dict(extracted())


def entries(path: Path) -> Iterator[Entry]:
    with path.open("rb") as source:
        catalogue: Catalog = read_po(source, locale=path.stem)
    assert not catalogue.obsolete
    yield from (message for message in catalogue if message.id)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Placeholders().parse(text) if name is not None}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_each_text_of_the_code_is_translated_and_nothing_else_is(path: Path) -> None:
    translated = {forms(message.id)[0] for message in entries(path) if all(forms(message.string))}
    assert in_the_code().keys() - translated == set()
    assert translated - in_the_code().keys() == set()
    assert [message.id for message in entries(path) if message.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_the_placeholders_of_its_text(path: Path) -> None:
    for message in entries(path):
        english, translated = forms(message.id), forms(message.string)
        known = placeholders(english[-1])
        for text in translated:
            first = english[0] if text is translated[0] else english[-1]
            assert placeholders(first) - {"count"} <= placeholders(text) <= known, message.id


def test_a_text_is_a_literal_with_names_in_its_placeholders() -> None:
    for one, many in in_the_code().items():
        for text in (one, *many):
            assert all(name.isidentifier() for name in placeholders(text)), text


def test_no_two_texts_share_a_singular_and_differ_in_the_plural() -> None:
    seen: dict[str, tuple[str, ...]] = {}
    for one, many in extracted():
        assert seen.setdefault(one, many) == many, one


def in_norwegian() -> dict[str, list[str]]:
    """Draw one of everything, and read it."""
    with use_language(NORWEGIAN):
        drawn: list[tuple[str, Message | Json]] = [*messages(LOOK), *modals(LOOK)]
        return {name: [COMMANDS.sub("", text) for text in texts_of(one)] for name, one in drawn}


@pytest.mark.parametrize(("name", "texts"), in_norwegian().items())
def test_nothing_that_a_norwegian_sees_is_left_in_english(name: str, texts: list[str]) -> None:
    assert [text for text in texts if ENGLISH_ONLY.search(text)] == [], name


def test_no_text_is_inside_an_f_string_where_the_extractor_does_not_look() -> None:
    inside = re.compile(r"""f["'][^\n]*\{(_|ngettext|N_)\(""")
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]
    assert [path.name for path in files if inside.search(path.read_text())] == []
