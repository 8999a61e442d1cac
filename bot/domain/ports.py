"""What giving needs of the world; each port has at least two real implementations, and one contract suite over them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from bot.domain.customers.packing import PackedIds
from bot.domain.customers.uploads import TOLD, ReadResult, Upload
from bot.domain.ids import ChannelId, CustomerId, Fence, GroupId, OnceKey, RequestId, RuleId, ShortId, UserId
from bot.domain.policy.budget import Grant
from bot.domain.requests.audit_entries import Entry
from bot.domain.requests.batches import (
    BatchOutcome,
    NotGiven,
    PackedOutcomes,
    Portion,
    Refused,
    Tally,
    Unsettled,
)
from bot.domain.requests.notification import Notification, OutboxMessage
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Profile
from bot.domain.requests.prior_grants import PriorGrants
from bot.domain.requests.request import Approval, FormInput, Request, State, StopReason
from bot.domain.rules.holders import Holder, Verification
from bot.domain.rules.rule import Rule


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""


class Rules(Protocol):
    """Where rules are read."""

    async def rules(self) -> tuple[Rule, ...]:
        """Read all rules, however many pages there are.

        Raises:
            DinteroError: they could not be read.
        """

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule with its statistics.

        Raises:
            RuleNotFound: there is no such rule.
            DinteroError: it could not be read.
        """


class DinteroApi(Rules, Protocol):
    """The shop's loyalty programme."""

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        """Read a page of those who have a rule, from the beginning or after a ref's id; an empty one is the end.

        Raises:
            RuleNotFound: there is no such rule.
            DinteroError: it could not be read.
        """

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        """Give the rule's discount to these customers; a repeat under the same key gives nothing more.

        Raises:
            BatchRejectedError: the API refused the batch as it stands (400).
            BatchTooLargeError: it refused it for its size (413); fewer customers may go through.
            TokenRefused, ScopeMissing, RuleNotFound: nothing will come of trying again.
            RateLimitedError: turned away (429); nothing was done.
            TokenUnavailable: there is no token just now; nothing was done.
            OutcomeUnknownError: no usable answer; the batch may have been given. Repeat it under the same key.
        """


class Directory(Protocol):
    """Who somebody is in Slack; answers may be up to a minute old."""

    async def profile(self, user: UserId) -> Profile:
        """Say who somebody is.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """

    async def group(self, group: GroupId) -> frozenset[UserId]:
        """Say who is in a user group.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """

    async def can_post(self, channel: ChannelId) -> bool:
        """Say whether the bot can post in a channel.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """


Keep = Callable[[int, int, bytes], Awaitable[None]]
"""Keeps a piece of a file that is read: which of the files, which piece of it, and what is in it."""


class FileReader(Protocol):
    """The files that people put into forms."""

    async def read(
        self,
        uploads: Sequence[Upload],
        typed: Sequence[CustomerId],
        *,
        by: UserId,
        channel: ChannelId,
        portion: int,
        told: int = TOLD,
        keep: Keep | None = None,
    ) -> ReadResult:
        """Read them, their ids behind those that were typed, each once; what is wrong with a file is told and never raised.

        `portion` of the ids are packed a row, and of each file `told` odd rows are named. What was read has been handed to `keep` by
        then, as it was.

        Only what this person put there is read, or what is shared in the channel where they ask.
        """


class UnitOfWork(Protocol):
    """One request, its row locked until the block ends; all that is written goes in together, or not at all."""

    request: Request
    """As it stands now; `keep` puts a new one here."""

    async def save(self, request: Request) -> None:
        """Write the request's row."""

    async def votes(self) -> tuple[Approval, ...]:
        """Read the yeses of the request's present round, oldest first."""

    async def vote(self, approval: Approval) -> bool:
        """Write a yes; false where this person has said yes in this round before."""

    async def put_packed(self, packed: PackedIds) -> None:
        """Write customers that were packed before, in place of any written before."""

    async def grants(self, since: datetime) -> tuple[Grant, ...]:
        """Lock the channel's row until the block ends, and read what its other requests have given since a moment, or are giving."""

    async def enqueue(self, *notices: Notification) -> None:
        """Put notices into the outbox, in this order."""

    async def enqueue_once(self, notification: Notification) -> bool:
        """Put a notice into the outbox; false where one of its kind, to the same person, still stands there unsaid."""

    async def pause(self) -> Pause | None:
        """Say whether the bot is paused; from here to the end of the block nobody can pause it."""

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; false where it is paused already."""

    async def count_fault(self) -> int:
        """Count one more request in a row that Dintero's fault stopped, and answer how many there are."""

    async def forget_faults(self) -> None:
        """Begin that count anew: a request was given to its end."""

    def audit(self, *entries: Entry) -> None:
        """Put entries into the audit. How a request moves, and every yes, `keep` and `vote` write there by themselves."""

    async def forget_other_files(self) -> None:
        """Forget what was kept of files by other readings than the one that counts."""

    async def redact(self, at: datetime) -> None:
        """Forget customer ids, files, the reason, the note and what was typed; the counts stay."""


class Repository(Protocol):
    """What the bot remembers, whatever crashes."""

    async def open_draft(self, request: Request, form_input: FormInput) -> None:
        """Write a new draft.

        Raises:
            ShortIdConflict: another request has the short id; make another one.
        """

    async def save_input(self, request: RequestId, form_input: FormInput) -> None:
        """Keep what was typed into a draft; nothing happens where it is no draft any more."""

    async def load_input(self, request: RequestId) -> FormInput | None:
        """Read what was typed; None where there is no such request."""

    async def find(self, request: RequestId) -> Request | None:
        """Read a request."""

    async def find_short(self, short: ShortId) -> Request | None:
        """Read a request by the id that people say."""

    def unit_of_work(self, request: RequestId) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """Open a request's page: lock its row (SQLite: `BEGIN IMMEDIATE`) until the block ends; None where there is none.

        Whatever the block raises, nothing of it is written.
        """

    def unit_of_work_to_submit(self, draft: RequestId) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """Open a draft's page to ask for it: what asking for very many takes long for is done before its row is locked."""

    async def votes(self, request: RequestId, round_: int) -> tuple[Approval, ...]:
        """Read the yeses of a round, oldest first."""

    async def remainders_of(self, request: RequestId) -> tuple[Request, ...]:
        """Read the requests that asked for a request's rest, oldest first."""

    async def recent(self, channel: ChannelId, *, limit: int) -> tuple[Request, ...]:
        """Read a channel's requests that were asked for, those not ended first, then the newest."""

    async def in_state(self, *states: State) -> tuple[Request, ...]:
        """Read every request in one of these states, oldest first."""

    async def overdue(self, now: datetime) -> tuple[RequestId, ...]:
        """List the waiting requests whose time is over."""

    async def due(self, now: datetime) -> tuple[RequestId, ...]:
        """List the waiting requests of which a reminder or the escalation is due."""

    async def forget_drafts(self, before: datetime) -> int:
        """Delete drafts opened before a moment, and say how many."""

    async def forgettable(self, before: datetime, *, limit: int) -> tuple[RequestId, ...]:
        """List requests that ended before a moment and are not purged yet, the oldest first."""

    async def record(self, entry: Entry) -> None:
        """Write an entry into the audit that comes with no change of a request."""

    async def portions(self, request: RequestId) -> int:
        """Count the rows of customers; they are numbered from 0."""

    async def customers(self, request: RequestId, portion: int) -> tuple[CustomerId, ...]:
        """Read one row of customers."""

    async def claim(self, request: RequestId, *, term: int | None = None) -> Fence | None:
        """Take a request for this process to give: under the number answered, all that its earlier holders still write counts for nothing.

        None where it must not: there is no such request, or the process's `term` among several is over. One statement.
        """

    async def start_portion(
        self, request: RequestId, portion: int, *, fence: Fence | None = None
    ) -> Portion | None:
        """Note that every batch of a portion may go out from now on, and read it; None where the giving does not go on. One statement.

        Raises:
            LeaseLost: another holds the request than the one with this number; without one, whoever asks is heard.
        """

    async def mark_all_started(self, request: RequestId) -> None:
        """Note that every batch of every portion may have gone out, whether the giving goes on or not."""

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        """Read what came of a portion's batches so far."""

    async def record_outcomes(
        self, request: RequestId, *outcomes: BatchOutcome, fence: Fence | None = None
    ) -> bool:
        """Write what came of different batches, over earlier outcomes of them; answer whether the giving shall go on.

        It shall not once somebody asked to cancel, or `halt` was called in this round. One statement, for at most `MOST_OUTCOMES`.

        Raises:
            LeaseLost: another holds the request than the one with this number; nothing stands over what that one wrote.
        """

    async def request_stop(
        self, request: RequestId, stop: StopReason, note: str, *, fence: Fence | None = None
    ) -> None:
        """Ask for the giving to stop; the first reason stands, and under a number only its holder's."""

    async def may_continue(self, request: RequestId) -> bool:
        """Say whether the giving shall go on: it is being given, and nobody cancelled or halted it."""

    async def answered(self, request: RequestId, rule: Rule, *, fence: Fence | None = None) -> None:
        """Keep the rule as Dintero last answered it, under a number only its holder's answer."""

    async def largest_batch(self, account: str, since: datetime) -> int | None:
        """Read how many customers a call may have, where a larger one was too large since a moment."""

    async def learn_batch(self, account: str, size: int, at: datetime) -> None:
        """Keep how many customers a call may have; the newest word stands."""

    async def tally(self, request: RequestId) -> Tally:
        """Add up the four ends. A batch that was started and has no outcome counts as unknown."""

    async def refused(self, request: RequestId, *, most: int | None = None) -> tuple[Refused, ...]:
        """Read the refused customers with the reason, in the order they were asked for; no more than so many of the first."""

    async def left_out(self, request: RequestId, *, most: int) -> Unsettled:
        """Read who is unknown and who was not tried, as `tally` counts them; of the first so many, both together."""

    def packed_outcomes(self, request: RequestId) -> AsyncIterator[PackedOutcomes]:
        """Read the portions with somebody who was not given it, as `tally` counts them, in the order they were asked for."""

    def not_given(self, request: RequestId) -> AsyncIterator[tuple[NotGiven, ...]]:
        """Read all who were not given it, as `tally` counts them, in the order they were asked for, a portion at a time."""

    async def keep_piece(
        self, request: RequestId, reading: str, file: int, piece: int, content: bytes
    ) -> None:
        """Keep a piece of a file that is read for a draft."""

    def pieces(self, request: RequestId, reading: str, file: int) -> AsyncIterator[bytes]:
        """Read a file piece by piece, each packed as it is kept."""

    async def save_verification(
        self, request: RequestId, found: Verification, who: frozenset[CustomerId]
    ) -> None:
        """Keep what Dintero's list of the rule had of a request's unknown customers, and who of them stood there."""

    async def verification(self, request: RequestId) -> Verification | None:
        """Read what the last look at that list showed; None where there was none."""

    async def confirmed_customers(self, request: RequestId) -> frozenset[CustomerId]:
        """Read who of the unknown stood there."""

    async def grants(self, channel: ChannelId, since: datetime, *, but: RequestId) -> tuple[Grant, ...]:
        """Read what a channel's other requests have given since a moment, or may have, or are giving."""

    async def prior_grants(self, request: Request, since: datetime) -> PriorGrants:
        """Find who of a request's customers were given its rule since a moment, and by which requests; bounded, for big ones."""

    # the pause

    async def pause(self) -> Pause | None:
        """Say whether the bot is paused."""

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; false where it is paused already."""

    async def end_pause(self, by: UserId, at: datetime) -> bool:
        """Resume; false where nothing was paused. What Dintero's faults were counted is forgotten."""

    async def stop_for_pause(self) -> None:
        """While the bot is paused, ask everything that is being given to stop after its batches in flight."""

    async def unannounced_change(self) -> int | None:
        """Answer the number of the last pause or resumption, while the cards do not show it."""

    async def mark_announced(self, change: int) -> None:
        """Note that the cards show a change."""

    # what is to be said

    async def due_messages(self, now: datetime, *, limit: int) -> tuple[OutboxMessage, ...]:
        """Read what can be said now: of each request only its oldest unsaid notice, unless that is put off."""

    async def mark_attempt(self, outbox_message: OutboxMessage) -> None:
        """Note that an attempt to say it goes out."""

    async def mark_sent(self, outbox_message: OutboxMessage, *, ts: str) -> None:
        """Note that it was said; a card's `ts` goes to its request."""

    async def reschedule(self, outbox_message: OutboxMessage, *, until: datetime, clean: bool) -> None:
        """Try later; `clean` where it is sure that nothing was posted."""

    async def mark_failed(self, outbox_message: OutboxMessage, *, why: str) -> None:
        """Note that it can never be said."""


class Announcer(Protocol):
    """Says in Slack what stands in the outbox."""

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        """Post or edit the message, and answer its `ts`; what was posted before is found by its key.

        Raises:
            DeliveryDeferred: Slack did not take it now; says whether anything can have been posted.
            DeliveryFailed: Slack will never take it.
        """

    async def redraw(self, request: RequestId) -> None:
        """Draw the card that stands as the books have it now; where there is none yet, nothing happens.

        Raises:
            DeliveryDeferred: Slack did not take it now; says whether it may have.
            DeliveryFailed: Slack will never take it.
        """


class BackgroundTasks(Protocol):
    """Whoever does what takes longer than a click."""

    def wake(self) -> None:
        """Look at once for what there is to give and to say."""

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Do a piece of work after the click was answered; what it raises is logged."""
