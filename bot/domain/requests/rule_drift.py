"""Whether a rule is still what was agreed to; the words for what has changed are Slack's side's business."""

from datetime import datetime
from typing import Final

from bot.domain.requests.request import StopReason
from bot.domain.rules.rule import Availability, Rule, usable
from bot.domain.rules.terms import terms_of

UNUSABLE: Final = {
    Availability.DELETED: StopReason.RULE_GONE,
    Availability.INACTIVE: StopReason.RULE_INACTIVE,
    Availability.EXPIRED: StopReason.RULE_EXPIRED,
}
"""Why a rule cannot be used; `RefusalReason` has the same values."""


def drift(agreed: Rule, now_is: Rule, at: datetime) -> StopReason | None:
    """Say why a rule that people agreed to must not be given as it is now: it cannot be used any more, or its terms have changed."""
    unusable = UNUSABLE.get(usable(now_is, at))
    if unusable:
        return unusable
    return None if terms_of(now_is) == terms_of(agreed) else StopReason.RULE_CHANGED
