"""Policy files for tests, with valid and invalid values of every key."""

from pathlib import Path
from typing import Any, Final

import pytest

from bot.config.policy_file import load_policy
from bot.domain.ids import ChannelId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import ChannelPolicy, Policy, Tier
from bot.errors import ConfigError

TOP: Final = {"currency": '"NOK"', "timezone": '"Europe/Oslo"'}
CHANNEL: Final = {"rules": '["*"]', "requesters": '["*"]', "approvers": '["U1", "S1"]', "max_customers": "5"}
EACH_KEY: Final[list[tuple[str, str, Any]]] = [
    ("name", '"loyalty"', "loyalty"),
    ("rules", '["a", "b"]', frozenset({"a", "b"})),
    ("requesters", '["U1", "W2", "S3"]', ("U1", "W2", "S3")),
    ("approvers", '["W1"]', ("W1",)),
    ("max_customers", "7", 7),
    ("max_amount", "5_000_000", 5_000_000),
    ("allow_unpriced", "true", True),
    ("notify", '["C2", "G3"]', ("C2", "G3")),
    ("require_reason", "true", True),
    ("approvals", "0", 0),
    ("expires_hours", "1.5", 1.5),
    ("batch_size", "9", 9),
    ("concurrency", "2", 2),
    ("hold_minutes", "2.5", 2.5),
    ("remind_minutes", "60", 60),
    ("escalate_to", '["U7", "S7"]', ("U7", "S7")),
    ("budget", "{days = 30, amount = 7}", Budget(days=30, amount=7)),
    ("tier_hours", "0", 0),
    ("repeat_days", "0", 0),
    ("language", '"nb"', "nb"),
    ("locale", '"en_US"', "en_US"),
    ("reserved", "true", True),
    (
        "tiers",
        "[{above_customers = 100, approvals = 1}, {above_amount = 7, approvals = 3}]",
        (Tier(approvals=1, above_customers=100), Tier(approvals=3, above_amount=7)),
    ),
]
WRONG: Final[list[tuple[str, list[str]]]] = [
    ("name", ["1", '""', '" a"', '"a\\nb"', f'"{"a" * 81}"']),
    ("rules", ['"*"', "[]", "[1]", '[""]', '[" a"]', "{}"]),
    ("requesters", ['"*"', "[]", "[1]", '["C1"]', '["ann"]', '["u1"]', '["**"]']),
    ("approvers", ['"U1"', "[]", "[true]", '["*"]', '["C1"]', '["U1", "bo"]']),
    ("max_customers", ["0", "-1", "1.0", "true", '"5"', "10_000_001", "inf"]),
    ("max_amount", ["-1", "1.5", "true", '"5"', "1_000_000_000_000_001"]),
    ("allow_unpriced", ["1", "0", '"true"']),
    ("notify", ['"C1"', "[]", '["U1"]', '["#general"]']),
    ("require_reason", ["1", '"yes"']),
    ("approvals", ["11", "-1", "true", "1.0", '"1"']),
    ("expires_hours", ["0", "-1", "nan", "inf", "8761", '"24"', "true"]),
    ("batch_size", ["0", "100_001", "1.5", "true"]),
    ("concurrency", ["0", "65", "1.5", "true"]),
    ("language", ['"no"', '"NB"', '""', "1", '["en"]']),
    ("locale", ['"en-US"', '"xx_YY"', '"../nb"', '""', "1"]),
    ("hold_minutes", ["-1", "10_081", "nan", "inf", '"5"', "true"]),
    ("remind_minutes", ["0", "0.5", "10_081", "nan", "inf", '"60"', "true"]),
    ("escalate_to", ['"U1"', "[]", "[true]", '["*"]', '["C1"]', '["U1", "bo"]']),
    (
        "budget",
        [
            "1",
            "{}",
            "{days = 30}",
            "{amount = 3}",
            "{days = 0, amount = 1}",
            "{days = 367, amount = 1}",
            "{days = 1, amount = 1.5}",
        ],
    ),
    ("reserved", ["1", '"*"']),
    ("tier_hours", ["-1", "8761", "true", "inf"]),
    ("repeat_days", ["-1", "367", "1.5", "true"]),
    (
        "tiers",
        [
            "1",
            "[]",
            "[1]",
            "{above_customers = 1, approvals = 2}",
            "[{approvals = 2}]",
            "[{above_customers = 1}]",
            "[{above_customers = 1, approvals = 0}]",
            "[{above_customers = 1, approvals = 11}]",
            "[{above_customers = -1, approvals = 2}]",
            "[{above_amount = 1.5, approvals = 2}]",
            "[{above = 1, above_amount = 1, approvals = 2}]",
        ],
    ),
]
UNKNOWN_KEYS: Final = ["approval", "Rules"]


def toml(top: dict[str, str], **tables: dict[str, str]) -> str:
    lines = [f"{key} = {value}" for key, value in top.items()]
    for name, keys in tables.items():
        lines += [f"[{name.replace('__', '.')}]", *(f"{key} = {value}" for key, value in keys.items())]
    return "\n".join(lines)


def load(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text)
    return load_policy(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as unusable:
        load(folder, text)
    return [line.removeprefix(f"{folder}/") for line in unusable.value.faults]


def channel(folder: Path, text: str) -> ChannelPolicy:
    return load(folder, text).channels[ChannelId("C1")]
