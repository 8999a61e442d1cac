"""Sample requests, rules and snapshots: ordinary ones, and ones with the longest and most hostile texts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.customers.uploads import (
    MOST_FILES,
    TOLD,
    AmbiguousFile,
    Column,
    Doubt,
    DoubtfulIds,
    FileRead,
    OtherSheet,
    RowProblem,
    UnreadableRow,
    Upload,
)
from bot.domain.ids import ChannelId, CustomerId, FileId, OnceKey, RequestId, RuleId, ShortId, TeamId, UserId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import (
    AppliedTier,
    ChannelPolicy,
    Refusal,
    RefusalReason,
    TierTrigger,
)
from bot.domain.requests.batches import Refused, Tally, Verification
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, RequestSnapshot
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import Approval, FormInput, Request, State, StopReason
from bot.domain.requests.views import ApprovalView, Field, FieldError, Form, Review
from bot.domain.rules.rule import (
    Availability,
    Item,
    ItemBundle,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    RewardType,
    Rule,
    Statistics,
    WeeklyWindow,
)
from bot.slack.rendering.formatting import Formatter

LOOK = Formatter(currency="NOK", timezone="Europe/Oslo", admins=("U0ADMIN",))
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVIL = "<!channel> *b* _i_ ~s~ `c` <@U123> &amp; <http://x|y>\n> quote\u202e\x00"
LONG = EVIL * 60

RULE = Rule(
    id=RuleId("3c90c3cc-0d44-4b50-8888-8dd25736052a"),
    name="Spar 100,-",
    reward=Reward(type=RewardType.AMOUNT, value=Decimal(10_000)),
    requirement=Requirement(
        purchase_from=NOW - timedelta(days=30), purchase_to=NOW + timedelta(days=30), gross_amount=50_000
    ),
    limitation=Limitation(reward_usage=1, repeat_usage=3),
    statistics=Statistics(stamp=123, usage=28, amount=280_000),
)
LONG_ITEM = Item(id=LONG, group_id=LONG)
LONG_AND_MANY = (50, *(1,) * 49)
"""Lengths of lists in a list: one is long, and there are many, but not many long ones, which take seconds."""
LONG_RULE = Rule(
    id=RuleId("x" * 255),
    name=LONG,
    description=LONG,
    receipt_text=LONG,
    campaign_id=LONG,
    type=LONG,
    private=True,
    reward=Reward(
        type=LONG,
        value=Decimal("1E+300"),
        values=tuple(ItemValue((LONG_ITEM,) * many, Decimal("1E+40")) for many in LONG_AND_MANY),
        base=LONG,
        effect=LONG,
    ),
    requirement=Requirement(
        purchase_from=datetime(1, 1, 1, tzinfo=UTC),
        purchase_to=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        item_quantity=Decimal("1E+30"),
        items=(LONG_ITEM,) * 50,
        mixes=tuple(ItemBundle(Decimal(2), False, (LONG_ITEM,) * many) for many in LONG_AND_MANY),
        gross_amount=10**40,
        net_amount=10**40,
        stamp=10**30,
        discount_code=LONG,
        store_ids=(LONG,) * 100,
        store=LONG,
        customer=LONG,
        currencies=LONG,
    ),
    limitation=Limitation(
        reward_usage=10**30,
        repeat_usage=10**30,
        combination=17,
        eligible=LONG,
        hours=tuple(WeeklyWindow(LONG, f"{hour:02}:00", LONG) for hour in range(100)),
        hours_timezone=LONG,
        stamp_expire_days=10**30,
        dynamic_purchase_to_days=10**30,
        deactivated_by=(LONG,) * 50,
        blacklist=(LONG_ITEM,) * 50,
    ),
    statistics=Statistics(stamp=10**40, usage=10**40, amount=10**40, debit_balance=10**40),
    visible_from=NOW,
    unknown=tuple((LONG, LONG) for _ in range(50)),
)
REQUEST = Request(
    id=RequestId("6b1f2c1e-6f0e-4d6e-9f63-0d9a2b0c7f11"),
    short=ShortId("R-7K2QF"),
    team=TeamId("T0TEAM"),
    account="T12345678",
    channel=ChannelId("C0SUPPORT"),
    requester=UserId("U0ANN"),
    created_at=NOW,
    state=State.WAITING,
    rule=RULE,
    customers=10,
    repeated=1,
    first_customer="12397af6e5e",
    last_customer="b2",
    reason="Late delivery last week",
    once_key=OnceKey("discount-bot-6b1f2c1e"),
    approvals=1,
    asked_at=NOW,
    expires_at=NOW + timedelta(hours=24),
)
LONG_REQUEST = replace(
    REQUEST,
    rule=LONG_RULE,
    customers=10**9,
    repeated=10**9,
    first_customer="<!channel>" + "x" * 245,
    last_customer="*" * 255,
    reason=LONG,
    note=LONG,
    once_key=OnceKey("<" * 255),
    own_key=True,
    approvals=2,
    started_at=NOW,
    ended_at=NOW + timedelta(days=3),
    last_answer=LONG_RULE,
    account=LONG,
    tier=AppliedTier(2, TierTrigger.AMOUNT, 10**15),
)
PAUSE = Pause(NOW, UserId("U0ADMIN"), LONG)
VOTE = Approval(REQUEST.id, 1, UserId("U0BOSS"), NOW, "d" * 64)
STORY = RequestSnapshot(REQUEST, tally=Tally(10), asked_of=("S0LEADS", "U0BOSS"))
POLICY = ChannelPolicy(
    id=ChannelId("C0SUPPORT"),
    rules=frozenset({"*"}),
    requesters=("*",),
    max_customers=500,
    approvers=("S0LEADS", "U0BOSS"),
)


def snapshot(state: State, **changes: Any) -> RequestSnapshot:
    """Make an ordinary snapshot in a state, with everything that such a request has."""
    ended = (
        NOW + timedelta(seconds=12)
        if state in {State.DONE, State.REJECTED, State.CANCELLED, State.EXPIRED}
        else None
    )
    request = replace(REQUEST, state=state, ended_at=ended)
    if state in {State.GIVING, State.STOPPED, State.DONE}:
        request = replace(request, started_at=NOW, decided_by=UserId("U0BOSS"), last_answer=later(RULE))
        given = Tally(10, given=7 if state is not State.DONE else 8, refused=2)
        made = RequestSnapshot(request, votes=(VOTE,), tally=given, refused=REFUSED, asked_of=STORY.asked_of)
    else:
        made = RequestSnapshot(request, tally=Tally(10), asked_of=STORY.asked_of)
    return replace(made, request=replace(made.request, **changes))


def later(rule: Rule) -> Rule:
    """Update a rule's statistics as after some uses."""
    return replace(rule, statistics=Statistics(stamp=123, usage=31, amount=310_000))


REFUSED = (
    Refused(CustomerId("12397af6e5f"), "customer 12397af6e5f is not known"),
    Refused(CustomerId("bo"), "customer bo is not known"),
)


def long_snapshot(state: State) -> RequestSnapshot:
    """Make a snapshot with everything as long and as many as possible."""
    refused = tuple(
        Refused(CustomerId(f"{number:05}" + "<&>*`" * 50), f"{number % 9} {LONG}") for number in range(300)
    )
    request = replace(
        LONG_REQUEST, state=state, stop=StopReason.UNKNOWN_FOR_GOOD, decided_by=UserId("U0BOSS")
    )
    votes = tuple(Approval(REQUEST.id, 1, UserId(f"U{number:09}"), NOW, "d") for number in range(50))
    asked_of = tuple(f"U{number:09}" for number in range(200))
    left = tuple(one.customer for one in refused) * 10
    tally = Tally(10**9, given=5, refused=300, unknown=10**8)
    seen = Verification(NOW, 10**8, there=10**7, refs=10**8, failed=LONG)
    return RequestSnapshot(
        request,
        votes=votes,
        tally=tally,
        refused=refused,
        asked_of=asked_of,
        unknown=left,
        not_tried=left,
        verification=seen,
    )


def notification(
    happened: NotificationType,
    *,
    kind: ChannelKind = ChannelKind.LINE,
    note: str = "",
    by: str | None = "U0BOSS",
) -> Notification:
    """Make a notification."""
    return Notification(
        kind=kind, happened=happened, at=NOW, by=UserId(by) if by else None, note=note, to="U0ANN"
    )


def review(request: Request = REQUEST, **changes: Any) -> Review:
    """Make a review."""
    made = Review(
        request=request,
        rule=request.rule or RULE,
        usable=Availability.NOW,
        asked_of=("S0LEADS", "U0BOSS"),
        digest="0123456789abcdef" * 4,
    )
    return replace(made, **changes)


def long_remainder() -> Remainder:
    """Make a remainder that many other requests are for, with the longest texts."""
    first = PriorRequest(RequestId(f"first{LONG}"), ShortId("R-22222"), ChannelId("C0ELSE"), "1.2", 10**9)
    return Remainder(first, tuple(replace(first, id=RequestId(f"also{LONG}{at}")) for at in range(300)))


def long_review() -> Review:
    """Make a review with everything as long as possible."""
    many = tuple(
        PriorRequest(RequestId(f"{LONG}{at}"), ShortId("R-22222"), ChannelId("C0ELSE"), "1.2", 10**9)
        for at in range(50)
    )
    return review(
        replace(LONG_REQUEST, tier=AppliedTier(10, TierTrigger.UNPRICED, 10**15)),
        asked_of=("U0BOSS",) * 200,
        budget_use=BudgetUse(
            customers=10**9, amount=10**15, left_customers=10**7, left_amount=10**15, until=NOW
        ),
        prior_grants=PriorGrants(10**9, many, more=True),
        remainder=long_remainder(),
        files_read=long_files_read(),
    )


LONG_COLUMN = Column(10_000, LONG, (LONG,) * 3, sheet=255, sheet_name=LONG, is_hidden=True)


def long_files_read() -> tuple[FileRead, ...]:
    """Make the results of ten files with everything as long and odd as possible."""
    odd = tuple(UnreadableRow(10**6 + at, list(RowProblem)[at % len(RowProblem)]) for at in range(20))
    file = FileRead(
        name=LONG,
        found=10**6,
        column=LONG_COLUMN,
        header=30,
        sheet=LONG,
        other_sheets=(OtherSheet(LONG, 10**6, is_hidden=True),) * 20,
        hidden=10**6,
        odd=10**6,
        odd_rows=odd,
        doubtful=tuple(DoubtfulIds(why, 10**6, ((10**6, CustomerId("<" * 255)),) * TOLD) for why in Doubt),
    )
    return (file,) * MOST_FILES


def uploads() -> tuple[Upload, ...]:
    """Make the most files allowed, with the longest names."""
    return tuple(Upload(FileId(f"F{at:010}"), f"{at}{LONG}") for at in range(MOST_FILES))


def unclear() -> tuple[AmbiguousFile, ...]:
    """Make a question about each file, with more columns than fit."""
    return tuple(
        AmbiguousFile(upload, (LONG_COLUMN, Column(2), *(Column(at) for at in range(3, 300))), hidden=10**6)
        for upload in uploads()
    )


def consideration(request: Request = REQUEST, *, count: bool = False) -> ApprovalView:
    """Make the view that an approver sees."""
    return ApprovalView(review(request), RequestSnapshot(request, tally=Tally(request.customers)), count)


def form(
    form_input: FormInput | None = None, *, chosen: Rule | None = RULE, faults: tuple[FieldError, ...] = ()
) -> Form:
    """Make a form."""
    filled = form_input or FormInput(
        rule=RULE.id, customers="ann\nbo", reason="Late delivery", once_key="stamp-2020", more=True
    )
    return Form(replace(REQUEST, state=State.DRAFT), filled, POLICY, chosen=chosen, faults=faults)


def every_field_error() -> tuple[FieldError, ...]:
    """Make every refusal in every field, with the longest values."""
    return tuple(
        FieldError(field, Refusal(reason, LONG, ("U0ADMIN",) * 50))
        for field in Field
        for reason in RefusalReason
    )
