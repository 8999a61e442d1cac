"""Fills in a form from the keyboard: text, files by path, and options by search."""

from collections.abc import Awaitable, Callable
from typing import Final

from sandbox.terminal.commands import Control
from sandbox.terminal.forms import Form
from sandbox.terminal.screen import Screen

TypeLine = Callable[[str], Awaitable[str]]

SHOWN: Final = 12
"""Options listed at once."""


async def fill(form: Form, field: Control, text: str | None, *, type_line: TypeLine, screen: Screen) -> None:
    """Fill in one field, asking for what is missing."""
    if form.is_text(field):
        typed = text if text is not None else await _type(form, field, type_line, screen)
        if typed:
            await form.modal.fill({field.label: typed})
        return
    if form.is_file(field):
        paths = text if text is not None else await _type_paths(field, type_line, screen)
        if paths:
            await form.modal.fill({field.label: paths})
        return
    value = await _choose(form, field, text or "", type_line, screen)
    if value is not None:
        await form.modal.fill({field.label: value})


async def _type(form: Form, field: Control, type_line: TypeLine, screen: Screen) -> str:
    if not form.has_lines(field):
        return (await type_line(f"{field.label}: ")).strip()
    screen.say(f"{field.label}, on as many lines as you like; an empty line ends it:", "dim")
    lines: list[str] = []
    while (line := (await type_line("… ")).strip()) or not lines:
        if not line:
            break
        lines.append(line)
    return "\n".join(lines)


async def _type_paths(field: Control, type_line: TypeLine, screen: Screen) -> str:
    screen.say(
        f"{field.label}: the path of a file on this machine, one a line; an empty line ends it:", "dim"
    )
    paths: list[str] = []
    while path := (await type_line("… ")).strip():
        paths.append(path)
    return "\n".join(paths)


async def _choose(form: Form, field: Control, text: str, type_line: TypeLine, screen: Screen) -> str | None:
    """Search until an option is chosen; None if the person gives up."""
    while True:
        offered = await form.offered(field, text)
        if len(offered) == 1 and text:
            return offered[0][0]
        if not offered:
            screen.wrong(
                f"“{field.label}” has no “{text}”: type another part of the name, or Enter to leave it."
            )
        else:
            screen.choices([(name, about) for _, name, about in offered[:SHOWN]])
            more = f"the first {SHOWN} of {len(offered)}; " if len(offered) > SHOWN else ""
            screen.say(f"({more}type a number, more of the name, or Enter to leave it)", "dim")
        text = (await type_line(f"{field.label}: ")).strip()
        if not text:
            return None
        if text.isdecimal() and 1 <= int(text) <= min(len(offered), SHOWN):
            return offered[int(text) - 1][0]
