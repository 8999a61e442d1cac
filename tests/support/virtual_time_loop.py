"""A loop whose time passes at once: an hour of waiting is over in no time, and takes exactly an hour of the loop's clock.

Libraries that do this put themselves into every loop of a test run.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Waits for nothing but time, and for that not at all."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass."""
        if timeout is None:
            raise RuntimeError("nothing will ever happen")
        self.passed += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Tell the time that has passed."""
        return self._jumping.passed


def in_no_time(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something that waits for nothing but time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work())


def now() -> float:
    """Tell the loop's time."""
    return asyncio.get_running_loop().time()
