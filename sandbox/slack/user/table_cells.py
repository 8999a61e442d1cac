"""The texts in a cell of a table."""

from collections.abc import Iterator
from typing import NamedTuple

from sandbox.slack.state.elements import Json


class Piece(NamedTuple):
    """A piece of a cell: text as it is, or a token of mrkdwn such as a mention or a link."""

    text: str
    is_token: bool = False
    is_bold: bool = False


def pieces(cell: Json) -> Iterator[Piece]:
    """List what is in a cell, in order."""
    match cell:
        case {"type": "raw_text" | "raw_number", "text": text}:
            yield Piece(str(text))
        case {"type": "text", "text": text}:
            yield Piece(str(text), is_bold=bool((cell.get("style") or {}).get("bold")))
        case {"type": "link", "url": url}:
            yield Piece(f"<{url}|{cell.get('text') or url}>", is_token=True)
        case {"type": "user", "user_id": user}:
            yield Piece(f"<@{user}>", is_token=True)
        case {"type": "channel", "channel_id": channel}:
            yield Piece(f"<#{channel}>", is_token=True)
        case {"type": "date", "timestamp": moment, "format": pattern}:
            yield Piece(f"<!date^{moment}^{pattern}|{cell.get('fallback', moment)}>", is_token=True)
        case {"elements": list(elements)}:
            for element in elements:
                yield from pieces(element)
