r"""Writes the domain's values into columns and rows, and reads them back unchanged.

PostgreSQL holds no NUL in a text, and neither database holds half of a surrogate pair, but people can type
both. They are written as `\uXXXX`, and so is a backslash.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import Table

from bot.database.connection import ColumnValue, Values
from bot.database.schema import outbox, pause, requests, votes
from bot.domain.customers.packing import packed
from bot.domain.customers.uploads import FileRead, Upload
from bot.domain.ids import FileId, RequestId
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, Notification, OutboxMessage
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Approval, FormInput, Request
from bot.domain.rules.rule import Rule

Domain = TypeVar("Domain")

THREAD_LANE: Final = "thread"
"""The outbox lane of the request's card and its thread."""
EDIT_LANE: Final = "edit"
"""The outbox lane of the edits of a card that is posted: its thread does not wait for them."""

_UNSTORABLE: Final = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\u([0-9a-f]{4})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RULE: Final = TypeAdapter(Rule)
_FILES_READ: Final = TypeAdapter(tuple[FileRead, ...])
_json: Final = json.JSONEncoder(separators=(",", ":")).encode

# Values


def encode(text: str) -> str:
    r"""Write any text in a form that both databases hold.

    >>> encode("a\x00\\b")
    'a\\u0000\\u005cb'
    """
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", str(text))


def decode(column: str) -> str:
    r"""Read what `encode` wrote.

    >>> decode('a\\u0000\\u005cb')
    'a\x00\\b'
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), column)


def to_micros(at: datetime) -> int:
    """Write a time as microseconds since 1970; a naive one raises TypeError."""
    return (at - _EPOCH) // timedelta.resolution


def from_micros(column: int) -> datetime:
    """Read a time, in UTC."""
    return _EPOCH + timedelta(microseconds=column)


def rule_json(rule: Rule) -> str:
    """Write a rule; pydantic's own JSON refuses half surrogates."""
    return _json(_RULE.dump_python(rule, mode="json"))


@lru_cache(maxsize=256)
def rule_of(column: str) -> Rule:
    """Read a rule; cached, because the requests of a channel share few rules."""
    return _RULE.validate_python(json.loads(column))


def files_read_json(files: Sequence[FileRead], digest: str) -> str:
    """Write what was read for the customers with this digest, without the content of the skipped rows."""
    kept = [
        replace(
            file,
            column=replace(file.column, samples=()),
            odd_rows=tuple(replace(odd, text="") for odd in file.odd_rows),
        )
        for file in files
    ]
    return _json({"digest": digest, "files": _FILES_READ.dump_python(tuple(kept), mode="json")})


def files_read_of(column: str, digest: str) -> tuple[FileRead, ...]:
    """Read what was read; nothing if an older version has replaced the customers since."""
    found = json.loads(column or "{}")
    return _FILES_READ.validate_python(found["files"]) if found.get("digest") == digest else ()


def input_json(form_input: FormInput) -> str:
    """Write a form's input; a newer field only if it is set, so that an older version can read the rest."""
    values: dict[str, Any] = {name: getattr(form_input, name) for name in FormInput.__slots__}
    values["files"] = [_file(file) for file in form_input.files]
    return _json(
        {
            name: value
            for name, value in values.items()
            if value or name not in {"files", "refused_too", "new_key"}
        }
    )


def _file(file: Upload) -> list[Any]:
    """Write a file; the newer choices only if there are any."""
    newer = [file.sheet, file.hidden] if file.sheet or file.hidden is not None else []
    return [file.id, file.name, file.column, *newer]


def input_of(column: str) -> FormInput:
    """Read a form's input."""
    values = json.loads(column)
    files = tuple(Upload(FileId(id_), *rest) for id_, *rest in values.pop("files", ()))
    return FormInput(**values, files=files)


def to_column(value: Any) -> ColumnValue:
    """Write one value."""
    match value:
        case None | bytes():
            return value
        case str():
            return encode(value)
        case int():
            return int(value)
        case datetime():
            return to_micros(value)
        case Rule():
            return rule_json(value)
        case tuple():
            return encode(" ".join(value))
        case Mapping():
            return _json(dict(value))
        case AppliedTier():
            return f"{value.why}:{value.bound}:{value.approvals}"
    raise TypeError(f"no column for {type(value).__name__}")


def to_columns(**values: Any) -> dict[str, ColumnValue]:
    """Write the values of a statement's columns and parameters."""
    return {name: to_column(value) for name, value in values.items()}


def _tier_of(column: str) -> AppliedTier:
    why, bound, approvals = column.split(":")
    return AppliedTier(int(approvals), TierTrigger(why), int(bound))


_READERS: Final[Mapping[Any, Callable[[Any], Any]]] = {
    str: decode,
    datetime: from_micros,
    Rule: rule_of,
    AppliedTier: _tier_of,
    Mapping[str, str]: json.loads,
    tuple[str, ...]: lambda column: tuple(decode(column).split()),
}
"""What reads a field, by its type; all other types read a column themselves."""


def _reader_of(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in {Union, UnionType}:
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    hint = getattr(hint, "__supertype__", hint)  # of an id
    return _READERS.get(hint, hint)


# Rows


class RowMapper(Generic[Domain]):
    """Writes the fields of a dataclass into columns of a table, and reads them back.

    A column has the name of its field, unless it is `renamed`.
    """

    def __init__(self, domain: type[Domain], table: Table, **renamed: str) -> None:
        hints = get_type_hints(domain)
        self._domain = domain
        self._names = {field: renamed.get(field, field) for field in hints}
        self._readers = list(map(_reader_of, hints.values()))
        self.columns = tuple(table.c[column] for column in self._names.values())

    def write(self, value: Domain) -> dict[str, ColumnValue]:
        """Write the columns."""
        return {column: to_column(getattr(value, field)) for field, column in self._names.items()}

    def read(self, row: Sequence[Any]) -> Domain:
        """Read `columns`."""
        values = (None if one is None else read(one) for read, one in zip(self._readers, row, strict=True))
        return self._domain(**dict(zip(self._names, values, strict=True)))


REQUESTS: Final = RowMapper(Request, requests)
APPROVALS: Final = RowMapper(Approval, votes, by="voter", at="voted_at")
PAUSES: Final = RowMapper(Pause, pause, by="doer")
NOTIFICATIONS: Final = RowMapper(Notification, outbox, at="happened_at", to="addressee", by="doer")
OUTBOX_COLUMNS: Final = (
    *(outbox.c[name] for name in ("id", "key", "request", "tried", "attempts")),
    *NOTIFICATIONS.columns,
)
"""The columns that make an `OutboxMessage`."""


def request_row(request: Request) -> dict[str, ColumnValue]:
    """Write a request, without the form's input."""
    return {**REQUESTS.write(request), "rule_id": encode(request.rule.id) if request.rule else ""}


def outcome_row(outcome: BatchOutcome) -> Values:
    """Write the outcome of a batch; `ends` is NULL if every customer received the discount."""
    refused = [(one.customer, one.why) for one in outcome.refused]
    ends = (refused, list(outcome.unknown), list(outcome.not_tried))
    return {
        "portion": outcome.portion,
        "batch": outcome.batch,
        "size": outcome.size,
        "given": outcome.given,
        "refused": len(outcome.refused),
        "unknown": len(outcome.unknown),
        "ends": packed(ends) if any(ends) else None,
    }


def pause_of(rows: Sequence[Any]) -> Pause | None:
    """Read the pause's row; None if the bot is not paused."""
    return PAUSES.read(rows[0]) if rows and rows[0][0] is not None else None


def lane(notification: Notification, *, is_posted: bool) -> str:
    """Return the lane of a notification; messages of one lane are sent in order.

    A card and its thread share one, until the card is posted. Every other channel and person has its own, so
    that one failing address delays no other. A list is sent after the message that announces it to the same
    person.
    """
    if notification.kind in (ChannelKind.DIRECT, ChannelKind.LIST):
        return f"{ChannelKind.DIRECT}:{encode(notification.to)}"
    if notification.kind is ChannelKind.NOTICE:
        return f"{notification.kind}:{encode(notification.to)}"
    return EDIT_LANE if is_posted and notification.kind is ChannelKind.CARD else THREAD_LANE


def notification_row(
    request: RequestId, notification: Notification, *, is_posted: bool = True, key: str = ""
) -> dict[str, ColumnValue]:
    """Write a notification as an outbox message that is due at once, by default under a new key."""
    return {
        **NOTIFICATIONS.write(notification),
        "request": encode(request),
        "key": key or str(uuid4()),
        "lane": lane(notification, is_posted=is_posted),
        **dict.fromkeys(("attempts", "tried", "due"), 0),
    }


def outbox_message_of(row: Sequence[Any]) -> OutboxMessage:
    """Read `OUTBOX_COLUMNS`."""
    id_, key, request, tried, attempts, *notification = row
    told = NOTIFICATIONS.read(notification)
    return OutboxMessage(id_, key, RequestId(decode(request)), told, tried=bool(tried), attempts=attempts)
