"""Reads lines from a terminal without blocking the event loop or the exit."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class NoMoreInput(Exception):
    """The input has ended: Ctrl-D, or the terminal is gone."""


def at_a_terminal() -> bool:
    """Tell whether input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


async def type_line(prompt: str) -> str:
    """Wait for a line.

    The exit never waits for the reading thread: only the person could wake it.

    Raises:
        NoMoreInput: the input has ended.
    """
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def hand_over(line: str | None) -> None:
        if not typed.done():
            typed.set_result(line)

    def wait() -> None:
        line = _read(prompt)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(hand_over, line)

    threading.Thread(target=wait, name="keyboard", daemon=True).start()
    line = await typed
    if line is None:
        raise NoMoreInput
    return line


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """Restore the terminal's settings, even if the program ends in the middle of a line."""
    if not at_a_terminal() or sys.platform == "win32":
        yield
        return
    import termios  # noqa: PLC0415 - Windows has none

    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _read(prompt: str) -> str | None:
    with suppress(ImportError):
        import readline  # noqa: F401, PLC0415 - arrow keys and history, where there are any
    try:
        return input(prompt)
    except UnicodeDecodeError:
        return "\N{REPLACEMENT CHARACTER}"
    except (EOFError, OSError, ValueError):
        return None
