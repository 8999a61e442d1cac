"""Requests: drafts, the form's input, approvals and searches; and those that a restored backup lacks."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, false, func, or_, select, update

from bot.database.audit.log import append
from bot.database.connection import BaseRepository, ColumnValue, Database, Statement
from bot.database.mapping import (
    APPROVALS,
    REQUESTS,
    RowMapper,
    decode,
    encode,
    files_read_of,
    input_json,
    input_of,
    request_row,
    to_columns,
    to_micros,
)
from bot.database.schema import (
    ENDED_LAST,
    NOT_PURGED,
    REQUESTED_AT,
    SUBMITTED,
    lost_requests,
    of_request,
    requests,
    votes,
)
from bot.domain.customers.uploads import FileRead
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.requests.audit_entries import Entry, EntryKind
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.request import ENDED, Approval, FormInput, Request, State
from bot.errors import ShortIdConflict

MOST_DRAFTS: Final = 10
_ID: Final = requests.c.id == bindparam("which")

_REQUESTS: Final = select(*REQUESTS.columns)
_FIND: Final = _REQUESTS.where(_ID)
_FIND_SHORT: Final = _REQUESTS.where(requests.c.short == bindparam("which"))
FORM_INPUT: Final = select(requests.c.typed).where(_ID)
_FILES_READ: Final = select(requests.c.files_read, requests.c.customers_digest).where(_ID)
_SAVE_INPUT: Final = update(requests).where(_ID, requests.c.state == State.DRAFT.value)
_NEWEST: Final = (
    _REQUESTS.where(SUBMITTED)
    .order_by(ENDED_LAST, REQUESTED_AT.desc(), requests.c.id)
    .limit(bindparam("most"))
)
_RECENT: Final = _NEWEST.where(requests.c.channel == bindparam("which")).offset(bindparam("skipped"))
_RECENT_OF: Final = _NEWEST.where(requests.c.requester == bindparam("which"))
_DRAFTS_OF: Final = (
    select(*REQUESTS.columns, requests.c.typed.label("form_input"))
    .where(requests.c.requester == bindparam("who"), requests.c.created_at > bindparam("since"))
    .where(requests.c.channel == bindparam("which"), requests.c.state == State.DRAFT.value)
    .order_by(requests.c.created_at.desc(), requests.c.id)
    .limit(MOST_DRAFTS)
)
_OVERDUE: Final = (
    select(requests.c.id)
    .where(requests.c.state == State.WAITING.value, requests.c.expires_at <= bindparam("now"))
    .order_by(requests.c.expires_at, requests.c.id)
)
_DUE: Final = (
    select(requests.c.id)
    .where(or_(*(requests.c.state == each.value for each in (State.WAITING, State.APPROVED, State.GIVING))))
    .where(
        or_(
            requests.c.remind_at <= bindparam("now"),
            (requests.c.escalate_at <= bindparam("now")) & (requests.c.state == State.WAITING.value),
        )
    )
    .order_by(requests.c.asked_at, requests.c.id)
)
_REMAINDERS: Final = _REQUESTS.where(requests.c.rest_of == bindparam("which"), SUBMITTED).order_by(
    REQUESTED_AT, requests.c.id
)
_FORGETTABLE: Final = (
    _REQUESTS.where(requests.c.ended_at < bindparam("before"), NOT_PURGED)
    .order_by(requests.c.ended_at, requests.c.id)
    .limit(bindparam("most"))
)
_FORGET_DRAFTS: Final = (
    delete(requests)
    .where(requests.c.state == State.DRAFT.value, requests.c.created_at < bindparam("before"))
    .returning(requests.c.id)
)

APPROVALS_OF_ROUND: Final = (
    select(*APPROVALS.columns)
    .where(of_request(votes), votes.c.round == bindparam("of_round"))
    .order_by(votes.c.voted_at, votes.c.id)
)
_LOST_ROWS: Final = RowMapper(LostRequest, lost_requests, id="request", rule="rule_id")
_IS_UNSETTLED: Final = lost_requests.c.settled_at.is_(None)
COUNT_UNSETTLED: Final = select(func.count()).where(_IS_UNSETTLED)
_LOST_ALL: Final = select(*_LOST_ROWS.columns).where(_IS_UNSETTLED).order_by(lost_requests.c.card_ts)
# A card of a version that did not write its rule down may be about any.
_LOST_OF_RULE: Final = _LOST_ALL.where(lost_requests.c.rule_id.in_(["", bindparam("rule")]))
_LOST_ONE: Final = select(*_LOST_ROWS.columns).where(
    or_(lost_requests.c.short == bindparam("name"), lost_requests.c.request == bindparam("name"))
)
_SETTLE_LOST: Final = update(lost_requests).where(_IS_UNSETTLED).returning(lost_requests.c.short)
_KNOWN_SHORT: Final = select(requests.c.short).where(
    requests.c.short == bindparam("short"), requests.c.state != State.DRAFT.value
)


class RequestRepository(BaseRepository):
    """Drafts, requests, and those that a restored backup lacks, until an admin has settled them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._open_draft = (
            database.insert(requests)
            .on_conflict_do_nothing(index_elements=["short"])
            .returning(requests.c.id)
        )
        self._note_lost = database.insert(lost_requests).on_conflict_do_nothing(index_elements=["short"])

    async def open_draft(self, request: Request, form_input: FormInput) -> None:
        row = {**request_row(request), "typed": input_json(form_input)}
        if not await self._database.run(self._open_draft, row):
            raise ShortIdConflict(request.short)

    async def save_input(self, request: RequestId, form_input: FormInput) -> None:
        await self._database.run(_SAVE_INPUT, {"which": encode(request), "typed": input_json(form_input)})

    async def load_input(self, request: RequestId) -> FormInput | None:
        rows = await self._database.run(FORM_INPUT, {"which": encode(request)})
        return input_of(rows[0][0]) if rows else None

    async def files_read(self, request: RequestId) -> tuple[FileRead, ...]:
        rows = await self._database.run(_FILES_READ, {"which": encode(request)})
        return files_read_of(rows[0][0], decode(rows[0][1])) if rows else ()

    async def find(self, request: RequestId) -> Request | None:
        return next(iter(await self._requests(_FIND, which=encode(request))), None)

    async def find_short(self, short: ShortId) -> Request | None:
        return next(iter(await self._requests(_FIND_SHORT, which=encode(short))), None)

    async def votes(self, request: RequestId, round_: int) -> tuple[Approval, ...]:
        rows = await self._database.run(APPROVALS_OF_ROUND, {"which": encode(request), "of_round": round_})
        return tuple(map(APPROVALS.read, rows))

    async def remainders_of(self, request: RequestId) -> tuple[Request, ...]:
        return await self._requests(_REMAINDERS, which=encode(request))

    async def recent(self, channel: ChannelId, *, limit: int, skip: int = 0) -> tuple[Request, ...]:
        return await self._requests(_RECENT, which=encode(channel), most=limit, skipped=skip)

    async def recent_of(
        self, requesters: Collection[UserId], *, limit: int, skip: int = 0
    ) -> tuple[Request, ...]:
        found: list[Request] = []
        for requester in sorted(requesters):
            found += await self._requests(_RECENT_OF, which=encode(requester), most=skip + limit)
        found.sort(key=_open_and_newest_first)
        return tuple(found[skip : skip + limit])

    async def drafts_of(
        self, requester: UserId, channel: ChannelId, since: datetime
    ) -> tuple[tuple[Request, FormInput], ...]:
        values = to_columns(who=requester, which=channel, since=since)
        rows = await self._database.run(_DRAFTS_OF, values)
        return tuple((REQUESTS.read(row[:-1]), input_of(row[-1])) for row in rows)

    async def in_state(self, *states: State) -> tuple[Request, ...]:
        return await self._requests(_in_state(states))

    async def overdue(self, now: datetime) -> tuple[RequestId, ...]:
        return await self._request_ids(_OVERDUE, now=to_micros(now))

    async def due(self, now: datetime) -> tuple[RequestId, ...]:
        return await self._request_ids(_DUE, now=to_micros(now))

    async def forgettable(self, before: datetime, *, limit: int) -> tuple[Request, ...]:
        return await self._requests(_FORGETTABLE, before=to_micros(before), most=limit)

    async def forget_drafts(self, before: datetime) -> int:
        """Delete the drafts opened before a time, with the rows that refer to them, and count them."""
        return len(await self._request_ids(_FORGET_DRAFTS, before=to_micros(before)))

    async def note_lost(self, found: Sequence[LostRequest], at: datetime) -> tuple[LostRequest, ...]:
        """Keep those that the database does not know, and return all that nobody has settled."""
        for one in found:
            if not await self._database.run(_KNOWN_SHORT, {"short": encode(one.short)}):
                await self._database.run(self._note_lost, _LOST_ROWS.write(replace(one, noted_at=at)))
        return await self.lost()

    async def lost(self, rule: RuleId | None = None) -> tuple[LostRequest, ...]:
        statement, values = (_LOST_ALL, {}) if rule is None else (_LOST_OF_RULE, {"rule": encode(rule)})
        return tuple(map(_LOST_ROWS.read, await self._database.run(statement, values)))

    async def find_lost(self, name: RequestId | ShortId) -> LostRequest | None:
        rows = await self._database.run(_LOST_ONE, {"name": encode(name)}) if name else ()
        return _LOST_ROWS.read(rows[0]) if rows else None

    async def settle_lost(self, by: UserId, at: datetime) -> int:
        values = to_columns(settled_at=at, settled_by=by)
        async with self._database.transaction() as transaction:
            settled = [decode(short) for (short,) in await transaction.run(_SETTLE_LOST, values)]
            if settled:
                entry = Entry(kind=EntryKind.SETTLED, who=by, facts={"requests": sorted(settled)})
                await append(transaction, [entry], at)
        return len(settled)

    async def _requests(self, statement: Select[Any], **values: ColumnValue) -> tuple[Request, ...]:
        return tuple(map(REQUESTS.read, await self._database.run(statement, values)))

    async def _request_ids(self, statement: Statement, **values: ColumnValue) -> tuple[RequestId, ...]:
        return tuple(RequestId(decode(id_)) for (id_,) in await self._database.run(statement, values))


def _open_and_newest_first(request: Request) -> tuple[bool, float, str]:
    asked = request.asked_at or request.created_at
    return request.state in ENDED, -asked.timestamp(), request.id


@cache
def _in_state(states: tuple[State, ...]) -> Select[Any]:
    any_of = or_(false(), *(requests.c.state == state.value for state in states))
    return _REQUESTS.where(any_of).order_by(REQUESTED_AT, requests.c.id)
