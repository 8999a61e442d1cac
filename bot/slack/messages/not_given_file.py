"""The list of those who were not given the discount, as a file that a spreadsheet opens: what is said in it, its name, its title."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from bot.domain.ports import Repository
from bot.domain.requests.batches import Outcome, Tally
from bot.domain.requests.request import Request
from bot.services.remainder import origin_of
from bot.slack.messages.summary import UNKNOWN, why_not_tried
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.request_state import ends
from bot.slack.rendering.verification import beside
from bot.spreadsheets.writer.columns import THERE
from bot.spreadsheets.writer.writer import ListFile, ListJob, ListWriter, SourceFile

MARK: Final = 8
"""Characters of the outbox row's key that stand in the title: enough to tell one request's lists apart."""


async def written(request: Request, repository: Repository, list_writer: ListWriter) -> ListFile:
    """Write the list of a request, in the columns of the files that its customers came from, where there were any."""
    return await list_writer.write(
        ListJob(
            asked=request.customers,
            ends=partial(repository.packed_outcomes, request.id),
            why=await _reasons(request, repository),
            there=await repository.confirmed_customers(request.id),
            files=await _originals(request, repository),
        )
    )


async def _originals(request: Request, repository: Repository) -> tuple[SourceFile, ...]:
    origin = await origin_of(repository, request)
    form_input = await repository.load_input(origin.id) if origin else None
    if origin is None or form_input is None:
        return ()

    def pieces(number: int) -> AsyncIterator[bytes]:
        return repository.pieces(origin.id, origin.files, number)

    return tuple(
        SourceFile(file.name, file.column, partial(pieces, number))
        for number, file in enumerate(form_input.files)
    )


def name(request: Request) -> str:
    """Name the file."""
    return f"{request.short}-not-given.csv"


def title(request: Request, key: str) -> str:
    """Title it, so that it is found again by the key of its row in the outbox.

    >>> from types import SimpleNamespace
    >>> title(SimpleNamespace(short="R-7K2QF"), "3f2a9c1b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
    'R-7K2QF, who was not given it (3f2a9c1b)'
    """
    return f"{request.short}, who was not given it ({key[:MARK]})"


def comment(request: Request, file: ListFile, formatter: Formatter) -> str:
    """Say what the file is, above it."""
    counted = Tally(
        request.customers,
        given=request.customers - file.rows,
        refused=file.counts[Outcome.REFUSED],
        unknown=file.counts[Outcome.UNKNOWN],
    )
    who = f"{formatter.number(file.rows)} of the {formatter.customers(request.customers)}"
    return f"📄 *{request.short}*: the list of {who} who were not given it: {', '.join(ends(counted, formatter))}. A row each, with the reason."


async def _reasons(request: Request, repository: Repository) -> dict[str, str]:
    found = await repository.verification(request.id)
    return {
        Outcome.REFUSED: "Dintero gave no reason",
        Outcome.UNKNOWN: f"{UNKNOWN}{f'; {beside(found)}' if found else ''}",
        THERE: f"{UNKNOWN}; Dintero's list of the rule has them, perhaps from before",
        Outcome.NOT_TRIED: why_not_tried(request, lambda _who: "somebody"),
    }
