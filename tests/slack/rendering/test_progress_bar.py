"""The progress of a request on its card and in its status."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.progress import Progress
from bot.domain.requests.request import State
from bot.services.overview import StatusPage
from bot.slack.messages import card, status
from bot.slack.rendering import progress_bar
from tests.support import samples
from tests.support.samples import LOOK, NOW

TALLY = Tally(80_000, given=33_600, refused=12, unknown=2_000)
SOON = NOW + timedelta(hours=1, minutes=32)


def giving(progress: Progress | None) -> RequestSnapshot:
    return replace(samples.snapshot(State.GIVING), tally=TALLY, progress=progress)


def test_the_card_shows_a_bar_the_counts_the_pace_and_the_end() -> None:
    assert progress_bar.drawn(TALLY, Progress(208.4, SOON), LOOK) == (
        "⏳ *Sending to Dintero:* 42% ████░░░░░░\n"
        "33,600 of 80,000 given, 12 refused\n"
        f"About 210 per second, done around <!date^{int(SOON.timestamp())}^{{time}}|14:32>"
    )
    assert "42% ████░░░░░░" in str(card.build(giving(Progress()), LOOK).blocks)


def test_an_unknown_pace_is_left_out() -> None:
    assert progress_bar.drawn(TALLY, Progress(), LOOK).count("\n") == 1


def test_a_slow_pace_is_given_by_the_minute() -> None:
    assert progress_bar.foretold(Progress(0.5), LOOK) == "About 30 per minute"


def test_a_card_without_progress_shows_no_bar() -> None:
    assert "█" not in str(card.build(giving(None), LOOK).blocks)


def test_status_shows_the_same_in_full_and_in_a_line() -> None:
    snapshot = giving(Progress(208.4, SOON))
    assert progress_bar.drawn(TALLY, Progress(208.4, SOON), LOOK) in str(
        status.one(snapshot, LOOK).blocks
    ).replace("\\n", "\n")
    assert "sending · 42% · About 210 per second, done around <!date^" in str(
        status.build(StatusPage((snapshot,)), LOOK).blocks
    )


@given(counts=st.tuples(*[st.integers(min_value=0, max_value=10**6)] * 4))
def test_the_bar_is_full_only_when_nobody_is_left_and_the_counts_add_up(
    counts: tuple[int, int, int, int],
) -> None:
    given_, refused, unknown, not_tried = counts
    tally = Tally(sum(counts), given=given_, refused=refused, unknown=unknown)
    drawn = progress_bar.bar(tally)
    assert len(drawn) == progress_bar.CELLS
    assert (progress_bar.percent(tally, LOOK) == "100%") == (tally.left == 0 and tally.asked > 0)
    assert ("░" not in drawn) == (tally.left == 0 and tally.asked > 0)
    assert given_ + refused + tally.left == tally.asked
    assert tally.left == unknown + not_tried
