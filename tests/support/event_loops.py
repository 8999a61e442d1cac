"""Runs a coroutine from a synchronous test and keeps pytest-asyncio's loop, which `asyncio.run` drops."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Done = TypeVar("Done")


def own_loop() -> asyncio.Runner:
    """Open a loop of its own."""
    return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def run(work: Coroutine[Any, Any, Done]) -> Done:
    """Run a coroutine to its end."""
    with own_loop() as runner:
        return runner.run(work)
