"""Nobody approves their own, on any path: whoever does whatever, in any order, held to a small model of what must never happen."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.giving.answers import Consideration
from bot.giving.ids import ChannelId, GroupId, RequestId, TeamId, UserId
from bot.giving.notices import Story
from bot.giving.people import Kind
from bot.giving.policy import ChannelPolicy, Reason, Refusal
from bot.giving.request import MOVES, Pausing, Request, State, StopReason, Typed, digest
from bot.giving.rewards import Reward, Rule
from bot.giving.terms import terms_of
from bot.giving.tiers import Tier
from bot.store.books import open_books
from tests.giving.office import (
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
    person,
)

Answer = TypeVar("Answer")

NOBODY = UserId("U0NOBODY")
OURS = (ANN, BO, CLEO, DI, CHIEF)
ALL = (*OURS, GUS, NOBODY)
EVERYBODY = st.sampled_from(ALL)
CLICKERS = st.sampled_from([*(BO, CLEO, CHIEF) * 3, ANN, *ALL])
"""Mostly those who may do something: too many refusals in a row lead nowhere."""
TEAMS = st.sampled_from([*[TEAM] * 15, ELSEWHERE])
PICKS = st.integers(0, 9)
ASKING = (ANN, ANN, BO, CHIEF, ANN, DI, BO, ANN, CLEO, ANN)
CHANNELS = st.sampled_from([SUPPORT, SUPPORT, STRICT, QUICK])
OFF = st.sampled_from([*[0] * 12, -1, 1])
"""How far the round of an open approval is from the present one."""
APPROVERS = st.sampled_from([(LEADS, CHIEF), (LEADS,), (BO,), (ANN, CLEO), (CHIEF, DI, LEADS), (GUS, NOBODY, BO)])
TIERS = st.sampled_from([(), (), (Tier(approvals=3, above_customers=10),), (Tier(approvals=2, above_amount=15),)])
"""With one customer and with sixty, at 10 and at 20 each: above some and below others."""
STALE = st.sampled_from([*[False] * 8, True])
"""Whether an approval was drawn for something else than what stands there."""
CUSTOMERS = {1: "c-1", 60: "\n".join(f"c-{at}" for at in range(60))}
SIZES = st.sampled_from([1, 1, 60])
TIMED: dict[ChannelId, dict[str, Any]] = {
    QUICK: {"hold_minutes": 30},
    SUPPORT: {"remind_minutes": 60, "escalate_to": (DI, ANN)},
    STRICT: {"hold_minutes": 30},
}
ANYWHERE = replace(
    POLICY,
    channels={
        name: replace(one, requesters=("*",), max_customers=2000, max_amount=None, **TIMED[name]) for name, one in POLICY.channels.items()
    },
)


@dataclass(slots=True)
class Known:
    """What the model knows of a request: who asked, what the policy demanded, and whose yes stands in which round."""

    id: RequestId
    channel: ChannelId
    requester: UserId
    customers: int
    demanded: int
    before: Request
    yeses: dict[int, set[UserId]] = field(default_factory=dict)

    def said_yes(self, round_: int) -> set[UserId]:
        return self.yeses.setdefault(round_, set())

    @property
    def agreed(self) -> set[UserId]:
        return self.said_yes(self.before.round)


class Paths(RuleBasedStateMachine):
    """One bot with its people, over books in which nothing of theirs stands yet."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.url = url
        self.office: Office
        self.known: dict[RequestId, Known] = {}
        self.escalated: set[RequestId] = set()
        self.paused = False

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        books = self.run(self.stack.enter_async_context(open_books(self.url)))
        self.run(books.end_pause(CHIEF, NOW))  # of the example before, where all share a database
        self.office = self.run(open_office(books, policy=ANYWHERE))

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    # who may what, by the model's own lights

    def is_member(self, who: UserId, team: TeamId = TEAM) -> bool:
        return team == TEAM and not self.office.town.away and self.office.town.kinds.get(who) is Kind.MEMBER

    def is_named(self, who: UserId, names: tuple[str, ...]) -> bool:
        groups = self.office.town.groups
        return any(who == name or who in groups.get(GroupId(name), ()) for name in names)

    def policy(self, channel: ChannelId) -> ChannelPolicy | None:
        return self.office.door.policy.channels.get(channel)

    def may_ask(self, who: UserId, channel: ChannelId, team: TeamId = TEAM) -> bool:
        return self.policy(channel) is not None and self.is_member(who, team)

    def approvers(self, known: Known) -> tuple[str, ...]:
        """Name who may approve: also those to whom it was escalated in this round, by the model's own book."""
        policy = self.policy(known.channel)
        if policy is None:
            return ()
        escalated = policy.escalate_to if known.id in self.escalated else ()
        return (*policy.approvers, *escalated)

    def may_approve(self, who: UserId, known: Known, team: TeamId = TEAM) -> bool:
        return self.is_member(who, team) and who != known.requester and self.is_named(who, self.approvers(known))

    def may_handle(self, who: UserId, known: Known, team: TeamId) -> bool:
        approvers = self.approvers(known) if known.before.state is not State.WAITING else ()
        return self.is_member(who, team) and (who in {known.requester, CHIEF} or self.is_named(who, approvers))

    def is_held(self, known: Known) -> bool:
        until = known.before.give_after
        return known.before.state is State.APPROVED and until is not None and self.office.clock.now() < until

    def demands(self, channel: ChannelId, customers: int, rule_now: Rule | None) -> int:
        """Say how many have to agree by the policy as it stands, or 0 where the channel is listed no more."""
        policy = self.policy(channel)
        assert rule_now
        if policy is None:
            return 0
        price = int(rule_now.reward.value) * customers
        passed = [
            tier.approvals
            for tier in policy.tiers
            if (tier.above_customers is not None and customers > tier.above_customers)
            or (tier.above_amount is not None and price > tier.above_amount)
        ]
        return max([policy.approvals, *passed])

    def could(self, known: Known) -> int:
        """Count who could approve it by now."""
        return sum(self.may_approve(who, known) for who in ALL)

    def is_allowed(self, known: Known) -> bool:
        policy = self.policy(known.channel)
        return policy is not None and known.customers <= policy.max_customers

    def can_be_agreed_to(self, known: Known) -> bool:
        return self.is_allowed(known) and self.may_ask(known.requester, known.channel)

    def is_over(self, known: Known) -> bool:
        expires = known.before.expires_at
        return known.before.state is State.WAITING and expires is not None and expires <= self.office.clock.now()

    # what changes around them

    @rule(who=EVERYBODY, kind=st.sampled_from(list(Kind)), leads=st.none() | st.sets(EVERYBODY, max_size=4), away=st.integers(0, 4))
    def people_change(self, who: UserId, kind: Kind, leads: set[UserId] | None, away: int) -> None:
        self.office.town.kinds[who] = kind
        self.office.town.away = away == 1
        if leads is not None:
            self.office.town.groups[LEADS] = leads

    @rule(
        channel=CHANNELS,
        approvers=APPROVERS,
        approvals=st.integers(0, 3),
        most=st.sampled_from([2000, 2000, 1]),
        listed=st.integers(0, 5),
        tiers=TIERS,
    )
    def the_policy_changes(
        self, channel: ChannelId, approvers: tuple[str, ...], approvals: int, most: int, listed: int, tiers: tuple[Tier, ...]
    ) -> None:
        changed = replace(ANYWHERE.channels[channel], approvers=approvers, approvals=approvals, max_customers=most, tiers=tiers)
        channels = {**self.office.door.policy.channels, channel: changed}
        if listed == 1:
            del channels[channel]
        self.office.under(replace(ANYWHERE, channels=channels))

    @rule()
    def all_is_well_again(self) -> None:
        self.office.town.away = False
        self.office.town.kinds |= dict.fromkeys(OURS, Kind.MEMBER)
        self.office.town.groups[LEADS] = {BO, CLEO}
        self.office.under(ANYWHERE)

    @rule(hours=st.sampled_from([0.1, 0.1, 1, 1, 12, 24]), value=st.sampled_from([10, 10, 10, 20]))
    def time_passes(self, hours: float, value: int) -> None:
        self.office.clock.pass_by(hours=hours)
        self.office.shelf.change(SPAR, reward=Reward(type="discount_amount", value=Decimal(value)))

    # what people do

    def one(self, pick: int) -> Known:
        """Find a request to do something with: mostly one that has not ended; where all have, somebody asks anew."""
        alive = [known for known in self.known.values() if not known.before.ended]
        if not alive:
            self.all_is_well_again()
            self.somebody_asks(ASKING[pick], TEAM, (SUPPORT, STRICT, SUPPORT, QUICK)[pick % 4], 60 if pick == 1 else 1)
        some = list(self.known.values()) if pick == 0 or not alive else alive
        return some[pick % len(some)]

    @rule(who=EVERYBODY, team=TEAMS, channel=CHANNELS, customers=SIZES)
    def somebody_asks(self, who: UserId, team: TeamId, channel: ChannelId, customers: int) -> None:
        by = person(who, team)
        draft = self.run(self.office.asking.open_draft(by, channel, Typed(SPAR, CUSTOMERS[customers]))).id
        self.run(self.office.asking.review(draft, by))
        asked = self.run(self.office.asking.ask(draft, by))
        if isinstance(asked, Refusal):
            return
        policy = self.policy(channel)
        assert policy
        assert self.may_ask(who, channel, team)
        demanded = self.demands(channel, customers, asked.rule)
        assert asked.approvals == demanded
        assert asked.state is (State.WAITING if demanded else State.APPROVED)
        self.known[draft] = Known(draft, channel, who, customers, demanded, asked)
        assert self.could(self.known[draft]) >= demanded

    @rule(pick=PICKS, who=CLICKERS)
    def it_is_asked_for_again(self, pick: int, who: UserId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.asking.ask(known.id, person(who)))
        if who != known.requester:
            assert answer == Refusal(Reason.UNKNOWN_REQUEST)
        assert isinstance(answer, Refusal) or answer == known.before
        self.unchanged(known)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS, off=OFF, typed=st.sampled_from(["60", "60", "60", " 6,0", "61", ""]), stale=STALE)
    def somebody_approves(self, pick: int, who: UserId, team: TeamId, off: int, typed: str, *, stale: bool) -> None:
        known = self.one(pick)
        round_ = known.before.round + off
        assert known.before.rule
        shown = "0" * 64 if stale else digest(known.before, terms_of(known.before.rule))
        answer = self.run(self.office.desk.approve(known.id, round_, person(who, team), typed=typed, shown=shown))
        counted = known.customers == 1 or ("6" in typed and "0" in typed)
        if not (self.may_approve(who, known, team) and counted):
            self.refused(known, answer)
        elif self.is_over(known):
            self.expires(known, answer)
        elif known.before.state in {State.APPROVED, State.GIVING, State.STOPPED, State.DONE} and not off and who in known.agreed:
            assert answer == self.unchanged(known)
        elif known.before.state is not State.WAITING or off or stale or who in known.agreed or not self.can_be_agreed_to(known):
            self.refused(known, answer)
        else:
            known.agreed.add(who)
            assert answer == self.now(known)
            assert self.now(known).state is (State.APPROVED if len(known.agreed) >= known.demanded else State.WAITING)

    @rule(pick=PICKS, turn=st.integers(0, 6))
    def an_approver_says_yes(self, pick: int, turn: int) -> None:
        known = self.one(pick)
        able = [who for who in ALL if self.may_approve(who, known)]
        if able:
            self.somebody_approves(pick, able[turn % len(able)], TEAM, 0, "60", stale=False)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_rejects(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.desk.reject(known.id, person(who, team), "no"))
        if self.may_approve(who, known, team):
            self.ends(known, answer, State.REJECTED, {State.WAITING}, who)
        else:
            self.refused(known, answer)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS, channel=st.sampled_from([None, SUPPORT]))
    def somebody_cancels(self, pick: int, who: UserId, team: TeamId, channel: ChannelId | None) -> None:
        known = self.one(pick)
        answer = self.run(self.office.desk.cancel(known.id, person(who, team), channel))
        anybody = channel == known.channel and self.is_held(known) and self.is_member(who, team)
        again = channel == known.channel and known.before.state is State.CANCELLED and known.before.decided_by == who
        if again and self.is_member(who, team):
            assert answer == self.unchanged(known)
        elif channel not in {None, known.channel} or not (anybody or self.may_handle(who, known, team)):
            self.refused(known, answer)
        elif known.before.state is State.GIVING:
            assert isinstance(answer, Request) is (known.before.cancel_asked_by is None)
            assert self.now(known).cancel_asked_by == (known.before.cancel_asked_by or who)
        else:
            self.ends(known, answer, State.CANCELLED, {State.WAITING, State.APPROVED}, who)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_continues(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.desk.carry_on(known.id, person(who, team), None))
        if known.before.state is not State.STOPPED or not self.may_handle(who, known, team):
            self.refused(known, answer)
            return
        assert isinstance(answer, Request)
        assert (answer.state, answer.round) == (State.APPROVED, known.before.round + 1)
        known.yeses[answer.round] = set(known.agreed)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_ends_it_here(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.desk.end_here(known.id, person(who, team), None))
        if known.before.state is not State.STOPPED or not self.may_handle(who, known, team):
            self.refused(known, answer)
            return
        assert isinstance(answer, Request)
        assert answer.state is State.DONE

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_looks(self, pick: int, who: UserId, team: TeamId) -> None:
        known, by = self.one(pick), person(who, team)
        assert isinstance(self.run(self.office.desk.look(known.id, by, SUPPORT)), Story | Refusal)
        assert isinstance(self.run(self.office.desk.rejectable(known.id, by, None)), Story | Refusal)
        considered = self.run(self.office.desk.consider(known.id, by, None))
        if isinstance(considered, Consideration):
            assert self.may_approve(who, known, team)
            assert considered.count is (known.customers > 1)
        else:
            assert isinstance(considered, Refusal)
        self.unchanged(known)

    # what goes on by itself

    @rule()
    def what_is_over_expires(self) -> None:
        overdue = [known for known in self.known.values() if self.is_over(known)]
        self.run(self.office.desk.expire_overdue())
        assert all(self.now(known).state is State.EXPIRED for known in overdue)

    @rule(pick=PICKS)
    def the_giving_is_to_begin(self, pick: int) -> None:
        known = self.one(pick)
        parked = known.before.pausing is Pausing.PARKED
        self.run(self.office.starting.begin(known.id))
        if self.is_held(known) or (self.paused and known.before.cancel_asked_by is None):
            self.unchanged(known)
            return
        if parked:
            self.goes_on(known)
            return
        if known.before.state is not State.APPROVED:
            self.unchanged(known)
            return
        now, rule_now = self.now(known), self.office.shelf.rules_of[SPAR]
        if now.state is State.WAITING:
            self.asks_again(known, now)
        elif not self.may_be_given(known):
            assert now.state is not State.GIVING
        elif known.before.rule == rule_now:
            assert now.state is State.GIVING
        else:
            demanded = self.demands(known.channel, known.customers, rule_now)
            assert now.state is State.STOPPED
            assert demanded > self.could(known) or known.demanded == demanded == 0

    def goes_on(self, known: Known) -> None:
        """After the pause a giving goes on where it could begin now, and else asks again or stops; while Slack is away it waits."""
        now = self.now(known)
        if now.state is State.WAITING:
            self.asks_again(known, now)
        elif now.state is State.GIVING and now.pausing is Pausing.NO:
            assert known.before.cancel_asked_by or (self.may_be_given(known) and known.before.rule == self.office.shelf.rules_of[SPAR])
        else:
            assert now.state is State.STOPPED or self.office.town.away

    def asks_again(self, known: Known, now: Request) -> None:
        """Where the rule changed or a yes no longer counts, the next round asks for as much as the stricter of the two demands."""
        assert self.policy(known.channel) is not None
        assert now.round == known.before.round + 1
        self.escalated.discard(known.id)
        assert known.before.rule != self.office.shelf.rules_of[SPAR] or not self.may_be_given(known)
        known.demanded = max(known.demanded, self.demands(known.channel, known.customers, now.rule))

    def may_be_given(self, known: Known) -> bool:
        policy = self.policy(known.channel)
        if policy is None or not self.is_allowed(known) or not self.may_ask(known.requester, known.channel):
            return False
        demanded = self.demands(known.channel, known.customers, known.before.rule)
        return min(self.could(known), len(known.agreed)) >= demanded and all(self.may_approve(who, known) for who in known.agreed)

    @rule(pick=PICKS, why=st.sampled_from([StopReason.RULE_GONE, StopReason.BUSY, None]))
    def the_giving_ends(self, pick: int, why: StopReason | None) -> None:
        known = self.one(pick)
        if known.before.state is not State.GIVING:
            return
        if why:
            self.run(self.office.books.halt(known.id, why, "as it is"))
        caught = known.before.pausing is Pausing.ASKED and not known.before.cancel_asked_by and not why
        self.run(self.office.ending.finish(known.id, known.before.round))
        ended = self.now(known)
        if caught:
            assert (ended.state, ended.pausing, ended.round) == (State.GIVING, Pausing.PARKED, known.before.round + 1)
            known.yeses[ended.round] = set(known.agreed)
            return
        self.sees_the_pause()
        assert ended.state is (State.CANCELLED if ended.cancel_asked_by else State.STOPPED if why else State.DONE)

    @rule()
    def what_is_due_is_said(self) -> None:
        now = self.office.clock.now()
        due = [known for known in self.known.values() if known.before.escalate_at and known.before.escalate_at <= now]
        self.run(self.office.desk.reminding.look())
        for known in due:
            if known.before.state is State.WAITING and not self.is_over(known) and self.policy(known.channel):
                self.escalated.add(known.id)

    @rule(who=CLICKERS, team=TEAMS, on=st.booleans())
    def somebody_pauses_or_resumes(self, who: UserId, team: TeamId, *, on: bool) -> None:
        pauses = self.office.desk.pauses
        answer = self.run(pauses.pause(person(who, team), "why") if on else pauses.resume(person(who, team)))
        if self.is_member(who, team) and who == CHIEF:
            self.paused = on
        else:
            assert isinstance(answer, Refusal)
        assert (self.run(pauses.now()) is not None) is self.paused
        for known in self.known.values():
            assert not (self.paused and self.run(self.office.books.goes_on(known.id)))

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_ends_the_hold(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        held = self.is_held(known)
        answer = self.run(self.office.desk.give_now(known.id, person(who, team), None))
        if not held or who != CHIEF or not self.is_member(who, team):
            self.refused(known, answer)
        else:
            assert answer == self.now(known) == replace(known.before, give_after=None)

    def sees_the_pause(self) -> None:
        """Three stops in a row pause the bot by themselves; what runs then is caught by the next look."""
        self.paused = self.run(self.office.desk.pauses.now()) is not None
        self.run(self.office.desk.pauses.look())

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
        assert answer == Refusal(Reason.WRONG_STATE, State.EXPIRED)
        assert self.now(known).state is State.EXPIRED

    def ends(self, known: Known, answer: object, to: State, out_of: set[State], who: UserId) -> None:
        """Hold a no to what it comes to: it is done, or was done before by the same person, or changes nothing."""
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
            assert now.state in {before.state, *(to for (state, _), to in MOVES.items() if state is before.state)}
            assert (now.requester, now.approvals) == (known.requester, known.demanded)
            for round_ in range(1, now.round + 1):
                votes = [vote.by for vote in self.run(self.office.books.votes(known.id, round_))]
                assert known.requester not in votes
                assert sorted(votes) == sorted(known.said_yes(round_))
            if now.state is State.GIVING and before.state is not State.GIVING:
                assert not self.paused
                assert before.give_after is None or before.give_after <= self.office.clock.now()
            if now.state in {State.APPROVED, State.GIVING, State.STOPPED, State.DONE}:
                assert len(known.said_yes(now.round)) >= known.demanded
            known.before = now


def hold(new_url: Callable[[], str], *, examples: int, steps: int, of: int | None = None) -> None:
    """Hold so many examples to the model, those of a seed where one is named."""
    many = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    )

    def paths() -> Paths:
        return Paths(new_url())

    run_state_machine_as_test(paths if of is None else seed(of)(paths), settings=many)  # type: ignore[arg-type]


def copies_of(template: Path, folder: Path) -> Callable[[], str]:
    """Make a database for each example, as copying is faster than migrating."""
    numbers = count()

    def new_url() -> str:
        path = folder / f"{next(numbers)}.db"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    return new_url


def test_nobody_approves_their_own_on_any_path(tmp_path: Path, sqlite_template: Path) -> None:
    hold(copies_of(sqlite_template, tmp_path), examples=150, steps=60)


def test_nobody_approves_their_own_on_postgresql_either(postgres_url: str) -> None:
    hold(lambda: postgres_url, examples=10, steps=40)
