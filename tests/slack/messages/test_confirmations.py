"""The answers to a click: what is so now, and nothing that is not sure."""

from dataclasses import replace

import pytest

from bot.domain.requests.batches import Verification
from bot.domain.requests.request import State
from bot.services.results.check_again import Checked
from bot.slack.messages import confirmations
from tests.support.samples import LOOK, NOW, PAUSE, REQUEST

HELD = replace(REQUEST, state=State.APPROVED, give_after=NOW)
AT = LOOK.clock(NOW)


@pytest.mark.parametrize(
    ("changes", "title", "text"),
    [
        ({}, "Sent for approval", "*R-7K2QF* is waiting for approval in <#C0SUPPORT>."),
        ({"state": State.DONE}, "Already requested", "*R-7K2QF* is already in <#C0SUPPORT>."),
        (
            {"state": State.APPROVED, "approvals": 0},
            "Sending",
            "No approval needed. *R-7K2QF* is being sent now.",
        ),
        (
            {"state": State.APPROVED, "approvals": 0, "give_after": NOW},
            "On hold",
            f"No approval needed. *R-7K2QF* is on hold until {LOOK.slack_date(NOW)}.",
        ),
    ],
)
def test_a_requester_reads_where_the_request_is(changes: dict[str, object], title: str, text: str) -> None:
    reply = confirmations.asked(replace(REQUEST, **changes), LOOK)  # type: ignore[arg-type]
    assert (reply.title, reply.text) == (title, text)


def test_a_requester_can_open_the_request_and_knows_whether_a_message_follows() -> None:
    look = replace(LOOK, workspace="https://x.slack.com/")
    posted = replace(REQUEST, state=State.WAITING, card_ts="12.000034")
    assert confirmations.asked(posted, look, is_told=True).text == (
        "*R-7K2QF* is waiting for approval in <#C0SUPPORT>. I'll message you when it's decided.\n"
        "<https://x.slack.com/archives/C0SUPPORT/p12000034|Open request>"
    )


def test_an_approver_reads_what_happens_next() -> None:
    approved = replace(REQUEST, state=State.APPROVED)
    assert confirmations.approved(approved, LOOK).text == (
        "Sending *R-7K2QF* now. The result goes to its thread."
    )
    assert confirmations.approved(HELD, LOOK).text == (f"*R-7K2QF* is on hold until {LOOK.slack_date(NOW)}.")
    again = confirmations.approved(replace(REQUEST, state=State.GIVING), LOOK)
    assert again.text == "You already approved *R-7K2QF*. It's in <#C0SUPPORT>."


def test_while_the_bot_is_paused_nobody_reads_that_something_is_sent() -> None:
    approved = replace(REQUEST, state=State.APPROVED)
    for reply in (
        confirmations.approved(approved, LOOK),
        confirmations.hurried(approved),
        confirmations.continued(approved),
    ):
        clicked = confirmations.unless_paused(reply, approved, PAUSE, is_click=True).text
        assert clicked == "The bot is paused. *R-7K2QF* continues when an admin ends the pause."
        text = confirmations.unless_paused(reply, approved, PAUSE).text
        assert text == ("The bot is paused. *R-7K2QF* will be sent when an admin ends the pause.")
        assert confirmations.unless_paused(reply, approved, None) == reply


def test_a_cancel_while_sending_does_not_say_that_it_is_over() -> None:
    text = confirmations.cancelled(replace(REQUEST, state=State.GIVING)).text
    assert text == "Cancelling *R-7K2QF*. Calls already sent will finish. The thread will show the result."
    assert confirmations.cancelled(replace(REQUEST, state=State.CANCELLED)).text == (
        "*R-7K2QF* is cancelled."
    )


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (
            Checked(REQUEST, 3, Verification(NOW, 3, there=3, refs=9, whole=True)),
            f"Checked at {AT}. Dintero lists all 3. That may be from before, so they stay unconfirmed.",
        ),
        (
            Checked(REQUEST, 3, Verification(NOW, 3, failed="Dintero took too long")),
            (
                f"Checked at {AT}. Dintero's list couldn't be read (Dintero took too long). "
                "Try again in a minute."
            ),
        ),
        (
            Checked(REQUEST, running=True),
            "Another check of *R-7K2QF* is still running. The request will show its result.",
        ),
        (Checked(REQUEST), "*R-7K2QF* has no unconfirmed customers, so there's nothing to check."),
        (
            Checked(replace(REQUEST, customers=1, first_customer="*"), 1),
            "Dintero's list can't show this, because *R-7K2QF* is for everyone.",
        ),
        (Checked(REQUEST, 60_000), "*R-7K2QF* has too many unconfirmed customers to check."),
    ],
)
def test_a_check_says_what_was_found(result: Checked, text: str) -> None:
    assert confirmations.checked(result, LOOK) == text
