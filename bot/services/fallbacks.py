"""Who is told instead when something cannot be said: whoever asked, of a thread; the admins, of another channel or of somebody."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.ids import ChannelId
from bot.domain.ports import Books, Clock
from bot.domain.requests.notification import Happened, Kind, Notice, Unsaid
from bot.domain.requests.request import Request
from bot.errors import NeverSaid

INSTEAD = "instead"
"""The fact by which a word to an admin is known to have been meant for somebody else."""
PASSING: frozenset[Happened] = frozenset({Happened.APPROVED})
"""What nobody else has to hear: more will be said of it."""


class Instead:
    """Puts into the outbox what is told instead."""

    def __init__(self, books: Books, clock: Clock, admins: Sequence[str] = ()) -> None:
        self._books = books
        self._clock = clock
        self._admins = tuple(admins)
        self._told_of: set[str] = set()
        """Channels of which the admins were told: of each once, as long as the process lives, whatever there was to say in it."""

    async def tell(self, unsaid: Unsaid, never: NeverSaid) -> None:
        """Tell whoever can be told, where anybody has to be."""
        async with self._books.page(unsaid.request) as page:
            if page:
                await page.say(*self._notices(unsaid.notice, page.request, never))

    def _notices(self, lost: Notice, request: Request, never: NeverSaid) -> list[Notice]:
        match lost.kind:
            case Kind.LIST:
                return [self._direct(lost.to, Happened.LIST_LOST, never)]
            case Kind.CARD if request.card_ts is None:
                return [] if request.ended else [self._direct(request.requester, Happened.UNSEEN, never)]
            case Kind.CARD | Kind.LINE | Kind.SUMMARY:
                return (
                    [self._direct(request.requester, Happened.UNTOLD, never, request.channel)]
                    if request.card_ts
                    else []
                )
            case Kind.NOTICE:
                return self._of_a_channel(lost.to, never)
            case Kind.DIRECT:
                return self._of_somebody(lost)

    def _of_a_channel(self, channel: str, never: NeverSaid) -> list[Notice]:
        if channel in self._told_of:
            return []
        self._told_of.add(channel)
        return [self._direct(admin, Happened.UNTOLD, never, channel) for admin in self._admins]

    def _of_somebody(self, lost: Notice) -> list[Notice]:
        """Tell the admins the same; what cannot be told to an admin stands in the log."""
        if lost.to in self._admins or lost.happened in PASSING:
            return []
        return [replace(lost, to=admin, facts={**lost.facts, INSTEAD: lost.to}) for admin in self._admins]

    def _direct(self, to: str, happened: Happened, never: NeverSaid, channel: str = "") -> Notice:
        facts = {"slack": never.code} | ({"channel": ChannelId(channel)} if channel else {})
        return Notice(
            kind=Kind.DIRECT, happened=happened, at=self._clock.now(), to=to, note=str(never), facts=facts
        )
