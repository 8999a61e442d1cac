"""The ports of the core and the promises of each call; one contract suite per port."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol

from bot.domain.customers.packing import RowHashes
from bot.domain.customers.uploads import TOLD, FileRead, ReadResult, Upload
from bot.domain.ids import ChannelId, CustomerId, Fence, GroupId, OnceKey, RequestId, RuleId, ShortId, UserId
from bot.domain.policy.budget import Asked, Grant
from bot.domain.preferences import Preferences
from bot.domain.requests.audit_entries import Entry
from bot.domain.requests.batches import (
    BatchOutcome,
    NotGiven,
    PackedOutcomes,
    Portion,
    Refused,
    Tally,
    Unsettled,
    Verification,
)
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import Notification, OutboxMessage
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Profile
from bot.domain.requests.prior_grants import KeyUse, PriorGrants
from bot.domain.requests.request import Approval, FormInput, Request, State, StopReason
from bot.domain.rules.rule import Holder, Rule
from bot.domain.rules.usage_history import UsageSample
from bot.domain.unit_of_work import UnitOfWork


class Clock(Protocol):
    """The current time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


class Rules(Protocol):
    """Reads rules."""

    async def rules(self) -> tuple[Rule, ...]:
        """Read all rules; raises DinteroError."""

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule with its statistics; raises DinteroError, such as RuleNotFound."""


class DinteroApi(Rules, Protocol):
    """Dintero's API for discounts, of one account."""

    account: str

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        """Read a page of a rule's holders, after an id if given; the last is empty; raises DinteroError."""

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        """Give the rule's discount to these customers. Repeating the call with the same key is harmless.

        Raises:
            BatchRejectedError: Dintero rejected the batch (400).
            BatchTooLargeError: the batch is too large (413); a smaller one may pass.
            TokenRefused, ScopeMissing, RuleNotFound: a retry would fail too.
            RateLimitedError: Dintero limited the rate (429); nothing was done.
            TokenUnavailable: no token is available now; nothing was done.
            OutcomeUnknownError: no usable answer; the batch may be applied. Repeat it with the same key.
        """


class Directory(Protocol):
    """Profiles, user groups and channels in Slack, up to a minute old; each raises DirectoryUnavailable."""

    def fresh(self) -> "Directory":
        """Return a directory that remembers no answer yet, for what must not be a minute old."""

    async def profile(self, user: UserId) -> Profile:
        """Read a person's profile."""

    def last_known(self, user: UserId) -> Profile | None:
        """Return the last profile that was read of a person, however old; for names and languages only."""

    async def group(self, group: GroupId) -> frozenset[UserId]:
        """Read the members of a user group."""

    async def can_post(self, channel: ChannelId) -> bool:
        """Check whether the bot can post in a channel."""

    async def is_open_to(self, channel: ChannelId, user: UserId) -> bool:
        """Check whether the bot can post in a channel that this person is in, or could join."""


Keep = Callable[[int, int, bytes], Awaitable[None]]
"""Keeps a piece of a file: the file's number, the piece's number and its content. It may raise to stop."""


class FileReader(Protocol):
    """Reads uploaded files."""

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
        """Return the ids of input and files, each once; a file's problems are returned, never raised.

        Only the person's own files and files shared in the channel are read. `portion` ids are packed in a
        row; of each file, at most `told` unreadable rows are listed. `keep` gets the original content.
        """


class Repository(Protocol):
    """The bot's durable data; `bot.database.repositories` implements it."""

    async def open_draft(self, request: Request, form_input: FormInput) -> None:
        """Write a new draft; raises ShortIdConflict if another request has the short id."""

    async def save_input(self, request: RequestId, form_input: FormInput) -> None:
        """Save the input of a draft; without effect if it is no longer a draft."""

    async def load_input(self, request: RequestId) -> FormInput | None:
        """Read a request's form input."""

    async def files_read(self, request: RequestId) -> tuple[FileRead, ...]:
        """Read what was read of a request's files and pasted text."""

    async def find(self, request: RequestId) -> Request | None:
        """Read a request."""

    async def find_short(self, short: ShortId) -> Request | None:
        """Read a request by its short id."""

    def unit_of_work(self, request: RequestId) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """Lock a request's row, if there is one, until the block ends; if it raises, nothing is written.

        Inside the block, write by the unit of work: on SQLite the repository would wait for itself.
        """

    def unit_of_work_to_submit(self, draft: RequestId) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """Open a draft to submit it: slow work for many customers happens before its row is locked."""

    async def votes(self, request: RequestId, round_: int) -> tuple[Approval, ...]:
        """Read the approvals of a round, oldest first."""

    async def remainders_of(self, request: RequestId) -> tuple[Request, ...]:
        """Read the requests for a request's remainder, oldest first."""

    async def recent(self, channel: ChannelId, *, limit: int, skip: int = 0) -> tuple[Request, ...]:
        """Read a channel's submitted requests, those not ended first, then the newest; `skip` the first."""

    async def recent_of(
        self, requesters: Collection[UserId], *, limit: int, skip: int = 0
    ) -> tuple[Request, ...]:
        """Read the submitted requests of a person, who may have two ids, in the same order."""

    async def drafts_of(
        self, requester: UserId, channel: ChannelId, since: datetime
    ) -> tuple[tuple[Request, FormInput], ...]:
        """Read a person's latest drafts in a channel since a time with their input, the newest first."""

    async def in_state(self, *states: State) -> tuple[Request, ...]:
        """Read every request in one of these states, oldest first."""

    async def overdue(self, now: datetime) -> tuple[RequestId, ...]:
        """List the waiting requests that have expired."""

    async def due(self, now: datetime) -> tuple[RequestId, ...]:
        """List the requests with a reminder or an escalation due, or word of an approval without a result."""

    async def forgettable(self, before: datetime, *, limit: int) -> tuple[Request, ...]:
        """List requests that ended before a time and are not purged, oldest first."""

    async def erase_deleted(self) -> bool:
        """Remove what was deleted from the database's files; False if that has to be tried again."""

    async def record(self, entry: Entry) -> None:
        """Write an audit entry without a change of a request."""

    async def customers(self, request: RequestId, portion: int) -> tuple[CustomerId, ...]:
        """Read one portion of customers."""

    async def hash_rows(self, request: RequestId) -> RowHashes:
        """Hash a request's customers as they are in the database."""

    async def start_portion(
        self, request: RequestId, portion: int, *, fence: Fence | None = None
    ) -> Portion | None:
        """Mark a portion as started and read it, in one statement; None if the run may not continue.

        With a `fence`, raises LeaseLost if another process owns the run.
        """

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        """Read the outcomes of a portion's batches so far."""

    async def record_outcomes(
        self,
        request: RequestId,
        *outcomes: BatchOutcome,
        at: datetime | None = None,
        fence: Fence | None = None,
    ) -> bool:
        """Write outcomes of batches, replacing earlier ones; return whether the run may continue.

        `at` is when their calls ended, which budgets count by.

        It may not after a cancellation or `request_stop`. One statement, for at most `MOST_OUTCOMES`.
        Raises LeaseLost, and writes nothing, if another process owns the run.
        """

    async def request_stop(
        self, request: RequestId, stop: StopReason, note: str, *, fence: Fence | None = None
    ) -> None:
        """Request a stop of the run; the first reason stays. With a `fence`, only its owner's counts."""

    async def may_continue(self, request: RequestId) -> bool:
        """Check that the run may continue: nobody has cancelled or stopped it."""

    async def answered(self, request: RequestId, rule: Rule, *, fence: Fence | None = None) -> None:
        """Save the rule from Dintero's last answer. With a `fence`, only its owner's answer counts."""

    async def tally(self, request: RequestId) -> Tally:
        """Add up the four outcomes; a started batch without an outcome counts as unknown."""

    async def refused(self, request: RequestId, *, most: int | None = None) -> tuple[Refused, ...]:
        """Read the first refused customers and reasons, in the order of the request."""

    async def left_out(self, request: RequestId, *, most: int) -> Unsettled:
        """Read the unknown and not tried customers, as `tally` counts them, at most so many in all."""

    def packed_outcomes(self, request: RequestId) -> AsyncIterator[PackedOutcomes]:
        """Read the portions with customers not given, as `tally` counts them, in the order of the request."""

    def not_given(self, request: RequestId) -> AsyncIterator[tuple[NotGiven, ...]]:
        """Read all customers not given, as `tally` counts them, in order, a portion at a time."""

    async def keep_piece(
        self, request: RequestId, reading: str, file: int, piece: int, content: bytes
    ) -> None:
        """Save a piece of a draft's file."""

    async def forget_reading(self, request: RequestId, reading: str) -> None:
        """Delete the files of one reading."""

    async def kept_bytes(self, requester: UserId, since: datetime) -> int:
        """Add up what is kept of a person's requests and drafts since a time: files and ids, packed."""

    def pieces(self, request: RequestId, reading: str, file: int) -> AsyncIterator[bytes]:
        """Read a file piece by piece, still packed."""

    async def save_verification(
        self, request: RequestId, found: Verification, who: frozenset[CustomerId]
    ) -> None:
        """Save a verification and the unknown customers that Dintero's list confirmed."""

    async def verification(self, request: RequestId) -> Verification | None:
        """Read the last verification, if any."""

    async def confirmed_customers(self, request: RequestId) -> frozenset[CustomerId]:
        """Read the customers that the verification confirmed."""

    async def grants(self, channel: ChannelId, since: datetime, *, but: RequestId) -> tuple[Grant, ...]:
        """Read what a channel's other requests gave since a time, may have given or are giving."""

    async def asked_between(self, request: Request, since: datetime, until: datetime) -> tuple[Asked, ...]:
        """Read what was asked for in a request's channel between two times, without it."""

    async def given_before(self, request: RequestId, since: datetime) -> int:
        """Count the customers who got it from a request before a time."""

    async def key_use(self, request: Request, *, given: bool = False) -> KeyUse:
        """Find who had it before under a request's key: of those not given it yet, or of those `given`."""

    async def prior_grants(self, request: Request, since: datetime) -> PriorGrants:
        """Find recent grants of the rule to the request's customers; bounded for large requests."""

    async def remember_delivery(self) -> None:
        """Record the payload that is handled, which may write nothing, so that no copy of it writes."""

    # requests that a restored backup lacks

    async def lost(self, rule: RuleId | None = None) -> tuple[LostRequest, ...]:
        """Read those that nobody has settled; all, or those that may be about one rule."""

    async def find_lost(self, name: RequestId | ShortId) -> LostRequest | None:
        """Find one by its id or its short id."""

    async def settle_lost(self, by: UserId, at: datetime) -> int:
        """Note that a person has settled them, and count them."""

    # what people prefer

    async def preferences(self, person: UserId) -> Preferences:
        """Read what a person prefers; the defaults if they never chose anything."""

    async def save_preferences(self, chosen: Preferences) -> None:
        """Write what a person prefers."""

    # the use of rules over time

    async def keep_usage(self, account: str, rule: RuleId, sample: UsageSample) -> None:
        """Write a rule's total of a day, unless there is one."""

    async def usage_samples(self, account: str, rule: RuleId, since: date) -> tuple[UsageSample, ...]:
        """Read a rule's totals since a day, oldest first."""

    async def given_by_hour(
        self, account: str, rule: RuleId, channel: ChannelId, since: datetime
    ) -> tuple[tuple[datetime, int], ...]:
        """Count the customers that got a rule from a channel, by hour, without the unconfirmed."""

    async def rules_to_sample(self, account: str, today: date) -> tuple[RuleId, ...]:
        """List the rules that have a total, but none of today."""

    async def forget_usage(self, before: date) -> None:
        """Delete the totals of the days before one."""

    # the pause

    async def pause(self) -> Pause | None:
        """Read the pause, if the bot is paused."""

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; return False if it is paused already."""

    async def replace_pause(self, pause: Pause) -> bool:
        """Replace who paused the bot and why; return False if the bot is not paused."""

    async def end_pause(self, by: UserId, at: datetime) -> bool:
        """Resume and reset the count of failures; return False if the bot was not paused."""

    async def stop_for_pause(self) -> None:
        """If the bot is paused, request all runs to stop after their batches in flight."""

    async def unannounced_change(self) -> int | None:
        """Return the number of the last pause or resumption that the cards do not show yet, if any."""

    async def mark_announced(self, change: int) -> None:
        """Mark a change as shown on the cards."""

    async def versions(self, outbox_message: OutboxMessage) -> tuple[Notification, Notification, str | None]:
        """Read the oldest and the newest version of an edited message, and its `ts` once it is posted."""


class Announcer(Protocol):
    """Delivers outbox messages to Slack.

    Both methods raise DeliveryDeferred if Slack does not accept the message now (`clean`: surely nothing was
    posted), and DeliveryFailed if Slack never will.
    """

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        """Post or edit the message and return its `ts`; an earlier post is found by its key."""

    async def redraw(self, request: RequestId) -> None:
        """Update a posted card to the saved request."""

    async def withdraw(self, outbox_message: OutboxMessage, ts: str) -> None:
        """Delete a copy of a message that another process has posted too."""


class BackgroundTasks(Protocol):
    """Runs work in the background."""

    def wake(self) -> None:
        """Check at once for runs and messages that are due."""

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a task after the answer to a click; its exceptions are logged."""
