"""Loads settings and policy together and reports the faults of both at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from bot.config.policy_file import load_policy
from bot.config.settings import Settings
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError

Loaded = TypeVar("Loaded")


def load_config(env: Mapping[str, str]) -> tuple[Settings | ConfigError, Policy | ConfigError]:
    """Load both; wrong settings do not keep the policy file from being checked."""
    return _load(Settings.read, env), _load(read_policy, env)


def load_usable(env: Mapping[str, str]) -> tuple[Settings, Policy]:
    """Load both, or raise ConfigError with every fault of both."""
    settings, policy = load_config(env)
    if isinstance(settings, Settings) and isinstance(policy, Policy):
        return settings, policy
    errors = [part for part in (settings, policy) if isinstance(part, ConfigError)]
    unusable = ConfigError([fault for error in errors for fault in error.faults])
    unusable.advice = errors[0].advice
    raise unusable


def read_policy(env: Mapping[str, str]) -> Policy:
    """Load the policy alone, which needs no credentials, or raise ConfigError with every fault."""
    return load_policy(Path(env.get("POLICY_FILE") or Settings.model_fields["policy_file"].default))


def _load(read: Callable[[Mapping[str, str]], Loaded], env: Mapping[str, str]) -> Loaded | ConfigError:
    try:
        return read(env)
    except ConfigError as error:
        return error
