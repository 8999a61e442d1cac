"""No secret is printed by any command, however a library spells it."""

import json
import logging
import re
import string
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli.main import main
from bot.config.redaction import HIDDEN, MIN_SECRET_LENGTH, pattern
from bot.database.address import parse_url
from bot.database.postgres import connect_parameters
from tests.support.plain_logs import plain_logs

ODD = " #?/[]@:%&+\\'\"<>{}$;,=é😀ø\t\n"
SECRETS = st.text(string.ascii_letters + string.digits + ODD, min_size=MIN_SECRET_LENGTH, max_size=40).filter(
    lambda text: text == text.strip()
)
SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe=" +"),
    quote_plus,
    lambda text: quote(text, safe="").lower(),
    repr,
    ascii,
    lambda text: repr(text.encode()),
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    escape,
]
NEEDLESS: list[Callable[[str], str]] = [
    lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    lambda text: "".join(f"\\u{unit.hex()}" for unit in _units(text)),
]


@pytest.fixture(scope="module", autouse=True)
def restored_logging() -> Iterator[None]:
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    before = root.handlers, root.level, dbos.handlers, dbos.propagate
    yield
    root.handlers, root.level, dbos.handlers, dbos.propagate = before
    plain_logs()


def _units(text: str) -> list[bytes]:
    encoded = text.encode("utf-16-be")
    return [encoded[at : at + 2] for at in range(0, len(encoded), 2)]


@given(
    secret=SECRETS,
    first=st.sampled_from([*SPELLINGS, *NEEDLESS]),
    how=st.lists(st.sampled_from(SPELLINGS), max_size=2),
)
def test_a_secret_is_hidden_in_any_spelling_of_any_spelling(
    secret: str, first: Callable[[str], str], how: list[Callable[[str], str]]
) -> None:
    written = first(secret)
    for spell in how:
        written = spell(written)
    shown = re.sub(pattern([secret]), HIDDEN, f"before {written} after")
    assert HIDDEN in shown
    assert written not in shown
    assert secret not in shown


def test_a_text_full_of_backslashes_takes_no_time() -> None:
    assert re.sub(pattern([r"a\\\b\\\c\\\d"]), HIDDEN, "\\" * 20_000) == "\\" * 20_000


@pytest.mark.parametrize(
    "command", ["run", "check", "status", "migrate", "audit verify", "audit export", "purge"]
)
@settings(max_examples=8)
@given(
    secrets=st.lists(
        st.text(string.ascii_letters + "0#?/[%&", min_size=12, max_size=30), min_size=4, max_size=4
    ),
    password=SECRETS.filter(lambda text: "\n" not in text and len(text) > 8),
    encoded=st.booleans(),
    broken=st.sampled_from(["", "PORT", "DATABASE_URL"]),
)
def test_no_command_prints_a_secret(
    tmp_path_factory: pytest.TempPathFactory,
    command: str,
    *,
    secrets: list[str],
    password: str,
    encoded: bool,
    broken: str,
) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    spelt = quote(password, safe="") if encoded else password.replace("%", "%25")
    env = {
        "SLACK_BOT_TOKEN": f"xoxb-{secrets[0]}",
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": secrets[1],
        "DINTERO_CLIENT_SECRET": secrets[2],
        "AUDIT_KEY": secrets[3],
        "DINTERO_ACCOUNT_ID": "T12345678",
        "DINTERO_CLIENT_ID": "client",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "DINTERO_API_URL": "http://127.0.0.1:9/v1",
        "DATABASE_URL": f"postgresql://bot:{spelt}@127.0.0.1:9/db",
        "POLICY_FILE": str(folder / "policy.toml"),
        "LOG_FORMAT": "json",
    }
    if broken:
        env[broken] = f"mysql://bot:{spelt}@db" if broken == "DATABASE_URL" else secrets[0]
    result = CliRunner().invoke(main, command.split(), env=env)
    assert result.exit_code in {1, 2}, result.output
    hidden = [*secrets[1:], *([] if broken == "PORT" else secrets[:1]), password, spelt]
    assert [secret for secret in hidden if secret in result.output] == []


@given(password=SECRETS, user=st.sampled_from(["bot", "bot%40shop"]), name=st.sampled_from(["bot", "b%40t"]))
def test_a_raw_password_is_read_as_it_is(password: str, user: str, name: str) -> None:
    raw = password.replace("%", "%25")
    for spelt in (raw, quote(password, safe="")):
        for hosts in ("db", "db:5433", "one:5432,two:5433", "[::1]:5432", "%2Fvar%2Frun"):
            url = f"postgres://{user}:{spelt}@{hosts}/{name}?sslmode=require"
            parameters = connect_parameters(parse_url(url))
            assert parameters["password"] == password
            assert parameters["user"] == user.replace("%40", "@")
            assert parameters["dbname"] == name.replace("%40", "@")
