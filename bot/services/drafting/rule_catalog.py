"""All rules of the account, kept at hand so that choosing one never waits for Dintero; knows nothing of who may give which."""

import asyncio
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.ids import RuleId
from bot.domain.policy.policy import ANY, ChannelPolicy
from bot.domain.ports import Rules
from bot.domain.rules.rule import Availability, Rule, usable
from bot.errors import DinteroError, RuleNotFound

PLAINLY: Final = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ð": "d", "đ": "d", "ł": "l", "þ": "th"})
"""Letters that Unicode does not take apart into a plain one and its mark."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A rule and what is searched of it: its name and id on a line each, typed plainly, a space before every word."""

    rule: Rule
    text: str
    order: tuple[str, str]


class RuleCatalog:
    """The rules as last read, searched in memory; reading them again is somebody else's clockwork."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._entries: dict[RuleId, CatalogEntry] = {}
        self._sorted: list[CatalogEntry] = []
        self._ready = False
        self._failed: DinteroError | None = None

    @property
    def ready(self) -> bool:
        """Whether all rules were read at least once."""
        return self._ready

    @property
    def failed(self) -> DinteroError | None:
        """Why the last reading failed; None where it did not."""
        return self._failed

    async def refresh(self) -> bool:
        """Read all rules; where that fails, keep the old ones, note why, and answer false."""
        try:
            rules = await self._rules.rules()
        except DinteroError as failure:
            self._failed = failure
            return False
        self._entries = {rule.id: self._entry(rule) for rule in rules}
        self._sort()
        self._ready, self._failed = True, None
        return True

    async def first_read(self, seconds: float) -> None:
        """Wait, but not for long, until all rules were read once; whoever asks right after a start finds them then."""
        if not self.ready:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.refresh()

    def known(self, rule: RuleId) -> Rule | None:
        """Find a rule as last read, without asking Dintero."""
        entry = self._entries.get(rule)
        return entry.rule if entry else None

    async def get(self, rule: RuleId) -> Rule | None:
        """Find a rule, as last read; Dintero is asked for one that is not known. None where there is no such rule.

        Raises:
            DinteroError: it is not known, and could not be read.
        """
        known = self.known(rule)
        if known is not None:
            return known
        try:
            return await self.fresh(rule)
        except RuleNotFound:
            return None

    async def fresh(self, rule: RuleId) -> Rule:
        """Read a rule from Dintero now, and remember it so.

        Raises:
            RuleNotFound: there is no such rule; it is forgotten here too.
            DinteroError: it could not be read; what was known of it stays.
        """
        try:
            read = await self._rules.rule(rule)
        except RuleNotFound:
            if self._entries.pop(rule, None):
                self._sort()
            raise
        self.keep(read)
        return read

    def keep(self, rule: Rule) -> None:
        """Remember a rule as Dintero just answered it."""
        entry = self._entry(rule)
        if entry is not self._entries.get(rule.id):
            self._entries[rule.id] = entry
            self._sort()

    def search(
        self, text: str, *, allowed: ChannelPolicy, at: datetime, limit: int = 100
    ) -> list[tuple[Rule, Availability]]:
        """Find rules that the channel may give, by words of name or id in any order, with whether each can be given.

        Those that can be given come first; then those whose name or id begins with the text, those with words that begin with what was
        typed, and those that have it somewhere; then by name. No text finds all. Accents and case do not matter. `limit` is what
        Slack's select shows at most.
        """
        can: list[tuple[Rule, Availability]] = []
        cannot: list[tuple[Rule, Availability]] = []
        for entry in _best_first(_matching(self._permitted(allowed), _words(text)), _words(text)):
            state = usable(entry.rule, at)
            if state is Availability.NOW or state is Availability.SCHEDULED:
                can.append((entry.rule, state))
            elif len(cannot) < limit:
                cannot.append((entry.rule, state))
            if len(can) == limit:
                break
        return (can + cannot)[:limit]

    def by_words(self, text: str, *, allowed: ChannelPolicy | None = None) -> Rule | list[Rule]:
        """Find the one rule that a person means: by its id, else by its name, else by words of either; or all it could be.

        With `allowed`, only rules that the channel may give are thought of. Nothing typed means nothing.
        """
        words = _words(text)
        if not words:
            return []
        entries = self._permitted(allowed) if allowed else self._sorted
        found = next(filter(None, _readings(text.strip(), words, entries)), [])
        return found[0].rule if len(found) == 1 else [entry.rule for entry in found]

    def words_of_name(self, words: Sequence[str]) -> int:
        """Count how many of these words, from the first on, are a rule's name or begin one; 1 where none fits better.

        For `add Spar 100 c-1`, typed without quotes: it is "Spar 100" and then a customer.
        """
        if isinstance(self.by_words(words[0]) if words else [], Rule):
            return 1
        for many in range(len(words), 1, -1):
            begun = "\n " + " ".join(_words(" ".join(words[:many])))
            if any(entry.text.startswith(begun) for entry in self._sorted):
                return many
        return 1

    def _permitted(self, allowed: ChannelPolicy) -> list[CatalogEntry]:
        return (
            self._sorted
            if ANY in allowed.rules
            else [entry for entry in self._sorted if entry.rule.id in allowed.rules]
        )

    def _entry(self, rule: Rule) -> CatalogEntry:
        """Make a rule's entry, from the one before where the name stayed: folding thousands of names holds everybody up."""
        known = self._entries.get(rule.id)
        if known is not None and known.rule.name == rule.name:
            return known if known.rule == rule else CatalogEntry(rule, known.text, known.order)
        name = " ".join(_words(rule.name))
        return CatalogEntry(rule, f"\n {name}\n {plain(rule.id)}\n", (name or plain(rule.id), rule.id))

    def _sort(self) -> None:
        self._sorted = sorted(self._entries.values(), key=lambda entry: entry.order)


def plain(text: str) -> str:
    """Write text the way that a hurried person types it: small letters, no accents."""
    small = text.casefold()
    if small.isascii():
        return small
    apart = unicodedata.normalize("NFKD", small.translate(PLAINLY))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _words(text: str) -> list[str]:
    return plain(text).split()


def _readings(
    text: str, words: Sequence[str], entries: Sequence[CatalogEntry]
) -> Iterator[list[CatalogEntry]]:
    """Find what a text can mean, the surest reading first; each is looked for only where the one before found nothing."""
    yield [entry for entry in entries if entry.rule.id == text]
    yield [entry for entry in entries if entry.rule.name.strip() == text]
    whole = f"\n {' '.join(words)}\n"
    yield [entry for entry in entries if whole in entry.text]
    yield _best_first(_matching(entries, words), words)


def _matching(entries: Iterable[CatalogEntry], words: Sequence[str]) -> list[CatalogEntry]:
    found = list(entries)
    for word in words:
        found = [entry for entry in found if word in entry.text]
    return found


def _best_first(entries: list[CatalogEntry], words: Sequence[str]) -> list[CatalogEntry]:
    """Put what begins with the text before words that begin with what was typed, and those before the rest; entries keep their order."""
    whole = "\n " + " ".join(words)
    begun = [entry for entry in entries if whole in entry.text]
    others = [entry for entry in entries if whole not in entry.text]
    for word in words:
        others.sort(key=lambda entry, start=f" {word}": start not in entry.text)  # type: ignore[misc]
    return begun + others
