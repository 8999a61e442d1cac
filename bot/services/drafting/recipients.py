"""Whom a draft is for: what was typed, what stands in files, or whom another request left out; long lists go to a thread."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.customers.packing import PackedIds, pack
from bot.domain.customers.parsing import CustomerList
from bot.domain.customers.uploads import Reading
from bot.domain.ids import CustomerId
from bot.domain.ports import Books, Files, Keep
from bot.domain.requests.request import Request, Typed
from bot.domain.requests.views import Fault, Listed
from bot.services.drafting.validation import customers_of, faults_of_files, faults_of_ids
from bot.services.remainder import customers_left

NO_FILES: Final = Reading()
LONG: Final = 1_000
"""Ids that are packed beside the event loop: below that, changing threads takes longer."""


@dataclass(frozen=True, slots=True)
class Whom:
    """The customers, packed as the books keep them, with what was typed and what was read in files to find them."""

    everybody: PackedIds
    typed: CustomerList
    reading: Reading = NO_FILES

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Say what is wrong with ids and files."""
        return (*faults_of_ids(self.typed), *faults_of_files(self.reading))

    @property
    def listed(self) -> Listed | None:
        """Say what is shown of files; nothing where there were none."""
        everybody = self.everybody
        return (
            Listed(self.reading.files, everybody.first, everybody.last)
            if self.reading.files and everybody.count
            else None
        )

    @property
    def repeated(self) -> int:
        """Count what came again."""
        return self.typed.repeated + self.reading.repeated

    @property
    def spaced(self) -> tuple[CustomerId, ...]:
        """Name the ids with a space inside."""
        return (*self.typed.spaced, *(one for file in self.reading.files for one in file.spaced))


async def whom_of(
    typed: Typed,
    *,
    of: Request,
    files: Files,
    books: Books,
    portion: int,
    rest_of: Request | None = None,
    keep: Keep | None = None,
) -> Whom:
    """Find whom a draft is for, `portion` of them a row; typed ids come first, then those of the files in their order, which are kept."""
    if rest_of:
        left = await customers_left(books, rest_of, refused_too=typed.refused_too)
        return Whom(await packed_beside(left, portion), CustomerList())
    found = customers_of(typed)
    if not typed.files:
        return Whom(await packed_beside(found.ids, portion), found)
    reading = await files.read(
        typed.files, found.ids, by=of.requester, channel=of.channel, portion=portion, keep=keep
    )
    return Whom(reading.everybody, found, reading)


def with_columns(typed: Typed, before: Typed) -> Typed:
    """Keep of each file the column that was chosen for it before, where none is chosen now: it is asked for once."""
    chosen = {file.id: file.column for file in before.files}
    return replace(
        typed, files=tuple(replace(file, column=file.column or chosen.get(file.id)) for file in typed.files)
    )


async def packed_beside(ids: Sequence[CustomerId], portion: int) -> PackedIds:
    """Pack customer ids, many of them in a thread."""
    return (
        pack(ids, portion=portion) if len(ids) < LONG else await asyncio.to_thread(pack, ids, portion=portion)
    )
