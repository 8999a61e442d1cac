"""The card, the summary and the lists of customers left out, for every state."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.ids import ChannelId, RequestId, ShortId, UserId
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.prior_grants import PriorRequest
from bot.domain.requests.request import State, StopReason
from bot.domain.rules.rule import Reward, RewardType
from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.messages import card, confirmations, help, notices, status, summary  # noqa: A004 - the command's own word
from bot.slack.rendering.formatting import Message
from bot.slack.rendering.rules.rule_rewards import headline
from tests.support import crowded_samples, samples
from tests.support.samples import LOOK, NOW, RULE

BUTTONS = {
    State.WAITING: ["Approve…", "Reject…", "View customers", "Cancel request…"],
    State.APPROVED: ["Cancel request…", "View customers"],
    State.GIVING: ["Cancel request…", "View customers"],
    State.STOPPED: ["Continue", "End request…", "Send me the list", "View customers"],
    State.DONE: ["Request again…", "Send me the list", "View customers"],
    State.REJECTED: ["Edit and resend…", "View customers"],
    State.CANCELLED: ["Edit and resend…", "View customers"],
    State.EXPIRED: ["Edit and resend…", "View customers"],
}


def buttons(message: Message) -> list[dict[str, Any]]:
    """List the buttons, and the options of the menu."""
    elements = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    return [pressed for one in elements for pressed in one.get("options", [one])]


def words(message: Message) -> str:
    texts = [
        text["text"]
        for block in message.blocks
        for text in (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
        if text and "text" in text and isinstance(text["text"], str)
    ]
    return "\n".join(texts).replace("\xa0", " ")


@pytest.mark.parametrize("state", sorted(set(State) - {State.DRAFT}))
def test_a_request_for_a_remainder_names_the_first_request(state: State) -> None:
    snapshot = replace(
        samples.snapshot(state),
        first=PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", 3),
    )
    for drawn in (card.build(snapshot, LOOK), status.one(snapshot, LOOK)):
        assert "*Follow-up to R-22222:* its remaining customers." in words(drawn)
    assert "Follow-up" not in words(card.build(samples.snapshot(state), LOOK))


def test_an_approved_request_that_cannot_start_says_since_when_and_why() -> None:
    snapshot = samples.snapshot(State.APPROVED, waits_since=NOW)
    for waiting in (snapshot, samples.snapshot(State.APPROVED, waits_since=NOW, give_after=NOW)):
        assert "Sending has been waiting since" in words(card.build(waiting, LOOK))


@pytest.mark.parametrize(
    ("customers", "refused", "whom"),
    [
        (5, 0, "its remaining customers."),
        (5, 2, "its remaining customers, with the 2 Dintero refused."),
        (2, 2, "the 2 customers Dintero refused."),
    ],
)
def test_a_remainder_says_whether_it_includes_refused_customers(
    customers: int, refused: int, whom: str
) -> None:
    first = PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", customers, refused)
    assert f"*Follow-up to R-22222:* {whom}" in words(
        card.build(replace(samples.snapshot(State.WAITING), first=first), LOOK)
    )


@pytest.mark.parametrize("state", sorted(set(State) - {State.DRAFT}))
def test_the_card_has_the_buttons_of_its_state(state: State) -> None:
    drawn = buttons(card.build(samples.snapshot(state), LOOK))
    assert [button["text"]["text"] for button in drawn] == BUTTONS[state]
    assert {button["value"].rpartition(":")[2] for button in drawn} == {samples.REQUEST.id}


def test_rare_actions_are_in_a_menu_whose_options_name_the_action_and_the_request() -> None:
    (actions,) = [block for block in card.build(samples.STORY, LOOK).blocks if block["type"] == "actions"]
    menu = actions["elements"][-1]
    assert (menu["type"], menu["action_id"]) == ("overflow", "discount_menu")
    assert [option["value"] for option in menu["options"]] == [
        f"discount_show_customers:{samples.REQUEST.id}",
        f"discount_cancel:{samples.REQUEST.id}",
    ]


def test_check_again_is_there_while_a_customer_is_unconfirmed() -> None:
    stopped = replace(samples.snapshot(State.STOPPED), tally=Tally(10, given=7, unknown=3))
    labels = [button["text"]["text"] for button in buttons(card.build(stopped, LOOK))]
    assert labels == ["Continue", "End request…", "Check again", "Send me the list", "View customers"]


def test_buttons_that_end_or_hurry_something_ask_for_confirmation() -> None:
    held = samples.snapshot(State.APPROVED, give_after=NOW)
    drawn = [
        button
        for snapshot in (held, *map(samples.snapshot, State))
        for button in buttons(card.build(snapshot, LOOK))
    ]
    asked = {button["text"]["text"]: button["confirm"] for button in drawn if "confirm" in button}
    assert set(asked) == {"Cancel request…", "End request…", "Skip hold…"}
    assert [label for label, confirm in asked.items() if confirm.get("style") == "danger"] == ["End request…"]
    assert not [button for button in drawn if button.get("style") == "danger"]


def test_a_card_being_cancelled_has_no_cancel_button() -> None:
    message = card.build(samples.snapshot(State.GIVING, cancel_asked_by=UserId("U0ANN")), LOOK)
    assert [button["text"]["text"] for button in buttons(message)] == ["View customers"]
    assert "Being cancelled by <@U0ANN>" in words(message)


def test_a_purged_request_has_no_buttons() -> None:
    for state in (State.DONE, State.REJECTED):
        assert buttons(card.build(samples.snapshot(state, purged_at=NOW), LOOK)) == []


def test_the_card_has_all_the_facts_an_approver_needs() -> None:
    drawn = words(card.build(samples.STORY, LOOK))
    for each in (
        "*NOK 100 off for 10 customers*\nSpar 100,-",
        "*Cost*\nNOK 1,000 if each uses it once (max 3 uses)",
        "*Valid*\n24 Oct – 23 Dec 2026",
        "*Requested by*\n<@U0ANN>, <!date^",
        "*Account*\nTEST, no real customers",
        "> Late delivery last week",
        "⏳ *Needs 1 approval* from <!subteam^S0LEADS> or <@U0BOSS>. Expires <!date^",
    ):
        assert each in drawn
    assert drawn.count("<!subteam^S0LEADS>") == 1
    assert "PRODUCTION" in words(card.build(samples.snapshot(State.WAITING, account="P12345678"), LOOK))


def test_the_notification_of_a_card_asks_for_the_decision() -> None:
    def text(**changes: Any) -> str:
        return card.build(samples.snapshot(State.WAITING, **changes), LOOK).text.replace("\xa0", " ")

    asks = "Approve? <@U0ANN> wants to give NOK 100 off (Spar 100,-) to 10 customers, NOK 1,000 in all."
    assert text() == f"{asks} TEST"
    assert text(account="P12345678") == f"PRODUCTION: {asks}"
    percent = replace(RULE, reward=Reward(type=RewardType.PERCENT, value=Decimal(15)))
    unpriced = f"Approve? <@U0ANN> wants to give {headline(percent, LOOK)} (Spar 100,-) to 10 customers. TEST"
    assert text(rule=percent) == unpriced


def test_after_the_end_the_result_is_first_and_the_facts_are_one_small_line() -> None:
    done = replace(samples.snapshot(State.DONE), tally=Tally(10, given=10))
    drawn = card.build(done, LOOK)
    assert words(drawn).startswith("✅ *Given to 10 of 10 customers*\nNOK 100 off · Spar 100,-")
    assert drawn.text == "✅ Given to 10 of 10 customers: NOK 100 off (R-7K2QF, TEST)"
    footer = words(drawn).splitlines()[-1]
    assert footer.startswith("R-7K2QF · TEST · Requested by <@U0ANN> · approved by <@U0BOSS> · <!date^")


def test_a_rule_that_starts_later_is_marked() -> None:
    later = replace(RULE, requirement=replace(RULE.requirement, purchase_from=NOW + timedelta(days=13)))
    assert "⚠️ Starts 6 Dec 2026" in words(card.build(samples.snapshot(State.WAITING, rule=later), LOOK))


def test_two_approvals_are_counted_down() -> None:
    two = samples.snapshot(State.WAITING, approvals=2)
    assert "*Needs 2 approvals* from <!subteam^S0LEADS> or <@U0BOSS>." in words(card.build(two, LOOK))
    half = words(card.build(replace(two, votes=(samples.VOTE,)), LOOK))
    assert "*Needs 1 more approval* from <!subteam^S0LEADS>. Approved by <@U0BOSS>." in half


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally(10, given=10), "✅ *Given to 10 of 10 customers*"),
        (Tally(10, refused=10), "⚠️ *Not given to anyone*"),
        (Tally(10, refused=8, unknown=2), "⚠️ *0 confirmed · 8 refused by Dintero · 2 unconfirmed*"),
        (Tally(10, given=8, refused=1), "⚠️ *Given to 8 of 10 customers*"),
    ],
)
def test_all_some_unconfirmed_and_none_have_different_words(tally: Tally, expected: str) -> None:
    drawn = words(card.build(replace(samples.snapshot(State.DONE), tally=tally), LOOK))
    assert drawn.startswith(expected)
    assert ("Not given" in drawn) is (tally.unknown == tally.given == 0)


@pytest.mark.parametrize("state", [State.WAITING, State.APPROVED, State.REJECTED, State.EXPIRED])
def test_nothing_says_given_before_dintero_confirms(state: State) -> None:
    snapshot = samples.snapshot(state)
    drawn = card.build(snapshot, LOOK)
    assert "given" not in words(drawn).replace("Nothing was given", "")


def test_a_stopped_card_counts_outcomes_and_explains_its_buttons() -> None:
    stopped = replace(samples.snapshot(State.STOPPED), tally=Tally(10, given=5, refused=1, unknown=3))
    drawn = words(card.build(stopped, LOOK))
    assert "*5 confirmed · 1 refused by Dintero · 3 unconfirmed · 1 not sent*" in drawn
    assert "Press *Continue* to try again, or *End request…* to stop here." in drawn


def test_a_request_whose_rule_is_deleted_is_rather_ended_than_continued() -> None:
    stopped = samples.snapshot(State.STOPPED, stop=StopReason.RULE_GONE, note="Dintero has no such rule")
    drawn = card.build(replace(stopped, tally=Tally(2)), LOOK)
    end, go_on, *_ = buttons(drawn)
    assert (end["text"]["text"], end["style"], end["accessibility_label"]) == (
        "End request…",
        "primary",
        "End R-7K2QF",
    )
    assert (go_on["text"]["text"], "style" in go_on) == ("Continue", False)
    assert words(drawn).splitlines()[:3] == [
        "⚠️ *Stopped:* The rule was deleted in Dintero.",
        "NOK 100 off for 10 customers · Spar 100,-",
        "*Not given to anyone*",
    ]
    ended = samples.snapshot(State.DONE, stop=StopReason.RULE_GONE, started_at=NOW, ended_at=NOW)
    assert "Request again…" not in words(summary.build(replace(ended, tally=Tally(2)), LOOK))


@pytest.mark.parametrize(
    "state", [State.WAITING, State.APPROVED, State.REJECTED, State.CANCELLED, State.EXPIRED]
)
def test_what_was_given_in_an_earlier_round_is_never_denied(state: State) -> None:
    request = replace(samples.snapshot(state, started_at=NOW).request)
    snapshot = replace(samples.STORY, request=request, tally=Tally(10, given=7))
    happened = {
        State.REJECTED: NotificationType.REJECTED,
        State.CANCELLED: NotificationType.CANCELLED,
        State.EXPIRED: NotificationType.EXPIRED,
    }.get(state)
    drawn = [card.build(snapshot, LOOK), status.one(snapshot, LOOK), summary.build(snapshot, LOOK)]
    if happened:
        direct = notices.direct(samples.notification(happened), snapshot, LOOK, link="")
        assert "Result: given to 7 of 10 customers · 3 not sent" in direct.text
        drawn += [direct, notices.thread(samples.notification(happened), snapshot, LOOK)]
    for message in drawn:
        text = str(message.blocks) + message.text
        assert "nothing was given" not in text
        assert "Nothing has been given" not in text
        assert "/discount add" not in text
    assert "nothing was given" not in confirmations.rejected(request).text.lower()
    assert "Given to 7 of 10 customers" in words(card.build(snapshot, LOOK))


def test_help_names_every_command_and_no_planned_one() -> None:
    drawn = words(help.build(LOOK))
    assert all(
        f"/discount {each}" in drawn
        for each in ("add", "status", "rule", "cancel", "pause", "resume", "help")
    )
    assert not [later for later in ("history", "check") if later in drawn]
    assert "Did you mean `/discount add`?" in help.not_understood(UnknownCommand("ad", "add")).text


def test_help_says_why_a_command_was_not_understood() -> None:
    assert (
        "There's a quotation mark missing in"
        in help.not_understood(UnknownCommand("add “x", "add", ParseProblem.OPEN_QUOTE)).text
    )
    assert (
        "“x” isn't a request id. Ids look like `R-7K2QF`."
        in help.not_understood(UnknownCommand("x", "status", ParseProblem.NO_SHORT_ID)).text
    )


def test_a_request_that_waited_again_expired_again() -> None:
    expired, again = samples.snapshot(State.EXPIRED), samples.snapshot(State.EXPIRED, started_at=NOW)
    assert "⏳ *Expired:* nobody approved it in time." in words(card.build(expired, LOOK))
    for drawn in (card.build(again, LOOK), status.one(again, LOOK)):
        assert "⏳ *Expired:* nobody approved it again in time." in words(drawn)


OTHER_ACCOUNT = replace(LOOK, account="T00000009", admins=())


def test_before_its_start_a_request_for_another_account_can_be_requested_again() -> None:
    drawn = words(card.build(samples.snapshot(State.WAITING), OTHER_ACCOUNT))
    warning = (
        "⚠️ *Can't be sent:* the bot now uses another Dintero account (T00000009). Ask the person who runs"
    )
    assert warning in drawn
    assert "to switch back, or send a new request." in drawn


def test_after_its_start_a_request_for_another_account_waits_for_its_own() -> None:
    stopped = samples.snapshot(State.STOPPED, started_at=NOW, stop=StopReason.UNKNOWN_FOR_GOOD)
    for drawn in (card.build(stopped, OTHER_ACCOUNT), status.one(stopped, OTHER_ACCOUNT)):
        assert "⚠️ *Can't continue:* the bot now uses another Dintero account (T00000009)." in words(drawn)
        assert "Press *Continue*" not in words(drawn)
        assert "new request" not in words(drawn)
    assert not [button for button in buttons(card.build(stopped, OTHER_ACCOUNT)) if "style" in button]


@pytest.mark.parametrize("state", [State.WAITING, State.STOPPED])
def test_a_brief_card_names_the_account_and_the_pause(state: State) -> None:
    crowded = dict(crowded_samples.cards())[f"{state} and paused"]
    drawn = words(card.build(crowded, crowded_samples.NAMED))
    assert "T00000009" in drawn
    assert "⏸️ Paused by Bo Henriksen-Dahl." in drawn


def test_those_who_may_have_had_it_are_among_those_given() -> None:
    tally = Tally(10, given=8, refused=2, had_before=3, maybe_before=2)
    drawn = words(card.build(replace(samples.snapshot(State.DONE), tally=tally), LOOK))
    assert "2 of them may have had it before · 3 had it before · 2 refused by Dintero" in drawn
