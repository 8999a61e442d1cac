"""The rules of an ordinary shop: three that everybody understands come first."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sandbox.dintero.catalogue import catalogue

ORDINARY: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("10% off everything", "receipt", {"type": "discount_percent", "value": 10}),
    ("100 kr off", "receipt", {"type": "discount_amount", "value": 10_000}),
    ("50 kr off", "receipt", {"type": "discount_amount", "value": 5_000}),
)


def ordinary_rules(now: datetime) -> list[dict[str, Any]]:
    """Make the rules as Dintero's JSON, for purchases from last week to the end of next year."""
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return [
        {
            "id": str(uuid5(NAMESPACE_URL, f"discount-bot/sandbox/{name}")),
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
            "statistics": {"usage": 0, "used": 0, "amount": 0},
        }
        for name, kind, reward in ORDINARY
    ]


def shop_rules(now: datetime) -> list[dict[str, Any]]:
    """Make the rules of a shop to try the bot in; the documentation's example, with many conditions, last."""
    example, *made_up = catalogue(now)
    return [*ordinary_rules(now), *made_up, example]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
