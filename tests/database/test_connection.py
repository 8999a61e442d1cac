import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.database.address import is_encrypted, is_sqlite, parse_url
from bot.database.postgres import connect_parameters
from bot.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:pass@db:5432/books?sslmode=require",
        "postgres://db/books",
        "postgresql+psycopg2://db/books",
    ],
)
def test_every_postgresql_url_uses_the_same_driver(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"
    assert not is_sqlite(parse_url(url))


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgres://bot:pass@db/books", {"host": "db", "password": "pass", "dbname": "books"}),
        ("postgresql://one:5433,two,three:5434/books", {"host": "one,two,three", "port": "5433,,5434"}),
        ("postgresql://[::1]:5433,[2001:db8::2]/books", {"host": "::1,2001:db8::2", "port": "5433,"}),
        ("postgresql:///books?host=/var/run/postgresql", {"host": "/var/run/postgresql", "dbname": "books"}),
        ("postgresql:///books?host=/run/one,/run/two", {"host": "/run/one,/run/two"}),
        ("postgresql:///books?host=one&host=two&port=1,2", {"host": "one,two", "port": "1,2"}),
        ("postgresql://%2Fvar%2Frun/books", {"host": "/var/run", "dbname": "books"}),
        ("postgresql:///books", {"dbname": "books"}),
        ("postgresql://bot@/books?host=/run&port=5433", {"user": "bot", "host": "/run", "port": "5433"}),
        ("postgresql://db?user=bot&password=a%40b", {"user": "bot", "password": "a@b", "host": "db"}),
        ("postgresql://bot:a@b@c/d@db/books", {"password": "a@b@c/d", "host": "db"}),
        ("postgresql://bot:a?b#c[d@db/books?options=-c%20x=y", {"password": "a?b#c[d", "options": "-c x=y"}),
        ("postgresql://bot:pass@db/books?application_name=a@b", {"host": "db", "application_name": "a@b"}),
        ("postgresql://db/books?target_session_attrs=any", {"target_session_attrs": "read-write"}),
    ],
)
def test_each_form_of_a_postgresql_address_is_read(url: str, parameters: dict[str, str]) -> None:
    found = {name: str(value) for name, value in connect_parameters(parse_url(url)).items()}
    assert found | parameters == found
    assert conninfo_to_dict(make_conninfo(**found)) == found


@pytest.mark.parametrize(
    ("url", "encrypted"),
    [
        ("postgresql:///books", True),
        ("postgresql://localhost,127.0.0.2,[::1]/books", True),
        ("postgresql:///books?host=/run", True),
        ("postgresql://db/books", False),
        ("postgresql://localhost,db/books?sslmode=prefer", False),
        ("postgresql://db/books?sslmode=require", True),
        ("postgresql://db/books?sslmode=verify-full", True),
        ("postgresql:///books?hostaddr=10.0.0.5", False),
        ("postgresql:///books?host=localhost&hostaddr=10.0.0.5", False),
        ("postgresql:///books?service=shop", False),
        ("sqlite:///books.db", True),
    ],
)
def test_a_connection_over_the_network_needs_tls(url: str, *, encrypted: bool) -> None:
    assert is_encrypted(parse_url(url)) is encrypted


@pytest.mark.parametrize(
    ("name", "value"), [("PGHOST", "db"), ("PGHOSTADDR", "10.0.0.5"), ("PGSERVICE", "shop")]
)
def test_the_environment_may_lead_over_the_network(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert not is_encrypted(parse_url("postgresql:///books"))
    assert is_encrypted(parse_url("sqlite:///books.db"))
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert is_encrypted(parse_url("postgresql:///books"))


def test_an_sqlite_path_stays_relative_or_absolute() -> None:
    assert parse_url("sqlite:///books.db").database == "books.db"
    assert parse_url("sqlite:////var/lib/books.db").database == "/var/lib/books.db"
    assert is_sqlite(parse_url("sqlite+aiosqlite:///books.db"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "books.db",
        "mysql://db/books",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://db:port/x",
        "postgresql://",
        "postgresql://db/x?no=1",
    ],
)
def test_an_unusable_url_is_reported_with_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        parse_url(url)


def test_an_sqlite_without_returning_is_refused_with_what_is_needed_instead() -> None:
    with pytest.raises(
        ConfigError, match=r"SQLite 3\.34\.1 is too old. Use .* 3\.35 or later, or PostgreSQL"
    ):
        parse_url("sqlite:///bot.db", sqlite=(3, 34, 1))
    assert parse_url("sqlite:///bot.db", sqlite=(3, 35, 0)).database == "bot.db"
    assert parse_url("postgresql://db/bot", sqlite=(3, 34, 1)).database == "bot"


def test_a_password_is_never_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url("mysql://bot:s3cret@db/books")
    assert "s3cret" not in str(caught.value)
