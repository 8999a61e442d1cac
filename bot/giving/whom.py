"""Whom a draft is for: what was typed, what stands in files, or whom another request left out; long lists go to a thread."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.giving.answers import Fault, Listed
from bot.giving.customers import CustomerList, digest_of
from bot.giving.faults import customers_of, faults_of_files, faults_of_ids
from bot.giving.ids import CustomerId, UserId
from bot.giving.ports import Books, Files, Keep
from bot.giving.request import Request, Typed
from bot.giving.rest import customers_left
from bot.giving.uploads import Reading

NO_FILES: Final = Reading()
LONG: Final = 5_000
"""Ids that are digested beside the event loop: below that, changing threads takes longer."""
FIRST: Final = 3
"""Ids of a file that are shown."""


@dataclass(frozen=True, slots=True)
class Whom:
    """The customers, and what was read in files to find them."""

    customers: CustomerList
    reading: Reading = NO_FILES

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Say what is wrong with ids and files."""
        return (*faults_of_ids(self.customers), *faults_of_files(self.reading))

    @property
    def listed(self) -> Listed | None:
        """Say what is shown of files; nothing where there were none."""
        ids = self.customers.ids
        return Listed(self.reading.files, ids[:FIRST], ids[-1]) if self.reading.files and ids else None


async def whom_of(
    typed: Typed, *, by: UserId, files: Files, books: Books, rest_of: Request | None = None, keep: Keep | None = None
) -> Whom:
    """Find whom a draft is for; typed ids come first, then those of the files in their order, which are kept."""
    if rest_of:
        return Whom(CustomerList(ids=await customers_left(books, rest_of, refused_too=typed.refused_too)))
    found = customers_of(typed)
    return Whom(found) if not typed.files else _with_files(found, await files.read(typed.files, found.ids, by=by, keep=keep))


def with_columns(typed: Typed, before: Typed) -> Typed:
    """Keep of each file the column that was chosen for it before, where none is chosen now: it is asked for once."""
    chosen = {file.id: file.column for file in before.files}
    return replace(typed, files=tuple(replace(file, column=file.column or chosen.get(file.id)) for file in typed.files))


async def digested(ids: Sequence[CustomerId]) -> str:
    """Digest customer ids, many of them in a thread."""
    return digest_of(ids) if len(ids) < LONG else await asyncio.to_thread(digest_of, ids)


def _with_files(typed: CustomerList, reading: Reading) -> Whom:
    together = CustomerList(
        ids=reading.ids,
        repeated=typed.repeated + reading.repeated,
        unreadable=typed.unreadable,
        reserved=typed.reserved,
        spaced=(*typed.spaced, *(one for file in reading.files for one in file.spaced)),
    )
    return Whom(together, reading)
