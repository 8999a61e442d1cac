"""What Dintero's list of the rule's holders shows of the unknown customers, in words."""

from dataclasses import replace

import pytest

from bot.domain.requests.batches import Tally, Verification
from bot.domain.requests.notification import ChannelKind, NotificationType, RequestSnapshot
from bot.domain.requests.request import State, StopReason
from bot.domain.requests.views import ApprovalView
from bot.slack.messages import card, notices, summary
from bot.slack.modals import approval
from bot.slack.rendering import verification
from bot.slack.rendering.formatting import Message
from tests.support import samples
from tests.support.samples import LOOK, NOW

BEFORE = ". That may be from before, so they stay unconfirmed."


def line_of(found: Verification) -> str:
    (line,) = verification.line(found, LOOK)
    return line.removeprefix(f"*Checked {LOOK.slack_date(NOW)}:* ")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Verification(NOW, 40, there=37, refs=900, whole=True), f"Dintero lists 37 of 40{BEFORE}"),
        (Verification(NOW, 40, there=40, refs=900, whole=True), f"Dintero lists all 40{BEFORE}"),
        (Verification(NOW, 40, refs=900, whole=True), "Dintero lists none of the 40."),
        (Verification(NOW, 1, there=1, whole=True), f"Dintero lists this customer{BEFORE}"),
        (Verification(NOW, 1, whole=True), "Dintero doesn't list this customer."),
        (
            Verification(NOW, 40, there=3, refs=50_000),
            f"The first 50,000 entries of Dintero's list have 3 of the 40{BEFORE}",
        ),
        (
            Verification(NOW, 40, refs=50_000),
            "The first 50,000 entries of Dintero's list have none of the 40.",
        ),
        (Verification(NOW, 40), "Dintero's list is too long to check."),
        (Verification(NOW, 40, failed="cut"), "Dintero's list couldn't be read (cut)."),
        (
            Verification(NOW, 40, there=2, refs=1_000, failed="cut"),
            f"Dintero's list couldn't be read to its end: 2 of 40 so far{BEFORE}",
        ),
    ],
)
def test_the_line_says_exactly_what_the_list_showed(found: Verification, expected: str) -> None:
    assert line_of(found) == expected


def text(message: Message) -> str:
    return "\n".join(block["text"]["text"] for block in message.blocks if "text" in block)


def snapshot_in(state: State) -> RequestSnapshot:
    snapshot = samples.snapshot(state, stop=StopReason.UNKNOWN_FOR_GOOD)
    tally = Tally(10, given=6, refused=2, unknown=2)
    return replace(
        snapshot, tally=tally, unknown=(), verification=Verification(NOW, 2, there=1, refs=8, whole=True)
    )


def test_the_line_is_on_stopped_and_waiting_cards_and_in_the_summary() -> None:
    seen = "Dintero lists 1 of 2. That may be from before, so they stay unconfirmed."
    waiting = snapshot_in(State.WAITING)
    waiting = replace(waiting, request=replace(waiting.request, started_at=NOW))
    drawn = [
        card.build(snapshot_in(State.STOPPED), LOOK),
        card.build(waiting, LOOK),
        notices.thread(samples.notification(NotificationType.STOPPED), snapshot_in(State.STOPPED), LOOK),
        summary.build(snapshot_in(State.DONE), LOOK),
        notices.direct(
            samples.notification(NotificationType.STOPPED, kind=ChannelKind.DIRECT),
            snapshot_in(State.STOPPED),
            LOOK,
            link="",
        ),
    ]
    assert [seen in text(message) for message in drawn] == [True] * len(drawn)
    view = ApprovalView(samples.review(waiting.request), waiting, count=False)
    assert seen in str(approval.build(view, LOOK, {}))
    assert seen not in text(
        notices.thread(samples.notification(NotificationType.STARTED), snapshot_in(State.GIVING), LOOK)
    )
