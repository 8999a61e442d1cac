"""What people prefer: a row for each person who chose anything."""

from typing import Final

from sqlalchemy import bindparam, select

from bot.database.connection import BaseRepository, Database
from bot.database.mapping import RowMapper, decode, encode, from_micros
from bot.database.schema import preferences
from bot.domain.ids import UserId
from bot.domain.preferences import LANGUAGES, Preferences, Results

_PREFERENCES: Final = RowMapper(Preferences, preferences)
_FIND: Final = select(preferences.c.results, preferences.c.language, preferences.c.changed_at).where(
    preferences.c.person == bindparam("which")
)


class PreferenceRepository(BaseRepository):
    """Keeps preferences. A value of a newer version counts as the default."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        insert = database.insert(preferences)
        self._save = insert.on_conflict_do_update(index_elements=["person"], set_=dict(insert.excluded))

    async def preferences(self, person: UserId) -> Preferences:
        for results, language, changed_at in await self._database.run(_FIND, {"which": encode(person)}):
            return Preferences(
                person,
                Results(results) if results in set(Results) else Results.ALWAYS,
                decode(language) if language in LANGUAGES else "",
                from_micros(changed_at),
            )
        return Preferences(person)

    async def save_preferences(self, chosen: Preferences) -> None:
        if chosen.changed_at is None:
            raise ValueError(chosen.person)
        await self._database.run(self._save, _PREFERENCES.write(chosen))
