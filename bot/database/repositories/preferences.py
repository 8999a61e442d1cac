"""What people prefer: a row for each person who chose anything."""

from typing import Final

from sqlalchemy import bindparam, select

from bot.database.connection import BaseRepository, ColumnValue, Database
from bot.database.mapping import decode, encode, from_micros, to_micros
from bot.database.schema import preferences
from bot.domain.ids import UserId
from bot.domain.preferences import LANGUAGES, Preferences, Results

_FIND: Final = select(preferences.c.results, preferences.c.language, preferences.c.changed_at).where(
    preferences.c.person == bindparam("which")
)


class PreferenceRepository(BaseRepository):
    """Keeps preferences. A value of a newer version counts as the default."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        insert = database.insert(preferences)
        changed = {name: insert.excluded[name] for name in ("results", "language", "changed_at")}
        self._save = insert.on_conflict_do_update(index_elements=["person"], set_=changed)

    async def preferences(self, person: UserId) -> Preferences:
        """Read what a person prefers; the defaults if they never chose anything."""
        for results, language, changed_at in await self._database.run(_FIND, {"which": encode(person)}):
            return Preferences(
                person,
                Results(results) if results in set(Results) else Results.ALWAYS,
                decode(language) if language in LANGUAGES else "",
                from_micros(changed_at),
            )
        return Preferences(person)

    async def save_preferences(self, chosen: Preferences) -> None:
        """Write what a person prefers.

        Raises:
            ValueError: nobody knows when they chose it.
        """
        if chosen.changed_at is None:
            raise ValueError(chosen.person)
        row: dict[str, ColumnValue] = {
            "person": encode(chosen.person),
            "results": encode(chosen.results),
            "language": encode(chosen.language),
            "changed_at": to_micros(chosen.changed_at),
        }
        await self._database.run(self._save, row)
