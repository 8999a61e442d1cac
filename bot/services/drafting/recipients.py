"""The recipients of a draft: typed ids, ids in files, or the remaining customers of another request."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from bot.domain.customers.packing import PackedIds, pack
from bot.domain.customers.pasted import CustomerList
from bot.domain.customers.uploads import NO_ROW, TOLD, Doubt, DoubtfulIds, FileRead, ReadResult
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.ports import FileReader, Repository
from bot.domain.requests.batches import Outcome
from bot.domain.requests.request import FormInput, Request
from bot.domain.requests.views import FieldError
from bot.services.drafting.validation import customers_of, faults_of_files, faults_of_ids
from bot.services.results.remainder import customers_left

BATCHES_PER_PORTION: Final = 8
"""Measured: one durable step for 8 calls costs next to nothing, a step for each call halves the speed."""
LONG: Final = 1_000
"""Ids from which packing moves to a thread: for fewer, the change of threads takes longer."""
MAX_KEPT_BYTES: Final = 500 * 1024**2
"""What one person's requests may keep within a day, packed: twenty lists of a million long ids."""
CHECKED_BYTES: Final = 16 * 1024**2
"""So much of a file is kept between two looks at what there is."""


class NoRoomError(Exception):
    """The person's requests of a day keep as much as one person may."""


@dataclass(slots=True)
class Reading:
    """One reading of a draft's files, which are deleted again unless its review is stored."""

    repository: Repository
    request: Request
    since: datetime
    """The start of the day in which `most` counts."""
    most: int
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    is_stored: bool = False
    _unchecked: int = CHECKED_BYTES
    _kept: bool = False

    async def keep(self, file: int, piece: int, content: bytes) -> None:
        """Keep a piece of a file; raises NoRoomError."""
        self._unchecked += len(content)
        if self._unchecked >= CHECKED_BYTES:
            self._unchecked = 0
            await self.check_room()
        self._kept = True
        await self.repository.keep_piece(self.request.id, self.name, file, piece, content)

    async def check_room(self) -> None:
        """Raise NoRoomError if the person has kept enough."""
        if await self.repository.kept_bytes(self.request.requester, self.since) >= self.most:
            raise NoRoomError

    async def end(self) -> None:
        """Delete what was kept for a review that was refused, or failed."""
        if self._kept and not self.is_stored:
            await self.repository.forget_reading(self.request.id, self.name)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with everything needed to judge it."""

    request: Request
    form_input: FormInput
    policy: ChannelPolicy
    first: Request | None = None
    """The request whose remainder is asked for, if any."""

    @property
    def rule_title(self) -> str:
        """The title of the chosen rule as it was last seen; empty if nobody has seen it here."""
        seen = (self.request.rule, self.first.rule if self.first else None)
        return next((rule.title for rule in seen if rule and rule.id == self.form_input.rule), "")

    @property
    def batches_per_portion(self) -> int:
        """The batches in one row of customers."""
        return max(BATCHES_PER_PORTION, self.policy.concurrency)

    @property
    def portion(self) -> int:
        """The customers in one row."""
        return self.policy.batch_size * self.batches_per_portion


@dataclass(frozen=True, slots=True)
class Recipients:
    """The customers, packed as the database stores them, and the sources they come from."""

    everybody: PackedIds
    typed: CustomerList
    read_result: ReadResult
    reading: str = ""
    """The name of the reading that the files are kept under; empty without files."""
    skipped: tuple[DoubtfulIds, ...] = ()
    """Those on a list who do not get it with the rest of the first request."""

    @property
    def faults(self) -> tuple[FieldError, ...]:
        """The faults of ids and files."""
        return (*faults_of_ids(self.typed), *faults_of_files(self.read_result))

    @property
    def files_read(self) -> tuple[FileRead, ...]:
        """What was read of pasted text and of each file."""
        pasted = (self.typed.read,) if self.typed.read else ()
        files = (*pasted, *self.read_result.files)
        if not self.skipped:
            return files
        return (*files[:-1], replace(files[-1], doubtful=(*files[-1].doubtful, *self.skipped)))


async def resolve_recipients(draft: Draft, file_reader: FileReader, reading: Reading) -> Recipients:
    """Resolve a draft's customers, packed in portions; raises NoRoomError."""
    listed = await _listed(draft, file_reader, reading)
    if draft.first is None:
        return listed
    await reading.check_room()
    left = await customers_left(reading.repository, draft.first)
    wanted = frozenset(listed.everybody.unpacked())
    chosen = [
        customer
        for customer, outcome in left.items()
        if (draft.form_input.refused_too or outcome is not Outcome.REFUSED)
        and (customer in wanted or not listed.files_read)
    ]
    skipped: dict[Doubt, list[CustomerId]] = {Doubt.NOT_LEFT: [], Doubt.REFUSED: []}
    for customer in sorted(wanted.difference(chosen)):
        skipped[Doubt.REFUSED if customer in left else Doubt.NOT_LEFT].append(customer)
    doubtful = (
        DoubtfulIds(why, len(ids), tuple((NO_ROW, one) for one in ids[:TOLD]))
        for why, ids in skipped.items()
        if ids
    )
    everybody = await pack_in_thread(chosen, draft.portion)
    return replace(listed, everybody=everybody, skipped=tuple(doubtful))


async def _listed(draft: Draft, file_reader: FileReader, reading: Reading) -> Recipients:
    """Read the list in a draft: typed ids first, then those of the files in order."""
    form_input, request = draft.form_input, draft.request
    typed = customers_of(form_input)
    if not form_input.files:
        return Recipients(await pack_in_thread(typed.ids, draft.portion), typed, ReadResult())
    read_result = await file_reader.read(
        form_input.files,
        typed.ids,
        by=request.requester,
        channel=request.channel,
        portion=draft.portion,
        keep=reading.keep,
    )
    return Recipients(read_result.everybody, typed, read_result, reading.name)


def with_columns(form_input: FormInput, before: FormInput) -> FormInput:
    """Keep what was chosen for each file before, unless the form chooses now."""
    earlier = {file.id: file for file in before.files}
    files = (file.with_choices_of(earlier.get(file.id, file)) for file in form_input.files)
    return replace(form_input, files=tuple(files))


async def pack_in_thread(ids: Sequence[CustomerId], portion: int) -> PackedIds:
    """Pack customer ids, many of them in a thread."""
    if len(ids) < LONG:
        return pack(ids, portion=portion)
    return await asyncio.to_thread(pack, ids, portion=portion)
