import pytest

from bot.database.connection import is_sqlite, parse_url
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


def test_an_sqlite_path_stays_relative_or_absolute() -> None:
    assert parse_url("sqlite:///books.db").database == "books.db"
    assert parse_url("sqlite:////var/lib/books.db").database == "/var/lib/books.db"
    assert is_sqlite(parse_url("sqlite+aiosqlite:///books.db"))


@pytest.mark.parametrize(
    "url", ["", "books.db", "mysql://db/books", "sqlite://", "sqlite:///:memory:", "postgresql://db:port/x"]
)
def test_an_unusable_url_is_reported_with_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        parse_url(url)


def test_a_password_is_never_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url("mysql://bot:s3cret@db/books")
    assert "s3cret" not in str(caught.value)
