"""What a person does on the page, carried out by the sandbox's people and modals."""

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePath

from aiohttp import web

from sandbox.browser import texts
from sandbox.browser.sandbox import Visit
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.mrkdwn import plain
from sandbox.slack.user.reactions import CannotDo, Reaction

Fields = Mapping[str, str]
PageAct = Callable[[Fields], Awaitable[str]]


class Acts:
    """The acts of one visit; each returns what Slack says about it, or nothing."""

    def __init__(self, visit: Visit) -> None:
        """Act as the visit's person."""
        self._visit = visit
        self._who = visit.who
        self.named: dict[str, PageAct] = {
            act.__name__: act
            for act in (self.say, self.press, self.fill, self.choose, self.submit, self.close)
        }
        """The acts by their names in the page."""

    async def say(self, form: Fields) -> str:
        """Send what is in the composer: a command or a message."""
        text = form["text"].strip()
        if not text:
            return ""
        if not text.startswith("/"):
            self._who.say(text, self._visit.where)
            return ""
        command, _, rest = text.partition(" ")
        if command.casefold() != "/discount":
            return texts.NO_SUCH_COMMAND.format(command=command)
        return self._told(await self._who.command(f"/discount {rest}", self._visit.where))

    async def press(self, form: Fields) -> str:
        """Press a button of a message or of the modal."""
        if form.get("view"):
            return self._told(await self._modal(form).press(form["label"]))
        message = next((one for one in self._all_messages() if one.ts == form["ts"]), None)
        if message is None:
            return texts.MESSAGE_GONE
        return self._told(await self._who.press(form["label"], message))

    async def fill(self, form: Fields) -> str:
        """Fill in an input of the modal."""
        await self._modal(form).fill({form["label"]: form["value"]})
        self._visit.sandbox.shop.slack.changes.happened()
        return ""

    async def choose(self, form: Fields) -> str:
        """Choose the option whose whole text was typed into a select, if there is one."""
        typed = form["value"].strip()
        offered = await self.options({**form, "typed": typed}) if typed else []
        found = [option for option in offered if option["text"].casefold() == typed.casefold()]
        return await self.fill({**form, "value": found[0]["value"]}) if len(found) == 1 else ""

    async def submit(self, form: Fields) -> str:
        """Submit the modal; errors show beside its inputs."""
        return self._told(await self._modal(form).submit())

    async def close(self, form: Fields) -> str:
        """Close the modal."""
        await self._modal(form).close()
        return ""

    async def put_files(self, form: Fields, files: list[web.FileField]) -> str:
        """Put files into the modal's file input, or post them in the channel."""
        with tempfile.TemporaryDirectory(dir=self._visit.sandbox.uploads) as folder:
            paths = [_save(file, Path(folder) / str(number)) for number, file in enumerate(files)]
            if form.get("view"):
                return await self.fill({**form, "value": "\n".join(map(str, paths))})
            for path in paths:
                self._who.share_from_disk(str(path), self._visit.where)
        return ""

    async def options(self, form: Fields) -> list[dict[str, str]]:
        """Search a select's options."""
        offered = await self._modal(form).options(form["label"], form["typed"])
        return [
            {
                "value": option["value"],
                "text": option["text"]["text"],
                "about": (option.get("description") or {}).get("text", ""),
            }
            for option in offered
        ]

    def _modal(self, form: Fields) -> Modal:
        view, modal = self._visit.view, self._who.view
        if view is None or modal is None or view.id != form["view"]:
            raise CannotDo(texts.FORM_GONE)
        return modal

    def _all_messages(self) -> list[Message]:
        return [one for message, replies in self._visit.messages for one in (message, *replies)]

    def _told(self, reaction: Reaction) -> str:
        return plain(reaction.trouble, self._visit.sandbox.shop.slack.workspace)


def _save(file: web.FileField, folder: Path) -> Path:
    """Write an uploaded file under its own name, in a folder of its own."""
    folder.mkdir()
    path = folder / (PurePath(file.filename.replace("\\", "/")).name or "file")
    with path.open("wb") as to:
        shutil.copyfileobj(file.file, to)
    return path
