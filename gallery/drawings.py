"""Every message and modal, by name: ordinary ones, and each with everything as long as possible."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.dintero.parsing import read_rule
from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId, UserId
from bot.domain.policy.policy import Place, Refusal, RefusalReason
from bot.domain.preferences import Preferences
from bot.domain.requests.batches import Refused, Tally, Verification
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import (
    OPEN_HERE,
    ChannelKind,
    FileRows,
    Notification,
    NotificationType,
    RequestSnapshot,
)
from bot.domain.requests.pause import PausedFor
from bot.domain.requests.progress import Progress
from bot.domain.requests.request import FormInput, State, StopReason
from bot.domain.requests.views import ApprovalView, UnfinishedDraft
from bot.domain.rules.rule import Availability
from bot.domain.rules.usage_history import UsagePoint
from bot.services.overview import StatusPage
from bot.services.results.customer_lists import PER_PAGE, CustomerPage
from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.messages import (
    card,
    choices,
    help,  # noqa: A004 - the command's own word
    lost_requests,
    notices,
    status,
    summary,
)
from bot.slack.messages import rule as rule_message
from bot.slack.messages.direct_texts import DIRECT
from bot.slack.messages.notices import CHANNEL
from bot.slack.messages.thread_lines import LINES
from bot.slack.modal_controller import loading_view, message_view
from bot.slack.modals import (
    approval,
    cancellation,
    customer_list,
    rejection,
    request_form,
    review,
    rule_details,
    settings,
)
from bot.slack.rendering import reasons
from bot.slack.rendering.formatting import Message
from sandbox.dintero.seed import ANSWER
from tests.support import crowded_samples, samples
from tests.support.samples import LOOK, REQUEST, RULE

HISTORY = tuple(
    UsagePoint((samples.NOW + timedelta(days=day)).date(), 4 * day, 3 * day + day % 2) for day in range(9)
)
LOST = LostRequest(
    short=ShortId("R-22222"),
    id=RequestId("2"),
    channel=REQUEST.channel,
    card_ts="1.0",
    rule=RULE.id,
    said="Approve? Ann wants to give NOK 100 off to 3 customers",
    backup_at=samples.NOW,
)
LINK = "https://sandbox.slack.com/archives/C0SUPPORT/p1795435200000000"
NAMED = replace(
    LOOK,
    names=lambda who: {"U0ANN": "Ann", "U0BOSS": "Bo"}.get(who, ""),
    workspace="https://sandbox.slack.com/",
)
AFTER = {
    NotificationType.DONE: State.DONE,
    NotificationType.STOPPED: State.STOPPED,
    NotificationType.REJECTED: State.REJECTED,
    NotificationType.CANCELLED: State.CANCELLED,
    NotificationType.EXPIRED: State.EXPIRED,
    NotificationType.APPROVED: State.APPROVED,
}
NOTES = {
    NotificationType.REJECTED: "Not this rule: it is for parcels",
    NotificationType.WAITING: "connection lost",
    NotificationType.PAUSED: PausedFor.UNKNOWN,
    NotificationType.CONSENT_VOID: RefusalReason.NOT_AN_APPROVER,
    NotificationType.LIST_LOST: "file_uploads_disabled",
    NotificationType.UNTOLD: "fatal_error",
    NotificationType.UNSEEN: "fatal_error",
}
FACTS = {
    NotificationType.AGREED: {"yeses": "1", "approvals": "2"},
    NotificationType.APPROVED: {"yeses": "2", "approvals": "2"},
}

Named = Iterator[tuple[str, Any]]


def all_messages() -> Iterator[tuple[str, Message]]:
    """List the messages."""
    for state in State:
        yield f"card {state}", card.build(samples.snapshot(state), LOOK)
    yield "card giving with its progress", card.build(_progressing(), LOOK)
    yield "card paused", card.build(replace(samples.snapshot(State.WAITING), pause=samples.PAUSE), LOOK)
    held = samples.snapshot(State.APPROVED, give_after=samples.NOW)
    yield "card on hold", card.build(replace(held, votes=(samples.VOTE,)), LOOK)
    unconfirmed = replace(samples.snapshot(State.STOPPED), tally=Tally(10, unknown=3))
    yield "card stopped with unconfirmed customers", card.build(unconfirmed, LOOK)
    twice = samples.snapshot(State.WAITING, approvals=2)
    yield "card with one of two approvals", card.build(replace(twice, votes=(samples.VOTE,)), LOOK)
    yield "card longest", card.build(samples.long_snapshot(State.STOPPED), LOOK)
    yield "summary", summary.build(samples.snapshot(State.DONE), LOOK)
    with_history = replace(samples.snapshot(State.DONE), history=HISTORY)
    yield "summary with its rule's history", summary.build(with_history, LOOK)
    for name, snapshot in outcomes():
        yield f"summary of {name}", summary.build(snapshot, NAMED)
        yield f"direct message of {name}", notices.direct(_end(snapshot), snapshot, NAMED, link=LINK)
    for name, snapshot in crowded_samples.summaries():
        yield f"crowded summary, {name}", summary.build(snapshot, crowded_samples.NAMED)
        told = notices.direct(_end(snapshot), snapshot, crowded_samples.NAMED, link=LINK)
        yield f"crowded direct message, {name}", told
    for name, snapshot in crowded_samples.cards():
        yield f"crowded card, {name}", card.build(snapshot, crowded_samples.NAMED)
    yield "requests that a backup lacks", lost_requests.build([LOST], [REQUEST.channel], {}, LOOK)
    yield "summary longest", summary.build(samples.long_snapshot(State.DONE), LOOK)
    yield from _notices()
    for usable in Availability:
        yield f"rule {usable}", rule_message.build(RULE, usable, LOOK)
    yield "rule with its history", rule_message.build(RULE, Availability.NOW, LOOK, history=HISTORY)
    yield "rule of Dintero's documentation", rule_message.build(read_rule(ANSWER), Availability.EXPIRED, LOOK)
    yield "rule several", rule_message.several([RULE] * 3, LOOK)
    yield "status none", status.build(StatusPage(()), LOOK)
    yield "status", status.build(StatusPage(tuple(map(samples.snapshot, State))), LOOK, samples.PAUSE)
    yield "status one", status.one(samples.snapshot(State.DONE), LOOK)
    states = (State.WAITING, State.STOPPED, State.DONE, State.REJECTED)
    linked = tuple(samples.snapshot(state, card_ts="1795435200.000000") for state in states)
    mine = StatusPage(linked, is_own=True, has_more=True)
    waits = (samples.snapshot(State.WAITING),)
    yield "status in direct messages", status.build(replace(mine, waits=waits), NAMED)
    places = (Place(REQUEST.channel, "loyalty-support"), Place(ChannelId("C0QUICK"), "small-favours"))
    unlisted = Refusal(RefusalReason.UNLISTED_CHANNEL, elsewhere=places)
    yield "unlisted channel", choices.elsewhere(unlisted, LOOK)
    yield "places", choices.places(places)
    yield "cancel without an id", choices.cancellable(waits, NAMED, "", is_own=False)
    yield "help", help.build(LOOK)
    for why in ParseProblem:
        yield f"help {why}", help.not_understood(UnknownCommand("giv spar", "add", why))


def all_views() -> Iterator[tuple[str, dict[str, Any]]]:
    """List the modals."""
    yield "form empty", request_form.build(samples.form(FormInput(), chosen=None), LOOK)
    yield "form filled in", request_form.build(samples.form(), LOOK)
    yield "form with every error", request_form.build(samples.form(faults=samples.every_field_error()), LOOK)
    unfinished = UnfinishedDraft(samples.REQUEST, FormInput(customers="ann\nbo", reason="late"), RULE)
    offer = replace(samples.form(FormInput(), chosen=None), unfinished=unfinished)
    yield "form after a draft", request_form.build(offer, LOOK)
    unclear = replace(samples.form(), unclear=samples.unclear()[:2])
    yield "form with unclear files", request_form.build(unclear, LOOK)
    remainder = replace(samples.form(), remainder=samples.long_remainder())
    yield "form of a remainder", request_form.build(remainder, LOOK)
    everybody = samples.form(FormInput(rule=RULE.id, reserved="*", more=True))
    everybody = replace(everybody, policy=replace(everybody.policy, reserved=True))
    yield "form for everybody", request_form.build(everybody, LOOK)
    yield "review", review.build(samples.review(), LOOK, {})
    yield "review without approval", review.build(samples.review(replace(REQUEST, approvals=0)), LOOK, {})
    yield "review longest", review.build(samples.long_review(), LOOK, {})
    yield "approval", approval.build(samples.consideration(), LOOK, {})
    yield "approval with the number", approval.build(samples.consideration(count=True), LOOK, {})
    longest = ApprovalView(samples.long_review(), samples.long_snapshot(State.WAITING), count=True)
    yield "approval longest", approval.build(longest, LOOK, {})
    for name, crowded in crowded_samples.approvals():
        yield f"crowded approval {name}", approval.build(crowded, crowded_samples.NAMED, {})
    dearer = replace(RULE, reward=replace(RULE.reward, value=RULE.reward.value * 2))
    changed = replace(REQUEST, rule=dearer, rule_before=RULE, approvals=2)
    changed_view = ApprovalView(samples.review(changed), samples.snapshot(State.WAITING), count=False)
    yield "approval of a changed rule", approval.build(changed_view, LOOK, {})
    yield "cancellation", cancellation.build(REQUEST, LOOK)
    yield "settings", settings.build(Preferences(UserId("U0ANN")))
    yield "rule details", rule_details.build(RULE, LOOK)
    example = read_rule(ANSWER)
    yield "rule details of Dintero's documentation", rule_details.build(example, LOOK, Availability.EXPIRED)
    yield "rejection", rejection.build(samples.snapshot(State.WAITING), LOOK)
    few = tuple(CustomerId(f"customer-{number}") for number in range(10))
    yield "customers", customer_list.build(CustomerPage(REQUEST, 1, few), LOOK)
    many = replace(REQUEST, customers=5_000)
    yield "customers of many", customer_list.build(CustomerPage(many, 2, few * (PER_PAGE // 10)), LOOK)
    yield "loading", loading_view("Give a discount", "m")
    refused = reasons.refusal(Refusal(RefusalReason.LOOKUP_FAILED, "timeout"), LOOK)
    yield "told", message_view("Can't do that", refused)


def outcomes() -> Iterator[tuple[str, RequestSnapshot]]:
    """List ends of requests by what came of their customers."""
    done = samples.snapshot(State.DONE)
    why = ["The customer is blocked"] * 200 + ["The customer was deleted"] * 112
    all_refused = tuple(Refused(CustomerId(f"kunde-{at}"), reason) for at, reason in enumerate(why))
    rows = (FileRows("kampanje.csv", (9, 57, 80, 81, 1_200)),)
    refused = replace(done, tally=Tally(80_000, given=79_688, refused=312), refused_rows=rows)
    yield "80,000 with 312 refused", replace(refused, refused=all_refused)
    checked = Verification(samples.NOW, 3, there=3, refs=900, whole=True)
    unknown = tuple(CustomerId(f"c-{number}") for number in (1, 2, 3))
    yield (
        "an outage",
        replace(done, tally=Tally(3, unknown=3), refused=(), unknown=unknown, verification=checked),
    )
    cancelled = replace(samples.snapshot(State.CANCELLED, started_at=samples.NOW), tally=Tally(20, given=3))
    not_sent = tuple(CustomerId(f"c-{number}") for number in range(3, 20))
    yield "a cancel in the middle", replace(cancelled, not_tried=not_sent)
    yield "a used key", replace(done, tally=Tally(10, given=10, had_before=3, maybe_before=2), refused=())


def _end(snapshot: RequestSnapshot) -> Notification:
    """Make the direct message of an end: a person ended a stopped or a cancelled request."""
    request = snapshot.request
    happened = NotificationType.CANCELLED if request.state is State.CANCELLED else NotificationType.DONE
    by = "U0BOSS" if request.stop or happened is NotificationType.CANCELLED else None
    return samples.notification(happened, kind=ChannelKind.DIRECT, by=request.cancel_asked_by or by)


def _progressing() -> Any:
    return replace(samples.snapshot(State.GIVING), progress=Progress(12.0, samples.NOW))


def _notices() -> Named:
    for happened in LINES:
        note = "stocktaking" if happened is NotificationType.PAUSED else NOTES.get(happened, "")
        line = replace(samples.notification(happened, note=note), facts=FACTS.get(happened, {}))
        yield f"thread {happened}", notices.thread(line, _after(happened), NAMED)
    for happened in CHANNEL:
        notice = samples.notification(happened, kind=ChannelKind.NOTICE, note=NOTES.get(happened, ""))
        yield f"notice {happened}", notices.channel(notice, _after(happened), NAMED, link=LINK)
    for happened in sorted(notices.OF_PAUSE):
        news = samples.notification(happened, kind=ChannelKind.NOTICE, note="stocktaking")
        news = replace(news, facts={OPEN_HERE: "3"})
        since = samples.NOW - timedelta(minutes=25)
        yield f"notice {happened}", notices.of_pause(news, NAMED, since=since)
    for happened in (*DIRECT, NotificationType.PAUSED):
        by = None if happened is NotificationType.DONE else "U0BOSS"
        direct = samples.notification(happened, kind=ChannelKind.DIRECT, note=NOTES.get(happened, ""), by=by)
        yield f"direct {happened}", notices.direct(direct, _after(happened), NAMED, link=LINK)


def _after(happened: NotificationType) -> RequestSnapshot:
    """Make a request after an event."""
    state = AFTER.get(happened, State.WAITING)
    stop = StopReason.UNKNOWN_FOR_GOOD if state is State.STOPPED else None
    return samples.snapshot(state, stop=stop)
