"""The model: its own permissions, and the invariants of every change."""

from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import ChannelId, GroupId, RequestId, TeamId, UserId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason, Tier
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import MOVES, FormInput, Request, State
from bot.domain.rules.rule import Rule
from tests.support.event_loops import own_loop
from tests.support.postgres import BUSY_SECONDS
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    ELSEWHERE,
    GUS,
    LEADS,
    NOW,
    POLICY,
    QUICK,
    SPAR,
    STRICT,
    SUPPORT,
    TEAM,
    Office,
    open_office,
)

Answer = TypeVar("Answer")

NOBODY = UserId("U0NOBODY")
OURS = (ANN, BO, CLEO, DI, CHIEF)
ALL = (*OURS, GUS, NOBODY)
EVERYBODY = st.sampled_from(ALL)
CLICKERS = st.sampled_from([*(BO, CLEO, CHIEF) * 3, ANN, *ALL])
"""Mostly people with permissions: too many refusals in a row lead nowhere."""
TEAMS = st.sampled_from([*[TEAM] * 15, ELSEWHERE])
PICKS = st.integers(0, 9)
ASKING = (ANN, ANN, BO, CHIEF, ANN, DI, BO, ANN, CLEO, ANN)
CHANNELS = st.sampled_from([SUPPORT, SUPPORT, STRICT, QUICK])
OFF = st.sampled_from([*[0] * 12, -1, 1])
"""The distance between the round of an open approval and the present one."""
APPROVERS = st.sampled_from(
    [(LEADS, CHIEF), (LEADS,), (BO,), (ANN, CLEO), (CHIEF, DI, LEADS), (GUS, NOBODY, BO)]
)
TIERS = st.sampled_from(
    [(), (), (Tier(approvals=3, above_customers=10),), (Tier(approvals=2, above_amount=15),)]
)
"""With one customer and with sixty, at 10 and at 20 each: above some and below others."""
STALE = st.sampled_from([*[False] * 8, True])
"""Whether an approval was drawn for another version of the request."""
NAME = "spar 100"
EVERYONE = 0
"""The reserved id, in place of a number of customers."""
TYPED = {
    1: FormInput(SPAR, "c-1"),
    60: FormInput(SPAR, "\n".join(f"c-{at}" for at in range(60))),
    EVERYONE: FormInput(SPAR, reserved="*"),
}
SIZES = st.sampled_from([1, 1, 60, EVERYONE])
BUDGETS = st.sampled_from([None, None, Budget(days=1, customers=61), Budget(days=2, customers=2)])
TIMED: dict[ChannelId, dict[str, Any]] = {
    QUICK: {"hold_minutes": 30, "budget": Budget(days=1, customers=1)},
    SUPPORT: {"remind_minutes": 60, "escalate_to": (DI, ANN), "reserved": True},
    STRICT: {"hold_minutes": 30, "reserved": True},
}
BEFORE = ChannelId("C0BEFORE")
ANYWHERE = replace(  # without repeat_days: all of these requests are for the same customers
    POLICY,
    channels={
        name: replace(
            one, requesters=("*",), max_customers=2000, max_amount=None, repeat_days=0, **TIMED[name]
        )
        for name, one in POLICY.channels.items()
    },
)


@dataclass(slots=True)
class Known:
    """A request in the model: requester, required approvals, approvals by round, and what was given."""

    id: RequestId
    channel: ChannelId
    requester: UserId
    customers: int
    demanded: int
    before: Request
    reserved: bool = False
    given: int = 0
    yeses: dict[int, set[UserId]] = field(default_factory=dict)

    def said_yes(self, round_: int) -> set[UserId]:
        return self.yeses.setdefault(round_, set())

    def spent(self, since: datetime) -> int:
        """Count what it uses of a budget: everything during the giving, and afterwards what was given."""
        if self.before.state is State.GIVING:
            return self.customers
        return self.given if self.before.ended_at is None or self.before.ended_at > since else 0

    @property
    def agreed(self) -> set[UserId]:
        return self.said_yes(self.before.round)


async def forget_before(repository: SqlRepository) -> None:
    """Remove the data of earlier examples in a shared database."""
    await repository.end_pause(CHIEF, NOW)
    for old in await repository.in_state(*State):
        if old.channel != BEFORE:
            async with repository.unit_of_work(old.id) as unit:
                assert unit
                await unit.save(replace(old, channel=BEFORE))


class Machine(RuleBasedStateMachine):
    """One bot with its people over an empty database; subclasses add the rules."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = own_loop()
        self.stack = AsyncExitStack()
        self.url = url
        self.office: Office
        self.known: dict[RequestId, Known] = {}
        self.escalated: set[RequestId] = set()
        self.paused = False
        self.pauses = Counter[ChannelId]()
        """The pauses that each channel had to hear of."""
        self.told_now: set[ChannelId] = set()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        repository = self.run(
            self.stack.enter_async_context(open_repository(self.url, pool_timeout=BUSY_SECONDS))
        )
        # no path cuts the power, and half of an example's time is the disk's
        if self.url.startswith("sqlite"):
            self.run(repository._database.writer.execute_fetchall("PRAGMA synchronous=OFF"))  # type: ignore[attr-defined]  # noqa: SLF001
        self.run(forget_before(repository))
        self.office = self.run(open_office(repository, policy=ANYWHERE))

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    # who may what, by the model's own lights

    def is_member(self, who: UserId, team: TeamId = TEAM) -> bool:
        return (
            team == TEAM
            and not self.office.town.away
            and self.office.town.kinds.get(who) is AccountKind.MEMBER
        )

    def is_named(self, who: UserId, names: tuple[str, ...]) -> bool:
        groups = self.office.town.groups
        return any(who == name or who in groups.get(GroupId(name), ()) for name in names)

    def policy(self, channel: ChannelId) -> ChannelPolicy | None:
        return self.office.access.policy.channels.get(channel)

    def may_ask(self, who: UserId, channel: ChannelId, team: TeamId = TEAM) -> bool:
        return self.policy(channel) is not None and self.is_member(who, team)

    def approvers(self, known: Known) -> tuple[str, ...]:
        """Name the approvers, with the people it was escalated to in this round, by the model alone."""
        policy = self.policy(known.channel)
        if policy is None:
            return ()
        escalated = policy.escalate_to if known.id in self.escalated else ()
        return (*policy.approvers, *escalated)

    def may_approve(self, who: UserId, known: Known, team: TeamId = TEAM) -> bool:
        return (
            self.is_member(who, team) and who != known.requester and self.is_named(who, self.approvers(known))
        )

    def may_handle(self, who: UserId, known: Known, team: TeamId) -> bool:
        approvers = self.approvers(known) if known.before.state is not State.WAITING else ()
        return self.is_member(who, team) and (
            who in {known.requester, CHIEF} or self.is_named(who, approvers)
        )

    def is_held(self, known: Known) -> bool:
        until = known.before.give_after
        return known.before.state is State.APPROVED and until is not None and self.office.clock.now() < until

    def demands(self, channel: ChannelId, customers: int, rule_now: Rule | None, *, reserved: bool) -> int:
        """Count the required approvals now: at least two for everyone, 0 for a removed channel."""
        policy = self.policy(channel)
        assert rule_now
        if policy is None:
            return 0
        price = int(rule_now.reward.value) * customers
        passed = [
            tier.approvals
            for tier in policy.tiers
            if reserved
            or (tier.above_customers is not None and customers > tier.above_customers)
            or (tier.above_amount is not None and price > tier.above_amount)
        ]
        return max([policy.approvals, 2 * reserved, *passed])

    def could(self, known: Known) -> int:
        """Count the people who could approve it now."""
        return sum(self.may_approve(who, known) for who in ALL)

    def is_allowed(self, known: Known) -> bool:
        policy = self.policy(known.channel)
        if policy is None or known.customers > policy.max_customers:
            return False
        return not known.reserved or (policy.reserved and policy.budget is None)

    def fits(self, channel: ChannelId, customers: int, *, but: RequestId | None = None) -> bool:
        """Say whether so many more fit into a channel's budget, by the model alone."""
        policy = self.policy(channel)
        if policy is None or policy.budget is None or policy.budget.customers is None:
            return True
        since = self.office.clock.now() - timedelta(days=policy.budget.days)
        others = (one for one in self.known.values() if one.channel == channel and one.id != but)
        return customers + sum(one.spent(since) for one in others) <= policy.budget.customers

    def can_be_agreed_to(self, known: Known) -> bool:
        return self.is_allowed(known) and self.may_ask(known.requester, known.channel)

    def is_over(self, known: Known) -> bool:
        expires = known.before.expires_at
        return (
            known.before.state is State.WAITING and expires is not None and expires <= self.office.clock.now()
        )

    # how things are held to the model

    def now(self, known: Known) -> Request:
        return self.run(self.office.now(known.id))

    def unchanged(self, known: Known) -> Request:
        now = self.now(known)
        assert now == known.before
        return now

    def refused(self, known: Known, answer: object) -> None:
        assert isinstance(answer, Refusal)
        self.unchanged(known)

    def expires(self, known: Known, answer: object) -> None:
        assert answer == Refusal(RefusalReason.WRONG_STATE, State.EXPIRED)
        assert self.now(known).state is State.EXPIRED

    def ends(self, known: Known, answer: object, to: State, out_of: set[State], who: UserId) -> None:
        """Check an end: it happens, or had happened by the same person, or nothing changes."""
        if self.is_over(known):
            self.expires(known, answer)
        elif known.before.state in out_of:
            assert isinstance(answer, Request)
            assert (answer.state, answer.decided_by) == (to, who)
            assert answer == self.now(known)
        elif known.before.state is to and known.before.decided_by == who:
            assert answer == self.unchanged(known)
        else:
            self.refused(known, answer)

    @invariant()
    def every_change_is_a_move_and_every_yes_somebody_elses(self) -> None:
        for known in self.known.values():
            now, before = self.now(known), known.before
            assert now.state in {
                before.state,
                *(to for (state, _), to in MOVES.items() if state is before.state),
            }
            assert (now.requester, now.approvals) == (known.requester, known.demanded)
            for round_ in range(1, now.round + 1):
                votes = [approval.by for approval in self.run(self.office.repository.votes(known.id, round_))]
                assert known.requester not in votes
                assert sorted(votes) == sorted(known.said_yes(round_))
            if now.state is State.GIVING and before.state is not State.GIVING:
                assert not self.paused
                assert before.give_after is None or before.give_after <= self.office.clock.now()
            if now.state in {State.APPROVED, State.GIVING, State.STOPPED, State.DONE}:
                assert len(known.said_yes(now.round)) >= known.demanded
            known.before = now
