"""Files that apps upload, from the first address to the shared message."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

Json = dict[str, Any]

PATH: Final = "/upload/v1/"
"""The upload path; a one-time part follows."""


@dataclass(slots=True)
class Upload:
    """An upload: announced with its length, then sent, then shared. People see its `title`."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    shared: bool = False

    def payload(self) -> Json:
        """Slack's JSON of it in a message."""
        return {"id": self.id, "name": self.name, "title": self.title, "size": self.length, "mode": "hosted"}


class Uploads:
    """All uploads of the bot."""

    def __init__(self) -> None:
        """Start with none."""
        self._numbers = count(1)
        self.files: dict[str, Upload] = {}

    def announce(self, name: str, length: int) -> Upload:
        """Announce a file."""
        upload = Upload(f"F{next(self._numbers):08d}", name, length)
        self.files[upload.id] = upload
        return upload

    async def take(self, ticket: str, sent: AsyncIterator[bytes]) -> bool:
        """Accept a file's content; False if it was not announced, came twice, or has another length."""
        upload = self.files.get(ticket)
        content = b"".join([part async for part in sent])
        if upload is None or upload.content is not None or len(content) != upload.length:
            return False
        upload.content = content
        return True

    def text(self, id: str) -> str:  # noqa: A002
        """The text of a shared file, as downloaded."""
        upload = self.files[id]
        return (upload.content or b"").decode("utf-8-sig")
