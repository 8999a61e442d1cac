"""The tables, the same on both databases; what is kept in their columns is `serial`'s business.

Times are microseconds since 1970 in UTC, flags are 0 and 1, so that both databases hold and compare the same values.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy import UniqueConstraint as Unique

VERSION: Final = "0009"
"""The newest migration: a database that stands there needs none. A test holds it to the migrations' own head."""
VERSION_TABLE: Final = "discount_bot_version"
"""Alembic's own name for it would clash where the database is shared."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_COUNTED: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only a column that is declared INTEGER."""


def _serial() -> Column[int]:
    return Column("id", _COUNTED, Identity(), primary_key=True)


def _request(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "request",
        Text,
        ForeignKey("requests.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("short", Text, nullable=False, unique=True),
    Column("team", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("rule", Text),
    Column("customers", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("customers_digest", Text, nullable=False),
    Column("first_customer", Text, nullable=False),
    Column("last_customer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("once_key", Text, nullable=False),
    Column("own_key", Integer, nullable=False),
    Column("approvals", Integer, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("batches_per_portion", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("asked_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("note", Text, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("cancel_asked_by", Text),
    Column("stop", Text),
    Column("last_answer", Text),
    Column("card_ts", Text),
    Column("typed", Text, nullable=False),
    Column("give_after", BigInteger),
    Column("remind_at", BigInteger),
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
    Index(None, "channel", "created_at"),
    Index(None, "rule_id", "started_at"),
    Index(None, "channel", "started_at"),
)
"""`rule`, `last_answer` and `typed` are JSON. `typed` stands here, and not in a table of its own, so that a draft is one statement.
`rule_id` is the id within `rule`, to be searched by. `fence` is the number under which it is given now (`Repository.claim`), `files` the reading
of its files that counts.
"""

votes = Table(
    "votes",
    metadata,
    _serial(),
    _request(),
    Column("round", Integer, nullable=False),
    Column("voter", Text, nullable=False),
    Column("voted_at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Unique("request", "round", "voter"),
)

customers = Table(
    "customers",
    metadata,
    _request(primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("ids", LargeBinary, nullable=False),
)
"""A portion of a request's customers: `ids` packed, `starts` how often its batches were let go."""

files = Table(
    "files",
    metadata,
    _request(primary_key=True),
    Column("reading", Text, primary_key=True),
    Column("file", Integer, primary_key=True, autoincrement=False),
    Column("piece", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
"""The files that customers were read from, piece by piece and each piece packed. Every reading is kept on its own, and only one counts."""

read_back = Table(
    "read_back",
    metadata,
    _request(primary_key=True),
    Column("read_at", BigInteger, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("there", Integer, nullable=False),
    Column("refs", Integer, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("failed", Text, nullable=False),
    Column("ids", LargeBinary, nullable=False),
)
"""What Dintero's list of the rule showed of a request's unknown customers: how many there were, and packed in `ids` who stands there."""

batches = Table(
    "batches",
    metadata,
    Column("request", Text, primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("given", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("ends", LargeBinary),
    Column("fence", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(
        ["request", "portion"], ["customers.request", "customers.portion"], ondelete="CASCADE"
    ),
)
"""What came of a batch: counts, and packed in `ends` whoever was not given it; NULL where everybody was.

`fence` is the request's when it was written: a holder of before never writes over what a later one wrote.
"""

outbox = Table(
    "outbox",
    metadata,
    _serial(),
    Column("key", Text, nullable=False, unique=True),
    _request(),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("happened", Text, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("addressee", Text, nullable=False),
    Column("doer", Text),
    Column("note", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("said_ts", Text),
    Column("given_up", Text),
    Index(None, "request"),
)
"""What is to be said. Of one lane of a request (`outbox.lane`) the oldest goes first; said and given up are never looked at again."""

pause = Table(
    "pause",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("since", BigInteger),
    Column("doer", Text),
    Column("why", Text, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("told", Integer, nullable=False),
)
"""One row, with the id 1: whether nothing is given for now. `doer` is NULL where the bot paused itself.

`faults` counts the requests in a row that Dintero's fault stopped, `changes` pauses and resumptions; the cards show those up to `told`.
"""

replicas = Table(
    "replicas",
    metadata,
    Column("term", _COUNTED, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""The processes that work on a PostgreSQL, each until its lease is over, in the database's time; the first does what is done once."""

channels = Table("channels", metadata, Column("id", Text, primary_key=True))
"""A row a channel, to be locked while it is added up what the channel has given."""

sizes = Table(
    "sizes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("largest", Integer, nullable=False),
    Column("learnt_at", BigInteger, nullable=False),
)
"""How many customers Dintero takes in one call, by account, where a larger one was too large for it."""

rules = Table(
    "rules",
    metadata,
    Column("account", Text, primary_key=True),
    Column("read_at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Unused. It stays while the version before this one may run beside this one (docs/replicas.md)."""

PENDING: Final = outbox.c.said_ts.is_(None) & outbox.c.given_up.is_(None)

Index(
    "ix_outbox_pending",
    outbox.c.request,
    outbox.c.lane,
    outbox.c.id,
    sqlite_where=PENDING,
    postgresql_where=PENDING,
)
