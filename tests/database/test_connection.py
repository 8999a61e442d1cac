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
def test_every_way_to_write_a_postgresql_goes_by_the_one_driver(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"
    assert not is_sqlite(parse_url(url))


def test_an_sqlite_file_is_relative_or_absolute_as_written() -> None:
    assert parse_url("sqlite:///books.db").database == "books.db"
    assert parse_url("sqlite:////var/lib/books.db").database == "/var/lib/books.db"
    assert is_sqlite(parse_url("sqlite+aiosqlite:///books.db"))


@pytest.mark.parametrize(
    "url", ["", "books.db", "mysql://db/books", "sqlite://", "sqlite:///:memory:", "postgresql://db:port/x"]
)
def test_what_cannot_hold_the_books_is_told_by_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        parse_url(url)


def test_a_password_is_never_told() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url("mysql://bot:s3cret@db/books")
    assert "s3cret" not in str(caught.value)
