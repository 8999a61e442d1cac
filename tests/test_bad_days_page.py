"""docs/bad-days.md: the times that it names are those of the code."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.background.outbox_relay import PROBE_SECONDS
from bot.background.runner import SWEEP_SECONDS
from bot.domain.delivery import WAIT_SECONDS
from bot.giving.circuit_breaker import MAX_FAILURES_IN_A_ROW
from bot.giving.retry import RetryPolicy
from bot.slack.announcer import CHANNEL_PATIENCE, CHANNEL_SECONDS, MAX_CARD_ATTEMPTS
from bot.slack.client.connection import MAX_FAILURES, QUIET_SECONDS, WATCH_ANSWER_SECONDS, WATCH_RETRY_SECONDS
from bot.slack.client.errors import MAX_RATE_LIMIT_SECONDS, OPERATOR_SECONDS
from bot.slack.client.socket_watchdog import MAX_SILENT_PINGS, PING_SECONDS
from bot.slack.modal_controller import UNCHANGED
from bot.web.bolt import ACK_SECONDS

PAGE = (Path(__file__).parents[1] / "docs" / "bad-days.md").read_text()


@pytest.mark.parametrize(
    ("words", "is_true"),
    [
        ("`Retry-After` says (ten minutes at most)", MAX_RATE_LIMIT_SECONDS == 600),
        ("every 30 s at most, whether Slack is back", PROBE_SECONDS == 30),
        ("tries once a minute", OPERATOR_SECONDS == 60),
        ("keeps trying for a week", timedelta(days=7) == CHANNEL_PATIENCE),
        ("gives up after five minutes", MAX_CARD_ATTEMPTS * CHANNEL_SECONDS == 300),
        ("503 after 20 s without a frame", PING_SECONDS * MAX_SILENT_PINGS == 20),
        ("after 30 s without any answer", QUIET_SECONDS == 30),
        ("then every second", WATCH_RETRY_SECONDS == 1),
        ("42 s at most", QUIET_SECONDS + 2 * WATCH_RETRY_SECONDS + MAX_FAILURES * WATCH_ANSWER_SECONDS == 42),
        ("After ten seconds the thread says", RetryPolicy().told == 10),
        ("After five failures in a row", MAX_FAILURES_IN_A_ROW == 5),
        ("the bot tries every 20 s", SWEEP_SECONDS == 20),
        ("no usable answer for an hour", RetryPolicy().total == 3600),
        ("answered within 2.5 s", ACK_SECONDS < 2.5),
        ("within ten seconds more", WAIT_SECONDS < 10),
        (UNCHANGED.partition(" (")[0], "Try again in a minute" in UNCHANGED),
    ],
)
def test_the_times_of_bad_days_are_those_of_the_code(words: str, *, is_true: bool) -> None:
    assert words in PAGE.replace("\n", " ")
    assert is_true
