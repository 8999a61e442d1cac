"""Each key of the policy file is kept."""

from pathlib import Path
from typing import Any

import pytest

from bot.config.policy_file import load_policy
from bot.config.policy_schema import ChannelSchema, PolicySchema
from bot.domain.ids import ChannelId
from bot.domain.policy.policy import ChannelPolicy, Policy
from tests.support.policy_files import CHANNEL, EACH_KEY, TOP, WRONG, channel, faults, load, toml


def test_a_minimal_file_has_the_defaults_of_the_contract(tmp_path: Path) -> None:
    assert load(tmp_path, toml(TOP, channels__C1=CHANNEL)) == Policy(
        currency="NOK",
        timezone="Europe/Oslo",
        channels={
            ChannelId("C1"): ChannelPolicy(
                id=ChannelId("C1"),
                rules=frozenset({"*"}),
                requesters=("*",),
                approvers=("U1", "S1"),
                max_customers=5,
                max_amount=None,
                name="",
                notify=(),
                approvals=1,
                expires_hours=24,
                batch_size=500,
                concurrency=8,
                require_reason=False,
                allow_unpriced=False,
                hold_minutes=0,
                remind_minutes=None,
                escalate_to=(),
                tiers=(),
                budget=None,
                repeat_days=7,
                language="en",
                locale="",
                tier_hours=24,
                reserved=False,
            )
        },
    )


def test_the_example_loads() -> None:
    policy = load_policy(Path("policy.example.toml"))
    assert [listed.name for listed in policy.channels.values()] == ["loyalty-support"]


def test_the_example_shows_every_key() -> None:
    example = Path("policy.example.toml").read_text()
    keys = [*PolicySchema.model_fields, *ChannelSchema.model_fields]
    forms = [(f"{key} = ", f"[{key}", f".{key}]]") for key in keys]
    assert [key for key in forms if not any(form in example for form in key)] == []


@pytest.mark.parametrize(("key", "value"), [("currency", "SEK"), ("timezone", "America/New_York")])
def test_each_top_level_text_is_kept(tmp_path: Path, key: str, value: str) -> None:
    assert getattr(load(tmp_path, toml({**TOP, key: f'"{value}"'})), key) == value


def test_retention_is_90_days_unless_the_file_sets_it(tmp_path: Path) -> None:
    assert load(tmp_path, toml(TOP)).retention_days == 90
    assert load(tmp_path, toml({**TOP, "retention_days": "7"})).retention_days == 7


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "true", '"90"', "36_501"])
def test_an_invalid_retention_is_a_fault(tmp_path: Path, value: str) -> None:
    (fault,) = faults(tmp_path, toml({**TOP, "retention_days": value}))
    assert "retention_days: " in fault
    assert "from 1 to 36,500" in fault


def test_admins_are_kept(tmp_path: Path) -> None:
    assert load(tmp_path, toml({**TOP, "admins": '["U1", "W2"]'})).admins == ("U1", "W2")


def test_these_tests_cover_every_channel_key() -> None:
    keys = list(ChannelSchema.model_fields)
    assert sorted(key for key, *_ in EACH_KEY) == sorted(key for key, _ in WRONG) == sorted(keys)


@pytest.mark.parametrize(("key", "text", "value"), EACH_KEY)
def test_each_channel_key_is_kept(tmp_path: Path, key: str, text: str, value: Any) -> None:
    assert getattr(channel(tmp_path, toml(TOP, channels__C1={**CHANNEL, key: text})), key) == value


@pytest.mark.parametrize(("key", "text", "value"), EACH_KEY)
def test_each_channel_key_may_be_in_the_defaults(tmp_path: Path, key: str, text: str, value: Any) -> None:
    own = {name: given for name, given in CHANNEL.items() if name != key}
    assert getattr(channel(tmp_path, toml(TOP, defaults={key: text}, channels__C1=own)), key) == value


@pytest.mark.parametrize(("key", "text", "value"), EACH_KEY)
def test_a_channels_own_key_overrides_the_default(tmp_path: Path, key: str, text: str, value: Any) -> None:
    other = {
        "tiers": "[{above_amount = 9, approvals = 9}]",
        "budget": "{days = 1, customers = 1}",
        "allow_unpriced": "false",
        "reserved": "false",
        "require_reason": "false",
        "approvals": "1",
        "name": '"other"',
        "notify": '["C9"]',
        "escalate_to": '["U9"]',
        "language": '"en"',
        "locale": '"en_GB"',
    }
    default = {key: {**CHANNEL, **other}.get(key, "3")}
    assert (
        getattr(channel(tmp_path, toml(TOP, defaults=default, channels__C1={**CHANNEL, key: text})), key)
        == value
    )
