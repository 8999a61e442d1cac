"""The fullest requests that can happen: every outcome and every warning at once, long titles and reasons."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.domain.customers.uploads import Column, Doubt, DoubtfulIds, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import ChannelId, CustomerId, OnceKey, RequestId, ShortId, UserId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.batches import Refused, Tally, Verification
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import FileRows, RequestSnapshot
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import KeyUse, PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import Approval, State, StopReason
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability, Statistics
from bot.domain.rules.usage_history import UsagePoint
from tests.support import samples
from tests.support.samples import LOOK, NOW, REQUEST, RULE

NAMES = {
    "U0ANN": "Anne-Marie Kristoffersen",
    "U0BO": "Bo Henriksen-Dahl",
    "U0CLEO": "Cleo Vestergaard",
    "U0DINA": "Dina Alexandra Solberg",
}
NAMED = replace(
    LOOK,
    names=lambda who: NAMES.get(who, ""),
    workspace="https://sandbox.slack.com/",
    admins=tuple(NAMES),
    account="T00000009",
)
REASON = (
    "The parcels of week 48 came four days late because the carrier's terminal was closed, "
    "and we promised everybody who wrote to us before Friday a discount on their next purchase. "
) * 3
LONG_TITLE = replace(
    RULE,
    name="Høstkampanje 2026: rabatt på alle vegglamper og utelamper, uke 48 og 49",
    requirement=replace(RULE.requirement, stamp=5, discount_code="TACO-2026"),
    statistics=Statistics(stamp=123_456, usage=12_345, amount=987_654_300),
)
LATER = replace(
    LONG_TITLE, requirement=replace(LONG_TITLE.requirement, purchase_from=NOW + timedelta(days=9))
)
PRIOR = tuple(
    PriorRequest(RequestId(f"p{at}"), ShortId(f"R-2222{at}"), ChannelId("C0SUPPORT"), "1.0", 1_234 + at)
    for at in range(3)
)
HISTORY = tuple(UsagePoint((NOW + timedelta(days=day)).date(), 400 * day, 30 * day) for day in range(9))
VOTES = tuple(Approval(REQUEST.id, 1, UserId(who), NOW, "d" * 64) for who in ("U0BO", "U0CLEO", "U0DINA"))
REASONS = (
    "The customer has not accepted the terms of the loyalty programme",
    "The customer is blocked",
    "The customer was deleted at their own request",
    "No membership is active",
    "The customer is registered in another country",
    "The customer is merged with another",
)
CROWDED = replace(
    REQUEST,
    rule=LONG_TITLE,
    customers=80_000,
    repeated=12,
    reason=REASON,
    once_key=OnceKey("stamp-campaign-2026-week-48"),
    own_key=True,
    approvals=3,
    tier=AppliedTier(3, TierTrigger.AMOUNT, 5_000_000),
    card_ts="1795435200.000000",
)
PAUSE = Pause(NOW, UserId("U0BO"), REASON)
FILES = tuple(
    FileRead(
        name=f"{name}-uke-48.xlsx",
        found=40_000,
        column=Column(2, "Kundenummer", ("c-1", "c-2")),
        header=3,
        sheet="Forsinkede pakker",
        hidden=14,
        odd=12,
        odd_rows=tuple(
            UnreadableRow(62 + at, why) for at, why in enumerate((*RowProblem, *RowProblem)) if at < 6
        ),
        doubtful=tuple(DoubtfulIds(why, 7, ((64, CustomerId("a b c d e f")),)) for why in Doubt),
    )
    for name in ("forsinkede-pakker-ostlandet", "forsinkede-pakker-vestlandet")
)


def summaries() -> Iterator[tuple[str, RequestSnapshot]]:
    """Make ended requests with every outcome, ended in each way."""
    yield "done", _ended(State.DONE)
    yield "stopped", _ended(State.DONE, stop=StopReason.UNKNOWN_FOR_GOOD)
    yield "cancelled", _ended(State.CANCELLED, cancel_asked_by=UserId("U0CLEO"))


def _ended(state: State, **changes: object) -> RequestSnapshot:
    request = replace(
        CROWDED,
        state=state,
        started_at=NOW,
        ended_at=NOW + timedelta(minutes=95),
        last_answer=replace(
            LONG_TITLE, statistics=Statistics(stamp=125_000, usage=99_345, amount=999_654_300)
        ),
        **changes,  # type: ignore[arg-type]
    )
    refused = tuple(Refused(CustomerId(f"kunde-{at}"), REASONS[at % len(REASONS)]) for at in range(312))
    rows = (FileRows(FILES[0].name, (9, 57, 80)), FileRows(FILES[1].name, (1_200, 38_001)))
    return RequestSnapshot(
        request,
        votes=VOTES,
        tally=Tally(80_000, given=70_000, refused=312, unknown=41, had_before=1_234, maybe_before=56),
        refused=refused,
        refused_rows=rows,
        verification=Verification(NOW, 41, there=38, refs=90_000, failed="connection lost"),
        unknown=tuple(CustomerId(f"c-{at}") for at in range(41)),
        history=HISTORY,
        asked_of=tuple(NAMES),
    )


def cards() -> Iterator[tuple[str, RequestSnapshot]]:
    """Make requests in each state, with the most to say, also while the bot is paused."""
    for state in State:
        made = replace(_ended(state), votes=VOTES[:2], first=PRIOR[0])
        request = made.request
        if not request.ended:
            request = replace(request, ended_at=None, rule=LATER, note="connection lost")
        if state in {State.WAITING, State.APPROVED}:
            request = replace(request, started_at=None, give_after=NOW)
        if state is State.STOPPED:
            request = replace(request, stop=StopReason.UNKNOWN_FOR_GOOD)
        made = replace(
            made, request=replace(request, note=REASON if state is State.REJECTED else request.note)
        )
        yield f"{state}", made
        if not request.ended:
            yield f"{state} and paused", replace(made, pause=PAUSE)


def approvals() -> Iterator[tuple[str, ApprovalView]]:
    """Make approvals with few warnings, with all of them, and with all of them in production and paused."""
    lost = tuple(
        LostRequest(
            short=ShortId(f"R-3333{at}"),
            id=RequestId(f"l{at}"),
            channel=REQUEST.channel,
            card_ts="1.0",
            rule=RULE.id,
            said="x",
            backup_at=NOW,
        )
        for at in range(3)
    )
    dearer = replace(LATER, reward=replace(RULE.reward, value=RULE.reward.value * 2))
    changed = replace(
        CROWDED,
        rule=dearer,
        rule_before=replace(LONG_TITLE, name="Høstkampanje", requirement=RULE.requirement),
    )
    prior = tuple(replace(each, unknown=at, open=at == 1) for at, each in enumerate(PRIOR))
    full = replace(
        samples.review(changed),
        rule=dearer,
        usable=Availability.SCHEDULED,
        hold_minutes=10,
        asked_of=tuple(NAMES),
        prior_grants=PriorGrants(3_000, prior, more=True, lost=lost),
        key_use=KeyUse(given=1_234, maybe=56, by=prior, forgotten=True),
        remainder=Remainder(PRIOR[0], PRIOR),
        budget_use=BudgetUse(
            customers=80_000, amount=8 * 10**9, left_customers=500, left_amount=10**7, until=NOW
        ),
        files_read=FILES,
    )
    snapshot = replace(_ended(State.WAITING), votes=VOTES[:2])
    few = replace(
        full, prior_grants=PriorGrants(3_000, prior), key_use=KeyUse(), remainder=None, files_read=FILES[:1]
    )
    calm = replace(few, request=CROWDED, rule=LONG_TITLE, usable=Availability.NOW, prior_grants=PriorGrants())
    yield "with a long reason", ApprovalView(calm, snapshot, count=True)
    yield "with some warnings", ApprovalView(few, snapshot, count=True)
    yield "with every warning", ApprovalView(full, snapshot, count=True, unread=True)
    real = replace(full, request=replace(changed, account="P12345678"), pause=PAUSE)
    yield "with every warning in production", ApprovalView(real, snapshot, count=True, unread=True)
