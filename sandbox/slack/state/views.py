"""Open modals: stacks of at most three views, each with its hash and input."""

from dataclasses import dataclass, field
from typing import Final

from bot.domain.ids import UserId
from sandbox.slack.state.elements import Json, State, first_state
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Workspace

STACK_HOLDS: Final = 3
"""Views, from Slack's reference of `views.push`."""


@dataclass(slots=True)
class OpenView:
    """A view on a person's screen; it changes with updates."""

    id: str
    person: UserId
    content: Json
    root: str
    previous: str | None
    hash: str
    state: State
    errors: dict[str, str] = field(default_factory=dict)
    """The errors beside the inputs, by block id."""

    @property
    def external_id(self) -> str:
        """The bot's own id for it, or empty."""
        return str(self.content.get("external_id", ""))


class ViewStacks:
    """Every person's stack of open views."""

    def __init__(self, workspace: Workspace, *, app: str) -> None:
        """Start with empty screens."""
        self._workspace = workspace
        self._app = app
        self._stacks: dict[UserId, list[OpenView]] = {}

    def of(self, person: UserId) -> list[OpenView]:
        """List a person's open views, the top one last."""
        return self._stacks.setdefault(person, [])

    def find(self, *, view_id: str = "", external_id: str = "") -> OpenView | None:
        """Find an open view by Slack's id or the bot's."""
        return next(
            (
                view
                for stack in self._stacks.values()
                for view in stack
                if (view_id and view.id == view_id) or (external_id and view.external_id == external_id)
            ),
            None,
        )

    def push(self, person: UserId, content: Json, *, afresh: bool = False) -> OpenView:
        """Push a view; with `afresh` it replaces the stack.

        Raises:
            SlackSays: `push_limit_reached`, or `duplicate_external_id`.
        """
        stack = self.of(person)
        if len(stack) >= STACK_HOLDS:
            raise SlackSays("push_limit_reached")
        self._no_double(content, instead_of=None)
        blocks = self._workspace.with_ids(content["blocks"])
        below = None if afresh or not stack else stack[-1]
        view_id = self._workspace.serial("V")
        view = OpenView(
            id=view_id,
            person=person,
            content={**content, "blocks": blocks},
            root=below.root if below else view_id,
            previous=below.id if below else None,
            hash=self._new_hash(),
            state=first_state(blocks, {}),
        )
        stack.append(view)
        self._workspace.changes.happened()
        return view

    def update(self, view: OpenView, content: Json) -> None:
        """Replace a view.

        Raises:
            SlackSays: `duplicate_external_id`.
        """
        self._no_double(content, instead_of=view)
        blocks = self._workspace.with_ids(content["blocks"])
        view.content = {**content, "blocks": blocks}
        view.state = first_state(blocks, view.state)
        view.hash = self._new_hash()
        view.errors = {}
        self._workspace.changes.happened()

    def close(self, view: OpenView) -> None:
        """Close one view; the one below shows again."""
        stack = self.of(view.person)
        if view in stack:
            stack.remove(view)
        self._workspace.changes.happened()

    def clear(self, person: UserId) -> None:
        """Close all views of a person."""
        self.of(person).clear()
        self._workspace.changes.happened()

    def payload(self, view: OpenView) -> Json:
        """Slack's JSON of a view."""
        asked = view.content
        return {
            "id": view.id,
            "team_id": self._workspace.people[view.person].team,
            "type": "modal",
            "blocks": asked["blocks"],
            "private_metadata": asked.get("private_metadata", ""),
            "callback_id": asked.get("callback_id", ""),
            "state": {"values": view.state},
            "hash": view.hash,
            "title": asked["title"],
            "clear_on_close": asked.get("clear_on_close", False),
            "notify_on_close": asked.get("notify_on_close", False),
            "close": asked.get("close"),
            "submit": asked.get("submit"),
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self._app,
            "external_id": view.external_id,
            "app_installed_team_id": self._workspace.team,
            "bot_id": "B0DISCOUNTBOT",
        }

    def _new_hash(self) -> str:
        return f"{self._workspace.next_ts()}.{self._workspace.serial('h')}"

    def _no_double(self, content: Json, *, instead_of: OpenView | None) -> None:
        held = self.find(external_id=str(content.get("external_id", "")))
        if held is not None and held is not instead_of:
            raise SlackSays("duplicate_external_id")
