"""The rules of people: their clicks, changes around them, and the allowed results."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.domain.ids import ChannelId, TeamId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import Request, State, digest
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Reward
from tests.services.model.machine import (
    ALL,
    ANYWHERE,
    APPROVERS,
    ASKING,
    BUDGETS,
    CHANNELS,
    CLICKERS,
    EVERYBODY,
    EVERYONE,
    NAME,
    OFF,
    OURS,
    PICKS,
    SIZES,
    STALE,
    TEAMS,
    TIERS,
    TYPED,
    Known,
    Machine,
)
from tests.support.service_fixture import BO, CLEO, LEADS, SPAR, STRICT, SUPPORT, TEAM, person


class PeopleAct(Machine):
    """Rules of people, and of the policy and the rule that change meanwhile."""

    # what changes around them

    @rule(
        who=EVERYBODY,
        kind=st.sampled_from(list(AccountKind)),
        leads=st.none() | st.sets(EVERYBODY, max_size=4),
        away=st.integers(0, 4),
    )
    def people_change(self, who: UserId, kind: AccountKind, leads: set[UserId] | None, away: int) -> None:
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
        budget=BUDGETS,
        reserved=st.booleans(),
    )
    def the_policy_changes(self, channel: ChannelId, most: int, listed: int, **changes: Any) -> None:
        changed = replace(ANYWHERE.channels[channel], max_customers=most, **changes)
        channels = {**self.office.access.policy.channels, channel: changed}
        if listed == 1:
            del channels[channel]
        self.office.under(replace(ANYWHERE, channels=channels))

    @rule()
    def all_is_well_again(self) -> None:
        self.office.town.away = False
        self.office.town.kinds |= dict.fromkeys(OURS, AccountKind.MEMBER)
        self.office.town.groups[LEADS] = {BO, CLEO}
        self.office.under(ANYWHERE)

    @rule(hours=st.sampled_from([0.1, 0.1, 1, 1, 12, 24]), value=st.sampled_from([10, 10, 10, 20]))
    def time_passes(self, hours: float, value: int) -> None:
        self.office.clock.pass_by(hours=hours)
        self.office.shelf.change(SPAR, reward=Reward(type="discount_amount", value=Decimal(value)))

    # what people do

    def one(self, pick: int) -> Known:
        """Pick a request, mostly an open one; if all have ended, make a new one."""
        alive = [known for known in self.known.values() if not known.before.ended]
        if not alive:
            self.all_is_well_again()
            self.somebody_asks(ASKING[pick], TEAM, (SUPPORT, STRICT)[pick % 2], (1, 60, EVERYONE)[pick % 3])
        some = list(self.known.values()) if pick == 0 or not alive else alive
        return some[pick % len(some)]

    @rule(who=EVERYBODY, team=TEAMS, channel=CHANNELS, customers=SIZES)
    def somebody_asks(self, who: UserId, team: TeamId, channel: ChannelId, customers: int) -> None:
        by, reserved = person(who, team), customers == EVERYONE
        draft = self.run(self.office.drafts.open_draft(by, channel, TYPED[customers])).id
        self.run(self.office.drafts.review(draft, by))
        asked = self.run(self.office.submit(draft, by))
        if isinstance(asked, Refusal):
            return
        policy = self.policy(channel)
        assert policy
        assert self.may_ask(who, channel, team)
        assert self.fits(channel, asked.customers)
        demanded = self.demands(channel, asked.customers, asked.rule, reserved=reserved)
        assert asked.approvals == demanded
        assert asked.state is (State.WAITING if demanded else State.APPROVED)
        self.known[draft] = Known(draft, channel, who, asked.customers, demanded, asked, reserved)
        assert asked.reserved is reserved
        assert self.is_allowed(self.known[draft])
        assert self.could(self.known[draft]) >= demanded

    @rule(pick=PICKS, who=CLICKERS)
    def it_is_asked_for_again(self, pick: int, who: UserId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.submit(known.id, person(who)))
        if who != known.requester:
            assert answer == Refusal(RefusalReason.UNKNOWN_REQUEST)
        assert isinstance(answer, Refusal) or answer == known.before
        self.unchanged(known)

    @rule(
        pick=PICKS,
        who=CLICKERS,
        team=TEAMS,
        off=OFF,
        typed=st.sampled_from(["60", "60", NAME, " 6,0", "61", ""]),
        stale=STALE,
    )
    def somebody_approves(
        self, pick: int, who: UserId, team: TeamId, off: int, typed: str, *, stale: bool
    ) -> None:
        known = self.one(pick)
        round_ = known.before.round + off
        assert known.before.rule
        shown = "0" * 64 if stale else digest(known.before)
        answer = self.run(
            self.office.approvals.approve(
                known.id,
                round_,
                person(who, team),
                typed=typed,
                shown=shown,
                named=self.run(self.office.named(known.id)),
            )
        )
        counted = typed == NAME if known.reserved else known.customers == 1 or ("6" in typed and "0" in typed)
        if not (self.may_approve(who, known, team) and counted):
            self.refused(known, answer)
        elif self.is_over(known):
            self.expires(known, answer)
        elif (
            known.before.state in {State.APPROVED, State.GIVING, State.STOPPED, State.DONE}
            and not off
            and who in known.agreed
        ):
            assert answer == self.unchanged(known)
        elif (
            known.before.state is not State.WAITING
            or off
            or stale
            or who in known.agreed
            or not self.can_be_agreed_to(known)
        ):
            self.refused(known, answer)
        else:
            known.agreed.add(who)
            assert answer == self.now(known)
            assert self.now(known).state is (
                State.APPROVED if len(known.agreed) >= known.demanded else State.WAITING
            )

    @rule(pick=PICKS, turn=st.integers(0, 6))
    def an_approver_says_yes(self, pick: int, turn: int) -> None:
        known = self.one(pick)
        able = [who for who in ALL if self.may_approve(who, known)]
        if able:
            self.somebody_approves(
                pick, able[turn % len(able)], TEAM, 0, NAME if known.reserved else "60", stale=False
            )

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_rejects(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.decisions.reject(known.id, person(who, team), "no"))
        if self.may_approve(who, known, team):
            self.ends(known, answer, State.REJECTED, {State.WAITING}, who)
        else:
            self.refused(known, answer)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS, channel=st.sampled_from([None, SUPPORT]))
    def somebody_cancels(self, pick: int, who: UserId, team: TeamId, channel: ChannelId | None) -> None:
        known = self.one(pick)
        answer = self.run(self.office.decisions.cancel(known.id, person(who, team), channel))
        anybody = channel == known.channel and self.is_held(known) and self.is_member(who, team)
        again = (
            channel == known.channel
            and known.before.state is State.CANCELLED
            and known.before.decided_by == who
        )
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
        answer = self.run(self.office.decisions.resume(known.id, person(who, team), known.channel))
        if known.before.state is not State.STOPPED or not self.may_handle(who, known, team):
            self.refused(known, answer)
            return
        assert isinstance(answer, Request)
        assert (answer.state, answer.round) == (State.APPROVED, known.before.round + 1)
        known.yeses[answer.round] = set(known.agreed)

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_ends_it_here(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        answer = self.run(self.office.decisions.end_here(known.id, person(who, team), known.channel))
        if known.before.state is not State.STOPPED or not self.may_handle(who, known, team):
            self.refused(known, answer)
            return
        assert isinstance(answer, Request)
        assert answer.state is State.DONE

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_looks(self, pick: int, who: UserId, team: TeamId) -> None:
        known, by = self.one(pick), person(who, team)
        assert isinstance(
            self.run(self.office.decisions.status(known.id, by, SUPPORT)), RequestSnapshot | Refusal
        )
        assert isinstance(
            self.run(self.office.decisions.open_rejection(known.id, by, known.channel)),
            RequestSnapshot | Refusal,
        )
        considered = self.run(self.office.approvals.open(known.id, by, known.channel))
        if isinstance(considered, ApprovalView):
            assert self.may_approve(who, known, team)
            assert considered.count is (known.customers > 1)
        else:
            assert isinstance(considered, Refusal)
        self.unchanged(known)
