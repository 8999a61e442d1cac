"""Questions at the terminal, or answered by a pipe; a secret is not shown."""

import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass

import typer

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Question:
    """A question. `fault` says what is wrong with an answer; an empty one stands for the default."""

    text: str
    fault: Callable[[str], str | None]
    default: str = ""
    is_secret: bool = False


def ask(question: Question) -> str:
    """Ask until the answer is valid.

    Raises:
        ConfigError: an answer from a pipe is not valid, or missing.
        typer.Abort: the person ended the input.
    """
    while True:
        answer = _answer(question).strip() or question.default
        fault = question.fault(answer) if answer else None
        if fault is None:
            return answer
        if not sys.stdin.isatty():
            raise ConfigError([fault])
        typer.echo(f"  {fault}")


def _answer(question: Question) -> str:
    is_hidden = question.is_secret and sys.stdin.isatty()
    notes = f" [{question.default}]" if question.default else " (not shown)" if is_hidden else ""
    prompt = f"{question.text}{notes}: "
    try:
        return getpass.getpass(prompt) if is_hidden else input(prompt)
    except EOFError:
        if sys.stdin.isatty():
            raise typer.Abort from None
        raise ConfigError([f"{question.text}: no answer; the input has ended."]) from None
