"""Starts what `make run` runs: the bot if the credentials are set, the sandbox if none are."""

import os
import sys

from bot.cli.runner import UNUSABLE, explain, readable_environment
from bot.config.settings import CREDENTIALS, environment, missing_credentials
from bot.errors import ConfigError


def command_for(missing: list[str]) -> str:
    """Choose the command, or raise ConfigError if only some of the credentials are missing."""
    if not missing:
        return "run"
    if len(missing) == len(CREDENTIALS):
        return "sandbox"
    error = ConfigError([f"{name}: not set, but other credentials are." for name in missing])
    error.advice = "Set all of them (in the environment or .env), or none to run the sandbox."
    raise error


def main() -> None:
    """Replace this process by the chosen command, which then receives signals directly."""
    try:
        command = command_for(missing_credentials(environment()))
    except ConfigError as error:
        explain(error, readable_environment())
        sys.exit(UNUSABLE)
    os.execv(sys.executable, [sys.executable, "-m", "bot", command])  # noqa: S606 - our own module and command


if __name__ == "__main__":
    main()
