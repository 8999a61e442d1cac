"""All rules of the account for every process that shares the database: one asks Dintero, the others take what that one kept."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from bot.cluster.membership import Membership
from bot.database.repositories.rule_cache import RuleCacheRepository
from bot.domain.ids import RuleId
from bot.domain.ports import Clock, Rules
from bot.domain.rules.rule import Rule
from bot.errors import DatabaseUnavailable

FRESH: Final = timedelta(minutes=3)
"""So long what another read counts; who finds nothing newer asks Dintero itself. They are read every minute."""


class SharedRules:
    """The port `Rules`, of one of several processes."""

    def __init__(
        self, dintero: Rules, books: RuleCacheRepository, membership: Membership, clock: Clock, account: str
    ) -> None:
        self._dintero = dintero
        self._books = books
        self._membership = membership
        self._clock = clock
        self._account = account
        self._last: tuple[str, tuple[Rule, ...]] = ("", ())
        """Those that were last taken from the database, by their digest."""

    async def rules(self) -> tuple[Rule, ...]:
        """Read all rules, or take them from whoever did.

        Raises:
            DinteroError: nobody could read them.
        """
        if not self._membership.has_peers:
            return await self._dintero.rules()
        kept = None if self._membership.is_leader else await self._kept()
        return await self._read() if kept is None else kept

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule, from Dintero itself.

        Raises:
            DinteroError: it could not be read.
        """
        return await self._dintero.rule(rule)

    async def _read(self) -> tuple[Rule, ...]:
        found = await self._dintero.rules()
        with suppress(DatabaseUnavailable):
            await self._books.keep_rules(self._account, found, self._clock.now())
        return found

    async def _kept(self) -> tuple[Rule, ...] | None:
        """Take what another process kept; None where that is too old, gone, or of a version that says more."""
        with suppress(DatabaseUnavailable, ValueError):
            read = await self._books.rules_read(self._account)
            if read is None or abs(self._clock.now() - read[0]) >= FRESH:
                return None
            _, digest = read
            if digest != self._last[0]:
                kept = await self._books.kept_rules(self._account, digest)
                if kept is None:
                    return None
                self._last = digest, kept
            return self._last[1]
        return None
