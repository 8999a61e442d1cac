"""The documentation names only files, tests and headings that exist."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT_PAGES: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
PAGES: Final = [*map(Path, ROOT_PAGES), *sorted(Path("docs").rglob("*.md"))]
PLACE: Final = re.compile(r"`((?:bot|handlers|sandbox|tests|bench|chaos|simulation|docs)/[\w./-]*)`")
TEST_FILE: Final = re.compile(r"`(test_\w+\.py)`")
TEST_FUNCTION: Final = re.compile(r"def (test_\w+)")
TEST: Final = re.compile(r"`(test_\w+)`")
LINK: Final = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")

each_page: Final = pytest.mark.parametrize("page", PAGES, ids=str)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = PLACE.findall(page.read_text(encoding="utf-8"))
    assert [place for place in named if not Path(place).exists()] == []


@each_page
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = list(Path("tests").rglob("test_*.py"))
    tests = {name for file in files for name in TEST_FUNCTION.findall(file.read_text(encoding="utf-8"))}
    assert set(TEST_FILE.findall(text)) - {file.name for file in files} == set()
    assert set(TEST.findall(text)) - tests == set()


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for place, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / place if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{place}#{anchor}")
    assert broken == []
