"""`docs/security.md` names only tests that exist, and has a row for each clause."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path("docs/security.md").read_text(encoding="utf-8")
CLAUSES: Final = ["1.1", "1.4", "1.5", *(f"2.{number}" for number in range(1, 11))]


def existing() -> set[str]:
    return {
        name
        for path in Path("tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 30
    assert named - existing() == set()


def test_every_clause_has_a_row_with_a_test() -> None:
    rows = {row.split()[1]: row for row in PAGE.splitlines() if re.match(r"\| [12]\.\d", row)}
    assert list(rows) == CLAUSES
    assert [clause for clause, row in rows.items() if "`test_" not in row] == []
