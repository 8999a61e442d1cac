"""The tables, the same on SQLite and PostgreSQL; `mapping` writes and reads their columns.

Times are microseconds since 1970 in UTC and flags are 0 and 1: both databases compare the same values.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from bot.domain.requests.request import ENDED

VERSION: Final = "0019"
"""The newest migration; a test compares it with the head of the migrations."""
VERSION_TABLE: Final = "discount_bot_version"
"""Alembic's default name would clash in a shared database."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_COUNTED: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite auto-increments only a column that is declared INTEGER."""


def _table(name: str, *parts: SchemaItem, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *parts, **options)


def _key(type_: type[TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, primary_key=True, autoincrement=False) for name in names]


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, _COUNTED, sa.Identity(), primary_key=True)


def _required(type_: type[TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=False) for name in names]


def _optional(type_: type[TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_) for name in names]


def _added(type_: type[TypeEngine[Any]], default: str, *names: str) -> list[sa.Column[Any]]:
    """Make columns that an earlier version does not fill in."""
    return [sa.Column(name, type_, nullable=False, server_default=default) for name in names]


def _request(*, primary_key: bool = False) -> sa.Column[str]:
    parent = sa.ForeignKey("requests.id", ondelete="CASCADE")
    return sa.Column("request", sa.Text, parent, primary_key=primary_key, nullable=False)


requests = _table(
    "requests",
    *_key(sa.Text, "id"),
    sa.Column("short", sa.Text, nullable=False, unique=True),
    *_required(sa.Text, "team", "account", "channel", "requester"),
    sa.Column("state", sa.Text, nullable=False, index=True),
    *_required(sa.Text, "customers_digest", "first_customer", "last_customer", "reason", "once_key"),
    *_required(sa.Text, "note", "typed"),
    *_required(sa.Integer, "round", "customers", "repeated", "own_key", "approvals"),
    *_required(sa.Integer, "batch_size", "batches_per_portion", "concurrency"),
    *_required(sa.BigInteger, "created_at"),
    *_optional(sa.Text, "rule", "rule_before", "last_answer", "decided_by", "cancel_asked_by"),
    *_optional(sa.Text, "stop", "card_ts", "tier"),
    sa.Column("rest_of", sa.Text, index=True),
    *_optional(sa.Integer, "granted"),
    *_optional(sa.BigInteger, "asked_at", "expires_at", "decided_at", "started_at", "ended_at", "purged_at"),
    *_optional(sa.BigInteger, "give_after", "remind_at", "escalate_at", "waits_since", "granted_amount"),
    *_added(sa.Text, "", "escalated_to", "pausing", "rule_id", "files", "files_read"),
    *_added(sa.Integer, "0", "reminded", "fence", "had_before", "maybe_before", "told_of_pause"),
    *_added(sa.BigInteger, "0", "granted_from"),
    sa.Index(None, "channel", "created_at"),
    sa.Index(None, "requester", "created_at"),
    sa.Index(None, "channel", "granted_from", "granted", "granted_amount"),
    sa.Index(None, "rule_id", "granted_from"),
)
"""`rule`, `last_answer`, `typed` (the form's input) and `files_read` are JSON. `rule_id` is the id within
`rule`, for searches. `fence` is the fencing token of the current holder (`claim`), `files` the
reading of its files that counts. `granted` is what an ended request counts for in budgets, with its amount
and the time of the first of it; that is 0 until it ends, and if an earlier version ended it.
`told_of_pause` says of a parked run that its thread knows of the pause."""

votes = _table(
    "votes",
    _number("id"),
    _request(),
    *_required(sa.Integer, "round"),
    *_required(sa.Text, "voter"),
    *_required(sa.BigInteger, "voted_at"),
    *_required(sa.Text, "digest"),
    sa.UniqueConstraint("request", "round", "voter"),
)

customers = _table(
    "customers",
    _request(primary_key=True),
    *_key(sa.Integer, "portion"),
    *_required(sa.Integer, "size", "starts"),
    *_required(sa.LargeBinary, "ids"),
)
"""A portion of a request's customers: `ids` is packed, `starts` counts how often its batches were started."""

files = _table(
    "files",
    _request(primary_key=True),
    *_key(sa.Text, "reading"),
    *_key(sa.Integer, "file", "piece"),
    *_required(sa.LargeBinary, "content"),
)
"""The files that customers were read from, in compressed pieces; only one of the readings counts."""

read_back = _table(
    "read_back",
    _request(primary_key=True),
    *_required(sa.BigInteger, "read_at"),
    *_required(sa.Integer, "unknown", "there", "refs", "whole"),
    *_required(sa.Text, "failed"),
    *_required(sa.LargeBinary, "ids"),
)
"""The verification of unknown customers; `ids` packs those on Dintero's list of the rule's holders."""

batches = _table(
    "batches",
    *_key(sa.Text, "request"),
    *_key(sa.Integer, "portion", "batch"),
    *_required(sa.Integer, "size", "given", "refused", "unknown"),
    *_optional(sa.LargeBinary, "ends"),
    *_added(sa.Integer, "0", "fence"),
    *_optional(sa.BigInteger, "given_at"),
    sa.ForeignKeyConstraint(
        ["request", "portion"], ["customers.request", "customers.portion"], ondelete="CASCADE"
    ),
)
"""The outcome of a batch; `ends` packs the customers who did not receive the discount, NULL if all did.

`fence` is the writer's fencing token: an earlier holder never overwrites the outcome of a later one.
`given_at` is the time of the last calls; NULL if an earlier version wrote it."""

outbox = _table(
    "outbox",
    _number("id"),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _request(),
    *_required(sa.Text, "lane", "kind", "happened"),
    *_required(sa.BigInteger, "happened_at"),
    *_required(sa.Text, "addressee"),
    *_optional(sa.Text, "doer"),
    *_required(sa.Text, "note", "facts"),
    *_required(sa.Integer, "attempts", "tried"),
    *_required(sa.BigInteger, "due"),
    *_optional(sa.Text, "said_ts", "given_up"),
    sa.Index(None, "request"),
)
"""Messages to send, the oldest of a request's lane (`mapping.lane`) first; `said_ts` and `given_up` mark
those that are done."""

pause = _table(
    "pause",
    *_key(sa.Integer, "id"),
    *_optional(sa.BigInteger, "since"),
    *_optional(sa.Text, "doer"),
    *_required(sa.Text, "why"),
    *_required(sa.Integer, "faults", "changes", "told"),
    *_optional(sa.Text, "messages"),
)
"""The pause, in one row with the id 1. `doer` is NULL if the bot paused itself.

`faults` counts consecutive requests that a fault of Dintero stopped, `changes` counts pauses and resumptions;
the cards show those up to `told`. `messages` are the keys of the outbox's messages that tell channels of the
pause; NULL if an earlier version began it."""

preferences = _table(
    "preferences",
    *_key(sa.Text, "person"),
    *_required(sa.Text, "results", "language"),
    *_required(sa.BigInteger, "changed_at"),
)
"""What people chose by `/discount settings`. It is no customer data, so the purge leaves it."""

rule_usage = _table(
    "rule_usage",
    *_key(sa.Text, "account", "rule"),
    *_key(sa.Integer, "day"),
    *_required(sa.BigInteger, "used"),
)
"""How often all customers had used a rule, by Dintero's first total of each day (days since the year 1)."""

replicas = _table(
    "replicas",
    _number("term"),
    *_required(sa.Text, "name"),
    *_required(sa.BigInteger, "until"),
)
"""The processes on a PostgreSQL database; leases end in the database's time, and the first term leads."""

channels = _table("channels", *_key(sa.Text, "id"))
"""One row for each channel, locked while its grants are added up, and for each account and rule, locked while
a request of it is submitted."""

deliveries = _table(
    "deliveries",
    *_key(sa.Text, "key"),
    *_required(sa.Text, "handling"),
    *_required(sa.BigInteger, "received_at"),
    sqlite_with_rowid=False,
)
"""The payloads that something was written for: `handling` is that of the first copy.

Each ack may write a row, and none is kept for more than two hours: an index would cost more than it saves.
"""

lost_requests = _table(
    "lost_requests",
    *_key(sa.Text, "short"),
    *_required(sa.Text, "request", "channel", "card_ts", "rule_id", "said"),
    *_optional(sa.BigInteger, "backup_at", "settled_at"),
    *_required(sa.BigInteger, "noted_at"),
    *_optional(sa.Text, "settled_by"),
)
"""Requests whose cards were found in Slack after a backup was put back that lacks them."""

restores = _table(
    "restores",
    *_key(sa.Text, "lost_hash"),
    *_required(sa.BigInteger, "lost_seq"),
    *_optional(sa.BigInteger, "backup_at", "searched_at", "told_at"),
)
"""Restored backups: the head of the audit that each lacks, and how far the bot has dealt with it."""

sizes = _table(
    "sizes",
    *_key(sa.Text, "account"),
    *_required(sa.Integer, "largest"),
    *_required(sa.BigInteger, "learnt_at"),
)
"""Unused. It stays while the version before this one may run beside this one (docs/replicas.md)."""

rules = _table(
    "rules",
    *_key(sa.Text, "account"),
    *_required(sa.BigInteger, "read_at"),
    *_required(sa.Text, "digest"),
    *_required(sa.LargeBinary, "content"),
)
"""Unused. It stays while the version before this one may run beside this one (docs/replicas.md)."""

# The audit. Triggers in the database refuse every change of these tables, except that the head moves on.

audit = _table(
    "audit",
    *_key(sa.BigInteger, "seq"),
    *_required(sa.BigInteger, "at"),
    *_optional(sa.Text, "who", "channel", "request"),
    *_required(sa.Text, "kind", "facts", "previous", "hash"),
    sa.Index(None, "request"),
)
"""One row for each event. It has no foreign key, because it outlives the request."""

audit_head = _table(
    "audit_head",
    *_key(sa.Integer, "one"),
    *_required(sa.BigInteger, "seq"),
    *_required(sa.Text, "hash"),
)
"""The end of the chain, in one row. Writers lock it, so that no two append to the same end."""

audit_heads = _table(
    "audit_heads",
    *_key(sa.BigInteger, "seq"),
    *_required(sa.Text, "hash"),
    *_required(sa.BigInteger, "kept_at"),
)
"""Ends of the chain that were sent to the admins."""

audit_customers = _table(
    "audit_customers",
    *_key(sa.Text, "request"),
    *_key(sa.Integer, "portion"),
    *_required(sa.Text, "key"),
    *_required(sa.LargeBinary, "hashes"),
)
"""A portion's customers as keyed hashes, sorted (`audit.customer_hashes`); `key` is the name of the key."""

audit_key = _table(
    "audit_key",
    *_key(sa.Integer, "one"),
    *_required(sa.Text, "key"),
)
"""The key of those hashes, if the settings have none."""


def of_request(table: sa.Table) -> sa.ColumnElement[bool]:
    """Select the rows of one request, which is the parameter `which`."""
    return table.c.request == sa.bindparam("which")


PENDING: Final = outbox.c.said_ts.is_(None) & outbox.c.given_up.is_(None)
OVER: Final = outbox.c.said_ts.is_not(None) | outbox.c.given_up.is_not(None)

# The conditions and expressions of indexes. A statement has to use the same, with the values in its text:
# with parameters, neither database knows that the index fits.
SUBMITTED: Final = requests.c.state != sa.literal_column("'draft'")
BEGUN: Final = requests.c.started_at.is_not(None)
NOT_PURGED: Final = requests.c.purged_at.is_(None)
ENDS: Final = sa.func.coalesce(requests.c.ended_at, sa.literal_column(str(2**62)))
"""When a request ended; later than any time if it has not."""
BEGAN_AT: Final = sa.func.coalesce(requests.c.started_at, requests.c.asked_at)
REQUESTED_AT: Final = sa.func.coalesce(requests.c.asked_at, requests.c.created_at)
ENDED_LAST: Final = sa.case(
    (
        requests.c.state.in_([sa.literal_column(f"'{state.value}'") for state in sorted(ENDED)]),
        sa.literal_column("1"),
    ),
    else_=sa.literal_column("0"),
)
POLICY_ENTRY: Final = audit.c.kind == sa.literal_column("'policy'")


def _index(name: str, *columns: sa.ColumnElement[Any], where: sa.ColumnElement[bool]) -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


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
