"""What there is to say about a request, as values: the words and the drawing are Slack's side's business."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.ids import CustomerId, RequestId, UserId
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import PriorRequest
from bot.domain.requests.progress import Progress
from bot.domain.requests.request import Approval, Request
from bot.domain.rules.holders import Verification


class ChannelKind(StrEnum):
    """Where something is said, and how."""

    CARD = "card"
    """The request's one message: posted the first time, drawn again afterwards, always from what the books hold then."""
    LINE = "line"
    """A line in the card's thread."""
    SUMMARY = "summary"
    """The summary in the card's thread; one a request."""
    NOTICE = "notice"
    """One message to a channel of the policy's `notify`."""
    DIRECT = "direct"
    """A direct message to the requester."""
    LIST = "list"
    """The list of those who were not given it, as a file in somebody's direct messages."""


STARTS_AFTER: Final = "starts_after"
"""The fact that names whose answer a start waits for."""


class NotificationType(StrEnum):
    """What a line, a notice or a direct message tells."""

    ASKED = "asked"
    AGREED = "agreed"
    """Somebody said yes, and more are needed."""
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
    """An approval no longer counts: it waits for a new one."""
    UNSEEN = "unseen"
    """Its card could not be posted, so nobody sees it."""
    DONE = "done"
    HURRIED = "hurried"
    """An admin ended its hold."""
    REMINDED = "reminded"
    ESCALATED = "escalated"
    PAUSED = "paused"
    RESUMED = "resumed"
    WAITING = "waiting"
    """Dintero gives no usable answer, or asks to be left alone."""
    GOES_ON = "goes_on"
    """It answers again."""
    LISTED = "listed"
    """Somebody is to have the list of those who were not given it."""
    LIST_LOST = "list_lost"
    """That list could not be sent as a file."""
    UNTOLD = "untold"
    """What happened could not be written where it belongs: `facts` have the channel, and Slack's word for why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing to be said. `to` is a channel (NOTICE) or a person (DIRECT, LIST), and empty where the card's channel is meant.

    `facts` are the values as they were when it happened (counts, names of reasons), for what is said long afterwards.
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
    """A notice in the outbox. `tried` tells that an attempt went out whose end is not known."""

    id: int
    key: str
    """What travels in the message's metadata, so that it is found instead of posted twice."""
    request: RequestId
    notification: Notification
    tried: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class RequestSnapshot:
    """All that a message about a request is drawn from."""

    request: Request
    votes: tuple[Approval, ...] = ()
    tally: Tally = field(default_factory=lambda: Tally(0))
    refused: tuple[Refused, ...] = ()
    asked_of: tuple[str, ...] = ()
    """Who may approve, as user and group ids, the requester left out."""
    unknown: tuple[CustomerId, ...] = ()
    """Who may have been given it or not, as far as they are listed: the tally has the count."""
    not_tried: tuple[CustomerId, ...] = ()
    pause: Pause | None = None
    first: PriorRequest | None = None
    """The request whose rest this one asks for, where it does."""
    verification: Verification | None = None
    """What Dintero's list of the rule has of the unknown, where there are some and somebody looked."""
    progress: Progress | None = None
    """How the giving gets on, while it does and there is something to show."""
