"""Gathers what a message about a request is drawn from, as the books hold it now."""

from bot.giving.notices import Story
from bot.giving.policy import Policy
from bot.giving.ports import Books
from bot.giving.request import Request


async def story_of(books: Books, request: Request, policy: Policy) -> Story:
    """Read a request's votes, counts and refused customers."""
    channel = policy.channels.get(request.channel)
    return Story(
        request,
        votes=await books.votes(request.id, request.round),
        tally=await books.tally(request.id),
        refused=await books.refused(request.id),
        asked_of=tuple(name for name in channel.approvers if name != request.requester) if channel else (),
    )
