"""Which files the customers of a request came from: its own, or those of the request whose rest it asks for."""

from bot.domain.ports import Books
from bot.domain.requests.request import Request


async def origin_of(books: Books, request: Request) -> Request | None:
    """Find the request whose files its customers stand in, while they are kept; None where they were typed."""
    found: Request | None = request
    while found and not found.files and found.rest_of:
        found = await books.find(found.rest_of)
    return found if found and found.files and found.purged_at is None else None
