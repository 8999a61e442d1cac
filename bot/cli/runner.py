"""Runs a command to its end; errors become a message and an exit code."""

import os
import sys
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import typer

from bot.errors import ConfigError, DatabaseUnavailable, DiscountBotError

Result = TypeVar("Result")

FAILED: Final = 1
UNUSABLE: Final = 2
"""The exit code for settings or a policy file that cannot be used."""
PIPE_CLOSED: Final = 141
"""The exit code of a program whose reader left, such as `head`."""


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, on uvloop where it exists."""
    import asyncio

    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def report_errors() -> Iterator[None]:
    """Print what went wrong and what to do, then exit; no secret is printed, in a traceback neither."""
    from bot.config.redaction import redacted_output

    env = readable_environment()
    with redacted_output(env, sys.stdout, sys.stderr):
        try:
            yield
            sys.stdout.flush()  # or Python does, when nobody can report what it says
        except DiscountBotError as error:
            explain(error, env)
            raise typer.Exit(UNUSABLE if isinstance(error, ConfigError) else FAILED) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:  # noqa: BLE001 - Python itself would print it, with what it says of secrets
            if isinstance(error, BrokenPipeError) and _reader_left():
                raise typer.Exit(PIPE_CLOSED) from None
            _print_traceback(error, env)
            raise typer.Exit(FAILED) from None


def _reader_left() -> bool:
    """Whether it was our own output that nobody reads any more; then what is left of it goes nowhere."""
    from select import POLLERR, POLLHUP, poll

    output = sys.stdout.fileno()
    asked = poll()
    asked.register(output, 0)
    left = any(events & (POLLERR | POLLHUP) for _, events in asked.poll(0))
    if left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return left


def _print_traceback(error: Exception, env: Mapping[str, str]) -> None:
    import traceback

    if _wants_json(env):
        _print_json(repr(error), exception=traceback.format_exc())
    else:
        traceback.print_exc()


def readable_environment() -> Mapping[str, str]:
    """Read the settings; an unusable `.env` has its own message later."""
    from bot.config.settings import environment

    try:
        return environment()
    except ConfigError:
        return os.environ


def explain(error: DiscountBotError, env: Mapping[str, str]) -> None:
    """Print an error and what to do next on standard error, in the format that LOG_FORMAT asks for."""
    advice = _advice(error, env)
    if _wants_json(env):
        faults = {"faults": error.faults} if isinstance(error, ConfigError) else {}
        _print_json(str(error), advice=advice, **faults)
        return
    from rich.console import Console

    # without Rich's markup and highlighting: the message may contain anything
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    console.print(str(error), style="red")
    console.print(advice)


def _advice(error: DiscountBotError, env: Mapping[str, str]) -> str:
    """Tell the operator what to check about the database."""
    if error.advice != DatabaseUnavailable.advice:
        return error.advice
    from pathlib import Path

    from bot.config.settings import read_basics
    from bot.database.address import is_sqlite, parse_url

    basics = read_basics({"DATABASE_URL": env.get("DATABASE_URL", "")})
    url = parse_url(basics.database_url.get_secret_value())
    if is_sqlite(url):
        file = Path(url.database or "").absolute()
        return (
            f"Check that {file.parent} exists, that the bot's user can read and write it and {file.name}, "
            "and that the disk has room. If the file is damaged, restore a backup: docs/backup.md."
        )
    hosts = url.query.get("host") or "the usual socket"
    return (
        f"Check DATABASE_URL, and that PostgreSQL is running for {url.database or url.username} at {hosts}. "
        "discount-bot check says more; then start again."
    )


def _wants_json(env: Mapping[str, str]) -> bool:
    return env.get("LOG_FORMAT", "").strip().lower() == "json"


def _print_json(event: str, **fields: object) -> None:
    """Print one object, with the names of the log's lines."""
    import json
    from datetime import UTC, datetime

    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {"event": event, **fields, "level": "error", "timestamp": now}
    sys.stderr.write(f"{json.dumps(line, ensure_ascii=False)}\n")
