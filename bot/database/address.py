"""Parses `DATABASE_URL`: an SQLite file, or one or several hosts of a PostgreSQL."""

import os
import re
import sqlite3
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from psycopg.pq import Conninfo
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError

Version = tuple[int, ...]

EXPECTED: Final = "sqlite:///a-file.db or postgresql://…"
OLDEST_SQLITE: Final = (3, 35)
"""The first with RETURNING; the durable engine needs it too."""
POSTGRES: Final = re.compile(r"postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
REQUIRE_TLS: Final = frozenset({"require", "verify-ca", "verify-full"})
"""The values of `sslmode` that need TLS; `verify-full` checks the server too."""
_NETWORK: Final = ("hostaddr", "host", "service", "sslmode")
"""Options that the address may have, or the environment, as in PGHOST."""
_HOST: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|(?:[\w.-]|%[0-9a-fA-F]{2})*)(?::(?P<port>\d*))?")


class UnusableUrl(ConfigError):
    """`DATABASE_URL` names no database that the bot can use."""

    def __init__(self, problem: str, *, another_helps: bool = True) -> None:
        fix = f". Use {EXPECTED}." if another_helps else ""
        super().__init__([f"DATABASE_URL: {problem}{fix}"])
        self.problem = problem
        self.another_helps = another_helps


def parse_url(url: str, *, sqlite: Version = sqlite3.sqlite_version_info) -> URL:
    """Parse `DATABASE_URL`, and set the driver that the bot uses for it.

    >>> parse_url("sqlite:///bot.db").database
    'bot.db'
    >>> parse_url("postgres://bot:a #?/[ b@db/bot").password
    'a #?/[ b'
    >>> parse_url("postgresql://one:5433,two/bot").query["host"]
    'one,two'

    Raises:
        UnusableUrl: it names neither an SQLite file nor a PostgreSQL database, or SQLite is too old.
    """
    if scheme := POSTGRES.match(url):
        parsed = next(_readings(url[scheme.end() :]), None)
        if parsed is None:
            raise UnusableUrl("isn't a valid URL")
        return parsed
    return _sqlite(url, sqlite)


def is_sqlite(url: URL) -> bool:
    """Return whether the URL names an SQLite file."""
    return url.drivername == "sqlite"


def is_local(host: str) -> bool:
    """Return whether a host is this machine: then nobody else can read what is sent to it."""
    if host == "localhost" or host.endswith(".localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_encrypted(url: URL) -> bool:
    """Return whether every connection is encrypted, or stays on this machine."""
    named = {name: str(url.query.get(name) or os.environ.get(f"PG{name.upper()}") or "") for name in _NETWORK}
    hosts = named["hostaddr"] or str(url.host or "") or named["host"]
    is_here = all(is_local(host) for host in hosts.split(",") if host) and not named["service"]
    return is_sqlite(url) or named["sslmode"] in REQUIRE_TLS or is_here


def _sqlite(url: str, version: Version) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UnusableUrl("isn't a valid URL") from None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise UnusableUrl("isn't a valid URL")
    if version < OLDEST_SQLITE:
        has, needs = (".".join(map(str, numbers)) for numbers in (version, OLDEST_SQLITE))
        problem = f"SQLite {has} is too old. Use a Python with SQLite {needs} or later, or PostgreSQL."
        raise UnusableUrl(problem, another_helps=False)
    return parsed.set(drivername="sqlite", database=_real_path(parsed.database))


def _real_path(path: str) -> str:
    """Follow symbolic links: lock, journals and the engine's file belong beside the file itself."""
    real = Path(path).resolve()
    return path if real == Path.cwd() / path else str(real)


def _readings(text: str) -> Iterator[URL]:
    """Read an address in every way that makes sense, the usual one first.

    A password may contain `@`, `/`, `?`, `#` or `[` as it is: what follows it must be hosts and a name.
    """
    ends = [None, *(at.start() for at in re.finditer("@", text))]
    for end in ends:
        user, password = ("", None) if end is None else _user(text[:end])
        place = _place(text if end is None else text[end + 1 :])
        if place is None or (end is None and not text) or "/" in user:
            continue
        database, query = place
        password = query.pop("password", password)
        user = query.pop("user", user)
        yield URL.create("postgresql+psycopg", user or None, password, database=database or None, query=query)


def _user(text: str) -> tuple[str, str | None]:
    user, colon, password = text.partition(":")
    return unquote(user), unquote(password) if colon else None


def _place(text: str) -> tuple[str, dict[str, str]] | None:
    """Read hosts, database and options; None if that is not what they are."""
    rest, _, options = text.partition("?")
    hosts, _, database = rest.partition("/")
    query: dict[str, str] = {}
    for option in filter(None, options.split("&")):
        name, equals, value = option.partition("=")
        if not equals or name not in _option_names():
            return None
        joined = [query[name]] if name in query else []
        query[name] = ",".join([*joined, unquote(value)])
    if "@" in database or "/" in database:
        return None
    matches = [_HOST.fullmatch(host) for host in hosts.split(",")] if hosts else []
    if not all(matches):
        return None
    found = [(unquote(match["host"]).strip("[]"), match["port"] or "") for match in matches if match]
    if found:
        query["host"] = ",".join(host for host, _ in found)
        if any(port for _, port in found):
            query["port"] = ",".join(port for _, port in found)
    return unquote(database), query


@cache
def _option_names() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in Conninfo.get_defaults())
