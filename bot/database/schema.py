"""The tables, the same on SQLite and PostgreSQL; `mapping` writes and reads their columns.

Times are microseconds since 1970 in UTC and flags are 0 and 1: both databases compare the same values.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal_column,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from bot.domain.requests.request import ENDED

VERSION: Final = "0019"
"""The newest migration; a test compares it with the head of the migrations."""
VERSION_TABLE: Final = "discount_bot_version"
"""Alembic's default name would clash in a shared database."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_COUNTED: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite auto-increments only a column that is declared INTEGER."""


def _table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    return Table(name, metadata, *parts, **options)


def _required(type_: type[TypeEngine[Any]], *names: str) -> list[Column[Any]]:
    return [Column(name, type_, nullable=False) for name in names]


def _optional(type_: type[TypeEngine[Any]], *names: str) -> list[Column[Any]]:
    return [Column(name, type_) for name in names]


def _request(*, primary_key: bool = False) -> Column[str]:
    parent = ForeignKey("requests.id", ondelete="CASCADE")
    return Column("request", Text, parent, primary_key=primary_key, nullable=False)


requests = _table(
    "requests",
    Column("id", Text, primary_key=True),
    Column("short", Text, nullable=False, unique=True),
    *_required(Text, "team", "account", "channel", "requester"),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("rule", Text),
    *_required(Integer, "customers", "repeated"),
    *_required(Text, "customers_digest", "first_customer", "last_customer", "reason", "once_key"),
    *_required(Integer, "own_key", "approvals", "batch_size", "batches_per_portion", "concurrency"),
    *_optional(BigInteger, "asked_at", "expires_at"),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("note", Text, nullable=False),
    *_optional(BigInteger, "started_at", "ended_at"),
    *_optional(Text, "cancel_asked_by", "stop", "last_answer", "card_ts"),
    Column("typed", Text, nullable=False),
    *_optional(BigInteger, "give_after", "remind_at"),
    Column("reminded", Integer, nullable=False, server_default="0"),
    Column("escalate_at", BigInteger),
    Column("escalated_to", Text, nullable=False, server_default=""),
    Column("pausing", Text, nullable=False, server_default=""),
    Column("rule_before", Text),
    Column("purged_at", BigInteger),
    Column("tier", Text),
    Column("rule_id", Text, nullable=False, server_default=""),
    Column("rest_of", Text, index=True),
    Column("waits_since", BigInteger),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("files", Text, nullable=False, server_default=""),
    Column("files_read", Text, nullable=False, server_default=""),
    Column("had_before", Integer, nullable=False, server_default="0"),
    Column("maybe_before", Integer, nullable=False, server_default="0"),
    Column("granted", Integer),
    Column("granted_amount", BigInteger),
    Column("granted_from", BigInteger, nullable=False, server_default="0"),
    Column("told_of_pause", Integer, nullable=False, server_default="0"),
    Index(None, "channel", "created_at"),
    Index(None, "requester", "created_at"),
    Index(None, "channel", "granted_from", "granted", "granted_amount"),
    Index(None, "rule_id", "granted_from"),
)
"""`rule`, `last_answer`, `typed` (the form's input) and `files_read` are JSON. `rule_id` is the id within
`rule`, for searches. `fence` is the fencing token of the current holder (`Repository.claim`), `files` the
reading of its files that counts. `granted` is what an ended request counts for in budgets, with its amount
and the time of the first of it; that is 0 until it ends, and if an earlier version ended it.
`told_of_pause` says of a parked run that its thread knows of the pause."""

votes = _table(
    "votes",
    Column("id", _COUNTED, Identity(), primary_key=True),
    _request(),
    Column("round", Integer, nullable=False),
    Column("voter", Text, nullable=False),
    Column("voted_at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Unique("request", "round", "voter"),
)

customers = _table(
    "customers",
    _request(primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    *_required(Integer, "size", "starts"),
    Column("ids", LargeBinary, nullable=False),
)
"""A portion of a request's customers: `ids` is packed, `starts` counts how often its batches were started."""

files = _table(
    "files",
    _request(primary_key=True),
    Column("reading", Text, primary_key=True),
    Column("file", Integer, primary_key=True, autoincrement=False),
    Column("piece", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
"""The files that customers were read from, in compressed pieces; only one of the readings counts."""

read_back = _table(
    "read_back",
    _request(primary_key=True),
    Column("read_at", BigInteger, nullable=False),
    *_required(Integer, "unknown", "there", "refs", "whole"),
    Column("failed", Text, nullable=False),
    Column("ids", LargeBinary, nullable=False),
)
"""The verification of unknown customers; `ids` packs those on Dintero's list of the rule's holders."""

batches = _table(
    "batches",
    Column("request", Text, primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    *_required(Integer, "size", "given", "refused", "unknown"),
    Column("ends", LargeBinary),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("given_at", BigInteger),
    ForeignKeyConstraint(
        ["request", "portion"], ["customers.request", "customers.portion"], ondelete="CASCADE"
    ),
)
"""The outcome of a batch; `ends` packs the customers who did not receive the discount, NULL if all did.

`fence` is the writer's fencing token: an earlier holder never overwrites the outcome of a later one.
`given_at` is the time of the last calls; NULL if an earlier version wrote it."""

outbox = _table(
    "outbox",
    Column("id", _COUNTED, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    _request(),
    *_required(Text, "lane", "kind", "happened"),
    Column("happened_at", BigInteger, nullable=False),
    Column("addressee", Text, nullable=False),
    Column("doer", Text),
    *_required(Text, "note", "facts"),
    *_required(Integer, "attempts", "tried"),
    Column("due", BigInteger, nullable=False),
    *_optional(Text, "said_ts", "given_up"),
    Index(None, "request"),
)
"""Messages to send, the oldest of a request's lane (`mapping.lane`) first; `said_ts` and `given_up` mark
those that are done."""

pause = _table(
    "pause",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("since", BigInteger),
    Column("doer", Text),
    Column("why", Text, nullable=False),
    *_required(Integer, "faults", "changes", "told"),
    Column("messages", Text, nullable=False, server_default=""),
)
"""The pause, in one row with the id 1. `doer` is NULL if the bot paused itself.

`faults` counts consecutive requests that a fault of Dintero stopped, `changes` counts pauses and resumptions;
the cards show those up to `told`. `messages` are the keys of the outbox's messages that tell channels of the
latest pause."""

preferences = _table(
    "preferences",
    Column("person", Text, primary_key=True),
    *_required(Text, "results", "language"),
    Column("changed_at", BigInteger, nullable=False),
)
"""What people chose by `/discount settings`. It is no customer data, so the purge leaves it."""

rule_usage = _table(
    "rule_usage",
    *(Column(name, Text, primary_key=True) for name in ("account", "rule")),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("used", BigInteger, nullable=False),
)
"""How often all customers had used a rule, by Dintero's first total of each day (days since the year 1)."""

replicas = _table(
    "replicas",
    Column("term", _COUNTED, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""The processes on a PostgreSQL database; leases end in the database's time, and the first term leads."""

channels = _table("channels", Column("id", Text, primary_key=True))
"""One row for each channel, locked while its grants are added up, and for each account and rule, locked while
a request of it is submitted."""

deliveries = _table(
    "deliveries",
    Column("key", Text, primary_key=True),
    Column("handling", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The payloads that something was written for: `handling` is that of the first copy.

Each ack may write a row, and none is kept for more than two hours: an index would cost more than it saves.
"""

lost_requests = _table(
    "lost_requests",
    Column("short", Text, primary_key=True),
    *_required(Text, "request", "channel", "card_ts", "rule_id", "said"),
    *_optional(BigInteger, "backup_at", "settled_at"),
    Column("noted_at", BigInteger, nullable=False),
    Column("settled_by", Text),
)
"""Requests whose cards were found in Slack after a backup was put back that lacks them."""

restores = _table(
    "restores",
    Column("lost_hash", Text, primary_key=True),
    *_required(BigInteger, "lost_seq"),
    *_optional(BigInteger, "backup_at", "searched_at", "told_at"),
)
"""Restored backups: the head of the audit that each lacks, and how far the bot has dealt with it."""

sizes = _table(
    "sizes",
    Column("account", Text, primary_key=True),
    Column("largest", Integer, nullable=False),
    Column("learnt_at", BigInteger, nullable=False),
)
"""Unused. It stays while the version before this one may run beside this one (docs/replicas.md)."""

rules = _table(
    "rules",
    Column("account", Text, primary_key=True),
    Column("read_at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Unused. It stays while the version before this one may run beside this one (docs/replicas.md)."""

# The audit. Triggers in the database refuse every change of these tables, except that the head moves on.

audit = _table(
    "audit",
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    *_optional(Text, "who", "channel", "request"),
    *_required(Text, "kind", "facts", "previous", "hash"),
    Index(None, "request"),
)
"""One row for each event. It has no foreign key, because it outlives the request."""

audit_head = _table(
    "audit_head",
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The end of the chain, in one row. Writers lock it, so that no two append to the same end."""

audit_heads = _table(
    "audit_heads",
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)
"""Ends of the chain that were sent to the admins."""

audit_customers = _table(
    "audit_customers",
    Column("request", Text, primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""A portion's customers as keyed hashes, sorted (`audit.customer_hashes`); `key` is the name of the key."""

audit_key = _table(
    "audit_key",
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
)
"""The key of those hashes, if the settings have none."""


def of_request(table: Table) -> ColumnElement[bool]:
    """Select the rows of one request, which is the parameter `which`."""
    return table.c.request == bindparam("which")


PENDING: Final = outbox.c.said_ts.is_(None) & outbox.c.given_up.is_(None)
OVER: Final = outbox.c.said_ts.is_not(None) | outbox.c.given_up.is_not(None)

# The conditions and expressions of indexes. A statement has to use the same, with the values in its text:
# with parameters, neither database knows that the index fits.
SUBMITTED: Final = requests.c.state != literal_column("'draft'")
BEGUN: Final = requests.c.started_at.is_not(None)
NOT_PURGED: Final = requests.c.purged_at.is_(None)
ENDS: Final = func.coalesce(requests.c.ended_at, literal_column(str(2**62)))
"""When a request ended; later than any time if it has not."""
BEGAN_AT: Final = func.coalesce(requests.c.started_at, requests.c.asked_at)
REQUESTED_AT: Final = func.coalesce(requests.c.asked_at, requests.c.created_at)
ENDED_LAST: Final = case(
    (
        requests.c.state.in_([literal_column(f"'{state.value}'") for state in sorted(ENDED)]),
        literal_column("1"),
    ),
    else_=literal_column("0"),
)
POLICY_ENTRY: Final = audit.c.kind == literal_column("'policy'")


def _index(name: str, *columns: ColumnElement[Any], where: ColumnElement[bool]) -> None:
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


_index("ix_outbox_pending", outbox.c.request, outbox.c.lane, outbox.c.id, where=PENDING)
_index("ix_outbox_over", outbox.c.happened_at, where=OVER)
_index("ix_requests_channel_ends", requests.c.channel, ENDS, requests.c.granted_from, where=BEGUN)
_index("ix_requests_rule_ends", requests.c.rule_id, ENDS, where=SUBMITTED)
_index("ix_requests_once_key", requests.c.once_key, BEGAN_AT, where=SUBMITTED)
_index(
    "ix_requests_channel_newest",
    requests.c.channel,
    Grouping(ENDED_LAST),
    REQUESTED_AT.desc(),
    where=SUBMITTED,
)
_index(
    "ix_requests_requester_newest",
    requests.c.requester,
    Grouping(ENDED_LAST),
    REQUESTED_AT.desc(),
    where=SUBMITTED,
)
_index("ix_requests_to_purge", requests.c.ended_at, requests.c.id, where=NOT_PURGED)
_index("ix_audit_policy", audit.c.seq, where=POLICY_ENTRY)
