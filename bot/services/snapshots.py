"""Snapshots: everything that a message about a request needs, as the database holds it now."""

from typing import Final

from bot.domain.policy.policy import Policy
from bot.domain.ports import Repository
from bot.domain.requests.authorization import approvers_of, pending_approvers
from bot.domain.requests.batches import Unsettled
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Request, State
from bot.services.results.remainder import first_of

MAX_IDS: Final = 5_000
"""Ids to read of each kind: more than any message could show."""


async def load_snapshot(
    repository: Repository,
    request: Request,
    policy: Policy,
    *,
    progress_tracker: ProgressTracker | None = None,
    ids: bool = True,
) -> RequestSnapshot:
    """Load votes, counts, refused customers and, after an end or a stop, the customers left out.

    Without `ids` it reads no customers: a card, redrawn often during the giving, shows none.
    """
    tally = await repository.tally(request.id)
    begun = request.ended and request.started_at is not None
    left_out = Unsettled()
    if ids and tally.left > 0 and (begun or request.state in {State.STOPPED, State.DONE}):
        left_out = await repository.left_out(request.id, most=MAX_IDS)
    approvers = approvers_of(policy.channels.get(request.channel), request)
    return RequestSnapshot(
        request,
        votes=await repository.votes(request.id, request.round),
        tally=tally,
        refused=await repository.refused(request.id, most=MAX_IDS) if ids and tally.refused else (),
        asked_of=pending_approvers(approvers, request),
        unknown=left_out.unknown,
        not_tried=left_out.not_tried,
        first=await first_of(repository, request),
        pause=None if request.ended else await repository.pause(),
        verification=await repository.verification(request.id) if tally.unknown else None,
        progress=progress_tracker.of(request, tally) if progress_tracker else None,
    )
