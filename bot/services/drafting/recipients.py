"""Whom a draft is for: what was typed, what stands in files, or whom another request left out; long lists go to a thread."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.customers.packing import PackedIds, pack
from bot.domain.customers.parsing import CustomerList
from bot.domain.customers.uploads import ReadResult
from bot.domain.ids import CustomerId
from bot.domain.ports import FileReader, Keep, Repository
from bot.domain.requests.request import FormInput, Request
from bot.domain.requests.views import FieldError, FileSummary
from bot.services.drafting.validation import customers_of, faults_of_files, faults_of_ids
from bot.services.remainder import customers_left

NO_FILES: Final = ReadResult()
LONG: Final = 1_000
"""Ids that are packed beside the event loop: below that, changing threads takes longer."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """The customers, packed as the books keep them, with what was typed and what was read in files to find them."""

    everybody: PackedIds
    typed: CustomerList
    read_result: ReadResult = NO_FILES

    @property
    def faults(self) -> tuple[FieldError, ...]:
        """Say what is wrong with ids and files."""
        return (*faults_of_ids(self.typed), *faults_of_files(self.read_result))

    @property
    def file_summary(self) -> FileSummary | None:
        """Say what is shown of files; nothing where there were none."""
        everybody = self.everybody
        return (
            FileSummary(self.read_result.files, everybody.first, everybody.last)
            if self.read_result.files and everybody.count
            else None
        )

    @property
    def repeated(self) -> int:
        """Count what came again."""
        return self.typed.repeated + self.read_result.repeated

    @property
    def spaced(self) -> tuple[CustomerId, ...]:
        """Name the ids with a space inside."""
        return (*self.typed.spaced, *(one for file in self.read_result.files for one in file.spaced))


async def resolve_recipients(
    form_input: FormInput,
    *,
    of: Request,
    file_reader: FileReader,
    repository: Repository,
    portion: int,
    rest_of: Request | None = None,
    keep: Keep | None = None,
) -> Recipients:
    """Find whom a draft is for, `portion` of them a row; typed ids come first, then those of the files in their order, which are kept."""
    if rest_of:
        left = await customers_left(repository, rest_of, refused_too=form_input.refused_too)
        return Recipients(await pack_in_thread(left, portion), CustomerList())
    found = customers_of(form_input)
    if not form_input.files:
        return Recipients(await pack_in_thread(found.ids, portion), found)
    read_result = await file_reader.read(
        form_input.files, found.ids, by=of.requester, channel=of.channel, portion=portion, keep=keep
    )
    return Recipients(read_result.everybody, found, read_result)


def with_columns(form_input: FormInput, before: FormInput) -> FormInput:
    """Keep of each file the column that was chosen for it before, where none is chosen now: it is asked for once."""
    chosen = {file.id: file.column for file in before.files}
    return replace(
        form_input,
        files=tuple(replace(file, column=file.column or chosen.get(file.id)) for file in form_input.files),
    )


async def pack_in_thread(ids: Sequence[CustomerId], portion: int) -> PackedIds:
    """Pack customer ids, many of them in a thread."""
    return (
        pack(ids, portion=portion) if len(ids) < LONG else await asyncio.to_thread(pack, ids, portion=portion)
    )
