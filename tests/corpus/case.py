"""One row of the corpus: a small file, pasted text or command, what must come out of it, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.customers.uploads import FileProblem, RowProblem


class Way(StrEnum):
    """How something reaches the bot."""

    FILE = "file"
    PASTED = "pasted"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Case:
    """An example of a kind. What is not said must not happen: no other id, no other row is named.

    `content` is the bytes of a file (or what makes them), or a text. A text is read as a file in UTF-8 and as
    pasted text, and both must give the same; `only` says that one of them does not make sense.
    """

    name: str
    content: bytes | str | Callable[[], bytes]
    ids: Sequence[str] = ()
    named: Mapping[int, RowProblem] = field(default_factory=dict)
    """The rows that are refused and named, from 1 as in a spreadsheet."""
    asked: Sequence[str] = ()
    """The columns that the form offers, such as `B` or `Ark2!B`; nothing is read before the answer."""
    asked_hidden: int = 0
    """The hidden rows that the form asks about."""
    refused: FileProblem | None = None
    """Why the whole file is refused; pasted text is then refused line by line."""
    other_sheets: Sequence[str] = ()
    """The sheets that were not read, which the review names."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """What the person answered: `column`, `sheet`, `hidden`."""
    rule: str = ""
    """The rule's name in a command."""
    only: Way | None = None
    why: str = ""

    @property
    def ways(self) -> Sequence[Way]:
        """How the case is tried."""
        if self.only:
            return (self.only,)
        return (Way.FILE, Way.PASTED) if isinstance(self.content, str) else (Way.FILE,)

    def file(self) -> bytes:
        """Return the bytes of the file."""
        if isinstance(self.content, str):
            return self.content.encode()
        return self.content if isinstance(self.content, bytes) else self.content()
