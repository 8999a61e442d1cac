"""Reads the starter files, and fills in the examples of `.env` and of the policy."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

EXAMPLE_CHANNEL: Final = "C0123456789"
EXAMPLE_IDS: Final = re.compile(rf"(?m)^[^#\n]*(?:{EXAMPLE_CHANNEL}|U0ADMIN|S0LEADS|U0BOSS)\b")
ONLY_EXAMPLES: Final = ("name", "notify", "escalate_to")
"""Optional keys whose values are another shop's: comments in a new policy."""
TIER_APPROVERS: Final = 3
"""A tier of two approvals needs so many approvers: one of them may be the requester."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAnswers:
    """What a new policy needs; an empty answer leaves the example's value."""

    currency: str
    timezone: str
    channel: str
    admins: Sequence[str]
    approvers: Sequence[str]


def starter_file(name: str) -> str:
    """Read `env.example`, `policy.example.toml` or `manifest.yml`."""
    return files("bot.starter_files").joinpath(name).read_text(encoding="utf-8")


def _without_instruction(example: str) -> str:
    """Leave out the first line, which says to copy the example: that is done."""
    return example.partition("\n")[2]


def env_text(answers: Mapping[str, str]) -> str:
    """Write settings into the example of `.env`.

    >>> "DINTERO_CLIENT_ID='a b'" in env_text({"DINTERO_CLIENT_ID": "a b"})
    True
    """
    text = _without_instruction(starter_file("env.example"))
    for name, value in answers.items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={_quoted(value)}\n")
    return text


def policy_text(answers: PolicyAnswers) -> str:
    """Write answers into the example of the policy."""
    text = _without_instruction(starter_file("policy.example.toml"))
    for key in ("currency", "timezone", "admins", "approvers"):
        if value := getattr(answers, key):
            text = re.sub(rf"(?m)^{key} = .+?(?= +#)", f"{key} = {json.dumps(value)}", text)
    for key in ONLY_EXAMPLES:
        text = re.sub(rf"(?m)^(?={key} = )", "# ", text)
    has_group = any(one.startswith("S") for one in answers.approvers)
    if 0 < len(answers.approvers) < TIER_APPROVERS and not has_group:
        channel, tiers = text.split("\n[[", 1)
        text = f"{channel}\n" + re.sub("(?m)^(?=.)", "# ", f"[[{tiers}")
    return text.replace(EXAMPLE_CHANNEL, answers.channel or EXAMPLE_CHANNEL)


def has_example_ids(policy: str) -> bool:
    """Return whether a policy still has IDs of the example."""
    return bool(EXAMPLE_IDS.search(policy))


def _quoted(value: str) -> str:
    """Quote a value for `.env` where it needs that."""
    if re.fullmatch(r"[\w.:/@%+=-]*", value, re.ASCII):
        return value
    return "'" + re.sub(r"([\\'])", r"\\\1", value) + "'"
