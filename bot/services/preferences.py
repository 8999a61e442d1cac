"""What each person prefers: read often, so it is remembered for a moment."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.preferences import Preferences, Results
from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.domain.requests.person import Person
from bot.services.access import AccessControl

REMEMBERED_SECONDS: Final = 30.0
"""For so long, another process may still use what a person chose before."""
MOST_REMEMBERED: Final = 5_000


RESULTS: Final = frozenset(
    {
        NotificationType.APPROVED,
        NotificationType.RULE_CHANGED,
        NotificationType.CONSENT_VOID,
        NotificationType.REJECTED,
        NotificationType.CANCELLED,
        NotificationType.EXPIRED,
        NotificationType.DONE,
    }
)
"""What people can choose to read in the thread alone. All else asks somebody to act."""


def is_wanted(notification: Notification, snapshot: RequestSnapshot, preferences: Preferences) -> bool:
    """Tell whether the requester wants this direct message; those that ask somebody to act come always."""
    if (
        notification.to != snapshot.request.requester
        or notification.happened not in RESULTS
        or notification.note == RefusalReason.REQUESTER_LEFT
    ):
        return True
    if preferences.results is not Results.PROBLEMS:
        return preferences.results is Results.ALWAYS
    in_full = snapshot.tally.given == snapshot.tally.asked
    return notification.happened is not NotificationType.APPROVED and not (
        notification.happened is NotificationType.DONE and in_full
    )


@dataclass(slots=True)
class PreferenceService:
    """Reads and saves what people prefer, each their own."""

    repository: Repository
    access: AccessControl
    clock: Clock
    _remembered: OrderedDict[UserId, tuple[float, Preferences]] = field(default_factory=OrderedDict)

    async def of(self, person: UserId) -> Preferences:
        """Return what a person prefers, up to half a minute old."""
        read_at, found = self._remembered.get(person, (-REMEMBERED_SECONDS, None))
        if found and time.monotonic() - read_at < REMEMBERED_SECONDS:
            return found
        return self._remember(await self.repository.preferences(person))

    async def language(self, person: UserId) -> str:
        """Return the language that a person chose; empty for the one that Slack says."""
        return (await self.of(person)).language

    async def settings(self, who: Person) -> Preferences | Refusal:
        """Show a person what they prefer; any full member of the workspace has preferences."""
        return await self.access.may_use_bot(who) or await self.repository.preferences(who.id)

    async def save(self, who: Person, results: Results, language: str) -> Preferences | Refusal:
        """Save what a person prefers."""
        if refusal := await self.access.may_use_bot(who):
            return refusal
        chosen = Preferences(who.id, results, language, self.clock.now())
        await self.repository.save_preferences(chosen)
        return self._remember(chosen)

    def _remember(self, found: Preferences) -> Preferences:
        self._remembered[found.person] = time.monotonic(), found
        self._remembered.move_to_end(found.person)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return found
