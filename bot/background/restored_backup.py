"""What the bot does once it finds that its database was put back to an earlier state."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.database.audit.log import ChainHead
from bot.database.repositories.repository import SqlRepository
from bot.domain.ports import Clock
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.pause import Pause, PausedFor
from bot.slack.card_search import CardSearch
from bot.slack.client.direct_messages import tell_admins
from bot.slack.messages import lost_requests
from bot.slack.rendering.formatting import Formatter

log = structlog.get_logger()


@dataclass(slots=True)
class RestoredBackup:
    """Pauses the bot, says nothing twice, and finds the requests that the database lacks; each can repeat."""

    repository: SqlRepository
    cards: CardSearch
    formatter: Formatter
    clock: Clock

    async def pause(self, lost: ChainHead, *, until: datetime | None) -> bool:
        """Pause before anything is given or said, once for each head that the database lacks.

        What the bot wrote down since `until` may be younger than the backup. Returns False if it was paused
        for this before: a person may have resumed it since.
        """
        if await self.repository.knows_restore(lost):
            return False
        backup_at = await self.repository.audit.last_at(before=until)
        await self.repository.search_before_sending()
        pause = Pause(self.clock.now(), None, PausedFor.RESTORED)
        begun = await self.repository.begin_restore(lost, backup_at, pause)
        await self.repository.stop_for_pause()
        return begun

    async def tell_lost(self, backup_at: datetime | None) -> None:
        """Search Slack for requests that the database lacks, and tell the admins; raises what Slack does."""
        found = await self.cards.cards(backup_at, self.clock.now())
        lost = await self.repository.note_lost(found, self.clock.now())
        for one in lost:
            log.error("a request is in Slack and not in the database", request=one.short, channel=one.channel)
        if lost or self.cards.unread:
            await self._tell(lost)

    async def _tell(self, lost: tuple[LostRequest, ...]) -> None:
        links = {one.short: await self.cards.link(one) for one in lost[: lost_requests.MOST_NAMED]}
        told = lost_requests.build(lost, self.cards.unread, links, self.formatter)
        client, admins = self.cards.client, self.formatter.admins
        answers, failures = await tell_admins(client, admins, told.text, blocks=told.blocks)
        if failures and not answers:
            raise failures[0]
