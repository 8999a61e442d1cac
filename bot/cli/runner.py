"""How a command runs: to its end, with every fault told in words and by the exit code."""

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


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, on the faster loop where there is one."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def report_errors() -> Iterator[None]:
    """Tell people what went wrong and what to do, in place of a traceback."""
    try:
        yield
    except DiscountBotError as wrong:
        from rich.console import Console

        unusable = isinstance(wrong, ConfigError)
        # neither Rich's markup nor its colours for numbers and paths: what is told may hold anything
        console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        console.print(str(wrong), style="red")
        console.print(wrong.advice)
        raise typer.Exit(UNUSABLE if unusable else FAILED) from None
