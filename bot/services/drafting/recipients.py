"""The recipients of a draft: typed ids, ids in files, or the remaining customers of another request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.customers.packing import PackedIds, pack
from bot.domain.customers.pasted import CustomerList
from bot.domain.customers.uploads import FileRead, ReadResult
from bot.domain.ids import CustomerId
from bot.domain.ports import FileReader, Keep, Repository
from bot.domain.requests.request import FormInput, Request
from bot.domain.requests.views import FieldError, FileSummary
from bot.services.drafting.validation import customers_of, faults_of_files, faults_of_ids
from bot.services.remainder import customers_left

NO_FILES: Final = ReadResult()
LONG: Final = 1_000
"""Ids from which packing moves to a thread: for fewer, the change of threads takes longer."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """The customers, packed as the database stores them, and the sources they come from."""

    everybody: PackedIds
    typed: CustomerList
    read_result: ReadResult = NO_FILES

    @property
    def faults(self) -> tuple[FieldError, ...]:
        """The faults of ids and files."""
        return (*faults_of_ids(self.typed), *faults_of_files(self.read_result))

    @property
    def file_summary(self) -> FileSummary | None:
        """What a review tells of pasted ids and files, with the first and last id; None if it is nothing."""
        pasted: tuple[FileRead, ...] = (self.typed.read,) if self.typed.read else ()
        files, everybody = (*pasted, *self.read_result.files), self.everybody
        return FileSummary(files, everybody.first, everybody.last) if files and everybody.count else None

    @property
    def repeated(self) -> int:
        """The number of ids that came again."""
        return self.typed.repeated + self.read_result.repeated

    @property
    def spaced(self) -> tuple[CustomerId, ...]:
        """The ids with a space inside."""
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
    """Resolve a draft's customers, `portion` a row: typed ids first, then those of the files in order."""
    if rest_of:
        left = await customers_left(repository, rest_of, refused_too=form_input.refused_too)
        return Recipients(await pack_in_thread(left, portion), CustomerList())
    typed = customers_of(form_input)
    if not form_input.files:
        return Recipients(await pack_in_thread(typed.ids, portion), typed)
    read_result = await file_reader.read(
        form_input.files, typed.ids, by=of.requester, channel=of.channel, portion=portion, keep=keep
    )
    return Recipients(read_result.everybody, typed, read_result)


def with_columns(form_input: FormInput, before: FormInput) -> FormInput:
    """Keep each file's column as chosen before, unless the form chooses one now."""
    chosen = {file.id: file.column for file in before.files}
    return replace(
        form_input,
        files=tuple(replace(file, column=file.column or chosen.get(file.id)) for file in form_input.files),
    )


async def pack_in_thread(ids: Sequence[CustomerId], portion: int) -> PackedIds:
    """Pack customer ids, many of them in a thread."""
    if len(ids) < LONG:
        return pack(ids, portion=portion)
    return await asyncio.to_thread(pack, ids, portion=portion)
