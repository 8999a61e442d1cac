"""A new round of a request into which the yeses are carried: nothing of what they were for has changed."""

from dataclasses import replace

from bot.domain.ports import Page
from bot.domain.requests.request import Request


async def into_next_round(page: Page, request: Request) -> Request:
    """Keep a request in its next round, with the yeses of the present one."""
    votes = await page.votes()
    following = replace(request, round=page.request.round + 1)
    await page.keep(following)
    for vote in votes:
        await page.vote(replace(vote, round=following.round))
    return following
