"""The rules of an ordinary shop: three that everybody understands come first."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from bot.domain.ids import RuleId
from bot.domain.rules.usage_history import UsageSample
from sandbox.dintero.catalogue import catalogue

ORDINARY: Final[tuple[tuple[str, str, dict[str, Any], tuple[int, ...]], ...]] = (
    (
        "10% off everything",
        "receipt",
        {"type": "discount_percent", "value": 10},
        (9, 14, 16, 23, 31, 42, 47, 52),
    ),
    ("100 kr off", "receipt", {"type": "discount_amount", "value": 10_000}, (2, 3, 5, 9, 9, 14, 17, 21)),
    ("50 kr off", "receipt", {"type": "discount_amount", "value": 5_000}, (0, 4, 4, 7, 12, 18, 19, 24)),
)
"""Name, type, reward, and how often each had been used by the days of last week; the last one is today."""
USE_OF_TEN_PERCENT: Final = 4_500
"""The value of a use of the rule whose discount depends on the purchase."""


def ordinary_rules(now: datetime) -> list[dict[str, Any]]:
    """Make the rules as Dintero's JSON, for purchases from last week to the end of next year."""
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return [
        {
            "id": _id(name),
            "created_at": _text(today - timedelta(days=7)),
            "updated_at": _text(today - timedelta(days=7)),
            "name": name,
            "receipt_text": name,
            "type": kind,
            "active": True,
            "private": False,
            "reward": reward,
            "requirement": {
                "purchase_from": _text(today - timedelta(days=7)),
                "purchase_to": f"{now.year + 1}-12-31T22:59:59Z",
            },
            "limitation": {"discount_repeat_usage": 1},
            "statistics": {"usage": used[-1], "used": used[-1], "amount": used[-1] * _worth(reward)},
        }
        for name, kind, reward, used in ORDINARY
    ]


def use_last_week(today: date) -> Iterator[tuple[RuleId, UsageSample]]:
    """Yield what a bot that had been running for a week would have written down of their use."""
    for name, *_, used in ORDINARY:
        days = reversed(range(1, len(used)))
        for ago, times in zip(days, used, strict=False):
            yield RuleId(_id(name)), UsageSample(today - timedelta(days=ago), times)


def shop_rules(now: datetime) -> list[dict[str, Any]]:
    """Make the rules of a shop to try the bot in; the documentation's example, with many conditions, last."""
    example, *made_up = catalogue(now)
    return [*ordinary_rules(now), *made_up, example]


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"discount-bot/sandbox/{name}"))


def _worth(reward: dict[str, Any]) -> int:
    return int(reward["value"]) if reward["type"] == "discount_amount" else USE_OF_TEN_PERCENT


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
