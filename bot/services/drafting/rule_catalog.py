"""Rule catalog: all rules of the account in memory, so choosing one never waits for Dintero."""

import asyncio
import math
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.ids import RuleId
from bot.domain.policy.policy import ANY, ChannelPolicy, Refusal, RefusalReason
from bot.domain.ports import Rules
from bot.domain.rules.rule import Availability, Rule, usable
from bot.errors import DinteroError, RateLimitedError, RuleNotFound, TransientError

FIRST_READ_SECONDS: Final = 1.5
"""Slack waits 3 seconds for an answer, and an ack may have to wait for the database too."""
RULES_SECONDS: Final = 60.0
RULES_RETRY_SECONDS: Final = 5.0
"""After an outage: until the rules are read, `/readyz` and `status` say that Dintero is away."""
MAX_WORDS: Final = 40
"""Words of a rule's name that are typed without quotes."""
PLAIN_LETTERS: Final = str.maketrans(
    {"æ": "ae", "ø": "o", "œ": "oe", "ð": "d", "đ": "d", "ł": "l", "þ": "th"}
)
"""Letters that Unicode does not split into a plain letter and a mark."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A rule and its search text: name and id on a line each, folded, with a space before every word."""

    rule: Rule
    text: str
    order: tuple[str, str]


@dataclass(slots=True)
class RuleCatalog:
    """The rules as last read, searched in memory; a background task refreshes them."""

    dintero: Rules
    ready: bool = False
    """Whether all rules have been read at least once."""
    failed: DinteroError | None = None
    """Why the last refresh failed, if it did."""
    ticks: Callable[[], float] = time.monotonic
    _due_at: float = -math.inf
    _entries: dict[RuleId, CatalogEntry] = field(default_factory=dict)
    _sorted: list[CatalogEntry] = field(default_factory=list)

    async def refresh(self) -> bool:
        """Read all rules; on failure keep the old ones, store the error and return False."""
        try:
            rules = await self.dintero.rules()
        except DinteroError as failure:
            self.failed = failure
            return False
        self._entries = {rule.id: self._entry(rule) for rule in rules}
        self._sort()
        self.ready, self.failed = True, None
        return True

    async def refresh_if_due(self) -> None:
        """Refresh once a minute, and sooner while Dintero does not answer; a refusal lasts longer."""
        now = self.ticks()
        if now < self._due_at:
            return
        await self.refresh()
        is_away = isinstance(self.failed, TransientError) and not isinstance(self.failed, RateLimitedError)
        self._due_at = now + (RULES_RETRY_SECONDS if is_away else RULES_SECONDS)

    async def first_read(self) -> None:
        """Wait a moment for the first refresh, so that a search right after the start finds rules."""
        if not self.ready:
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_READ_SECONDS):
                    await self.refresh()

    def known(self, rule: RuleId) -> Rule | None:
        """Find a rule in memory."""
        entry = self._entries.get(rule)
        return entry.rule if entry else None

    async def read(self, rule: RuleId, typed: str = "") -> Rule | Refusal:
        """Read a rule and remember it, or forget it if it is gone; a refusal quotes `typed` or its title."""
        try:
            found = await self.dintero.rule(rule)
        except RuleNotFound:
            if gone := self._entries.pop(rule, None):
                self._sort()
            return Refusal(RefusalReason.RULE_GONE, typed or (gone.rule.title if gone else rule))
        except DinteroError as error:
            return Refusal(RefusalReason.RULE_UNREADABLE, str(error))
        entry = self._entry(found)
        if entry is not self._entries.get(found.id):
            self._entries[found.id] = entry
            self._sort()
        return found

    async def find(self, text: str, *, allowed: ChannelPolicy) -> Rule | list[Rule] | Refusal:
        """Find the rule that a person means and read it; list the candidates if that is unclear."""
        await self.first_read()
        found = self.by_words(text, allowed=allowed)
        if isinstance(found, Rule):
            return await self.read(found.id, text)
        if found:
            return found
        if self._names_a_rule(text):
            return Refusal(RefusalReason.RULE_NOT_ALLOWED, text)
        if not self.ready:
            why = str(self.failed or "still loading the rules")
            return Refusal(RefusalReason.RULE_UNREADABLE, why)
        return Refusal(RefusalReason.NO_RULE, text)

    def search(
        self, text: str, *, allowed: ChannelPolicy, at: datetime, limit: int = 100
    ) -> list[tuple[Rule, Availability]]:
        """Find rules that the channel may give, by words of name or id in any order; no text finds all.

        Usable rules come first. Among them the order is: name or id begins with the text, a word begins with
        it, it occurs somewhere; then by name. Accents and case do not matter. Slack shows 100 at most.
        """
        words = _words(text)
        first: list[tuple[Rule, Availability]] = []
        last: list[tuple[Rule, Availability]] = []
        for entry in _matches(self._permitted(allowed), words):
            availability = usable(entry.rule, at)
            is_usable = availability in {Availability.NOW, Availability.SCHEDULED}
            (first if is_usable else last).append((entry.rule, availability))
            if len(first) == limit:  # judging all of 10,000 rules would take 50 ms
                break
        return (first + last)[:limit]

    def by_words(self, text: str, *, allowed: ChannelPolicy | None = None) -> Rule | list[Rule]:
        """Find the rule that a person means, by id, else by name, else by words of either; or all candidates.

        With `allowed`, only rules that the channel may give count. An empty text finds none.
        """
        words = _words(text)
        if not words:
            return []
        entries = self._permitted(allowed) if allowed else self._sorted
        found = next(filter(None, _readings(text.strip(), words, entries)), [])
        return found[0].rule if len(found) == 1 else [entry.rule for entry in found]

    def words_of_name(self, words: Sequence[str], *, allowed: ChannelPolicy | None = None) -> int | None:
        """Count the leading words that name a rule; None if they name none, or a later word may belong to it.

        With `allowed`, only rules that the channel may give count.

        `add Spar 100 c-1`, typed without quotes, is "Spar 100" and then a customer. The longest whole name
        wins, then the longest beginning of a name.
        """
        if len(words) == 1:
            return 1
        typed = [" ".join(_words(word)) for word in words]
        meant = self._permitted(allowed) if allowed else self._sorted
        begun = [entry for entry in meant if f"\n {typed[0]}" in entry.text]
        many = _longest(typed, begun, "\n") or _longest(typed, begun, " ") or 1
        for word in typed[:many]:
            meant = [entry for entry in meant if word in entry.text]
        others = {word for entry in meant for word in entry.order[0].split()} - set(typed[:many])
        later = {word for one in typed[many:] for word in one.split()}
        is_unclear = not meant or any(other.startswith(word) for other in others for word in later)
        return None if is_unclear else many

    def _names_a_rule(self, text: str) -> bool:
        """Tell whether a text is the whole name or id of a rule, so that the person knows it already."""
        whole = f"\n {' '.join(_words(text))}\n"
        return any(whole in entry.text for entry in self._sorted)

    def _permitted(self, allowed: ChannelPolicy) -> list[CatalogEntry]:
        if ANY in allowed.rules:
            return self._sorted
        return [entry for entry in self._sorted if entry.rule.id in allowed.rules]

    def _entry(self, rule: Rule) -> CatalogEntry:
        """Make a rule's entry; reuse the folded name: folding thousands of them blocks the event loop."""
        known = self._entries.get(rule.id)
        if known is not None and known.rule.name == rule.name:
            return known if known.rule == rule else CatalogEntry(rule, known.text, known.order)
        name = " ".join(_words(rule.name))
        return CatalogEntry(rule, f"\n {name}\n {plain(rule.id)}\n", (name or plain(rule.id), rule.id))

    def _sort(self) -> None:
        self._sorted = sorted(self._entries.values(), key=lambda entry: entry.order)


def plain(text: str) -> str:
    """Fold text to lower case without accents, as people type it in a hurry."""
    small = text.casefold()
    if small.isascii():
        return small
    split = unicodedata.normalize("NFKD", small.translate(PLAIN_LETTERS))
    return "".join(letter for letter in split if not unicodedata.combining(letter)).casefold()


def _words(text: str) -> list[str]:
    return plain(text).replace(",", " ").split()


def _longest(words: Sequence[str], entries: Sequence[CatalogEntry], end: str) -> int:
    """Count the leading words after which a name or id ends with `end`, at most; 0 if there is none."""
    prefixes = (
        (many, f"\n {' '.join(words[:many])}{end}") for many in range(min(len(words), MAX_WORDS), 0, -1)
    )
    return next((many for many, prefix in prefixes if any(prefix in entry.text for entry in entries)), 0)


def _readings(
    text: str, words: Sequence[str], entries: Sequence[CatalogEntry]
) -> Iterator[list[CatalogEntry]]:
    """Yield the possible matches, the surest first; each is computed only if the one before is empty."""
    yield [entry for entry in entries if entry.rule.id == text]
    yield [entry for entry in entries if entry.rule.name.strip() == text]
    whole = f"\n {' '.join(words)}\n"
    yield [entry for entry in entries if whole in entry.text]
    yield _matches(entries, words)


def _matches(entries: Sequence[CatalogEntry], words: Sequence[str]) -> list[CatalogEntry]:
    """Find entries by words: those that begin with the text, then those in which a word does, then others."""
    for word in words:
        entries = [entry for entry in entries if word in entry.text]
    whole = "\n " + " ".join(words)
    begun = [entry for entry in entries if whole in entry.text]
    others = [entry for entry in entries if whole not in entry.text]
    for word in words:
        others.sort(key=lambda entry, start=f" {word}": start not in entry.text)  # type: ignore[misc]
    return begun + others
