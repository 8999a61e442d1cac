"""Settings and policy read together, so that the faults of both are told in one go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.config.policy_file import load_policy
from bot.config.settings import Settings
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """What was read, or what is wrong with it."""

    settings: Settings | ConfigError
    policy: Policy | ConfigError

    def usable(self) -> tuple[Settings, Policy]:
        """Hand both over.

        Raises:
            ConfigError: with every fault of both, a line each.
        """
        if isinstance(self.settings, Settings) and isinstance(self.policy, Policy):
            return self.settings, self.policy
        both = (self.settings, self.policy)
        raise ConfigError(
            [fault for wrong in both if isinstance(wrong, ConfigError) for fault in wrong.faults]
        )


def load_config(env: Mapping[str, str]) -> LoadedConfig:
    """Read both; the policy file is found even where other settings are wrong."""
    path = _policy_path(env)
    return LoadedConfig(_or_faults(lambda: Settings.read(env)), _or_faults(lambda: load_policy(path)))


def read_policy(env: Mapping[str, str]) -> Policy:
    """Read the policy alone, for whoever needs no credentials.

    Raises:
        ConfigError: with every fault, a line each.
    """
    return load_policy(_policy_path(env))


def _policy_path(env: Mapping[str, str]) -> Path:
    return Path(env.get("POLICY_FILE") or str(Settings.model_fields["policy_file"].default))


def _or_faults(read: Callable[[], Read]) -> Read | ConfigError:
    try:
        return read()
    except ConfigError as unusable:
        return unusable
