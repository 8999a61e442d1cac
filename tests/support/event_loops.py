"""Runs something asynchronous where a test is not, and leaves alone the loop that pytest-asyncio has set: `asyncio.run` loses it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Done = TypeVar("Done")


def own_loop() -> asyncio.Runner:
    """Open a loop that is nobody else's."""
    return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def run(work: Coroutine[Any, Any, Done]) -> Done:
    """Run it to its end."""
    with own_loop() as runner:
        return runner.run(work)
