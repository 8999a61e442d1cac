"""Every error code of Slack's that the bot knows has one kind, and each kind one consequence."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import DeliveryDeferred, DeliveryFailed
from bot.slack.client.errors import (
    KINDS,
    ErrorKind,
    delivery_error,
    describe,
    is_transient,
    kind_of,
    repeat_after,
)
from bot.slack.messages.direct_texts import PROBLEMS

CODES = {
    ErrorKind.TRANSIENT: {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    },
    ErrorKind.RATE_LIMITED: {"ratelimited", "rate_limited"},
    ErrorKind.TOKEN_REJECTED: {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
    },
    ErrorKind.SCOPE_MISSING: {"missing_scope"},
    ErrorKind.CHANNEL_UNAVAILABLE: {"not_in_channel", "channel_not_found", "is_archived", "is_inactive"},
    ErrorKind.MESSAGE_GONE: {
        "message_not_found",
        "thread_not_found",
        "cannot_reply_to_message",
        "cant_update_message",
    },
    ErrorKind.VIEW_NOT_FOUND: {"not_found"},
    ErrorKind.TRIGGER_USED: {"exchanged_trigger_id"},
    ErrorKind.TRIGGER_EXPIRED: {"expired_trigger_id"},
    ErrorKind.USER_UNKNOWN: {"user_not_found", "users_not_found", "user_not_visible"},
    ErrorKind.GROUP_UNAVAILABLE: {"no_such_subteam", "subteam_not_found", "plan_upgrade_required"},
    ErrorKind.FILE_GONE: {"file_not_found", "file_deleted"},
}
RETRIED = {ErrorKind.TRANSIENT, ErrorKind.RATE_LIMITED}
KEPT = {*RETRIED, ErrorKind.TOKEN_REJECTED, ErrorKind.SCOPE_MISSING}
"""Kinds whose messages stay in the outbox."""
FOR_EVERY_MESSAGE = {*RETRIED, ErrorKind.TOKEN_REJECTED}
"""Kinds that concern every message, not only the one that met them."""


def refused(code: str = "", status: int = 200, **headers: str) -> SlackApiError:
    data: Any = {"ok": False, "error": code} if code else "<html>"
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data=data,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        status_code=status,
    )
    return SlackApiError("refused", response)  # type: ignore[no-untyped-call]


def test_the_table_has_these_codes_and_no_others() -> None:
    assert {code: kind for kind, codes in CODES.items() for code in codes} == KINDS


@pytest.mark.parametrize(("code", "kind"), [*KINDS.items(), ("msg_too_long", ErrorKind.PERMANENT)])
def test_a_code_of_each_kind_has_one_consequence(code: str, kind: ErrorKind) -> None:
    error = refused(code)
    assert (kind_of(error), is_transient(error), describe(error)) == (kind, kind in RETRIED, code)
    outcome = delivery_error(error)
    assert isinstance(outcome, DeliveryDeferred) is (kind in KEPT)
    if isinstance(outcome, DeliveryDeferred):
        assert outcome.clean is (kind is not ErrorKind.TRANSIENT)
        assert outcome.all_wait is (kind in FOR_EVERY_MESSAGE)
    else:
        assert outcome.code == code


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(), ErrorKind.TRANSIENT),
        (refused(status=502), ErrorKind.TRANSIENT),
        (refused("invalid_auth", status=503), ErrorKind.TRANSIENT),
        (refused("internal_error", status=429), ErrorKind.RATE_LIMITED),
        (refused(status=429), ErrorKind.RATE_LIMITED),
        (aiohttp.ClientConnectionError(), ErrorKind.TRANSIENT),
        (TimeoutError(), ErrorKind.TRANSIENT),
        (ConnectionResetError(), ErrorKind.TRANSIENT),
        (ValueError(), ErrorKind.PERMANENT),
    ],
)
def test_the_status_counts_before_the_code(error: Exception, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("17", 17.0), ("86400", 600.0), ("", 5.0), ("-1", 5.0), ("soon", 5.0), ("²", 5.0)],
)
def test_a_429_sets_the_wait_within_bounds(retry_after: str, seconds: float) -> None:
    outcome = delivery_error(refused("ratelimited", 429, Retry_After=retry_after))
    assert isinstance(outcome, DeliveryDeferred)
    assert outcome.after == seconds


def test_no_kind_is_an_empty_tuple_which_early_releases_of_python_3_11_break() -> None:
    assert [kind for kind in ErrorKind if kind.value == ()] == []


def test_an_answer_of_a_proxy_is_named_by_its_status() -> None:
    assert describe(refused(status=502)) == "status 502"
    assert not isinstance(delivery_error(refused(status=502)), DeliveryFailed)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/", "connection refused"),
        ("http://slack.invalid/", "host name not found"),
        ("https://127.0.0.1:{port}/", "no secure connection (TLS failed)"),
        ("http://127.0.0.1:{port}/", "connection lost"),
    ],
)
async def test_people_read_plain_words_for_a_call_without_an_answer(url: str, words: str) -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _reader.read(1)
        writer.write(b"no TLS" if url.startswith("https") else b"")
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError) as failed:
            await session.get(url.format(port=server.sockets[0].getsockname()[1]))
    assert describe(failed.value) == words


def test_people_read_what_helps_for_exactly_the_channels_that_messages_wait_for() -> None:
    helped = {code for code, (_, advice) in PROBLEMS.items() if advice}
    assert helped == CODES[ErrorKind.CHANNEL_UNAVAILABLE]


def test_a_search_waits_as_long_as_a_rate_limit_says() -> None:
    assert repeat_after(refused("ratelimited", 429, **{"Retry-After": "30"})) == 30
    assert repeat_after(refused("internal_error")) is True
    assert repeat_after(refused("not_in_channel")) is False
