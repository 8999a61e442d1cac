"""Requests that a restored backup lacks, found by their cards in Slack."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, or_, select, update

from bot.database.audit.log import append
from bot.database.connection import BaseRepository, ColumnValue, Database
from bot.database.mapping import decode, encode, from_micros, to_micros
from bot.database.schema import lost_requests, requests
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.requests.audit_entries import Entry, EntryKind
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.request import State

_COLUMNS: Final = tuple(
    lost_requests.c[name]
    for name in ("short", "request", "channel", "card_ts", "rule_id", "said", "backup_at", "noted_at")
)
_UNSETTLED: Final = select(*_COLUMNS).where(lost_requests.c.settled_at.is_(None))
_ALL: Final = _UNSETTLED.order_by(lost_requests.c.card_ts)
# A card of a version that did not write its rule down may be about any.
_OF_RULE: Final = _ALL.where(lost_requests.c.rule_id.in_(["", bindparam("rule")]))
_ONE: Final = select(*_COLUMNS).where(
    or_(lost_requests.c.short == bindparam("name"), lost_requests.c.request == bindparam("name"))
)
_SETTLE: Final = (
    update(lost_requests).where(lost_requests.c.settled_at.is_(None)).returning(lost_requests.c.short)
)
_KNOWN: Final = select(requests.c.short).where(
    requests.c.short == bindparam("short"), requests.c.state != State.DRAFT.value
)


class LostRequestRepository(BaseRepository):
    """Keeps them until an admin has settled what became of their customers."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._note = database.insert(lost_requests).on_conflict_do_nothing(index_elements=["short"])

    async def note_lost(self, found: Sequence[LostRequest], at: datetime) -> tuple[LostRequest, ...]:
        """Keep those that the database does not know, and return all that nobody has settled."""
        for one in found:
            if not await self._database.run(_KNOWN, {"short": encode(one.short)}):
                await self._database.run(self._note, _row(one, at))
        return await self.lost()

    async def lost(self, rule: RuleId | None = None) -> tuple[LostRequest, ...]:
        """Read those that nobody has settled, oldest first; all, or those that may be about one rule."""
        statement, values = (_ALL, {}) if rule is None else (_OF_RULE, {"rule": encode(rule)})
        return tuple(map(_lost_request, await self._database.run(statement, values)))

    async def find_lost(self, name: RequestId | ShortId) -> LostRequest | None:
        """Find one by its id or its short id, settled or not."""
        rows = await self._database.run(_ONE, {"name": encode(name)}) if name else ()
        return _lost_request(rows[0]) if rows else None

    async def settle_lost(self, by: UserId, at: datetime) -> int:
        """Note that a person has settled them, and count them."""
        values: dict[str, ColumnValue] = {"settled_at": to_micros(at), "settled_by": encode(by)}
        async with self._database.transaction() as transaction:
            settled = [decode(short) for (short,) in await transaction.run(_SETTLE, values)]
            if settled:
                entry = Entry(kind=EntryKind.SETTLED, who=by, facts={"requests": sorted(settled)})
                await append(transaction, [entry], at)
        return len(settled)


def _row(lost: LostRequest, at: datetime) -> dict[str, ColumnValue]:
    texts = {"short": lost.short, "request": lost.id, "channel": lost.channel, "card_ts": lost.card_ts}
    texts |= {"rule_id": lost.rule, "said": lost.said}
    backup_at = to_micros(lost.backup_at) if lost.backup_at else None
    times = {"backup_at": backup_at, "noted_at": to_micros(at)}
    return {**{name: encode(text) for name, text in texts.items()}, **times}


def _lost_request(row: Sequence[Any]) -> LostRequest:
    short, request, channel, card_ts, rule, said = map(decode, row[:6])
    return LostRequest(
        short=ShortId(short),
        id=RequestId(request),
        channel=ChannelId(channel),
        card_ts=card_ts,
        rule=RuleId(rule),
        said=said,
        backup_at=None if row[6] is None else from_micros(row[6]),
        noted_at=from_micros(row[7]),
    )
