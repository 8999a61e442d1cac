"""Listeners: their argument names, the manifest, and every button and form that is drawn."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.slack.messages import card_buttons, choices, lost_requests, rule, status
from bot.slack.modals import (
    approval,
    cancellation,
    customer_list,
    draft_offer,
    rejection,
    request_form,
    review,
    settings,
)
from handlers import card_buttons as card_handlers
from handlers import commands, fallback, rule_buttons
from handlers import request_form as request_form_handlers
from handlers.fallback import ANYTHING

MODULES = (
    commands,
    request_form_handlers,
    card_handlers,
    rule_buttons,
    fallback,
)
CARD = {
    card_buttons.APPROVE,
    card_buttons.REJECT,
    card_buttons.CANCEL,
    card_buttons.CONTINUE,
    card_buttons.END,
    card_buttons.GIVE_NOW,
    card_buttons.AGAIN,
    card_buttons.EDIT_RESEND,
    card_buttons.CHECK_AGAIN,
    customer_list.SHOW,
    customer_list.LIST,
    card_buttons.MENU,
}
OURS = {"who", "ctx"}
ERRORS_OWN = {"error"}

Listener = Callable[..., Any]


@dataclass(slots=True)
class Switchboard:
    """Registers listeners as Bolt's app does, and records them in order."""

    listeners: list[tuple[str, str | re.Pattern[str], Listener]] = field(default_factory=list)

    def command(self, what: str) -> Callable[[Listener], None]:
        return self._taking("command", what)

    def action(
        self, what: str | re.Pattern[str], *, matchers: Sequence[Listener] = ()
    ) -> Callable[[Listener], None]:
        self.listeners += [("matcher", what, matcher) for matcher in matchers]
        return self._taking("action", what)

    def view(self, what: str | re.Pattern[str]) -> Callable[[Listener], None]:
        return self._taking("view", what)

    def view_closed(self, what: str | re.Pattern[str]) -> Callable[[Listener], None]:
        return self._taking("view_closed", what)

    def options(self, what: str | re.Pattern[str]) -> Callable[[Listener], None]:
        return self._taking("options", what)

    def error(self, listener: Listener) -> None:
        self.listeners.append(("error", "", listener))

    def of(self, kind: str) -> list[str | re.Pattern[str]]:
        return [what for of_kind, what, _ in self.listeners if of_kind == kind]

    def _taking(self, kind: str, what: str | re.Pattern[str]) -> Callable[[Listener], None]:
        return lambda listener: self.listeners.append((kind, what, listener))


def registered() -> Switchboard:
    board = Switchboard()
    for module in MODULES:
        module.register(cast(AsyncApp, board))
    return board


@pytest.mark.parametrize(
    ("kind", "what", "listener"),
    registered().listeners,
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_listeners_take_only_arguments_that_bolt_injects(kind: str, what: object, listener: Listener) -> None:
    injected = set(AsyncArgs.__annotations__) | OURS | (ERRORS_OWN if kind == "error" else set())
    for name, parameter in inspect.signature(listener).parameters.items():
        assert name in injected, (what, name)
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD  # others are not handed over


def test_every_handler_module_is_registered() -> None:
    there = {path.stem for path in Path("handlers").glob("*.py")} - {"__init__", "context"}
    assert there == {module.__name__.rpartition(".")[2] for module in MODULES}


def test_commands_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load(Path("manifest.yml").read_text(encoding="utf-8"))
    assert registered().of("command") == [
        command["command"] for command in manifest["features"]["slash_commands"]
    ]
    assert bool(registered().of("options")) == (
        "message_menu_options_url" in manifest["settings"]["interactivity"]
    )
    assert "shortcuts" not in manifest["features"]


@pytest.mark.parametrize(
    ("kind", "drawn"),
    [
        (
            "action",
            {
                request_form.MORE_ACTION,
                request_form.RULE_ACTION,
                draft_offer.CONTINUE_ACTION,
                draft_offer.EMPTY_ACTION,
                *request_form.AGAIN_ACTIONS,
                review.ODD_ROWS,
                review.DETAILS,
                *CARD,
                *customer_list.TURNS,
                approval.DETAILS,
                lost_requests.SETTLE,
                choices.ADD_IN,
                choices.CANCEL,
                status.NEWER,
                status.OLDER,
                rule.SHOW,
                rule.DETAILS,
            },
        ),
        (
            "view",
            {
                request_form.CALLBACK,
                review.CALLBACK,
                approval.CALLBACK,
                rejection.CALLBACK,
                cancellation.CALLBACK,
                settings.CALLBACK,
            },
        ),
        ("options", {request_form.RULE_ACTION}),
    ],
)
def test_every_drawn_control_has_a_listener_and_the_rest_is_caught_last(kind: str, drawn: set[str]) -> None:
    *known, last = registered().of(kind)
    assert set(map(str, known)) == drawn
    assert last is ANYTHING
