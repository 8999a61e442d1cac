"""The web server over real connections: what it accepts and refuses, and never with a 500."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from structlog.testing import capture_logs

from bot.errors import ConfigError
from bot.web.health import Readiness
from bot.web.server import MAX_BODY_BYTES, build_web, serve
from bot.web.slack_endpoint import SlackEndpoint, sign

SECRET: Final = "the signing secret"
COMMAND: Final = {
    "command": "/discount",
    "text": "add",
    "team_id": "T1",
    "user_id": "U1",
    "channel_id": "C1",
    "trigger_id": "1.2",
}
CLICK: Final = {
    "type": "block_actions",
    "team": {"id": "T1"},
    "user": {"id": "U1"},
    "trigger_id": "1.2",
    "actions": [{"type": "button", "action_id": "approve", "block_id": "b", "value": "R"}],
}
SUBMISSION: Final = {
    "type": "view_submission",
    "team": {"id": "T1"},
    "user": {"id": "U1"},
    "view": {
        "id": "V1",
        "type": "modal",
        "callback_id": "add",
        "hash": "1.a",
        "private_metadata": "",
        "external_id": "",
        "blocks": [{"type": "input", "block_id": "b"}],
        "state": {"values": {"b": {"a": {"value": "ann"}}}},
    },
}
WELL: Final = Readiness(database=True, slack=True, dintero="fine")


async def authorize(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_user_id="U0BOT", bot_id="B0BOT", bot_token="xoxb-1"
    )


async def ready() -> Readiness:
    return WELL


def bolt() -> AsyncApp:
    app = AsyncApp(authorize=authorize, signing_secret=SECRET, process_before_response=True)

    async def answer(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(body.get("text", "seen"))

    async def done(ack: AsyncAck) -> None:
        await ack()

    app.command("/discount")(answer)
    app.action("approve")(done)
    app.view("add")(done)
    return app


class Visitor:
    """Slack, or an impostor."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self.http = http
        self.address = address

    async def post(
        self, body: bytes, *, secret: str = SECRET, age: float = 0, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        at = str(int(time.time() - age))
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": sign(body, at, secret.encode())}
        kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
        sent = {"Content-Type": kind, **signed, **(headers or {})}
        async with self.http.post(f"{self.address}/slack/events", data=BytesIO(body), headers=sent) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(f"{self.address}{path}") as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def slack() -> AsyncIterator[Visitor]:
    endpoint = SlackEndpoint(bolt(), SECRET)
    async with (
        serve(build_web(slack=endpoint, ready=ready), host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession() as http,
    ):
        yield Visitor(http, f"http://127.0.0.1:{port}")


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def interaction(payload: dict[str, Any]) -> bytes:
    return form({"payload": json.dumps(payload)})


async def test_a_signed_command_reaches_its_handler(slack: Visitor) -> None:
    assert await slack.post(form(COMMAND)) == (200, "add")


async def test_a_command_whose_text_has_the_word_payload_in_it_reaches_its_handler(slack: Visitor) -> None:
    assert await slack.post(form({**COMMAND, "text": "add payload"})) == (200, "add payload")


@pytest.mark.parametrize("payload", [CLICK, SUBMISSION])
async def test_a_signed_interaction_reaches_its_handler(slack: Visitor, payload: dict[str, Any]) -> None:
    assert await slack.post(interaction(payload)) == (200, "")


async def test_slacks_url_verification_is_answered(slack: Visitor) -> None:
    status, text = await slack.post(json.dumps({"type": "url_verification", "challenge": "abc"}).encode())
    assert (status, json.loads(text)) == (200, {"challenge": "abc"})


@pytest.mark.parametrize(
    ("how", "sent"),
    [
        ("another secret", {"secret": "another"}),
        ("too old", {"age": 301}),
        ("from the future", {"age": -360}),  # by more than a busy machine takes until it looks
        ("no signature", {"headers": {"X-Slack-Signature": ""}}),
        ("a signature in other letters", {"headers": {"X-Slack-Signature": "v0=é"}}),
        ("a time that is no number", {"headers": {"X-Slack-Request-Timestamp": "now"}}),
        ("no time", {"headers": {"X-Slack-Request-Timestamp": ""}}),
        ("a time too large for any clock", {"headers": {"X-Slack-Request-Timestamp": "9" * 400}}),
    ],
)
@pytest.mark.parametrize(
    "body", [form(COMMAND), form({"ssl_check": "1", "token": "x"}), b'{"cut', b"\xff\xfe"]
)
async def test_a_request_that_slack_did_not_sign_is_401_and_one_line(
    slack: Visitor, how: str, sent: dict[str, Any], body: bytes
) -> None:
    with capture_logs() as lines:
        status, _ = await slack.post(body, **sent)
    assert (status, len(lines)) == (401, 1), how


async def test_a_signed_ssl_check_is_answered(slack: Visitor) -> None:
    assert await slack.post(form({"ssl_check": "1", "token": "x"})) == (200, "")


MALFORMED: Final = [
    b"",
    b"{",
    b"\xff\xfe",
    b"hello",
    b"[]",
    b"{}",
    b"payload=",
    b"payload=null",
    b"payload=%5B%5D",
    b"payload=%FF",
    b'payload="text"',
    b"%FF=%FF",
    b"[" * 100_000,
    b"payload=" + b"[" * 100_000,
    b'{"type": ' + b"9" * 10_000 + b"}",
    interaction({**CLICK, "type": "unheard_of"}),
    interaction({**CLICK, "type": ["block_actions"]}),
    interaction({**CLICK, "actions": []}),
    interaction({**CLICK, "actions": {"0": {}}}),
    interaction({**CLICK, "user": None}),
    interaction({**CLICK, "team": "T1"}),
    interaction({**CLICK, "enterprise": 3}),
    interaction({**CLICK, "response_urls": [3]}),
    interaction({**SUBMISSION, "view": "V1"}),
    interaction({**SUBMISSION, "view": {"id": "V1", "callback_id": "add", "state": {"values": {"b": []}}}}),
    interaction({**CLICK, "note": "\ud800"}),
    form({**COMMAND, "text": "\0"}),
    form({name: value for name, value in COMMAND.items() if name != "user_id"}),
    json.dumps({"type": "event_callback", "team_id": "T1", "event": "text"}).encode(),
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:40]))
async def test_a_signed_but_malformed_payload_is_400_and_exactly_one_line(
    slack: Visitor, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        status, _ = await slack.post(body)
    assert (status, len(lines), caplog.records) == (400, 1, [])


@pytest.mark.parametrize("whole", [interaction(CLICK), interaction(SUBMISSION), json.dumps(CLICK).encode()])
async def test_a_payload_cut_anywhere_is_never_a_500(
    slack: Visitor, whole: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = {(await slack.post(whole[:length]))[0] for length in range(0, len(whole), 7)}
    assert (statuses, caplog.records) == ({400}, [])


def broken_everywhere(value: Any) -> Iterator[Any]:
    """Yield the payload with one part after another replaced or removed."""
    yield from (None, 3, "text", [], {}, [3], {"id": 3})
    if isinstance(value, dict):
        for key, below in value.items():
            yield from ({**value, key: broken} for broken in broken_everywhere(below))
            yield {name: kept for name, kept in value.items() if name != key}
    elif isinstance(value, list):
        yield from ([broken] for broken in broken_everywhere(value[0]))


@pytest.mark.parametrize("whole", [CLICK, SUBMISSION])
async def test_a_payload_with_anything_in_any_place_is_never_a_500(
    slack: Visitor, whole: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    statuses = {(await slack.post(interaction(broken)))[0] for broken in broken_everywhere(whole)}
    assert statuses <= {200, 400, 404}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_text_that_only_looks_like_a_forbidden_character_passes(slack: Visitor) -> None:
    assert await slack.post(interaction({**CLICK, "note": "\\u0000 %00"})) == (200, "")


async def test_the_log_never_repeats_a_payload(slack: Visitor) -> None:
    with capture_logs() as lines:
        await slack.post(b'{"customer-77')
        await slack.post(form({"text": "customer-77"}), secret="another")
    assert "customer-77" not in str(lines)


async def test_a_body_of_more_than_a_megabyte_is_refused(slack: Visitor) -> None:
    assert (await slack.post(b"a" * (MAX_BODY_BYTES + 1)))[0] == 413


async def test_a_body_that_is_not_the_gzip_it_claims_is_never_a_500(slack: Visitor) -> None:
    assert (await slack.post(form(COMMAND), headers={"Content-Encoding": "gzip"}))[0] in {400, 401}


async def test_slacks_endpoint_takes_posts_only(slack: Visitor) -> None:
    assert (await slack.get("/slack/events"))[0] == 405


async def test_socket_mode_has_no_endpoint_for_slack() -> None:
    async with (
        serve(build_web(slack=None, ready=ready), host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession() as http,
    ):
        visitor = Visitor(http, f"http://127.0.0.1:{port}")
        assert (await visitor.post(form(COMMAND)))[0] == 404
        assert (await visitor.get("/healthz"))[0] == 200
        assert (await visitor.get("/readyz"))[0] == 200


@pytest.mark.parametrize(
    ("readiness", "status"),
    [
        (WELL, 200),
        (Readiness(database=False, slack=True, dintero="fine"), 503),
        (Readiness(database=True, slack=False, dintero="fine"), 503),
        (Readiness(database=True, slack=True, dintero="no answer for 3 minutes"), 200),
    ],
)
async def test_readyz_is_503_only_for_the_database_or_slack_and_names_dintero(
    readiness: Readiness, status: int
) -> None:
    async def here() -> Readiness:
        return readiness

    async with (
        serve(build_web(slack=None, ready=here), host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession() as http,
    ):
        visitor = Visitor(http, f"http://127.0.0.1:{port}")
        answered, text = await visitor.get("/readyz")
        assert (await visitor.get("/healthz"))[0] == 200
    assert answered == status
    assert json.loads(text) == {
        "ready": status == 200,
        "database": readiness.database,
        "slack": readiness.slack,
        "dintero": readiness.dintero,
    }


async def test_a_port_that_is_taken_is_reported() -> None:
    async with serve(web.Application(), host="127.0.0.1", port=0) as port:
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
            async with serve(web.Application(), host="127.0.0.1", port=port):
                pass


@pytest.mark.parametrize("turns", range(4))
async def test_a_connection_that_arrives_at_shutdown_is_closed(turns: int) -> None:
    async with serve(web.Application(), host="127.0.0.1", port=0) as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=60)
        for _ in range(turns):
            await asyncio.sleep(0)
    with client:
        assert client.recv(1) == b""


async def test_an_error_inside_the_block_is_not_changed() -> None:
    with pytest.raises(OSError, match="the disk"):
        async with serve(web.Application(), host="127.0.0.1", port=0):
            raise OSError("the disk")
