"""Both log formats and the levels work, and no secret is written."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Final

import psycopg
import pytest
import structlog
from slack_bolt.async_app import AsyncApp

from bot.config.log_setup import set_up_logs
from bot.config.redaction import HIDDEN
from bot.errors import DatabaseUnavailable
from tests.support.plain_logs import plain_logs

SECRET: Final = 'a "known" secret/value'
JWT: Final = "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"
SECRETS: Final = [
    "xoxb-123-456-abcDEF",
    "xapp-1-A1-123-abc",
    "xoxe.xoxp-1-abc",
    JWT,
    "Bearer abc.def-ghi",
    "Basic dXNlcjpwYXNz",
    SECRET,
]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    before = root.handlers, root.level, dbos.handlers, dbos.propagate
    yield
    root.handlers, root.level, dbos.handlers, dbos.propagate = before
    plain_logs()


def written(*, as_json: bool, level: str = "info") -> StringIO:
    stream = StringIO()
    set_up_logs(level=level, as_json=as_json, secrets=[SECRET, "", "ab"], to=stream)
    return stream


def test_json_is_one_object_per_line() -> None:
    stream = written(as_json=True)
    structlog.get_logger("bot.engine").info("batch given", request_id="R-ABCDE", size=3)
    logging.getLogger("bot.other").warning("with %s", "arguments")
    ours, theirs = map(json.loads, stream.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["request_id"], ours["size"]) == (
        "batch given",
        "info",
        "R-ABCDE",
        3,
    )
    assert (theirs["event"], theirs["level"]) == ("with arguments", "warning")
    assert ours["timestamp"].endswith("Z")


def test_the_console_gets_one_readable_line() -> None:
    stream = written(as_json=False)
    structlog.get_logger().info("batch given", request_id="R-ABCDE")
    (line,) = stream.getvalue().splitlines()
    assert "batch given" in line
    assert "request_id=R-ABCDE" in line


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_written_however_it_is_logged(secret: str, *, as_json: bool) -> None:
    stream = written(as_json=as_json)
    log = structlog.get_logger()
    log.info(secret)
    log.info("as a value", value=secret, nested={"deep": [secret]})
    logging.getLogger("elsewhere").error("as an argument %s", secret)
    try:
        int(secret)
    except ValueError:
        log.exception("in a traceback")
        logging.getLogger("elsewhere").exception("in another")
    for form in (secret, json.dumps(secret)[1:-1]):
        assert form.removeprefix("Bearer ").removeprefix("Basic ") not in stream.getvalue()
    assert stream.getvalue().count(HIDDEN) >= 6


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        ("https://hooks.slack.com/commands/T1/2/abc", "commands/T1/2/abc"),
        ("wss://wss-primary.slack.com/link/?ticket=abc-def&app_id=1", "abc-def"),
        ("postgresql://bot:pass@db/bot", "pass"),
    ],
)
def test_secrets_in_addresses_are_hidden(address: str, hidden: str) -> None:
    stream = written(as_json=True)
    structlog.get_logger().info("calling", address=address)
    assert hidden not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


def test_innocent_text_is_unchanged() -> None:
    stream = written(as_json=True)
    structlog.get_logger().info(
        "a bearer of news about the abbey, at 12:30 by ann@example.com; Basic Information → App"
    )
    assert HIDDEN not in stream.getvalue()


def test_libraries_are_logged_at_debug_only_and_from_warnings_on() -> None:
    stream = written(as_json=True, level="debug")
    AsyncApp(token="xoxb-1", signing_secret="a").logger.info("a payload with customers")
    logging.getLogger("httpx").info("a request")
    logging.getLogger("dbos").info("a workflow")
    logging.getLogger("dbos").warning("a workflow failed")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["a workflow failed"]


def test_lines_below_the_level_are_not_written() -> None:
    stream = written(as_json=True, level="warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_of_libraries_only_faults_that_nothing_handled_are_written() -> None:
    stream = written(as_json=True)
    for name in ("psycopg.pool", "dbos", "sqlalchemy.pool", "slack_sdk.socket_mode", "stamina", "asyncio"):
        logging.getLogger(name).error("a library's text")
    for error in (psycopg.OperationalError("away"), ConnectionResetError(), DatabaseUnavailable("away")):
        logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=error)
    assert stream.getvalue() == ""
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=KeyError("a fault"))
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert "a fault" in line["exception"]
