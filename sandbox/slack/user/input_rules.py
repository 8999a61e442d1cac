"""Slack's rules for typing, choosing and picking files."""

from pathlib import Path
from typing import Final

from sandbox.slack.state.elements import Element, Json
from sandbox.slack.user.reactions import CannotDo

LONGEST: Final = 3_000
"""Characters of a plain text input."""
MOST_FILES: Final = 10
LARGEST_FILE: Final = 10 * 1024**2
"""Bytes of one file of a file input."""


def check_text(field: Element, typed: str) -> None:
    """Check a text against an input's rules.

    Raises:
        CannotDo: it is too long, too short, or has several lines in a one-line input.
    """
    most = int(field.element.get("max_length", LONGEST))
    fewest = int(field.element.get("min_length", 0))
    if len(typed) > most:
        raise CannotDo(f"{field.label!r} takes {most} characters, not {len(typed)}")
    if typed and len(typed) < fewest:
        raise CannotDo(f"{field.label!r} wants {fewest} characters at least")
    if "\n" in typed and not field.element.get("multiline"):
        raise CannotDo(f"{field.label!r} has one line")


def choose(offered: list[Json], wanted: str) -> Json:
    """Choose an option by value or text, or the only one whose text contains it.

    Raises:
        CannotDo: no such option, or more than one.
    """
    exact = [option for option in offered if wanted in {option["value"], option["text"]["text"]}]
    begins = [option for option in offered if option["text"]["text"].casefold().startswith(wanted.casefold())]
    holds = [option for option in offered if wanted.casefold() in option["text"]["text"].casefold()]
    for found in (exact, begins, holds):
        if len(found) == 1:
            return found[0]
    raise CannotDo(f"{wanted!r} is not one of {[option['text']['text'] for option in offered]}")


def pick(field: Element, paths: str) -> list[Path]:
    """Pick files from disk, one path per line.

    Raises:
        CannotDo: one is missing, too big or of another kind, or they are too many.
    """
    picked = [Path(path.strip()).expanduser() for path in paths.splitlines() if path.strip()]
    most, kinds = int(field.element.get("max_files", MOST_FILES)), field.element.get("filetypes")
    if len(picked) > most:
        raise CannotDo(f"{field.label!r} takes {most} files, not {len(picked)}")
    for path in picked:
        if not path.is_file():
            raise CannotDo(f"there is no file {str(path)!r}")
        if kinds and path.suffix.removeprefix(".").lower() not in kinds:
            raise CannotDo(f"{field.label!r} takes {', '.join(kinds)}, and {path.name!r} is none of these")
        if path.stat().st_size > LARGEST_FILE:
            raise CannotDo(f"{path.name!r} has more than 10 MB")
    return picked
