"""Files that apps bring to Slack, from the address that they are sent to until they stand in a conversation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

Json = dict[str, Any]

PATH: Final = "/upload/v1/"
"""Where contents are sent to; what follows is of one use."""


@dataclass(slots=True)
class Upload:
    """A file on its way: announced with its length, then sent, then shared. `title` is what people see of it."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    shared: bool = False

    def payload(self) -> Json:
        """Write it the way it stands in a message."""
        return {"id": self.id, "name": self.name, "title": self.title, "size": self.length, "mode": "hosted"}


class Uploads:
    """All files that the bot has begun to upload."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers = count(1)
        self.files: dict[str, Upload] = {}

    def announce(self, name: str, length: int) -> Upload:
        """Take note of a file that is to be sent."""
        upload = Upload(f"F{next(self._numbers):08d}", name, length)
        self.files[upload.id] = upload
        return upload

    async def take(self, ticket: str, sent: AsyncIterator[bytes]) -> bool:
        """Take a file's content; false where nothing was announced there, it came before, or it is of another length."""
        upload = self.files.get(ticket)
        content = b"".join([part async for part in sent])
        if upload is None or upload.content is not None or len(content) != upload.length:
            return False
        upload.content = content
        return True

    def text(self, id: str) -> str:  # noqa: A002
        """Read what a shared file says, as whoever downloads it does."""
        upload = self.files[id]
        return (upload.content or b"").decode("utf-8-sig")
