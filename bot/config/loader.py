"""Loads settings and policy together and reports the faults of both at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.config.policy_file import load_policy
from bot.config.settings import Settings
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The settings and the policy, each either loaded or with its faults."""

    settings: Settings | ConfigError
    policy: Policy | ConfigError

    def usable(self) -> tuple[Settings, Policy]:
        """Return both, or raise ConfigError with every fault of both."""
        if isinstance(self.settings, Settings) and isinstance(self.policy, Policy):
            return self.settings, self.policy
        errors = [part for part in (self.settings, self.policy) if isinstance(part, ConfigError)]
        raise ConfigError([fault for error in errors for fault in error.faults])


def load_config(env: Mapping[str, str]) -> LoadedConfig:
    """Load both; wrong settings do not keep the policy file from being checked."""
    return LoadedConfig(_load(Settings.read, env), _load(read_policy, env))


def read_policy(env: Mapping[str, str]) -> Policy:
    """Load the policy alone, which needs no credentials, or raise ConfigError with every fault."""
    return load_policy(Path(env.get("POLICY_FILE") or Settings.model_fields["policy_file"].default))


def _load(read: Callable[[Mapping[str, str]], Loaded], env: Mapping[str, str]) -> Loaded | ConfigError:
    try:
        return read(env)
    except ConfigError as error:
        return error
