"""Runs a command to its end; errors become a message and an exit code."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import typer

from bot.errors import ConfigError, DiscountBotError

Result = TypeVar("Result")

FAILED: Final = 1
UNUSABLE: Final = 2
"""The exit code for settings or a policy file that cannot be used."""


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, on uvloop where it exists."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def report_errors() -> Iterator[None]:
    """Print what went wrong and what to do instead of a traceback, then exit."""
    try:
        yield
    except DiscountBotError as error:
        from rich.console import Console

        # without Rich's markup and highlighting: the message may contain anything
        console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        console.print(str(error), style="red")
        console.print(error.advice)
        raise typer.Exit(UNUSABLE if isinstance(error, ConfigError) else FAILED) from None
