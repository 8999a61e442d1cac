"""The file of customers without a confirmed discount: its content, name, title and comment."""

import asyncio
from functools import partial
from typing import Final

import structlog

from bot.domain.ports import Repository
from bot.domain.requests.batches import Outcome, Tally
from bot.domain.requests.notification import FileRows
from bot.domain.requests.request import Request
from bot.services.results.remainder import origin_of
from bot.slack.client.file_messages import FileMessage
from bot.slack.language.texts import _, ngettext
from bot.slack.messages.summary import why_not_sent
from bot.slack.rendering import verification
from bot.slack.rendering.outcomes import ends
from bot.spreadsheets.reader.reader import FileSource
from bot.spreadsheets.writer.columns import THERE
from bot.spreadsheets.writer.writer import ListFile, ListJob, ListWriter

ROWS_SECONDS: Final = 5.0
"""How long a summary waits for the rows of the refused customers: a file of 100 MB takes longer."""
MARK: Final = 8
"""Characters of the outbox key in the title: enough to tell one request's lists apart."""

log = structlog.get_logger()


async def written(request: Request, repository: Repository, list_writer: ListWriter) -> ListFile:
    """Write the file, in the format and columns of the customers' source files where there are any."""
    found = await repository.verification(request.id)
    reasons: dict[str, str] = {
        Outcome.REFUSED: _("Dintero gave no reason"),
        Outcome.UNKNOWN: verification.of_one(found),
        THERE: _("No answer; Dintero lists this customer, perhaps from before"),
        Outcome.NOT_TRIED: why_not_sent(request),
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


async def refused_rows(
    request: Request, repository: Repository, list_writer: ListWriter
) -> tuple[FileRows, ...]:
    """Read in which rows of the requester's files the first refused customers are; empty if it takes long."""
    try:
        async with asyncio.timeout(ROWS_SECONDS):
            if not await _source_files(request, repository):
                return ()
            file = await written(request, repository, list_writer)
    except (TimeoutError, OSError, EOFError) as error:  # the summary must not wait for them
        log.warning("the rows of refused customers could not be read", why=type(error).__name__)
        return ()
    file.content.close()
    names = dict.fromkeys(name for name, _row in file.refused_rows)
    return tuple(FileRows(name, tuple(row for of, row in file.refused_rows if of == name)) for name in names)


async def _source_files(request: Request, repository: Repository) -> tuple[FileSource, ...]:
    origin = await origin_of(repository, request)
    form_input = await repository.load_input(origin.id) if origin else None
    if origin is None or form_input is None:
        return ()
    return tuple(
        FileSource(file, partial(repository.pieces, origin.id, origin.files, number))
        for number, file in enumerate(form_input.files)
    )


def mark(key: str) -> str:
    """Mark the title of a file by its outbox key: by that it is found again, in any language.

    >>> mark("3f2a9c1b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
    '(3f2a9c1b)'
    """
    return f"({key[:MARK]})"


def title(request: Request, key: str) -> str:
    """Title the file.

    >>> from types import SimpleNamespace
    >>> title(SimpleNamespace(short="R-7K2QF"), "3f2a9c1b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
    'R-7K2QF customer list (3f2a9c1b)'
    """
    return _("{request} customer list {mark}", request=request.short, mark=mark(key))


def build(request: Request, file: ListFile, *, title: str) -> FileMessage:
    """Make the message; its comment says how many customers the file lists, and their outcomes."""
    tally = Tally(
        request.customers,
        given=request.customers - file.rows,
        refused=file.counts[Outcome.REFUSED],
        unknown=file.counts[Outcome.UNKNOWN],
    )
    return FileMessage(
        name=f"{request.short}-{'not-confirmed' if tally.unknown else 'not-given'}{file.suffix}",
        title=title,
        comment=_comment(request, tally, file.rows),
        content=file.content,
        length=file.length,
    )


def _comment(request: Request, tally: Tally, rows: int) -> str:
    values = {"request": request.short, "listed": rows, "outcomes": ", ".join(ends(tally))}
    if tally.unknown:
        return ngettext(
            "📄 *{request}*: the discount isn't confirmed for the customer ({outcomes}). "
            "The reason is in the file.",
            "📄 *{request}*: not confirmed for {listed} of {count} customers ({outcomes}). "
            "The reasons are in the file.",
            request.customers,
            **values,
        )
    return ngettext(
        "📄 *{request}*: the customer didn't get it ({outcomes}). The reason is in the file.",
        "📄 *{request}*: not given to {listed} of {count} customers ({outcomes}). "
        "The reasons are in the file.",
        request.customers,
        **values,
    )
