"""Slack's `views.*` methods: open, push and update modals."""

from typing import Final

from sandbox.slack.api.call import ApiCall, ArgumentRule
from sandbox.slack.state.errors import SlackSays, refuse_view
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Json


def open_view(call: ApiCall) -> Json:
    """`views.open`: exchange a trigger for a modal."""
    view = refuse_view(call.arguments.get("view"), unknown=call.workspace.unknown_blocks)
    person = call.tickets.exchange(call.text("trigger_id"))
    return _answer(call, call.stacks.push(person, view, afresh=True))


def push(call: ApiCall) -> Json:
    """`views.push`: open a view on top of the trigger's view."""
    view = refuse_view(call.arguments.get("view"), unknown=call.workspace.unknown_blocks)
    person = call.tickets.exchange(call.text("trigger_id"))
    if not call.stacks.of(person):
        raise SlackSays("not_found")
    return _answer(call, call.stacks.push(person, view))


def update(call: ApiCall) -> Json:
    """`views.update`: replace an open view; a `hash` must match its current one."""
    view = refuse_view(call.arguments.get("view"), unknown=call.workspace.unknown_blocks)
    wanted = {name: call.text(name) for name in ("view_id", "external_id") if call.arguments.get(name)}
    if len(wanted) != 1:
        raise SlackSays(
            "invalid_arguments",
            response_metadata={"messages": ["[ERROR] give view_id or external_id, one of them"]},
        )
    opened = call.stacks.find(**wanted)
    if opened is None:
        raise SlackSays("not_found")
    if call.text("hash", opened.hash) != opened.hash:
        raise SlackSays("hash_conflict")
    call.stacks.update(opened, view)
    return _answer(call, opened)


def _answer(call: ApiCall, view: OpenView) -> Json:
    return {"ok": True, "view": call.stacks.payload(view)}


METHODS: Final = {
    "views.open": ArgumentRule(open_view),
    "views.push": ArgumentRule(push),
    "views.update": ArgumentRule(update),
}
