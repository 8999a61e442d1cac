"""The oddest values that people can type: NUL, half surrogate pairs, backslashes, distant years."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import strategies as st

from bot.domain.customers.uploads import (
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
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import FormInput, Request, State, StopReason
from bot.domain.rules.rule import (
    Item,
    ItemBundle,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    Rule,
    Statistics,
    WeeklyWindow,
)

T = TypeVar("T")

_ODD = st.sampled_from(["\x00", "\\", "\\u0000", "\ude00", "😀", "\n", "'", '"', "\u2028"])
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])

texts = st.lists(st.text(max_size=20) | _ODD, max_size=6).map("".join)
counts = st.integers(0, 2**31 - 1)
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=_ZONES)  # noqa: DTZ001 - hypothesis adds the zone
numbers = st.decimals(allow_nan=False, allow_infinity=False)


def maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Add None."""
    return st.none() | values


def few(values: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    """Return tuples of up to three."""
    return st.lists(values, max_size=3).map(tuple)


items = st.builds(Item, maybe(texts), maybe(texts))

rules = st.builds(
    Rule,
    id=texts.map(RuleId),
    reward=st.builds(
        Reward, type=texts, value=numbers, values=few(st.builds(ItemValue, few(items), numbers)), base=texts
    ),
    requirement=st.builds(
        Requirement,
        purchase_from=maybe(moments),
        item_quantity=maybe(numbers),
        items=few(items),
        mixes=few(st.builds(ItemBundle, numbers, st.booleans(), few(items))),
        gross_amount=maybe(st.integers()),
        store_ids=few(texts),
        store=maybe(texts),
    ),
    limitation=st.builds(
        Limitation,
        reward_usage=st.integers(),
        hours=few(st.builds(WeeklyWindow, texts, texts, texts)),
        deactivated_by=few(texts),
    ),
    statistics=maybe(st.builds(Statistics, usage=maybe(st.integers()), amount=maybe(st.integers()))),
    name=texts,
    type=maybe(texts),
    active=st.booleans(),
    updated_at=maybe(moments),
    unknown=few(st.tuples(texts, texts)),
)

uploads = st.builds(
    Upload,
    texts.map(FileId),
    texts,
    st.none() | st.integers(0, 10**4),
    st.integers(0, 300),
    st.none() | st.booleans(),
)
typed = st.builds(
    FormInput, texts, texts, texts, texts, st.booleans(), texts, st.lists(uploads, max_size=3).map(tuple)
)

files_read = few(
    st.builds(
        FileRead,
        name=texts,
        found=counts,
        column=st.builds(Column, counts, texts, few(texts), counts, texts, st.booleans()),
        header=counts,
        sheet=texts,
        other_sheets=few(st.builds(OtherSheet, texts, counts, st.booleans())),
        hidden=counts,
        request=texts,
        odd=counts,
        odd_rows=few(st.builds(UnreadableRow, counts, st.sampled_from(RowProblem))),
        doubtful=few(
            st.builds(
                DoubtfulIds,
                st.sampled_from(Doubt),
                counts,
                few(st.tuples(counts, texts.map(CustomerId))),
            )
        ),
    )
)

requests = st.builds(
    Request,
    id=st.uuids().map(str).map(RequestId),
    short=st.uuids().map(str).map(ShortId),
    team=texts.map(TeamId),
    account=texts,
    channel=texts.map(ChannelId),
    requester=texts.map(UserId),
    created_at=moments,
    state=st.sampled_from(State),
    round=counts,
    rule=maybe(rules),
    customers=counts,
    repeated=counts,
    customers_digest=texts,
    first_customer=texts,
    last_customer=texts,
    reason=texts,
    once_key=texts.map(OnceKey),
    own_key=st.booleans(),
    approvals=counts,
    tier=maybe(st.builds(AppliedTier, counts, st.sampled_from(TierTrigger), counts)),
    batch_size=counts,
    batches_per_portion=counts,
    concurrency=counts,
    asked_at=maybe(moments),
    expires_at=maybe(moments),
    decided_by=maybe(texts.map(UserId)),
    decided_at=maybe(moments),
    note=texts,
    started_at=maybe(moments),
    ended_at=maybe(moments),
    cancel_asked_by=maybe(texts.map(UserId)),
    stop=maybe(st.sampled_from(StopReason)),
    last_answer=maybe(rules),
    card_ts=maybe(texts),
)

notices = st.builds(
    Notification,
    kind=st.sampled_from(ChannelKind),
    happened=st.sampled_from(NotificationType),
    at=moments,
    to=texts,
    by=maybe(texts.map(UserId)),
    note=texts,
    facts=st.dictionaries(texts, texts, max_size=3),
)
