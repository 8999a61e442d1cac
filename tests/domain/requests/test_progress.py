"""The rate of a run from its tallies; None before there are enough tallies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.ids import UserId
from bot.domain.requests.batches import Tally
from bot.domain.requests.pause import PauseState
from bot.domain.requests.progress import Progress, ProgressTracker
from bot.domain.requests.request import State
from tests.support.clock import HandClock
from tests.support.samples import REQUEST

ASKED = 1_000


class Watched:
    """A run and its tallies over time."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.progress_tracker = ProgressTracker(self.clock.now)
        self.request = replace(REQUEST, state=State.GIVING, started_at=self.clock.now())
        self.note(0)

    def note(self, given: int, *, after: float = 0) -> Progress | None:
        self.clock.pass_by(seconds=after)
        self.progress_tracker.note(self.request.id, Tally(ASKED, given=given))
        return self.now(given)

    def now(self, given: int) -> Progress | None:
        return self.progress_tracker.of(self.request, Tally(ASKED, given=given))


def test_a_run_of_three_seconds_shows_no_progress() -> None:
    watched = Watched()
    assert watched.note(500, after=2.9) is None
    assert watched.note(501, after=0.2) is not None


def test_progress_has_the_rate_and_the_eta() -> None:
    watched = Watched()
    assert watched.note(100, after=10) == Progress(10.0, watched.clock.now() + timedelta(seconds=90))


def test_the_refused_count_like_the_given() -> None:
    watched = Watched()
    watched.clock.pass_by(seconds=10)
    progress = watched.progress_tracker.of(watched.request, Tally(ASKED, given=50, refused=50))
    assert progress
    assert progress.a_second == 10


def test_without_grants_there_is_no_rate() -> None:
    assert Watched().note(0, after=60) == Progress()


def test_only_the_last_minute_counts() -> None:
    watched = Watched()
    for second in range(120):
        watched.note(second, after=1)
    for second in range(1, 61):
        watched.note(120 + second * 5, after=1)
    progress = watched.now(420)
    assert progress
    assert progress.a_second == pytest.approx(5, rel=0.05)


def test_an_eta_beyond_a_week_is_not_shown() -> None:
    watched = Watched()
    watched.clock.pass_by(days=2)
    progress = watched.now(1)
    assert progress
    assert progress.a_second
    assert progress.done_at is None


def test_a_clock_that_goes_back_clears_the_tallies() -> None:
    watched = Watched()
    watched.note(100, after=10)
    watched.clock.pass_by(hours=-1)
    assert watched.note(200) is None
    assert watched.note(230, after=3) == Progress(10.0, watched.clock.now() + timedelta(seconds=77))


def test_after_a_restart_there_is_progress_without_a_rate() -> None:
    watched = Watched()
    watched.clock.pass_by(minutes=1)
    assert ProgressTracker(watched.clock.now).of(watched.request, Tally(ASKED, given=10)) == Progress()


def test_a_forgotten_run_has_no_tallies() -> None:
    watched = Watched()
    watched.note(100, after=10)
    watched.progress_tracker.keep(())
    assert watched.now(100) == Progress()


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.DONE},
        {"cancel_asked_by": UserId("U0ANN")},
        {"pausing": PauseState.ASKED},
        {"state": State.STOPPED},
    ],
)
def test_a_run_that_does_not_continue_shows_no_progress(changes: dict[str, object]) -> None:
    watched = Watched()
    watched.note(100, after=10)
    assert watched.progress_tracker.of(replace(watched.request, **changes), Tally(ASKED, given=100)) is None  # type: ignore[arg-type]
