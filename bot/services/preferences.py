"""What each person prefers: read at each click, so it is cached."""

from typing import Final

from bot.coalescing import TtlCache
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.preferences import Preferences, Results
from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.domain.requests.person import Person
from bot.services.access import AccessControl

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


class PreferenceService:
    """Reads and saves what people prefer, each their own; for a minute, another process may not know yet."""

    def __init__(self, repository: Repository, access: AccessControl, clock: Clock) -> None:
        self._repository = repository
        self._access = access
        self._clock = clock
        self.cached = TtlCache(repository.preferences, clock.now)

    async def settings(self, who: Person) -> Preferences | Refusal:
        """Show a person what they prefer; any full member of the workspace has preferences."""
        return await self._access.may_use_bot(who) or await self._repository.preferences(who.id)

    async def save(self, who: Person, results: Results, language: str) -> Preferences | Refusal:
        """Save what a person prefers."""
        if refusal := await self._access.may_use_bot(who):
            return refusal
        chosen = Preferences(who.id, results, language, self._clock.now())
        await self._repository.save_preferences(chosen)
        self.cached.put(who.id, chosen)
        return chosen
