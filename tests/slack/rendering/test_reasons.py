"""Every refusal says what is the matter, who can help and what to do next; every stop says why."""

import re
from typing import Any

import pytest

from bot.domain.customers.uploads import FileProblem, RowProblem
from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import FOR_ANYBODY, OWN_HOLD, Place, Refusal, RefusalReason
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.request import KEY_PREFIX, Event, State, StopReason
from bot.slack.language.texts import NORWEGIAN, use_language
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.reasons import TEXTS, refusal, refusal_plain
from bot.slack.rendering.refusals.requests import LATE
from bot.slack.rendering.refusals.short import SHORTLY
from bot.slack.rendering.stops import SPECIAL, STOPS, what_next, what_stopped
from tests.support.reading import faults_of
from tests.support.samples import LONG, LOOK, NOW

NOBODY = Formatter("NOK", "Europe/Oslo")
PLACES = (Place(ChannelId("C0SUPPORT"), "loyalty-support"), Place(ChannelId("C0QUICK"), "small-favours"))
UUID = "6b1f2c1e-6f0e-4d6e-9f63-0d9a2b0c7f11"
DETAILS = (
    *("", "Spar 100", "501/500", "0/1", f"0/1/{FOR_ANYBODY}", "1/2", "5/0", "too_long/3, 7", "hidden/3"),
    *("*", "/", "C0SUPPORT", "approved", "T12345678/P12345678", "R-7K2QF", "R-7K2QF/1796000000", "5/", "²"),
    *("encrypted/list.csv", KEY_PREFIX, "200", OWN_HOLD, UUID),
    "Slack couldn't look up U0ANN (no answer after 5 s).",
)
EXTRAS: tuple[dict[str, Any], ...] = (
    {},
    {"name": "Spar 50,-", "at": NOW, "elsewhere": PLACES, "who": ("U0BOSS", "S0LEADS"), "empty": ("S0GONE",)},
    {"name": "R-7K2QF", "elsewhere": PLACES[:1], "who": ("U0ANN",), "empty": ("S0GONE", "S0OLD")},
    {"name": "U0ANN", "elsewhere": (Place(ChannelId("C0QUIET")),)},
)
ASKS_WHO = (
    RefusalReason.UNLISTED_CHANNEL,
    RefusalReason.NOT_A_REQUESTER,
    RefusalReason.REQUESTER_LEFT,
    RefusalReason.NOT_AN_APPROVER,
    RefusalReason.OWN_REQUEST,
    RefusalReason.GUEST,
    RefusalReason.BOT,
    RefusalReason.DEACTIVATED,
    RefusalReason.STRANGER,
    RefusalReason.OTHER_ACCOUNT,
    RefusalReason.LOOKUP_FAILED,
    RefusalReason.RULE_NOT_ALLOWED,
    RefusalReason.RULE_UNREADABLE,
    RefusalReason.TOO_MANY_CUSTOMERS,
    RefusalReason.TOO_EXPENSIVE,
    RefusalReason.BUDGET_CUSTOMERS,
    RefusalReason.BUDGET_AMOUNT,
    RefusalReason.UNPRICED,
    RefusalReason.NO_ROOM,
    RefusalReason.NO_APPROVER,
    RefusalReason.NOT_YOURS,
    RefusalReason.NOT_AN_ADMIN,
    RefusalReason.LOST_REQUEST,
)


def test_every_reason_stop_and_state_has_its_words() -> None:
    assert set(TEXTS) == set(SHORTLY) == set(RefusalReason)
    assert set(STOPS) == {*StopReason, None}
    assert set(LATE) == {*State, Event.CANCEL_ASKED}


def test_advice_reads_well_with_an_admin_and_without_one() -> None:
    switch_back = Refusal(RefusalReason.OTHER_ACCOUNT, "T12345678/P12345678")
    admin = Formatter("NOK", "Europe/Oslo", admins=(UserId("U0CHIEF"),))
    assert "Ask the person who runs discount-bot to switch back." in refusal(switch_back, NOBODY)
    assert "Ask <@U0CHIEF> to switch back." in refusal(switch_back, admin)
    with use_language(NORWEGIAN):
        assert "Be driftsansvarlig for boten om å bytte tilbake." in refusal(switch_back, NOBODY)
        assert "Be <@U0CHIEF> om å bytte tilbake." in refusal(switch_back, admin)


@pytest.mark.parametrize("reason", RefusalReason)
@pytest.mark.parametrize("extra", EXTRAS, ids=str)
@pytest.mark.parametrize("formatter", [LOOK, NOBODY])
def test_every_variant_is_whole_and_easy_to_read(
    reason: RefusalReason, extra: dict[str, Any], formatter: Formatter
) -> None:
    for detail in (*State, Event.CANCEL_ASKED, "") if reason is RefusalReason.WRONG_STATE else DETAILS:
        if detail == UUID and reason is RefusalReason.LOOKUP_FAILED:
            continue
        refused = Refusal(reason, detail, **extra)
        for drawn in (refusal(refused, formatter), refusal_plain(refused, formatter)):
            assert drawn[0].isupper() or drawn[0] in "“5R1<0", drawn
            assert drawn[-1] in ".…?", drawn
            assert not re.search(r"[{}]|  | [.,]|\(\)|\bNone\b", drawn), drawn
            assert UUID not in drawn, drawn
            assert faults_of(drawn) == []
        if detail != "*":
            assert not re.search("[<*`]", refusal_plain(refused, formatter).replace("“*”", ""))


@pytest.mark.parametrize("problem", FileProblem)
def test_every_trouble_with_a_file_is_easy_to_read(problem: FileProblem) -> None:
    refused = Refusal(RefusalReason.BAD_FILE, f"{problem}/list.csv")
    assert faults_of(refusal(refused, LOOK)) == faults_of(refusal_plain(refused, LOOK)) == []


@pytest.mark.parametrize("problem", RowProblem)
def test_every_trouble_with_a_row_is_easy_to_read(problem: RowProblem) -> None:
    assert faults_of(refusal(Refusal(RefusalReason.NOT_AN_ID, f"{problem}/3, 7"), LOOK)) == []


@pytest.mark.parametrize("reason", RefusalReason)
def test_long_values_are_cut(reason: RefusalReason) -> None:
    for refused in (Refusal(reason, LONG), Refusal(reason, "", name=LONG)):
        assert len(refusal(refused, LOOK)) <= 1_500
        assert len(refusal_plain(refused, LOOK)) <= 300


@pytest.mark.parametrize("reason", ASKS_WHO)
def test_who_can_help_is_mentioned(reason: RefusalReason) -> None:
    drawn = refusal(Refusal(reason, "", ("U0BOSS", "S0LEADS")), LOOK)
    assert "<@U0BOSS>" in drawn
    assert "<!subteam^S0LEADS>" in drawn
    assert "<" not in refusal_plain(Refusal(reason, "", ("U0BOSS", "S0LEADS")), LOOK)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (RefusalReason.UNLISTED_CHANNEL, "Try {}, or ask"),
        (RefusalReason.NOT_A_REQUESTER, "Try {}, or ask"),
        (RefusalReason.TOO_MANY_CUSTOMERS, "For larger requests use {}, or ask"),
        (RefusalReason.TOO_EXPENSIVE, "For larger requests use {}, or ask"),
    ],
)
def test_a_refusal_names_the_channels_where_it_is_possible(reason: RefusalReason, words: str) -> None:
    refused = Refusal(reason, "501/500", elsewhere=PLACES)
    assert words.format("<#C0SUPPORT> or <#C0QUICK>") in refusal(refused, LOOK)
    assert words.format("#loyalty-support or #small-favours") in refusal_plain(refused, LOOK)
    assert words.split(" {}", maxsplit=1)[0] not in refusal(Refusal(reason, "501/500"), LOOK)


@pytest.mark.parametrize(
    "reason",
    [RefusalReason.RULE_NOT_ALLOWED, RefusalReason.RULE_GONE, RefusalReason.RULE_INACTIVE],
)
def test_a_rule_goes_by_its_title_and_never_by_its_id(reason: RefusalReason) -> None:
    assert refusal(Refusal(reason, UUID, name="Spar 50,-"), LOOK).startswith("“Spar 50,-” ")
    assert refusal(Refusal(reason, UUID), LOOK).startswith("This rule ")


def test_an_expired_rule_says_since_when() -> None:
    refused = Refusal(RefusalReason.RULE_EXPIRED, UUID, name="Spar 50,-", at=NOW)
    assert refusal(refused, LOOK).startswith(f"“Spar 50,-” expired on {LOOK.day(NOW)}. ")


def test_somebody_is_named_only_for_a_decision_that_competed() -> None:
    def late(state: str, *who: str) -> str:
        return refusal(Refusal(RefusalReason.WRONG_STATE, state, who, name="R-7K2QF"), LOOK)

    assert late(State.APPROVED, "U0ANN") == "<@U0ANN> got there first: R-7K2QF is already approved."
    assert late(State.DONE, "U0ANN") == "R-7K2QF is already done, so nothing changed."
    assert late(Event.CANCEL_ASKED, "U0ANN") == (
        "<@U0ANN> got there first: R-7K2QF is already being cancelled."
    )
    assert late(State.EXPIRED) == (
        "R-7K2QF expired before this, so nothing changed. Its requester has been told."
    )
    assert late("") == "This request has already changed, so nothing was done."
    assert refusal_plain(Refusal(RefusalReason.WRONG_STATE, State.APPROVED, ("U0ANN",)), LOOK) == (
        "This request is already approved, so nothing changed."
    )


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (
            Refusal(RefusalReason.NOT_AN_ID, "too_long/3"),
            "Line 3 isn't a customer id: longer than 255 characters. Fix or remove it.",
        ),
        (
            Refusal(RefusalReason.NOT_AN_ID, "too_long/3, 7"),
            "Lines 3 and 7 aren't customer ids: longer than 255 characters. Fix or remove them.",
        ),
        (
            Refusal(RefusalReason.NOT_AN_ID, f"hidden/{', '.join(map(str, range(1, 13)))}"),
            "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more aren't customer ids: contains a hidden",
        ),
        (Refusal(RefusalReason.RESERVED_ID, "*"), "“*” means every customer, which isn't allowed here."),
        (
            Refusal(RefusalReason.TOO_MANY_CUSTOMERS, "501/500"),
            "This has 501 customers. The limit in this channel is 500 per request.",
        ),
        (
            Refusal(RefusalReason.TOO_EXPENSIVE, "600000/500000"),
            "This could cost NOK 6,000. The limit in this channel is NOK 5,000 per request.",
        ),
        (
            Refusal(RefusalReason.BUDGET_CUSTOMERS, "40/20"),
            "This channel's budget has room for 20 customers, and this request has 40.",
        ),
        (Refusal(RefusalReason.BUDGET_CUSTOMERS, "40/0"), "This channel's budget is used up."),
        (
            Refusal(RefusalReason.BUDGET_AMOUNT, "600000/500000"),
            "This could cost NOK 6,000, and this channel's budget has NOK 5,000 left.",
        ),
        (Refusal(RefusalReason.NO_APPROVER, "0/1"), "You're the only approver here"),
        (Refusal(RefusalReason.NO_APPROVER, "0/1/anybody"), "Nobody can approve in this channel yet."),
        (
            Refusal(RefusalReason.NO_APPROVER, "1/2"),
            "This needs 2 approvals, but only 1 other person can approve.",
        ),
        (
            Refusal(RefusalReason.NO_APPROVER, "0/1", empty=("S0GONE",)),
            "The user group S0GONE has no members.",
        ),
        (Refusal(RefusalReason.BAD_ONCE_KEY, "200"), "Use up to 200 visible characters."),
        (Refusal(RefusalReason.NO_RULE, "sparr"), "No rule matches “sparr”."),
        (Refusal(RefusalReason.UNKNOWN_REQUEST, "R-7K2QF"), "I can't find R-7K2QF here."),
        (
            Refusal(RefusalReason.UNKNOWN_REQUEST, "R-7K2QP", name="R-7K2QF"),
            "I can't find R-7K2QP here. Did you mean R-7K2QF?",
        ),
    ],
)
def test_a_refusal_names_what_is_wrong(refused: Refusal, words: str) -> None:
    assert words in refusal(refused, LOOK).replace("\xa0", " ")
    assert words in refusal_plain(refused, LOOK).replace("\xa0", " ")


def stop(reason: StopReason | None, note: str = "", pause: Pause | None = None) -> str:
    return f"{what_stopped(reason, note)} {what_next(reason, note, pause=pause, admins=['U0CHIEF'])}"


def test_after_an_outage_that_paused_the_bot_the_pause_ends_first() -> None:
    advice = "When Dintero is back, <@U0CHIEF> types `/discount resume`. Then press *Continue*."
    paused, by_a_person = Pause(NOW, None, PausedFor.UNKNOWN), Pause(NOW, UserId("U0CHIEF"))
    assert advice in stop(StopReason.UNKNOWN_FOR_GOOD, pause=paused)
    assert advice not in stop(StopReason.UNKNOWN_FOR_GOOD, pause=by_a_person)
    assert advice not in stop(StopReason.RULE_GONE, pause=paused)


@pytest.mark.parametrize("reason", [*StopReason, None])
def test_every_stop_says_why_and_what_to_do(reason: StopReason | None) -> None:
    drawn = stop(reason, "Forbidden <!channel>")
    if reason is not StopReason.RULE_GONE:  # Dintero says nothing more of it
        assert "(Forbidden &lt;!channel&gt;)." in drawn
    for text in (drawn, stop(reason)):
        assert "*Continue*" in text or "*End request…*" in text
        assert faults_of(text) == []
        assert not re.search(r"[{}]|\(\)|  ", text)


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_stop_by_the_policy_names_the_reason_in_words(reason: RefusalReason) -> None:
    drawn = stop(StopReason.POLICY, reason)
    assert (f"({SHORTLY[reason]})" in drawn) is (reason not in SPECIAL)
    assert f"({reason})" not in drawn
    assert faults_of(drawn) == []


def test_a_stop_never_advises_a_new_request_without_the_key() -> None:
    for reason in (*StopReason, None):
        assert "/discount add" not in stop(reason)


def test_a_bot_outside_the_channel_says_how_to_invite_it() -> None:
    refused = Refusal(RefusalReason.CANNOT_POST, "C0SUPPORT")
    assert "I'm not in <#C0SUPPORT>. Type `/invite @discount-bot` there" in refusal(refused, LOOK)


def test_the_admins_are_named_only_where_nobody_else_could_help() -> None:
    helpers = {
        RefusalReason.NOT_A_REQUESTER: ((), "Ask <@U0ADMIN> to"),
        RefusalReason.NOT_AN_APPROVER: (("U0BO",), "Ask <@U0BO>."),
        RefusalReason.NOT_YOURS: (("U0ANN",), "Only <@U0ANN> or <@U0ADMIN> can"),
    }
    for reason, (who, advice) in helpers.items():
        assert advice in refusal(Refusal(reason, "R-22222", who), LOOK)
