"""Every refusal says what is missing and what to do; every stop says why."""

import pytest

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import Event, State, StopReason
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.reasons import STOPS, refusal, refusal_plain, stop
from bot.slack.rendering.refusal_phrases import CURES, SENTENCES, SHORTLY, STATES
from tests.support.samples import LONG, LOOK

NAMES_WHO = [reason for reason in RefusalReason if "{who}" in CURES[reason]]


def test_every_reason_stop_and_state_has_its_words() -> None:
    assert set(SENTENCES) == set(CURES) == set(SHORTLY) == set(RefusalReason)
    assert set(STOPS) == {*StopReason, None}
    assert set(STATES) >= set(State)


@pytest.mark.parametrize("reason", RefusalReason)
@pytest.mark.parametrize(
    "detail", ["", "Spar 100", "501/500", "3, 7", LONG, "C0SUPPORT", "approved", "5/", "²"]
)
@pytest.mark.parametrize("formatter", [LOOK, Formatter("NOK", "Europe/Oslo")])
def test_every_refusal_is_two_sentences_that_fit(
    reason: RefusalReason, detail: str, formatter: Formatter
) -> None:
    for drawn in (
        refusal(Refusal(reason, detail), formatter),
        refusal_plain(Refusal(reason, detail), formatter),
    ):
        assert drawn[0].isupper() or drawn[0] in "“5"
        assert drawn[-1] in ".…"
        assert drawn.count(".") + drawn.count(";") >= 1
        assert "{who}" not in drawn
    assert len(refusal(Refusal(reason, detail), formatter)) <= 1_500
    assert len(refusal_plain(Refusal(reason, detail), formatter)) <= 300


@pytest.mark.parametrize("reason", NAMES_WHO)
def test_who_can_change_it_is_mentioned(reason: RefusalReason) -> None:
    drawn = refusal(Refusal(reason, "", ("U0BOSS", "S0LEADS")), LOOK)
    assert "<@U0BOSS>" in drawn
    assert "<!subteam^S0LEADS>" in drawn
    assert "<" not in refusal_plain(Refusal(reason, "", ("U0BOSS", "S0LEADS")), LOOK)


@pytest.mark.parametrize(
    "reason",
    [
        RefusalReason.UNLISTED_CHANNEL,
        RefusalReason.NOT_A_REQUESTER,
        RefusalReason.NOT_AN_APPROVER,
        RefusalReason.OWN_REQUEST,
        RefusalReason.GUEST,
        RefusalReason.BOT,
        RefusalReason.DEACTIVATED,
        RefusalReason.STRANGER,
        RefusalReason.LOOKUP_FAILED,
        RefusalReason.RULE_NOT_ALLOWED,
        RefusalReason.TOO_MANY_CUSTOMERS,
        RefusalReason.TOO_EXPENSIVE,
        RefusalReason.UNPRICED,
        RefusalReason.NO_APPROVER,
        RefusalReason.NOT_YOURS,
    ],
)
def test_a_refusal_of_the_allowlist_says_who_to_ask(reason: RefusalReason) -> None:
    assert reason in NAMES_WHO


def test_a_late_action_says_who_was_first_and_the_state() -> None:
    assert refusal(Refusal(RefusalReason.WRONG_STATE, State.APPROVED, ("U0ANN",)), LOOK).startswith(
        "<@U0ANN> was first: it is already approved."
    )
    assert refusal_plain(Refusal(RefusalReason.WRONG_STATE, State.APPROVED, ("U0ANN",)), LOOK).startswith(
        "Somebody else was first: "
    )
    assert (
        refusal(Refusal(RefusalReason.WRONG_STATE, State.EXPIRED), LOOK)
        == "Its time was over, and it has expired. Its requester has been told so."
    )
    assert "already being cancelled" in refusal(
        Refusal(RefusalReason.WRONG_STATE, Event.CANCEL_ASKED, ("U0ANN",)), LOOK
    )


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (
            Refusal(RefusalReason.NOT_AN_ID, "too_long/3"),
            "The customer id on line 3 cannot be used: longer than 255 characters.",
        ),
        (
            Refusal(RefusalReason.NOT_AN_ID, "nothing/3, 7"),
            "The customer ids on lines 3, 7 cannot be used: a word or sign for nothing, such as NULL or N/A.",
        ),
        (
            Refusal(RefusalReason.NOT_AN_ID, f"hidden/{', '.join(map(str, range(1, 13)))}"),
            "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more cannot be used: a hidden character.",
        ),
        (
            Refusal(RefusalReason.RESERVED_ID, "*"),
            "“*” would mean every customer, which cannot be asked for here.",
        ),
        (
            Refusal(RefusalReason.TOO_MANY_CUSTOMERS, "501/500"),
            "501 customers are too many: this channel may ask for 500 at once.",
        ),
        (
            Refusal(RefusalReason.TOO_EXPENSIVE, "600000/500000"),
            "One use by every customer costs 6,000.00 NOK; this channel may give 5,000.00 NOK at once.",
        ),
        (Refusal(RefusalReason.NO_APPROVER, "0/1"), "Nobody but you could approve this"),
        (Refusal(RefusalReason.NO_APPROVER, "0/1/anybody"), "Nobody could ever approve a request here"),
        (
            Refusal(RefusalReason.NO_APPROVER, "1/2"),
            "This needs 2 approvals, and besides you there is only 1 who can approve it.",
        ),
        (Refusal(RefusalReason.BAD_ONCE_KEY, "200"), "It may have 200 characters at most"),
        (Refusal(RefusalReason.NO_RULE, "sparr"), "No rule is called “sparr”"),
        (
            Refusal(RefusalReason.UNKNOWN_REQUEST, "R-7K2QF"),
            "There is no request “R-7K2QF” that you could see from here.",
        ),
    ],
)
def test_a_refusal_names_what_is_wrong(refused: Refusal, words: str) -> None:
    assert words in refusal(refused, LOOK)
    assert words in refusal_plain(refused, LOOK)


def test_a_requests_internal_id_is_never_shown() -> None:
    assert "6b1f" not in refusal(
        Refusal(RefusalReason.UNKNOWN_REQUEST, "6b1f2c1e-6f0e-4d6e-9f63-0d9a2b0c7f11"), LOOK
    )


@pytest.mark.parametrize("reason", [*StopReason, None])
def test_every_stop_says_why_and_what_to_do(reason: StopReason | None) -> None:
    drawn = stop(reason, "Forbidden <!channel>")
    assert "(Forbidden &lt;!channel&gt;)" in drawn
    assert "Continue…" in drawn or "End here…" in drawn


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_stop_by_the_policy_names_the_reason_in_words(reason: RefusalReason) -> None:
    drawn = stop(StopReason.POLICY, reason)
    assert f"({SHORTLY[reason]})" in drawn
    assert f"({reason})" not in drawn


def test_a_stop_never_advises_a_new_request_without_the_key() -> None:
    for reason in (*StopReason, None):
        drawn = stop(reason)
        assert "ask again" not in drawn


def test_a_bot_outside_the_channel_says_how_to_invite_it() -> None:
    assert "Type `/invite @discount-bot` there" in refusal(Refusal(RefusalReason.CANNOT_POST), LOOK)


def test_the_admins_are_named_only_where_nobody_else_could_help() -> None:
    helpers = {
        RefusalReason.NOT_A_REQUESTER: ((), "Ask <@U0ADMIN> to"),
        RefusalReason.NOT_AN_APPROVER: (("U0BO",), "Ask <@U0BO>."),
        RefusalReason.NOT_YOURS: (("U0ANN",), "Ask <@U0ANN> or <@U0ADMIN>."),
    }
    for reason, (who, advice) in helpers.items():
        assert advice in refusal(Refusal(reason, "R-22222", who), LOOK)
