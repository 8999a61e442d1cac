"""What `make run` starts: the bot where the credentials are set, the sandbox where none are."""

import os
import sys

from bot.config.settings import CredentialsState, CredentialStatus, credentials_state, environment
from bot.errors import ConfigError

UNUSABLE = 2
"""The exit code for settings that cannot be used."""


def command_for(credentials: CredentialStatus) -> str:
    """Choose the command to start.

    Raises:
        ConfigError: some credentials are set and some are missing.
    """
    if credentials.state is CredentialsState.SOME:
        raise ConfigError(
            [f"{name}: is missing, while other credentials are set" for name in credentials.missing]
        )
    return "run" if credentials.state is CredentialsState.ALL else "sandbox"


def main() -> None:
    """Turn this process into the chosen command, so that signals reach it directly."""
    try:
        command = command_for(credentials_state(environment()))
    except ConfigError as unusable:
        sys.stderr.write(
            f"{unusable}\nSet all of them, in the environment or in .env, or none to try the sandbox.\n"
        )
        sys.exit(UNUSABLE)
    os.execv(sys.executable, [sys.executable, "-m", "bot", command])  # noqa: S606 - our own module, nothing of it typed by anybody


if __name__ == "__main__":
    main()
