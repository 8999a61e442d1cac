"""A modal on a person's screen: fill in, press, submit, close, within Slack's rules."""

import copy
from collections.abc import Mapping
from pathlib import Path

from sandbox.slack.state.elements import KEPT_AS, LISTED, TEXTS, Element, buttons, fields, value_of
from sandbox.slack.state.errors import SlackSays, refuse_view
from sandbox.slack.state.limits import options_faults
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Account, Json
from sandbox.slack.transport.delivery import INTERACTION, Ack
from sandbox.slack.transport.switchboard import Switchboard
from sandbox.slack.user import payloads
from sandbox.slack.user.input_rules import check_text, choose, pick
from sandbox.slack.user.reactions import NO_CONNECTION, REQUIRED, CannotDo, Reaction
from sandbox.slack.user.rendering import draw_view, shown


class Modal:
    """A live modal that shows the bot's updates. Actions raise `CannotDo` if a person could not do them."""

    def __init__(self, board: Switchboard, who: Account, view: OpenView) -> None:
        """Attach to a view on a person's screen."""
        self._board = board
        self._who = who
        self._view = view

    @property
    def is_open(self) -> bool:
        """Whether it is open, even below another."""
        return self._view in self._board.stacks.of(self._who.id)

    @property
    def title(self) -> str:
        """The title."""
        return str(self._view.content["title"]["text"])

    @property
    def submit_label(self) -> str:
        """The submit button's text, or empty."""
        return str((self._view.content.get("submit") or {}).get("text", ""))

    @property
    def close_label(self) -> str:
        """The close button's text, or empty."""
        return str((self._view.content.get("close") or {}).get("text", ""))

    @property
    def payload(self) -> Json:
        """The view as Slack sends it now."""
        return copy.deepcopy(self._board.stacks.payload(self._view))

    @property
    def callback_id(self) -> str:
        """The bot's name for this kind of view."""
        return str(self._view.content.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        """What the bot wrote into the view for itself."""
        return str(self._view.content.get("private_metadata", ""))

    @property
    def text(self) -> str:
        """Its whole text as plain lines."""
        return "\n".join(draw_view(self._view, self._board.workspace))

    @property
    def labels(self) -> list[str]:
        """The labels of the inputs."""
        return [field.label for field in self._fields()]

    @property
    def buttons(self) -> list[str]:
        """The texts of the buttons inside the modal."""
        return [button.label for button in buttons(self._view.content["blocks"])]

    @property
    def values(self) -> dict[str, str]:
        """The shown value of each input, by label."""
        return {field.label: shown(value_of(field, self._view.state)) for field in self._fields()}

    @property
    def errors(self) -> dict[str, str]:
        """The errors beside the inputs, by label."""
        return {
            field.label: self._view.errors[field.block_id]
            for field in self._fields()
            if field.block_id in self._view.errors
        }

    async def fill(self, values: Mapping[str, str]) -> None:
        """Fill inputs by label: type texts, choose options by text or value, pick files by path.

        An empty string clears an input; boxes to tick and files are one a line.
        """
        for label, wanted in values.items():
            field = self._field(label)
            if field.type in TEXTS:
                check_text(field, wanted)
                self._put(field, wanted or None)
            elif wanted and field.type == "file_input":
                self._put(field, [self._uploaded(path) for path in pick(field, wanted)])
            elif wanted and field.type == "checkboxes":
                offered = await self._offered(field, "")
                self._put(field, [choose(offered, line) for line in wanted.splitlines()])
            elif wanted:
                self._put(field, choose(await self._offered(field, wanted), wanted))
            else:
                self._put(field, [] if KEPT_AS[field.type][0] in LISTED else None)
            if field.tells_at_once:
                await self._tell(payloads.view_action(self._board, self._who, self._view, field))

    async def options(self, label: str, typed: str = "") -> list[Json]:
        """Type into a select and list the offers: `text`, `value` and `description` as the bot sent them."""
        return await self._offered(self._field(label), typed)

    async def press(self, label: str, *, confirm: bool = True) -> Reaction:
        """Press a button inside the modal; `confirm` answers its confirmation dialog."""
        self._must_be_on_top()
        pressed = next(
            (button for button in buttons(self._view.content["blocks"]) if button.label == label), None
        )
        if pressed is None:
            raise CannotDo(f"there is no button {label!r}, only {self.buttons}")
        asked = str(pressed.element.get("confirm", {}).get("text", {}).get("text", ""))
        if asked and not confirm:
            return Reaction(confirmed=asked)
        ack = await self._tell(payloads.view_action(self._board, self._who, self._view, pressed))
        return Reaction(trouble="" if ack.ok else NO_CONNECTION, confirmed=asked)

    async def submit(self, *, lost: bool = False) -> Reaction:
        """Submit. Slack refuses while a required input is empty, without asking the bot.

        If the bot's answer is `lost`, the modal stays as it is.
        """
        self._must_be_on_top()
        if not self.submit_label:
            raise CannotDo("nothing to submit here")
        empty = {
            field.block_id: REQUIRED
            for field in self._fields()
            if field.required and not value_of(field, self._view.state)
        }
        self._show(empty)
        if empty:
            return Reaction(errors=self.errors)
        ack = await self._tell(payloads.submission(self._board, self._who, self._view))
        if lost:
            return Reaction(trouble=NO_CONNECTION)
        try:
            return self._submitted(ack)
        except SlackSays as refusal:
            return Reaction(trouble=f"{NO_CONNECTION} ({refusal})")

    async def close(self) -> None:
        """Close the modal; the bot hears of it if it asked to."""
        self._must_be_on_top()
        told = payloads.closing(self._board, self._who, self._view)
        if self._view.content.get("clear_on_close"):
            self._board.stacks.clear(self._who.id)
        else:
            self._board.stacks.close(self._view)
        if self._view.content.get("notify_on_close"):
            await self._tell(told)

    def _submitted(self, ack: Ack) -> Reaction:
        if not ack.ok:
            return Reaction(trouble=NO_CONNECTION)
        match ack.body.get("response_action"):
            case None:
                self._board.stacks.close(self._view)
            case "clear":
                self._board.stacks.clear(self._who.id)
            case "update":
                self._redraw(refuse_view(ack.body.get("view")))
            case "push":
                self._board.stacks.push(self._who.id, refuse_view(ack.body.get("view")))
            case "errors":
                return self._refused(ack.body.get("errors", {}))
            case other:
                raise SlackSays(f"unknown response_action {other!r}")
        return Reaction()

    def _refused(self, errors: dict[str, str]) -> Reaction:
        inputs = {field.block_id for field in self._fields() if field.block["type"] == "input"}
        if not errors or set(errors) - inputs:
            raise SlackSays(f"errors beside no input: {sorted(set(errors) - inputs)}")
        self._show(errors)
        return Reaction(errors=self.errors)

    def _redraw(self, content: Json) -> None:
        if self.is_open:
            self._board.stacks.update(self._view, content)

    def _show(self, errors: dict[str, str]) -> None:
        self._view.errors = dict(errors)
        self._board.workspace.changes.happened()

    def _put(self, field: Element, value: object) -> None:
        self._view.state[field.block_id][field.action_id][KEPT_AS[field.type][0]] = value

    def _uploaded(self, path: Path) -> Json:
        workspace = self._board.workspace
        file = workspace.put_file(path.name, path.read_bytes(), by=self._who.id)
        return file.payload(workspace.team, workspace.domain, self._board.tickets.base_url)

    def _fields(self) -> list[Element]:
        return fields(self._view.content["blocks"])

    def _field(self, label: str) -> Element:
        self._must_be_on_top()
        found = next((field for field in self._fields() if field.label == label), None)
        if found is None:
            raise CannotDo(f"there is no input {label!r}, only {self.labels}")
        return found

    def _must_be_on_top(self) -> None:
        stack = self._board.stacks.of(self._who.id)
        if not stack or stack[-1] is not self._view:
            raise CannotDo(f"the modal {self.title!r} is not on top of {self._who.name}'s screen")

    async def _offered(self, field: Element, typed: str) -> list[Json]:
        if field.type != "external_select":
            return list(field.element.get("options", []))
        if len(typed) < field.element.get("min_query_length", 3):
            raise CannotDo(
                f"{field.label!r} asks only after {field.element.get('min_query_length', 3)} characters"
            )
        ack = await self._tell(payloads.suggestion(self._board, self._who, self._view, field, typed))
        if not ack.ok:
            raise CannotDo(f"no options came: {ack.trouble}")
        grouped = [option for group in ack.body.get("option_groups", []) for option in group["options"]]
        offered: list[Json] = [*ack.body.get("options", []), *grouped]
        if faults := options_faults(offered):
            raise CannotDo(f"Slack shows no options that break its limits: {faults}")
        return offered

    async def _tell(self, payload: Json) -> Ack:
        return await self._board.deliver(INTERACTION, payload)
