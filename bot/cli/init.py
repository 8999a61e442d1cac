"""Asks for what the bot needs, and writes the files of a new installation."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import typer

from bot.cli.prompts import ask
from bot.config.policy_file import key_fault
from bot.config.redaction import SECRETS
from bot.config.settings import CREDENTIALS, Settings, environment, missing_credentials, setting_fault
from bot.errors import DiscountBotError
from bot.starter_files.filling import PolicyAnswers, env_text, has_example_ids, policy_text, starter_file

MANIFEST: Final = Path("manifest.yml")
ENV: Final = Path(".env")
POLICY: Final = Path("policy.toml")
BEFORE: Final = """\
You need two things:
- a Slack app: api.slack.com/apps → Create New App → From a manifest, and paste manifest.yml; its first lines
  say where to find the tokens
- a Dintero client: Backoffice → Settings → API clients, with read:discounts and write:discounts
Press Enter to skip a question."""
CHANNEL: Final = "ID of the channel where people request discounts (bottom of View channel details)"
ADMIN: Final = "Your member ID (Profile → ⋮ → Copy member ID)"
APPROVERS: Final = "Who approves (two or more member IDs, or a user group's ID, with spaces between)"
TWO_APPROVERS: Final = "Name two people or a user group: nobody approves their own request."
INVITE: Final = "In Slack, type /invite @discount-bot in each channel of policy.toml."


def write_starter_files() -> None:
    """Write manifest.yml, then ask for each other file and write it; files that exist stay as they are."""
    new = [path for path in (MANIFEST, ENV, POLICY) if not _stays(path)]
    if MANIFEST in new:
        _write(MANIFEST, starter_file(MANIFEST.name))
    if ENV in new or POLICY in new:
        typer.echo(BEFORE)
    if ENV in new:
        _write(ENV, env_text(dict(_credentials())))
    if POLICY in new:
        _write(POLICY, policy_text(_policy_answers()))
    typer.echo("Next:")
    for number, step in enumerate(_next_steps(), 1):
        typer.echo(f"{number}. {step}")


def _stays(path: Path) -> bool:
    if exists := os.path.lexists(path):
        typer.echo(f"{path} exists and is left unchanged.")
    return exists


def _write(path: Path, text: str) -> None:
    """Write a new file that only this user can read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        advice = "Run init in a folder that you can write to."
        raise DiscountBotError(f"{path}: {error.strerror}", advice=advice) from None
    typer.echo(f"Wrote {path}.")


def _credentials() -> Iterator[tuple[str, str]]:
    """Ask for the settings without a default; where one of two is enough, the first answer counts."""
    expected = {str(field.alias): field.description for field in Settings.model_fields.values()}
    for names in CREDENTIALS:
        for name in names:
            fault = partial(setting_fault, name)
            answer = ask(f"{name} – {expected[name]}", fault, is_secret=name in SECRETS)
            if answer:
                yield name, answer
                break


def _policy_answers() -> PolicyAnswers:
    return PolicyAnswers(
        channel=ask(CHANNEL, _channel_fault),
        admins=_ids(ask(ADMIN, _admins_fault)),
        approvers=_ids(ask(APPROVERS, _approvers_fault)),
        currency=ask("Currency", partial(_top_fault, "currency"), default="NOK"),
        timezone=ask("Time zone", partial(_top_fault, "timezone"), default="Europe/Oslo"),
    )


def _ids(answer: str) -> list[str]:
    return list(dict.fromkeys(answer.replace(",", " ").split()))


def _top_fault(key: str, answer: object) -> str | None:
    return key_fault((key,), {key: answer})


def _admins_fault(answer: str) -> str | None:
    return _top_fault("admins", _ids(answer))


def _channel_fault(answer: str) -> str | None:
    return key_fault(("channels", answer), {"channels": {answer: {}}})


def _approvers_fault(answer: str) -> str | None:
    ids = _ids(answer)
    if len(ids) == 1 and ids[0].startswith(("U", "W")):
        return TWO_APPROVERS
    return key_fault(("defaults", "approvers"), {"defaults": {"approvers": ids}})


def _next_steps() -> tuple[str, str, str]:
    missing = missing_credentials(environment())
    todo = [f"Fill in .env: {', '.join(missing)}."] if missing else []
    if has_example_ids(POLICY.read_text(encoding="utf-8")):
        todo.append("Put your own IDs into policy.toml.")
    return " ".join(todo) or INVITE, "discount-bot check", "discount-bot run"
