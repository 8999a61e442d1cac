"""One of each message and modal that the bot can show, drawn by its own renderers from made-up facts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from bot.domain.customers.uploads import AmbiguousFile, Column, FileRead, RowProblem, UnreadableRow, Upload
from bot.domain.ids import ChannelId, CustomerId, FileId, OnceKey, RequestId, RuleId, ShortId, TeamId, UserId
from bot.domain.policy.policy import ChannelPolicy, Place, Refusal, RefusalReason
from bot.domain.preferences import Preferences
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import (
    OPEN_HERE,
    ChannelKind,
    Notification,
    NotificationType,
    RequestSnapshot,
)
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import PriorRequest, Remainder
from bot.domain.requests.request import ENDED, Approval, FormInput, Request, State, StopReason
from bot.domain.requests.views import ApprovalView, Field, FieldError, Form, Review, UnfinishedDraft
from bot.domain.rules.rule import Availability, Limitation, Requirement, Reward, RewardType, Rule, Statistics
from bot.domain.rules.usage_history import UsagePoint
from bot.services.overview import StatusPage
from bot.services.results.customer_lists import CustomerPage
from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.messages import card, choices, help, lost_requests, notices, status, summary  # noqa: A004 - the command's own word
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
from bot.slack.rendering.formatting import Formatter, Json, Message

NOW: Final = datetime(2026, 3, 4, 12, tzinfo=UTC)
WORKSPACE: Final = "https://example.slack.com/"
LINK: Final = f"{WORKSPACE}archives/C0SAMPLE/p1772625600000000"
RULE: Final = Rule(
    id=RuleId("3c90c3cc-0d44-4b50-8888-8dd25736052a"),
    name="Spar 100,-",
    reward=Reward(type=RewardType.AMOUNT, value=Decimal(10_000)),
    requirement=Requirement(purchase_from=NOW - timedelta(days=30), purchase_to=NOW + timedelta(days=30)),
    statistics=Statistics(stamp=123, usage=28, amount=280_000),
)
NEEDY_RULE: Final = replace(
    RULE,
    requirement=replace(RULE.requirement, gross_amount=50_000, stamp=5, discount_code="TACO"),
    limitation=Limitation(reward_usage=1, repeat_usage=3, combination=0),
)
HISTORY: Final = tuple(UsagePoint((NOW + timedelta(days=day)).date(), 3 * day, 2 * day) for day in range(5))
PLACES: Final = (Place(ChannelId("C0SAMPLE"), "loyalty-support"), Place(ChannelId("C0OTHER")))
POLICY: Final = ChannelPolicy(
    id=ChannelId("C0SAMPLE"),
    rules=frozenset({"*"}),
    requesters=("*",),
    max_customers=500,
    approvers=("U0BO",),
    reserved=True,
)
REQUEST: Final = Request(
    id=RequestId("6b1f2c1e-6f0e-4d6e-9f63-0d9a2b0c7f11"),
    short=ShortId("R-7K2QF"),
    team=TeamId("T0SAMPLE"),
    account="T12345678",
    channel=POLICY.id,
    requester=UserId("U0ANN"),
    created_at=NOW,
    card_ts="1772625600.000000",
    state=State.WAITING,
    rule=RULE,
    customers=10,
    first_customer="12397af6e5e",
    last_customer="b2",
    reason="Late delivery",
    once_key=OnceKey("sample"),
    approvals=1,
    asked_at=NOW,
    expires_at=NOW + timedelta(hours=24),
)
PAUSE: Final = Pause(NOW, UserId("U0CHIEF"), "a sample")
APPROVAL: Final = Approval(REQUEST.id, 1, UserId("U0BO"), NOW, "d" * 64)
LOST: Final = LostRequest(
    short=ShortId("R-22222"),
    id=RequestId("2"),
    channel=POLICY.id,
    card_ts="1.0",
    rule=RULE.id,
    said="A sample",
    backup_at=NOW,
)
FILE: Final = FileRead(
    name="list.csv",
    found=9,
    column=Column(1, "customer_id", ("c-1", "c-2")),
    odd=1,
    odd_rows=(UnreadableRow(2, next(iter(RowProblem))),),
)
UNCLEAR: Final = AmbiguousFile(Upload(FileId("F0SAMPLE"), "list.csv"), (Column(1, "a"), Column(2, "b")))


def messages(formatter: Formatter) -> Iterator[tuple[str, Message]]:
    """Draw every kind of message, each with its name."""
    formatter = replace(formatter, workspace=WORKSPACE)
    snapshots = [_snapshot(state) for state in State if state is not State.DRAFT]
    for snapshot in snapshots:
        yield f"card, {snapshot.request.state}", card.build(snapshot, formatter)
    yield "summary", summary.build(replace(_snapshot(State.DONE), history=HISTORY), formatter)
    yield "requests that a backup lacks", lost_requests.build([LOST], [POLICY.id], {}, formatter)
    yield "status of a request", status.one(_snapshot(State.STOPPED), formatter)
    yield "status", status.build(StatusPage(tuple(snapshots), 2, has_more=True), formatter, PAUSE)
    mine = StatusPage((snapshots[0], snapshots[-1]), is_own=True, waits=tuple(snapshots[:1]))
    yield "status in direct messages", status.build(mine, formatter)
    yield "status of nothing", status.build(StatusPage(()), formatter)
    yield "places", choices.places(PLACES, "Spar 100")
    unlisted = Refusal(RefusalReason.UNLISTED_CHANNEL, elsewhere=PLACES)
    yield "unlisted channel", choices.elsewhere(unlisted, formatter)
    yield "cancel without an id", choices.cancellable(snapshots[:2], formatter, "", is_own=False)
    yield "cancel of nothing", choices.cancellable([], formatter, "it", is_own=False)
    for happened in NotificationType:
        yield from _notices(happened, formatter)
    yield "rule", rule_message.build(RULE, Availability.NOW, formatter, history=HISTORY)
    yield "rule with many conditions", rule_message.build(NEEDY_RULE, Availability.NOW, formatter)
    yield "rules", rule_message.several([RULE, RULE], formatter)
    yield "help", help.build(formatter)
    for problem in ParseProblem:
        yield f"help, {problem.name.lower()}", help.not_understood(UnknownCommand("gvie", "give", problem))


def modals(formatter: Formatter) -> Iterator[tuple[str, Json]]:
    """Draw every kind of modal, each with its name."""
    yield from _forms(formatter)
    yield from _reviews(formatter)
    yield "settings", settings.build(Preferences(UserId("U0BO")))
    yield "rejection", rejection.build(_snapshot(State.WAITING), formatter)
    yield "cancellation", cancellation.build(REQUEST, formatter)
    page = CustomerPage(replace(REQUEST, customers=1_000), 2, (CustomerId("c-1"),))
    yield "customers", customer_list.build(page, formatter)
    yield "rule details", rule_details.build(NEEDY_RULE, formatter)
    yield "loading", loading_view(request_form.TITLE, REQUEST.id)
    yield "last answer", message_view(request_form.TITLE, "A sample.")


def _forms(formatter: Formatter) -> Iterator[tuple[str, Json]]:
    draft, filled = replace(REQUEST, state=State.DRAFT), FormInput(rule=RULE.id, customers="c-1", more=True)
    left = UnfinishedDraft(draft, replace(filled, reason="Late delivery"), RULE)
    empty = Form(draft, FormInput(), POLICY)
    form = Form(draft, filled, POLICY, chosen=RULE, pause=PAUSE)
    faults = (FieldError(Field.RULE, Refusal(RefusalReason.RULE_INACTIVE, RULE.title)),)
    first = PriorRequest(REQUEST.id, REQUEST.short, REQUEST.channel, None, 10)
    forms = {
        "empty form": empty,
        "form": form,
        "form after a draft": replace(empty, unfinished=left),
        "form with a fault": replace(form, pause=None, faults=faults),
        "form with a file": replace(form, unclear=(UNCLEAR,)),
        "form for a remainder": replace(form, remainder=Remainder(first, left=2, refused=1)),
    }
    for name, one in forms.items():
        yield name, request_form.build(one, formatter)


def _reviews(formatter: Formatter) -> Iterator[tuple[str, Json]]:
    seen = Review(
        request=REQUEST,
        rule=RULE,
        usable=Availability.NOW,
        asked_of=("U0BO",),
        digest="0123456789abcdef" * 4,
        files_read=(FILE,),
    )
    yield "review", review.build(seen, formatter, {})
    snapshot = _snapshot(State.WAITING)
    for count in (True, False):
        shown = ApprovalView(seen, snapshot, count)
        yield f"approval{', with the number' if count else ''}", approval.build(shown, formatter, {})
    real = replace(seen, request=replace(REQUEST, account="P12345678"))
    yield "approval in production", approval.build(ApprovalView(real, snapshot, count=True), formatter, {})


def _snapshot(state: State) -> RequestSnapshot:
    """Make a request in a state, with what such a request has."""
    changes: dict[str, Any] = {"state": state, "ended_at": NOW if state in ENDED else None}
    if state is State.APPROVED:
        changes["give_after"] = NOW + timedelta(minutes=10)
    if state not in {State.GIVING, State.STOPPED, State.DONE}:
        return RequestSnapshot(replace(REQUEST, **changes), tally=Tally(10), asked_of=("U0BO",))
    changes |= {"started_at": NOW, "decided_by": UserId("U0BO"), "last_answer": RULE}
    changes["stop"] = StopReason.UNKNOWN_FOR_GOOD if state is State.STOPPED else None
    return RequestSnapshot(
        replace(REQUEST, **changes),
        votes=(APPROVAL,),
        tally=Tally(10, given=6, refused=1, unknown=1),
        refused=(Refused(CustomerId("c-1"), "customer c-1 is not known"),),
        unknown=(CustomerId("c-2"),),
        not_tried=(CustomerId("c-3"), CustomerId("c-4")),
        asked_of=("U0BO",),
    )


def _notices(happened: NotificationType, formatter: Formatter) -> Iterator[tuple[str, Message]]:
    """Draw what is said of an event in the thread, in another channel and to a person."""
    snapshot = _snapshot(State.STOPPED if happened is NotificationType.STOPPED else State.DONE)
    line = Notification(kind=ChannelKind.LINE, happened=happened, at=NOW, by=UserId("U0BO"), to="U0ANN")
    if happened in LINES:
        yield f"line, {happened}", notices.thread(line, snapshot, formatter)
    if happened in CHANNEL:
        notice = replace(line, kind=ChannelKind.NOTICE)
        yield f"notice, {happened}", notices.channel(notice, snapshot, formatter, link=LINK)
    if happened in notices.OF_PAUSE:
        news = replace(line, kind=ChannelKind.NOTICE, note="a sample", facts={OPEN_HERE: "3"})
        yield f"notice, {happened}", notices.of_pause(news, formatter, since=NOW - timedelta(minutes=25))
    if happened in {*DIRECT, NotificationType.PAUSED}:
        by = None if happened is NotificationType.DONE else line.by  # with a person, somebody ended it
        direct = replace(line, kind=ChannelKind.DIRECT, by=by)
        yield f"direct message, {happened}", notices.direct(direct, snapshot, formatter, link=LINK)
