"""Files in Slack: who may see them, and Slack's JSON for them."""

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from bot.domain.ids import ChannelId, FileId, TeamId, UserId

Json = dict[str, Any]
PRETTY: Final = {"csv": "CSV", "tsv": "TSV", "txt": "Plain Text", "xlsx": "Excel Spreadsheet"}


@dataclass(slots=True)
class File:
    """A file. `size` is Slack's claim, which may be less than the download."""

    id: FileId
    name: str
    by: UserId
    data: bytes
    size: int
    created: int
    shared: list[tuple[ChannelId, bool]] = field(default_factory=list)
    """The channels it was posted in, and whether each is private."""
    external: bool = False
    """Whether Slack only links to it."""
    in_form: bool = True
    """Whether it was added to a form of the bot, which lets the bot see it."""

    @property
    def kind(self) -> str:
        """Its extension, Slack's `filetype`."""
        return PurePath(self.name).suffix.removeprefix(".").lower() or "binary"

    def path(self, team: TeamId) -> str:
        """The download path."""
        return f"/files-pri/{team}-{self.id}/download/{quote(self.name.lower(), safe='')}"

    def permalink(self, domain: str) -> str:
        """The link that people copy."""
        return f"https://{domain}.slack.com/files/{self.by}/{self.id}/{quote(self.name.lower(), safe='')}"

    def payload(self, team: TeamId, domain: str, base_url: str) -> Json:
        """Slack's JSON of it, as in `files.info` and a view's state."""
        address = f"{base_url}{self.path(team)}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.name,
            "mimetype": "application/octet-stream",
            "filetype": self.kind,
            "pretty_type": PRETTY.get(self.kind, self.kind.upper()),
            "user": self.by,
            "user_team": team,
            "editable": False,
            "size": self.size,
            "mode": "hosted",
            "is_external": self.external,
            "external_type": "",
            "is_public": False,
            "public_url_shared": False,
            "url_private": address.replace("/download/", "/"),
            "url_private_download": address,
            "permalink": self.permalink(domain),
            "channels": [channel for channel, private in self.shared if not private],
            "groups": [channel for channel, private in self.shared if private],
            "ims": [],
            "file_access": "visible",
        }
