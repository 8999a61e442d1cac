"""Notifications about a request, their outbox messages, and the snapshot that they are rendered from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.ids import CustomerId, RequestId, UserId
from bot.domain.requests.batches import Refused, Tally, Verification
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import PriorRequest
from bot.domain.requests.progress import Progress
from bot.domain.requests.request import Approval, Request
from bot.domain.rules.usage_history import UsagePoint


class ChannelKind(StrEnum):
    """The kinds of messages."""

    CARD = "card"
    """The request's main message, posted once and then edited to the current state."""
    LINE = "line"
    """A line in the card's thread."""
    SUMMARY = "summary"
    """The summary in the card's thread, one per request."""
    NOTICE = "notice"
    """A message to a channel of the policy's `notify`, or about the pause to a channel with open requests."""
    DIRECT = "direct"
    """A direct message to the requester, or to an admin."""
    LIST = "list"
    """The list of customers who did not get the discount, as a file in a direct message."""


STARTS_AFTER: Final = "starts_after"
"""The fact that names the service a start waits for."""
APPROVALS_VOID: Final = "approvals_void"
"""The fact of a changed rule that somebody approved: whether there were approvals of the earlier one."""
WAITED: Final = "waited"
"""The fact that marks a start that the thread was told to wait for."""
HELD_UNTIL: Final = "held_until"
"""The fact that says when the hold ends; it may be over when the message is delivered."""
OPEN_HERE: Final = "open"
"""The fact that counts the channel's requests that are sent after the pause."""


class NotificationType(StrEnum):
    """The events that notifications are about."""

    ASKED = "asked"
    AGREED = "agreed"
    """Somebody approved, and more approvals are needed."""
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STARTED = "started"
    CANCEL_ASKED = "cancel_asked"
    STOPPED = "stopped"
    CONTINUED = "continued"
    ENDED_HERE = "ended_here"
    RULE_CHANGED = "rule_changed"
    CONSENT_VOID = "consent_void"
    """An approval no longer counts; the request needs a new one."""
    UNSEEN = "unseen"
    """The card could not be posted, so nobody sees the request."""
    DONE = "done"
    HURRIED = "hurried"
    """An admin ended the hold."""
    REMINDED = "reminded"
    ESCALATED = "escalated"
    PAUSED = "paused"
    RESUMED = "resumed"
    WAITING = "waiting"
    """Dintero gives no usable answer or limits the rate."""
    GOES_ON = "goes_on"
    LISTED = "listed"
    """Somebody gets the list of customers who did not get the discount."""
    LIST_LOST = "list_lost"
    UNTOLD = "untold"
    """A message could not be delivered; `facts` have the channel and Slack's error code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message. `to` is a channel (NOTICE), a person (DIRECT, LIST) or empty for the card's channel.

    `facts` are the values at the time of the event, since delivery may be much later.
    """

    kind: ChannelKind
    happened: NotificationType
    at: datetime
    to: str = ""
    by: UserId | None = None
    note: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A notification in the outbox; `tried`: an attempt with an unknown outcome was made."""

    id: int
    key: str
    """Part of the message's metadata: a message found by it is not posted twice."""
    request: RequestId
    notification: Notification
    tried: bool
    attempts: int

    @property
    def posted_as(self) -> str:
        """The key of the message in Slack; the key of its edits continues with a dot."""
        return self.key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one of the requester's files, by number."""

    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RequestSnapshot:
    """Everything that a message about a request is rendered from."""

    request: Request
    votes: tuple[Approval, ...] = ()
    tally: Tally = field(default_factory=lambda: Tally(0))
    refused: tuple[Refused, ...] = ()
    asked_of: tuple[str, ...] = ()
    """User and group ids of the approvers, without the requester."""
    unknown: tuple[CustomerId, ...] = ()
    """The listed unknown customers; the tally has their number."""
    not_tried: tuple[CustomerId, ...] = ()
    refused_rows: tuple[FileRows, ...] = ()
    """The rows of the first refused customers, where the files could be read again."""
    pause: Pause | None = None
    first: PriorRequest | None = None
    """The request whose remainder this one asks for, if any."""
    verification: Verification | None = None
    progress: Progress | None = None
    history: tuple[UsagePoint, ...] = ()
    """The use of its rule over time, which the summary shows."""
