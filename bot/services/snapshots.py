"""Gathers what a message about a request is drawn from, as the books hold it now."""

from typing import Final

from bot.domain.policy.policy import Policy
from bot.domain.ports import Repository
from bot.domain.requests.batches import Tally, Unsettled
from bot.domain.requests.deadlines import approvers_of
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Request, State
from bot.services.remainder import first_of

LISTED: Final = 5_000
"""Ids of each kind that are read; more than any message could show."""
NOBODY: Final = Unsettled()


async def load_snapshot(
    repository: Repository,
    request: Request,
    policy: Policy,
    *,
    progress_tracker: ProgressTracker | None = None,
    ids: bool = True,
) -> RequestSnapshot:
    """Read a request's votes, counts, refused customers and, once it has come to an end or a stop, whom that left out.

    Without `ids` no customer is read: a card, drawn again and again while many are given, shows none.
    """
    channel = policy.channels.get(request.channel)
    tally = await repository.tally(request.id)
    left_out = (
        await repository.left_out(request.id, most=LISTED)
        if ids and _left_some_out(request, tally)
        else NOBODY
    )
    return RequestSnapshot(
        request,
        votes=await repository.votes(request.id, request.round),
        tally=tally,
        refused=await repository.refused(request.id, most=LISTED) if ids and tally.refused else (),
        asked_of=tuple(name for name in approvers_of(channel, request) if name != request.requester)
        if channel
        else (),
        unknown=left_out.unknown,
        not_tried=left_out.not_tried,
        first=await first_of(repository, request),
        pause=None if request.ended else await repository.pause(),
        verification=await repository.verification(request.id) if tally.unknown else None,
        progress=progress_tracker.of(request, tally) if progress_tracker else None,
    )


def _left_some_out(request: Request, tally: Tally) -> bool:
    begun = request.ended and request.started_at is not None
    return tally.left > 0 and (begun or request.state in {State.STOPPED, State.DONE})
