"""Every message and modal stays within Slack's limits, even with the longest and most hostile texts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from bot.domain.ids import ChannelId, CustomerId, RuleId
from bot.domain.policy.policy import Place, Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType, RequestSnapshot
from bot.domain.requests.pause import PauseState
from bot.domain.requests.progress import Progress
from bot.domain.requests.request import FormInput, State, StopReason
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability
from bot.domain.rules.usage_history import MOST_POINTS, UsagePoint
from bot.services.overview import StatusPage
from bot.services.results.customer_lists import PER_PAGE, CustomerPage
from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.messages import card, choices, help, notices, status, summary  # noqa: A004 - the command's own word
from bot.slack.messages import rule as rule_message
from bot.slack.modal_controller import loading_view, message_view
from bot.slack.modals import (
    approval,
    customer_list,
    rejection,
    request_form,
    rule_details,
    rule_options,
)
from bot.slack.modals import review as review_modal
from bot.slack.rendering import reasons
from bot.slack.rendering.formatting import Message
from sandbox.slack.state.limits import message_faults, options_faults, view_faults
from tests.support import samples
from tests.support.samples import EVIL, LONG, LONG_RULE, LOOK, RULE

LINK = "https://example.slack.com/archives/C0SUPPORT/p1795435200000000?thread_ts=1&cid=|C>"
HISTORY = tuple(
    UsagePoint((samples.NOW + timedelta(days=day)).date(), 10**40, 10**40) for day in range(MOST_POINTS)
)
FULL = FormInput(rule=LONG, customers="x" * 3_000, reason="y" * 3_000, once_key="z" * 3_000, more=True)
TOO_FULL = FormInput(rule=LONG, customers="x" * 3_001, reason="y" * 3_001, once_key="z" * 3_001)


def snapshots() -> list[RequestSnapshot]:
    made = [make(state) for state in State for make in (samples.snapshot, samples.long_snapshot)]
    made += [
        replace(samples.long_snapshot(State.GIVING), progress=progress)
        for progress in (Progress(), Progress(1e9, samples.NOW))
    ]
    return [
        *made,
        *(
            held_and_paused(samples.long_snapshot(state))
            for state in (State.WAITING, State.APPROVED, State.GIVING)
        ),
    ]


def held_and_paused(snapshot: RequestSnapshot) -> RequestSnapshot:
    """Hold, escalate and pause a request whose rule has changed in everything."""
    many = tuple(f"U{number:09}" for number in range(200))
    request = replace(
        snapshot.request,
        give_after=samples.NOW,
        pausing=PauseState.PARKED,
        escalated_to=many,
        rule_before=RULE,
    )
    return replace(snapshot, request=request, pause=samples.PAUSE)


def all_messages() -> Iterator[Message]:
    for snapshot in snapshots():
        yield card.build(snapshot, LOOK)
        yield summary.build(snapshot, LOOK)
        yield status.one(snapshot, LOOK)
        for happened in NotificationType:
            yield notices.thread(samples.notification(happened, note=LONG), snapshot, LOOK)
            yield notices.channel(
                samples.notification(happened, kind=ChannelKind.NOTICE, note=LONG), snapshot, LOOK, link=LINK
            )
            yield notices.direct(
                samples.notification(happened, kind=ChannelKind.DIRECT, note=LONG), snapshot, LOOK, link=LINK
            )
    for happened in (NotificationType.REMINDED, NotificationType.ESCALATED, NotificationType.RULE_CHANGED):
        notification = replace(
            samples.notification(happened, note=LONG), facts={"who": "U0ANN " * 200, "round": "1"}
        )
        yield notices.thread(notification, held_and_paused(samples.long_snapshot(State.WAITING)), LOOK)
        yield notices.direct(
            notification, held_and_paused(samples.long_snapshot(State.WAITING)), LOOK, link=LINK
        )
    for usable in Availability:
        yield rule_message.build(RULE, usable, LOOK)
        yield rule_message.build(LONG_RULE, usable, LOOK)
    yield rule_message.build(replace(LONG_RULE, name=" "), Availability.NOW, LOOK, history=HISTORY)
    yield summary.build(replace(samples.snapshot(State.DONE), history=HISTORY), LOOK)
    yield rule_message.several([LONG_RULE] * 1_000, LOOK)
    yield status.build(StatusPage(()), LOOK)
    yield status.build(StatusPage(()), LOOK, samples.PAUSE)
    many = tuple(snapshots() * 10)
    yield status.build(StatusPage(many, 2, has_more=True), LOOK, samples.PAUSE)
    yield status.build(StatusPage(many[:10], is_own=True, waits=many[:10]), LOOK)
    places = [Place(ChannelId(f"C0{number}"), LONG) for number in range(100)]
    yield choices.places(places, LONG)
    yield choices.elsewhere(Refusal(RefusalReason.UNLISTED_CHANNEL, elsewhere=tuple(places)), LOOK)
    yield choices.cancellable(many[:10], LOOK, LONG, is_own=True)
    yield help.build(LOOK)
    yield from (help.not_understood(UnknownCommand(LONG, "add", why)) for why in ParseProblem)


def all_views() -> Iterator[dict[str, Any]]:
    for form_input in (FormInput(), FormInput(more=True), FULL, TOO_FULL):
        for chosen in (None, RULE, LONG_RULE):
            for faults in ((), samples.every_field_error()):
                form = samples.form(form_input, chosen=chosen, faults=faults)
                yield request_form.build(form, LOOK)
                yield request_form.build(replace(form, pause=samples.PAUSE), LOOK)
                yield request_form.build(
                    replace(form, pause=samples.PAUSE, remainder=samples.long_remainder()),
                    LOOK,
                )
    filled = samples.form(replace(FULL, files=samples.uploads()), faults=samples.every_field_error())
    yield request_form.build(replace(filled, unclear=samples.unclear()), LOOK, generation=1)
    own_lists = tuple(f"R-{number:05}" for number in range(10))
    yield request_form.build(replace(filled, lists_of=own_lists), LOOK)
    ticked = samples.form(FormInput(rule=LONG, reserved="*/", more=True), faults=samples.every_field_error())
    yield request_form.build(
        replace(ticked, policy=replace(ticked.policy, reserved=True)),
        LOOK,
    )
    yield from (rule_details.build(LONG_RULE, LOOK, usable) for usable in Availability)
    everyone = replace(samples.LONG_REQUEST, customers=1, first_customer="*")
    yield approval.build(samples.consideration(everyone), LOOK, {})
    for approvals in (0, 1, 2):
        request = replace(samples.REQUEST, approvals=approvals)
        yield review_modal.build(samples.review(request), LOOK, {})
    links = {each.id: LINK * 20 for each in samples.long_review().named}
    yield from (review_modal.build(samples.long_review(), LOOK, places) for places in ({}, links))
    long = ApprovalView(samples.long_review(), samples.long_snapshot(State.WAITING), count=True)
    yield approval.build(long, LOOK, links)
    for count in (True, False):
        yield approval.build(samples.consideration(count=count), LOOK, {})
        long = ApprovalView(samples.long_review(), samples.long_snapshot(State.WAITING), count)
        yield approval.build(long, LOOK, {})
        snapshot = held_and_paused(samples.long_snapshot(State.WAITING))
        review = replace(
            samples.long_review(), request=snapshot.request, pause=samples.PAUSE, hold_minutes=10_080
        )
        yield approval.build(ApprovalView(review, snapshot, count), LOOK, {})
        yield review_modal.build(review, LOOK, {})
    for request, page in ((samples.REQUEST, 1), (samples.LONG_REQUEST, 1), (samples.LONG_REQUEST, 10**7)):
        for one in ("ann", "<!channel>" + "*" * 245, "\U0001f600" * 255, "\u202e\x00" * 127):
            yield customer_list.build(
                CustomerPage(request, page, (CustomerId(one),) * PER_PAGE),
                LOOK,
            )
    for snapshot in snapshots():
        yield rejection.build(snapshot, LOOK)
    yield loading_view(LONG, "m")
    yield message_view(LONG, reasons.refusal(Refusal(RefusalReason.LOOKUP_FAILED, LONG), LOOK))


FOREIGN = ("<!channel>", "<!here>", "<@U123>", "<http://x", "\u202e", "\x00")
"""What a foreign text may not become: a mention, a link, or signs that hide others."""
MOST_DRAWN, MOST_TEXT = 40_000, 1_000
"""Characters of a message's blocks, and of its text: far below Slack's limits."""


@cache
def messages() -> tuple[Message, ...]:
    return tuple(all_messages())


@cache
def views() -> tuple[dict[str, Any], ...]:
    return tuple(all_views())


def texts(thing: object) -> Iterator[str]:
    if isinstance(thing, dict):
        if thing.get("type") == "mrkdwn":
            yield thing["text"]
        for value in thing.values():
            yield from texts(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from texts(value)


def test_every_message_keeps_slacks_limits_and_mentions_nobody() -> None:
    for message in messages():
        assert message_faults(message.blocks, message.text) == []
        drawn = list(texts(message.blocks))
        assert sum(map(len, drawn)) < MOST_DRAWN
        assert len(message.text) <= MOST_TEXT
        assert [bad for bad in FOREIGN if any(bad in text for text in (*drawn, message.text))] == []


def test_every_modal_keeps_slacks_limits_and_mentions_nobody() -> None:
    for view in views():
        assert view_faults(view) == []
        assert [bad for bad in FOREIGN if any(bad in text for text in texts(view))] == []


def test_every_option_keeps_slacks_limits() -> None:
    rules = [
        replace(rule, id=RuleId(rule.id[:36])) for rule in (RULE, LONG_RULE, replace(LONG_RULE, name=""))
    ]
    drawn = rule_options.options([(rule, usable) for rule in rules for usable in Availability] * 50, LOOK)
    assert len(drawn) == 100
    assert options_faults(drawn) == []


def test_the_evil_text_is_evil() -> None:
    assert all(bad in EVIL for bad in ("<!channel>", "<@U123>", "<http://x", "\u202e", "\x00", "\n", "`"))


def test_the_same_facts_always_draw_the_same_message() -> None:
    assert tuple(all_messages()) == messages()
    assert tuple(all_views()) == views()


@pytest.mark.parametrize("stop", [*StopReason, None])
def test_every_message_has_words_for_a_stop(stop: StopReason | None) -> None:
    snapshot = samples.snapshot(State.STOPPED, stop=stop, note=LONG)
    drawn: Sequence[Message] = [
        card.build(snapshot, LOOK),
        notices.thread(samples.notification(NotificationType.STOPPED), snapshot, LOOK),
    ]
    assert [fault for message in drawn for fault in message_faults(message.blocks, message.text)] == []
