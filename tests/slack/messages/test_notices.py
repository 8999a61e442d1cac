"""The thread's lines, the notices to channels and the direct messages, for every event in every state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.ids import CustomerId, UserId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import (
    HELD_UNTIL,
    OPEN_HERE,
    STARTS_AFTER,
    ChannelKind,
    NotificationType,
    RequestSnapshot,
)
from bot.domain.requests.pause import PausedFor
from bot.domain.requests.request import State
from bot.services.fallbacks import FALLBACKS
from bot.slack.messages import notices
from bot.slack.messages.direct_texts import DIRECT
from bot.slack.messages.notices import CHANNEL
from bot.slack.messages.thread_lines import LINES
from bot.slack.rendering.formatting import Message
from tests.support import samples
from tests.support.samples import LOOK, NOW

LINK = "https://example.slack.com/archives/C0/p1?a=1&b=2"
NAMED = replace(LOOK, names=lambda who: {"U0ANN": "Ann", "U0BOSS": "Bo"}.get(who, ""))
SIGNS = "⏳✅⚠🚫⏸📄"
INTERNAL = ("policy", "digest", "tier", "once-only", "JSON", "UUID", " card", "giving", "whoever", "anew")


def line(happened: NotificationType, snapshot: RequestSnapshot, note: str = "", **facts: str) -> str:
    notification = replace(samples.notification(happened, note=note), facts=facts)
    return notices.thread(notification, snapshot, NAMED).text


def direct(happened: NotificationType, snapshot: RequestSnapshot, note: str = "", **facts: str) -> str:
    notification = samples.notification(happened, kind=ChannelKind.DIRECT, note=note)
    drawn = notices.direct(replace(notification, facts=facts, to="U0ANN"), snapshot, NAMED, link=LINK)
    return str(drawn.blocks[0]["text"]["text"]).replace("\xa0", " ")


def channel(happened: NotificationType, snapshot: RequestSnapshot, note: str = "") -> str:
    notification = samples.notification(happened, kind=ChannelKind.NOTICE, note=note)
    drawn = notices.channel(notification, snapshot, NAMED, link=LINK)
    return str(drawn.blocks[0]["text"]["text"]).replace("\xa0", " ")


def everything() -> Iterator[Message]:
    """Draw each event in each state."""
    for state in State:
        snapshot = samples.snapshot(state)
        for happened in LINES:
            yield notices.thread(samples.notification(happened), snapshot, NAMED)
        for happened in DIRECT:
            kind = samples.notification(happened, kind=ChannelKind.DIRECT)
            yield notices.direct(kind, snapshot, NAMED, link=LINK)
        for happened in CHANNEL:
            kind = samples.notification(happened, kind=ChannelKind.NOTICE)
            yield notices.channel(kind, snapshot, NAMED, link=LINK)


@pytest.mark.parametrize("happened", NotificationType)
@pytest.mark.parametrize("state", State)
def test_no_line_of_the_thread_looks_like_the_summary(happened: NotificationType, state: State) -> None:
    drawn = notices.thread(samples.notification(happened, note="because"), samples.snapshot(state), LOOK)
    assert not drawn.text.startswith("Given to")
    assert not drawn.blocks[0]["text"]["text"].startswith("Given to")
    assert "<!date^" not in drawn.text


def test_signs_stand_first_and_internal_words_nowhere() -> None:
    for drawn in everything():
        text = drawn.blocks[0]["text"]["text"]
        assert not set(text[1:].replace("\ufe0f", "")) & set(SIGNS), text
    for happened in (*LINES, *DIRECT):  # the reasons of stops and void approvals have their own tests
        if happened not in {NotificationType.STOPPED, NotificationType.CONSENT_VOID}:
            said = line(happened, samples.STORY) + direct(happened, samples.STORY)
            assert not [word for word in INTERNAL if word in said], said


def test_a_time_is_drawn_for_the_reader_and_spoken_in_the_shops_zone() -> None:
    reminded = notices.thread(samples.notification(NotificationType.REMINDED), samples.STORY, LOOK)
    assert "Expires <!date^" in reminded.blocks[0]["text"]["text"]
    assert reminded.text.endswith("Expires 24 Nov 2026, 13:00 CET.")


def test_people_are_named_in_histories_and_mentioned_where_they_must_act() -> None:
    waiting = samples.snapshot(State.WAITING)
    assert line(NotificationType.AGREED, waiting, yeses="1", approvals="2") == "✅ Bo approved (1 of 2)."
    assert line(NotificationType.RULE_CHANGED, waiting) == (
        "⚠️ The rule changed in Dintero, so earlier approvals no longer count. "
        "It needs approval again from <!subteam^S0LEADS> or <@U0BOSS>."
    )


@pytest.mark.parametrize(
    ("happened", "facts", "said"),
    [
        (NotificationType.REJECTED, {}, "🚫 Rejected by Bo: “too late”"),
        (NotificationType.CANCELLED, {}, "🚫 Cancelled by Bo."),
        (
            NotificationType.CANCEL_ASKED,
            {},
            "🚫 Bo is cancelling this. Calls already sent will finish first.",
        ),
        (NotificationType.CONTINUED, {}, "Bo pressed *Continue*."),
        (NotificationType.ENDED_HERE, {}, "Bo ended this request."),
        (NotificationType.HURRIED, {}, "Bo skipped the hold. Sending now."),
        (NotificationType.STARTED, {"waited": "yes"}, "The wait is over. Sending to Dintero."),
        (NotificationType.GOES_ON, {}, "Dintero is back. Sending again."),
        (
            NotificationType.WAITING,
            {},
            "⏳ Dintero isn't answering (too late). Retrying; nothing for you to do.",
        ),
        (
            NotificationType.WAITING,
            {STARTS_AFTER: "Slack"},
            "⏳ Slack isn't answering, so sending can't start. Retrying; nothing for you to do.",
        ),
        (
            NotificationType.PAUSED,
            {},
            "⏸️ Paused by Bo: “too late”. The rest will be sent when the pause ends.",
        ),
        (NotificationType.RESUMED, {}, "Pause ended. Sending again."),
    ],
)
def test_each_line_is_one_whole_sentence_or_two(
    happened: NotificationType, facts: dict[str, str], said: str
) -> None:
    assert line(happened, samples.STORY, "too late", **facts) == said


def test_a_hold_is_told_with_its_end_and_who_can_cancel() -> None:
    held = (NOW + timedelta(minutes=10)).isoformat()
    several = line(NotificationType.APPROVED, samples.STORY, yeses="2", approvals="2", **{HELD_UNTIL: held})
    assert several == (
        "✅ Bo approved (2 of 2). On hold until 23 Nov 2026, 13:10 CET. Anyone here can cancel."
    )
    requester = direct(NotificationType.APPROVED, samples.STORY, **{HELD_UNTIL: held})
    assert requester.startswith(
        "✅ *Approved by Bo:* NOK 100 off for 10 customers (Spar 100,-)\nIt's on hold"
    )


def test_a_pause_of_the_bots_own_says_why() -> None:
    paused = replace(samples.notification(NotificationType.PAUSED, note=PausedFor.UNKNOWN), by=None)
    assert notices.thread(paused, samples.STORY, NAMED).text == (
        "⏸️ Sending is paused: Dintero didn't answer a call for an hour. "
        "The rest will be sent when the pause ends."
    )


@pytest.mark.parametrize(
    ("by", "note", "waiting", "said"),
    [
        (
            "U0BOSS",
            "down <!channel>",
            3,
            "⏸️ Paused by Bo: “down &lt;!channel&gt;”. Nothing is sent until it ends (3 open requests here).",
        ),
        ("U0BOSS", "", 1, "⏸️ Paused by Bo. Nothing is sent until it ends (1 open request here)."),
        (
            None,
            PausedFor.FAULTS,
            0,
            "⏸️ Sending is paused: three requests in a row failed because of Dintero.",
        ),
    ],
)
def test_a_channel_reads_who_paused_and_how_many_requests_wait(
    by: UserId | None, note: str, waiting: int, said: str
) -> None:
    news = samples.notification(NotificationType.PAUSED, kind=ChannelKind.NOTICE, note=note)
    news = replace(news, by=by, facts={OPEN_HERE: str(waiting)})
    drawn = notices.of_pause(news, NAMED, since=NOW)
    assert drawn.text == f"{said} You can still request and approve discounts."


def test_a_channel_reads_how_long_a_pause_was() -> None:
    news = samples.notification(NotificationType.RESUMED, kind=ChannelKind.NOTICE)
    drawn = notices.of_pause(news, NAMED, since=news.at - timedelta(minutes=25))
    assert drawn.text == "✅ Pause ended after 25 minutes. Approved requests are sent again."


def test_a_stop_keeps_its_reason_of_that_time() -> None:
    stopped = samples.snapshot(State.APPROVED, stop=None)
    assert "(Forbidden)" in line(NotificationType.STOPPED, stopped, "Forbidden", stop="scope_missing")


@pytest.mark.parametrize(
    ("tally", "said"),
    [
        (Tally(10, given=10), "✅ *Given to 10 of 10 customers:* NOK 100 off (Spar 100,-)"),
        (Tally(1, given=1), "✅ *Given to 1 of 1 customer:* NOK 100 off (Spar 100,-)"),
        (
            Tally(10, given=8, refused=2),
            "⚠️ *Given to 8 of 10 customers:* NOK 100 off (Spar 100,-)\n2 refused",
        ),
        (Tally(1200), "⚠️ *Given to 0 of 1,200 customers:* NOK 100 off (Spar 100,-)\n1,200 not"),
    ],
)
def test_a_result_has_its_numbers_first(tally: Tally, said: str) -> None:
    snapshot = replace(samples.snapshot(State.DONE), tally=tally, refused=())
    assert direct(NotificationType.DONE, snapshot).startswith(said)
    assert channel(NotificationType.DONE, snapshot).startswith(said)


def test_nothing_is_denied_that_may_have_been_given() -> None:
    unsettled = replace(samples.snapshot(State.STOPPED), tally=Tally(3, unknown=3), refused=())
    for said in (direct(NotificationType.STOPPED, unsettled), channel(NotificationType.STOPPED, unsettled)):
        assert "So far: 0 confirmed · 3 unconfirmed" in said
        assert "nobody" not in said.lower().replace("nobody gets it twice", "")
        assert "Nothing was given" not in said


def test_a_rejection_tells_the_requester_why() -> None:
    rejected = direct(NotificationType.REJECTED, samples.snapshot(State.REJECTED), "not that rule")
    assert rejected == (
        "🚫 *Bo rejected your request:* “not that rule”\nNOK 100 off for 10 customers (Spar 100,-)\n"
        "Press *Edit and resend…* on the request to try again."
    )


def test_an_end_without_an_answer_begins_with_the_unconfirmed() -> None:
    unsettled = replace(samples.snapshot(State.DONE), tally=Tally(4, unknown=3))
    said = direct(NotificationType.DONE, unsettled).splitlines()
    assert said[0] == "⚠️ *0 confirmed, 3 unconfirmed, 1 not sent:* NOK 100 off (Spar 100,-)"


@pytest.mark.parametrize(("by", "is_told"), [("U0BOSS", True), ("U0ANN", False), (None, False)])
def test_the_requester_reads_who_else_ended_a_request(by: str | None, *, is_told: bool) -> None:
    ended = samples.notification(NotificationType.DONE, kind=ChannelKind.DIRECT, by=by)
    drawn = notices.direct(ended, samples.snapshot(State.DONE), NAMED, link=LINK)
    assert ("ended this request." in drawn.text) == is_told


def test_a_rejection_by_nobody_known_names_nobody() -> None:
    nameless = samples.snapshot(State.REJECTED, decided_by=None)
    unknown = replace(samples.notification(NotificationType.REJECTED), by=None)
    drawn = notices.thread(unknown, nameless, NAMED).text
    assert drawn == "🚫 Rejected."


def test_an_approval_whose_result_takes_long_says_what_it_waits_for() -> None:
    approved = samples.snapshot(State.APPROVED)
    paused = replace(approved, pause=samples.PAUSE)
    waiting = samples.snapshot(State.GIVING, waits_since=NOW)
    assert direct(NotificationType.APPROVED, approved).endswith(
        "Sending takes a while. I'll tell you when it's done."
    )
    assert direct(NotificationType.APPROVED, paused).endswith("I'll tell you when your request is done.")
    assert "It's taking longer than usual." in direct(NotificationType.APPROVED, waiting)


@pytest.mark.parametrize("happened", [NotificationType.RULE_CHANGED, NotificationType.CONSENT_VOID])
def test_a_void_approval_names_the_approvers(happened: NotificationType) -> None:
    for said in (line(happened, samples.STORY), direct(happened, samples.STORY)):
        assert "<!subteam^S0LEADS> or <@U0BOSS>" in said


def test_a_void_approval_says_why_it_is_void() -> None:
    for write in (line, direct):
        said = write(NotificationType.CONSENT_VOID, samples.STORY, RefusalReason.NOT_AN_APPROVER)
        assert "not_an_approver" not in said
        assert "no longer counts (" in said


@pytest.mark.parametrize("draw", [notices.channel, notices.direct])
@pytest.mark.parametrize("happened", NotificationType)
def test_a_message_elsewhere_links_to_the_request(happened: NotificationType, draw: Any) -> None:
    drawn = draw(samples.notification(happened, note="no"), samples.snapshot(State.DONE), LOOK, link=LINK)
    assert "<https://example.slack.com/archives/C0/p1?a=1&amp;b=2|Open request>" in str(drawn.blocks)
    assert "R-7K2QF" in drawn.text
    assert "TEST" in drawn.text


def test_only_the_requester_sees_whole_refused_ids() -> None:
    done, approved = (samples.notification(one) for one in (NotificationType.DONE, NotificationType.APPROVED))
    snapshot = samples.snapshot(State.DONE)
    assert "12397af6e5f" in str(notices.direct(done, snapshot, LOOK, link="").blocks)
    assert "12397af6e5f" not in str(notices.channel(done, snapshot, LOOK, link="").blocks)
    assert "12397af6e5f" not in str(notices.direct(approved, snapshot, LOOK, link="").blocks)


def test_a_message_that_its_reader_cannot_get_goes_to_an_admin_word_for_word() -> None:
    snapshot = samples.snapshot(State.REJECTED)
    lost = replace(samples.notification(NotificationType.REJECTED), facts={FALLBACKS: "U0ANN"}, to="U0ADMIN")
    said = notices.direct(lost, snapshot, NAMED, link="", ids_of=UserId("U0ANN")).blocks[0]["text"]["text"]
    first, rest = said.split("\n", 1)
    assert first == "I can't message Ann, so this message to Ann comes to you:"
    assert rest.startswith(direct(NotificationType.REJECTED, snapshot).split("\n")[0])


@pytest.mark.parametrize(
    ("code", "why", "advice"),
    [
        ("not_in_channel", "I'm not in that channel", "Invite me: `/invite @discount-bot`."),
        ("is_archived", "that channel is archived", "Unarchive the channel."),
        ("msg_too_long", "too long for Slack", "Send this to <@U0ADMIN>."),
        ("odd_error", "as Slack says", "Send this to <@U0ADMIN>."),
    ],
)
def test_a_lost_message_says_why_and_what_helps(code: str, why: str, advice: str) -> None:
    facts = {"slack": code, "channel": "C0NEWS"}
    said = direct(NotificationType.UNTOLD, samples.STORY, "as Slack says", **facts)
    assert said.startswith(f"⚠️ I can't post in <#C0NEWS> ({why}).\n{advice}\n")
    assert ("I'll post what's missing" in said) is (code in {"not_in_channel", "is_archived"})


def test_a_reader_without_the_right_sees_no_ids() -> None:
    left = replace(samples.snapshot(State.DONE), not_tried=(CustomerId("c-late"),))
    done = samples.notification(NotificationType.DONE)
    drawn = str(notices.direct(done, left, NAMED, link="", ids_of=UserId("U0ANN")).blocks)
    assert "c-late" not in drawn
    assert "The customers come from a request by Ann." in drawn
