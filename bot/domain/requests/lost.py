"""Requests that people see in Slack and the database does not know: it was put back to an earlier state."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRequest:
    """A card without a request. Nobody knows any more who its customers were, or its idempotency key."""

    short: ShortId
    id: RequestId
    """Empty if the card does not name it."""
    channel: ChannelId
    card_ts: str
    rule: RuleId
    """Empty if the card is of a version that did not write it down."""
    said: str
    """What the card said last, in mrkdwn."""
    backup_at: datetime | None
    """When the bot last wrote down something before the backup; None if the database is a new one."""
    noted_at: datetime | None = field(default=None, compare=False)
    """When the bot wrote it down: people who decided before that were not warned of it."""
