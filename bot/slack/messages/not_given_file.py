"""The file of the customers who did not receive the discount: its content, name, title and comment."""

from functools import partial
from typing import Final

from bot.domain.ports import Repository
from bot.domain.requests.batches import Outcome, Tally
from bot.domain.requests.request import Request
from bot.services.remainder import origin_of
from bot.slack.client.file_messages import FileMessage
from bot.slack.messages.summary import UNKNOWN, why_not_tried
from bot.slack.rendering import verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.outcomes import ends
from bot.spreadsheets.reader.reader import FileSource
from bot.spreadsheets.writer.columns import THERE
from bot.spreadsheets.writer.writer import ListFile, ListJob, ListWriter

MARK: Final = 8
"""Characters of the outbox key in the title: enough to tell one request's lists apart."""


async def written(request: Request, repository: Repository, list_writer: ListWriter) -> ListFile:
    """Write the file, in the format and columns of the customers' source files where there are any."""
    found = await repository.verification(request.id)
    reasons: dict[str, str] = {
        Outcome.REFUSED: "Dintero gave no reason",
        Outcome.UNKNOWN: f"{UNKNOWN}{f'; {verification.of_one(found)}' if found else ''}",
        THERE: f"{UNKNOWN}; Dintero's list of the rule has them, perhaps from before",
        Outcome.NOT_TRIED: why_not_tried(request, lambda _by: "somebody"),
    }
    return await list_writer.write(
        ListJob(
            request=request.short,
            asked=request.customers,
            ends=partial(repository.packed_outcomes, request.id),
            why=reasons,
            there=await repository.confirmed_customers(request.id),
            files=await _source_files(request, repository),
        )
    )


async def _source_files(request: Request, repository: Repository) -> tuple[FileSource, ...]:
    origin = await origin_of(repository, request)
    form_input = await repository.load_input(origin.id) if origin else None
    if origin is None or form_input is None:
        return ()
    return tuple(
        FileSource(file, partial(repository.pieces, origin.id, origin.files, number))
        for number, file in enumerate(form_input.files)
    )


def title(request: Request, key: str) -> str:
    """Title the file by its outbox key, by which it is found again.

    >>> from types import SimpleNamespace
    >>> title(SimpleNamespace(short="R-7K2QF"), "3f2a9c1b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
    'R-7K2QF, who was not given it (3f2a9c1b)'
    """
    return f"{request.short}, who was not given it ({key[:MARK]})"


def build(request: Request, file: ListFile, formatter: Formatter, *, title: str) -> FileMessage:
    """Make the message; its comment says how many customers the file lists, and their outcomes."""
    tally = Tally(
        request.customers,
        given=request.customers - file.rows,
        refused=file.counts[Outcome.REFUSED],
        unknown=file.counts[Outcome.UNKNOWN],
    )
    count = f"{formatter.number(file.rows)} of the {formatter.customers(request.customers)}"
    return FileMessage(
        name=f"{request.short}-not-given{file.suffix}",
        title=title,
        comment=f"📄 *{request.short}*: the list of {count} who were not given it: "
        f"{', '.join(ends(tally, formatter))}. A row each, with the reason.",
        content=file.content,
        length=file.length,
    )
