"""The automatic rules of the model: the giving, deadlines, the hold and the pause."""

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import bindparam, select

from bot.database.repositories.repository import SqlRepository
from bot.database.schema import outbox
from bot.domain.ids import TeamId, UserId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Request, State, StopReason
from bot.slack.messages.notices import OF_PAUSE
from tests.services.model.machine import CLICKERS, PICKS, TEAMS, Known
from tests.services.model.people import PeopleAct
from tests.support.service_fixture import ANN, BO, CHIEF, CLEO, QUICK, SPAR, TEAM, person

MESSAGES = (
    select(outbox.c.key, outbox.c.request, outbox.c.addressee, outbox.c.happened)
    .where(outbox.c.happened.in_([bindparam(None, happened.value) for happened in sorted(OF_PAUSE)]))
    .where(outbox.c.kind == bindparam(None, ChannelKind.NOTICE.value))
    .order_by(outbox.c.id)
)
"""The messages about pauses to channels, and their edits."""


class GoesOn(PeopleAct):
    """Rules of the clock and the background tasks."""

    # what goes on by itself

    @rule()
    def what_is_over_expires(self) -> None:
        overdue = [known for known in self.known.values() if self.is_over(known)]
        self.run(self.office.decisions.expire_overdue())
        assert all(self.now(known).state is State.EXPIRED for known in overdue)

    @rule(pick=PICKS)
    def the_giving_is_to_begin(self, pick: int) -> None:
        self.begins(self.one(pick))

    @rule(first=st.sampled_from([ANN, BO]))
    def two_who_share_a_budget_begin(self, first: UserId) -> None:
        """Requests there mostly need no approval, so the budget check at the start decides."""
        before = set(self.known)
        for who in (first, CLEO):
            self.somebody_asks(who, TEAM, QUICK, 1)
        self.office.clock.pass_by(hours=1)
        for known in [known for which, known in self.known.items() if which not in before]:
            self.begins(known)
            self.every_change_is_a_move_and_every_yes_somebody_elses()

    def begins(self, known: Known) -> None:
        parked = known.before.pausing is PauseState.PARKED
        self.run(self.office.preflight.begin(known.id))
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
            self.goes_if_it_fits(known, now)
        else:
            demanded = self.demands(known.channel, known.customers, rule_now, reserved=known.reserved)
            assert now.state is State.STOPPED
            assert demanded > self.could(known) or known.demanded == demanded == 0

    def goes_if_it_fits(self, known: Known, now: Request) -> None:
        """Of two requests that fit into a budget only one at a time, the second stops."""
        if self.fits(known.channel, known.customers, but=known.id):
            assert now.state is State.GIVING
        else:
            assert (now.state, now.stop) == (State.STOPPED, StopReason.BUDGET)

    def goes_on(self, known: Known) -> None:
        """After the pause a giving continues if it could begin now; else it waits again or stops."""
        now = self.now(known)
        if now.state is State.WAITING:
            self.asks_again(known, now)
        elif now.state is State.GIVING and now.pausing is PauseState.NO:
            assert known.before.cancel_asked_by or (
                self.may_be_given(known) and known.before.rule == self.office.shelf.rules_of[SPAR]
            )
        else:
            assert now.state is State.STOPPED or self.office.town.away

    def asks_again(self, known: Known, now: Request) -> None:
        """After a changed rule or a lost approval, the next round needs the stricter number of approvals."""
        assert self.policy(known.channel) is not None
        assert now.round == known.before.round + 1
        self.escalated.discard(known.id)
        assert known.before.rule != self.office.shelf.rules_of[SPAR] or not self.may_be_given(known)
        known.demanded = max(
            known.demanded, self.demands(known.channel, known.customers, now.rule, reserved=known.reserved)
        )

    def may_be_given(self, known: Known) -> bool:
        policy = self.policy(known.channel)
        if policy is None or not self.is_allowed(known) or not self.may_ask(known.requester, known.channel):
            return False
        demanded = self.demands(known.channel, known.customers, known.before.rule, reserved=known.reserved)
        return min(self.could(known), len(known.agreed)) >= demanded and all(
            self.may_approve(who, known) for who in known.agreed
        )

    @rule(pick=PICKS, why=st.sampled_from([StopReason.RULE_GONE, StopReason.BUSY, None]), gives=st.booleans())
    def the_giving_ends(self, pick: int, why: StopReason | None, *, gives: bool) -> None:
        known = self.one(pick)
        if known.before.state is not State.GIVING:
            return
        if gives and self.run(self.office.repository.start_portion(known.id, 0)):
            self.run(self.office.repository.record_outcomes(known.id, BatchOutcome(0, 0, known.customers)))
            known.given = known.customers
        if why:
            self.run(self.office.repository.request_stop(known.id, why, "as it is"))
        caught = (
            known.before.pausing is PauseState.ASKED
            and not known.before.cancel_asked_by
            and not why
            and not known.given
        )
        self.run(self.office.completion.finish(known.id, known.before.round))
        ended = self.now(known)
        if caught:
            assert (ended.state, ended.pausing, ended.round) == (
                State.GIVING,
                PauseState.PARKED,
                known.before.round + 1,
            )
            known.yeses[ended.round] = set(known.agreed)
            return
        self.sees_the_pause()
        assert ended.state is (
            State.CANCELLED if ended.cancel_asked_by else State.STOPPED if why else State.DONE
        )

    @rule()
    def what_is_due_is_said(self) -> None:
        now = self.office.clock.now()
        due = [
            known
            for known in self.known.values()
            if known.before.escalate_at and known.before.escalate_at <= now
        ]
        self.run(self.office.decisions.remind_due())
        for known in due:
            if known.before.state is State.WAITING and not self.is_over(known) and self.policy(known.channel):
                self.escalated.add(known.id)

    @rule(who=CLICKERS, team=TEAMS, on=st.booleans())
    def somebody_pauses_or_resumes(self, who: UserId, team: TeamId, *, on: bool) -> None:
        pause_service = self.office.decisions.pause_service
        answer = self.run(
            pause_service.pause(person(who, team), "why") if on else pause_service.resume(person(who, team))
        )
        if self.is_member(who, team) and who == CHIEF:
            self.the_pause_is(on=on)
        else:
            assert isinstance(answer, Refusal)
        assert (self.run(pause_service.now()) is not None) is self.paused
        for known in self.known.values():
            assert not (self.paused and self.run(self.office.repository.may_continue(known.id)))

    @rule(pick=PICKS, who=CLICKERS, team=TEAMS)
    def somebody_ends_the_hold(self, pick: int, who: UserId, team: TeamId) -> None:
        known = self.one(pick)
        held = self.is_held(known)
        answer = self.run(self.office.decisions.give_now(known.id, person(who, team), known.channel))
        may = who == CHIEF != known.before.requester and self.is_member(who, team)
        if held and may:
            assert answer == self.now(known) == replace(known.before, give_after=None)
        else:
            self.refused(known, answer)

    def sees_the_pause(self) -> None:
        """Three stops in a row pause the bot; the next sweep catches the running givings."""
        self.the_pause_is(on=self.run(self.office.decisions.pause_service.now()) is not None)
        self.run(self.office.decisions.pause_service.run_once())

    def the_pause_is(self, *, on: bool) -> None:
        """At its begin, each channel with open requests hears of it."""
        if on and not self.paused:
            sent_later = {State.WAITING, State.APPROVED, State.GIVING}
            open_now = [known for known in self.known.values() if self.now(known).state in sent_later]
            self.told_now = {known.channel for known in open_now}
            self.pauses.update(self.told_now)
        self.paused = on

    @invariant()
    def each_channel_has_one_message_per_pause_in_its_last_state(self) -> None:
        repository = self.office.repository
        assert isinstance(repository, SqlRepository)
        rows = self.run(repository._database.run(MESSAGES, {}))  # noqa: SLF001 - no port reads all messages
        newest = {
            key.partition(".")[0]: (channel, happened)
            for key, request, channel, happened in rows
            if request in self.known
        }
        assert Counter(channel for channel, _ in newest.values()) == self.pauses
        paused = {channel for channel, happened in newest.values() if happened == NotificationType.PAUSED}
        assert paused == (self.told_now if self.paused else set())
