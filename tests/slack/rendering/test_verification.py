"""What Dintero's list of the rule has of the unknown, in words: exactly what was seen, wherever it is told."""

from dataclasses import replace

import pytest

from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import ChannelKind, NotificationType, RequestSnapshot
from bot.domain.requests.request import State, StopReason
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.holders import Verification
from bot.slack.messages import card, notices, summary
from bot.slack.modals import approval
from bot.slack.rendering import verification
from bot.slack.rendering.formatting import Message
from tests.support import samples
from tests.support.samples import LOOK, NOW

BEFORE = " They may have stood there before, so they still count as unknown."


def told(found: Verification) -> str:
    (line,) = verification.line(found, LOOK, lambda _at: "now")
    return line.removeprefix("*Read back now:* ")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            Verification(NOW, 40, there=37, refs=900, whole=True),
            f"Dintero's list of the rule has 37 of the 40 unknown ones.{BEFORE}",
        ),
        (
            Verification(NOW, 40, there=40, refs=900, whole=True),
            f"Dintero's list of the rule has all 40 unknown ones.{BEFORE}",
        ),
        (
            Verification(NOW, 40, refs=900, whole=True),
            "Dintero's list of the rule has none of the 40 unknown ones.",
        ),
        (
            Verification(NOW, 1, there=1, whole=True),
            f"Dintero's list of the rule has the unknown one.{BEFORE}",
        ),
        (
            Verification(NOW, 40, there=3, refs=50_000),
            f"the first 50,000 entries of Dintero's list of the rule have 3 of the 40 unknown ones; the others were not read.{BEFORE}",
        ),
        (Verification(NOW, 40), "Dintero's list of the rule is too long to be read."),
        (Verification(NOW, 40, failed="cut"), "Dintero's list of the rule could not be read (cut)."),
        (
            Verification(NOW, 40, there=2, refs=1_000, failed="cut"),
            f"Dintero's list of the rule could not be read (cut), but as far as it was read it has 2 of the 40 unknown ones.{BEFORE}",
        ),
    ],
)
def test_it_is_said_what_was_seen_and_no_more(found: Verification, said: str) -> None:
    assert told(found) == said


def text(message: Message) -> str:
    return "\n".join(block["text"]["text"] for block in message.blocks if "text" in block)


def story(state: State) -> RequestSnapshot:
    found = samples.story(state, stop=StopReason.UNKNOWN_FOR_GOOD)
    tally = Tally(10, given=6, refused=2, unknown=2)
    return replace(
        found, tally=tally, unknown=(), verification=Verification(NOW, 2, there=1, refs=8, whole=True)
    )


def test_it_stands_where_it_stopped_where_it_waits_anew_and_where_it_is_summed_up() -> None:
    seen = "Dintero's list of the rule has 1 of the 2 unknown ones."
    anew = story(State.WAITING)
    anew = replace(anew, request=replace(anew.request, started_at=NOW))
    drawn = [
        card.build(story(State.STOPPED), LOOK),
        card.build(anew, LOOK),
        notices.thread(samples.notice(NotificationType.STOPPED), story(State.STOPPED), LOOK),
        summary.build(story(State.DONE), LOOK),
        notices.direct(
            samples.notice(NotificationType.STOPPED, kind=ChannelKind.DIRECT),
            story(State.STOPPED),
            LOOK,
            link="",
        ),
    ]
    assert [seen in text(message) for message in drawn] == [True] * len(drawn)
    considered = ApprovalView(samples.review(anew.request), anew, count=False)
    assert seen in str(approval.build(considered, LOOK, external_id="e"))
    assert seen not in text(
        notices.thread(samples.notice(NotificationType.STARTED), story(State.GIVING), LOOK)
    )
