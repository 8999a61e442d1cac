"""The audit's tables. The database itself refuses to change them (triggers, made by the migration); only the head moves on."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from bot.database.schema import metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text),
    Column("channel", Text),
    Column("request", Text),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "request"),
)
"""One row for each thing that happened. No foreign key: it outlives whatever it tells of."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The end of the chain, in one row: whoever appends locks it, so that two never append to the same end."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
)
"""Ends of the chain as they were told to the admins."""

audit_customers = Table(
    "audit_customers",
    metadata,
    Column("request", Text, primary_key=True),
    Column("portion", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""The keyed hashes of a portion's customers, sorted, one after the other (`bot.database.audit.customer_hashes`); `key` tells keys apart."""

audit_key = Table(
    "audit_key",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
)
"""The key of those hashes, where the settings name none."""
