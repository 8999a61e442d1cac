"""Questions at the terminal, or answered by a pipe; a secret is not shown."""

import getpass
import sys
from collections.abc import Callable

import typer

from bot.errors import ConfigError


def ask(text: str, fault: Callable[[str], str | None], *, default: str = "", is_secret: bool = False) -> str:
    """Ask until the answer is valid; `fault` says what is wrong with one, and an empty one is the default.

    Raises:
        ConfigError: an answer from a pipe is not valid, or missing.
        typer.Abort: the person ended the input.
    """
    is_hidden = is_secret and sys.stdin.isatty()
    notes = f" [{default}]" if default else " (not shown)" if is_hidden else ""
    while True:
        answer = _answer(text, notes, is_hidden=is_hidden).strip() or default
        problem = fault(answer) if answer else None
        if problem is None:
            return answer
        if not sys.stdin.isatty():
            raise ConfigError([problem])
        typer.echo(f"  {problem}")


def _answer(text: str, notes: str, *, is_hidden: bool) -> str:
    prompt = f"{text}{notes}: "
    try:
        return getpass.getpass(prompt) if is_hidden else input(prompt)
    except EOFError:
        if sys.stdin.isatty():
            raise typer.Abort from None
        raise ConfigError([f"{text}: no answer; the input has ended."]) from None
