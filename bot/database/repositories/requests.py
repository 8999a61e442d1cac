"""The room of the requests: drafts, what was typed, looking up; knows nothing of what is given."""

from datetime import datetime
from functools import cache, partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    delete,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from bot.database.connection import BaseRepository, Database, Kept, Statement
from bot.database.encoding import decode, encode, to_micros, typed_json, typed_of
from bot.database.mapping import REQUEST, UNTOUCHED, opening_row, request_of, vote_of
from bot.database.repositories.redaction import FORGETTABLE
from bot.database.schema import requests, votes
from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.requests.request import ENDED, Approval, FormInput, Request, State
from bot.errors import ShortIdConflict

_ID: Final = requests.c.id == bindparam("which")
_ASKED: Final = func.coalesce(requests.c.asked_at, requests.c.created_at)

_FIND: Final = select(*REQUEST).where(_ID)
_FIND_SHORT: Final = select(*REQUEST).where(requests.c.short == bindparam("which"))
_TYPED: Final = select(requests.c.typed).where(_ID)
_FILL_IN: Final = update(requests).where(_ID, requests.c.state == State.DRAFT.value)
_RECENT: Final = (
    select(*REQUEST)
    .where(requests.c.channel == bindparam("which"), requests.c.state != State.DRAFT.value)
    .order_by(
        case((requests.c.state.in_([bindparam(None, state.value) for state in sorted(ENDED)]), 1), else_=0)
    )
    .order_by(_ASKED.desc(), requests.c.id)
    .limit(bindparam("most"))
)
_OVERDUE: Final = (
    select(requests.c.id)
    .where(requests.c.state == State.WAITING.value, requests.c.expires_at <= bindparam("now"))
    .order_by(requests.c.expires_at, requests.c.id)
)
_DUE: Final = (
    select(requests.c.id)
    .where(requests.c.state == State.WAITING.value)
    .where(or_(requests.c.remind_at <= bindparam("now"), requests.c.escalate_at <= bindparam("now")))
    .order_by(requests.c.asked_at, requests.c.id)
)
_RESTS: Final = (
    select(*REQUEST)
    .where(requests.c.rest_of == bindparam("which"), requests.c.state != State.DRAFT.value)
    .order_by(_ASKED, requests.c.id)
)
_FORGET: Final = (
    delete(requests)
    .where(requests.c.state == State.DRAFT.value, requests.c.created_at < bindparam("before"))
    .returning(requests.c.id)
)

VOTES: Final = (
    select(votes.c.request, votes.c.round, votes.c.voter, votes.c.voted_at, votes.c.digest)
    .where(votes.c.request == bindparam("which"), votes.c.round == bindparam("of_round"))
    .order_by(votes.c.voted_at, votes.c.id)
)


def _opening(database: Database, touched: tuple[str, ...]) -> Statement:
    """Make the statement that writes a new request; what most of them have not touched stands in it, and travels with none of them."""
    same = {name: _constant(written) for name, written in UNTOUCHED.items() if name not in touched}
    return (
        database.insert(requests)
        .values(same)
        .on_conflict_do_nothing(index_elements=["short"])
        .returning(requests.c.id)
    )


def _constant(written: Kept) -> ColumnElement[Any]:
    """Write a word of our own, or a number, into a statement."""
    return (
        null()
        if written is None
        else literal_column(f"'{written}'" if isinstance(written, str) else str(written))
    )


class RequestRepository(BaseRepository):
    """Drafts and requests, one statement each."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._opening = cache(partial(_opening, database))

    async def open_draft(self, request: Request, form_input: FormInput) -> None:
        """Write a new draft, in one statement: an ack waits for it.

        Raises:
            ShortIdConflict: another request has the short id; make another one.
        """
        row: dict[str, Kept] = {**opening_row(request), "typed": typed_json(form_input)}
        if not await self._database.run(self._opening(tuple(row)), row):
            raise ShortIdConflict(request.short)

    async def save_input(self, request: RequestId, form_input: FormInput) -> None:
        """Keep what was typed into a draft; nothing happens where it is no draft any more."""
        await self._database.run(_FILL_IN, {"which": encode(request), "typed": typed_json(form_input)})

    async def load_input(self, request: RequestId) -> FormInput | None:
        """Read what was typed; None where there is no such request."""
        rows = await self._database.run(_TYPED, {"which": encode(request)})
        return typed_of(rows[0][0]) if rows else None

    async def find(self, request: RequestId) -> Request | None:
        """Read a request."""
        return await self._one(_FIND, request)

    async def find_short(self, short: ShortId) -> Request | None:
        """Read a request by the id that people say."""
        return await self._one(_FIND_SHORT, short)

    async def _one(self, statement: Select[Any], which: str) -> Request | None:
        rows = await self._database.run(statement, {"which": encode(which)})
        return request_of(rows[0]) if rows else None

    async def votes(self, request: RequestId, round_: int) -> tuple[Approval, ...]:
        """Read the yeses of a round, oldest first."""
        return tuple(
            map(vote_of, await self._database.run(VOTES, {"which": encode(request), "of_round": round_}))
        )

    async def remainders_of(self, request: RequestId) -> tuple[Request, ...]:
        """Read the requests that asked for a request's rest, oldest first."""
        return tuple(map(request_of, await self._database.run(_RESTS, {"which": encode(request)})))

    async def recent(self, channel: ChannelId, *, limit: int) -> tuple[Request, ...]:
        """Read a channel's requests that were asked for, those not ended first, then the newest."""
        return tuple(
            map(request_of, await self._database.run(_RECENT, {"which": encode(channel), "most": limit}))
        )

    async def in_state(self, *states: State) -> tuple[Request, ...]:
        """Read every request in one of these states, oldest first."""
        rows = await self._database.run(
            _in_state(len(states)), {f"state{at}": state.value for at, state in enumerate(states)}
        )
        return tuple(map(request_of, rows))

    async def overdue(self, now: datetime) -> tuple[RequestId, ...]:
        """List the waiting requests whose time is over."""
        return tuple(
            RequestId(decode(row[0])) for row in await self._database.run(_OVERDUE, {"now": to_micros(now)})
        )

    async def due(self, now: datetime) -> tuple[RequestId, ...]:
        """List the waiting requests of which a reminder or the escalation is due."""
        return tuple(
            RequestId(decode(row[0])) for row in await self._database.run(_DUE, {"now": to_micros(now)})
        )

    async def forgettable(self, before: datetime, *, limit: int) -> tuple[RequestId, ...]:
        """List requests that ended before a moment and are not purged yet, the oldest first."""
        rows = await self._database.run(FORGETTABLE, {"before": to_micros(before), "most": limit})
        return tuple(RequestId(decode(row[0])) for row in rows)

    async def forget_drafts(self, before: datetime) -> int:
        """Delete drafts opened before a moment, and say how many; what hangs on them goes by foreign key."""
        return len(await self._database.run(_FORGET, {"before": to_micros(before)}))


@cache
def _in_state(count: int) -> Select[Any]:
    in_one = or_(false(), *(requests.c.state == bindparam(f"state{at}") for at in range(count)))
    return select(*REQUEST).where(in_one).order_by(_ASKED, requests.c.id)
