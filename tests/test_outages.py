"""An outage is told once when it has lasted for a moment, and once when it ends."""

import pytest

from bot.errors import DatabaseUnavailable, DinteroError, DirectoryUnavailable, OutcomeUnknownError
from bot.outages import TOLD_AFTER_SECONDS, Outage, is_outage


class Ticks:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_outage_and_its_end_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    outage = Outage("PostgreSQL", "Nothing is sent until it is back.", ticks=ticks)
    for _ in range(76):
        outage.failed("connection refused")
        ticks.now += TOLD_AFTER_SECONDS
    for _ in range(3):
        outage.answered()
    assert caplog.messages == [
        "PostgreSQL isn't answering (connection refused). Nothing is sent until it is back.",
        "PostgreSQL is back after 2 min 32 s.",
    ]


def test_failures_that_pass_at_once_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    outage = Outage("Dintero", "requests wait", ticks=ticks)
    for _ in range(20):
        outage.failed()
        ticks.now += TOLD_AFTER_SECONDS / 2
        outage.failed()
        outage.answered()
        ticks.now += TOLD_AFTER_SECONDS
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (DatabaseUnavailable("away"), True),
        (DatabaseUnavailable("no such table", passes=False), False),
        (DirectoryUnavailable("away"), True),
        (OutcomeUnknownError("503"), True),
        (DinteroError("a refusal"), False),
        (KeyError("a fault"), False),
    ],
)
def test_only_what_passes_by_itself_is_an_outage(error: Exception, *, passes: bool) -> None:
    assert is_outage(error) is passes
