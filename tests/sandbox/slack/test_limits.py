"""The check of Slack's limits finds what Slack would refuse, and lets pass what it would take."""

from typing import Any

import pytest

from sandbox.slack.state.limits import message_faults, options_faults, view_faults


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("Go"), "value": "v", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "block_id": "b", "elements": list(elements)}


def field(**element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "i",
        "label": plain("Reason"),
        "element": {"type": "plain_text_input", "action_id": "a", **element},
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": list(blocks), **more}


def confirm(**more: Any) -> dict[str, Any]:
    return {
        "title": plain("Sure?"),
        "text": mrkdwn("Really"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
        **more,
    }


def cell(text: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


def container(*children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "container", "title": plain("Details"), "child_blocks": list(children), **more}


def data_table(*rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "data_table", "caption": "Requests", "rows": list(rows), **more}


def chart(*values: float, **more: Any) -> dict[str, Any]:
    days = [f"{number} Nov" for number in range(len(values))]
    data = [{"label": day, "value": value} for day, value in zip(days, values, strict=True)]
    drawn = {
        "type": "line",
        "series": [{"name": "Used", "data": data}],
        "axis_config": {"categories": days},
    }
    return {"type": "data_visualization", "title": "Since 3 Nov", "chart": drawn | more}


ALERT: dict[str, Any] = {"type": "alert", "level": "warning", "text": mrkdwn("Paused")}


def test_what_slack_takes_has_no_fault() -> None:
    assert message_faults([section("hello"), actions(button(confirm=confirm()))], "hello") == []
    assert view_faults(modal(section("hello"), field(initial_value="x" * 3_000))) == []
    assert message_faults([container(section("x"), is_collapsible=True, default_collapsed=True)], "x") == []
    table = {"type": "table", "rows": [[cell("x"), cell("y")]], "column_settings": [{"align": "right"}]}
    assert message_faults([table, data_table([cell("x")], [cell("y")], page_size=5)], "x") == []
    assert message_faults([chart(1, 2.5), chart(3)], "x") == []
    assert options_faults([{"text": plain("Spar"), "value": "r", "description": plain("100")}]) == []


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3_001)],
        [section("")],
        [section("x")] * 51,
        [section("x", block_id="same"), section("y", block_id="same")],
        [section("x", block_id="i" * 256)],
        [section("x", colour="red")],
        [{"type": "section"}],
        [{"type": "section", "fields": [mrkdwn("x")] * 11}],
        [{"type": "section", "fields": [mrkdwn("x" * 2_001)]}],
        [{"type": "header", "text": mrkdwn("x")}],
        [{"type": "header", "text": plain("x" * 151)}],
        [{"type": "context", "elements": []}],
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        [{"type": "markdown", "text": "x" * 7_000}, {"type": "markdown", "text": "x" * 7_000}],
        [{"type": "sparkles"}],
        [actions()],
        [actions(button(), button())],
        [actions(button(text=plain("x" * 76)))],
        [actions(button(text=mrkdwn("x")))],
        [actions(button(value="x" * 2_001))],
        [actions(button(style="loud"))],
        [actions(button(action_id="x" * 256))],
        [actions(button(confirm=confirm(text=mrkdwn("x" * 301))))],
        [actions(button(confirm={}))],
        [actions({"type": "sparkles", "action_id": "a"})],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        [field()],
        [ALERT],
        [container()],
        [container(*[section("x")] * 11)],
        [container(section("x" * 3_001))],
        [container(container(section("x")))],
        [container(section("x"), title=plain("x" * 151))],
        [container(section("x"), default_collapsed=True)],
        [{"type": "table", "rows": [[cell("x")]] * 101}],
        [{"type": "table", "rows": [[cell("x")] * 21]}],
        [{"type": "table", "rows": [[{"type": "raw_number", "value": 1, "text": "1"}]]}],
        [data_table([cell("x")])],
        [data_table([cell("x")], [cell("y"), cell("z")])],
        [data_table([cell("x")], [cell("")])],
        [data_table([{"type": "rich_text", "elements": []}], [cell("x")])],
        [data_table([cell("x")], [cell("y")], page_size=101)],
        [data_table([cell("x")], [cell("y" * 20_000)])],
        [data_table([cell("x")], [cell("y")], caption="")],
        [chart()],
        [chart(*range(21))],
        [chart(1)] * 3,
        [chart(1, type="donut")],
        [chart(1, series=[])],
        [chart(1, axis_config={"categories": ["another"]})],
        [chart(True)],
        [actions({"type": "overflow", "action_id": "a", "options": []})],
    ],
)
def test_what_slack_would_not_take_of_a_message_is_found(blocks: list[dict[str, Any]]) -> None:
    assert message_faults(blocks, "text") != []


@pytest.mark.parametrize("text", ["", "x" * 4_001])
def test_a_message_needs_a_text_that_is_not_too_long(text: str) -> None:
    assert message_faults([section("x")], text) != []


@pytest.mark.parametrize(
    "view",
    [
        {"type": "window"},
        modal(container(section("x"))),
        modal(chart(1)),
        modal(title=plain("x" * 25)),
        modal(submit=plain("x" * 25)),
        modal(close=plain("x" * 25)),
        modal(*[section("x")] * 101),
        modal(private_metadata="x" * 3_001),
        modal(callback_id="x" * 256),
        modal(external_id="x" * 256),
        modal(*[section("é" * 2_999)] * 90),
        modal(size="big"),
        modal({**ALERT, "text": mrkdwn("x" * 201)}),
        modal({**ALERT, "level": "loud"}),
        modal(field(initial_value="x" * 3_001)),
        modal(field(initial_value="xx", max_length=1)),
        modal(field(max_length=3_001)),
        modal(field(placeholder=plain("x" * 151))),
        modal({**field(), "label": plain("x" * 2_001)}),
        modal({**field(), "hint": plain("x" * 2_001)}),
        modal({**field(), "element": button()}),
        modal({**field(), "element": {"type": "file_input", "action_id": "a", "max_files": 11}}),
        modal({**field(), "element": {"type": "static_select", "action_id": "a", "options": []}}),
        modal({**field(), "element": {"type": "external_select", "action_id": "a", "min_query_length": -1}}),
        {key: value for key, value in modal(field()).items() if key != "submit"},
    ],
)
def test_what_slack_would_not_take_of_a_view_is_found(view: dict[str, Any]) -> None:
    assert view_faults(view) != []


@pytest.mark.parametrize(
    "options",
    [
        [{"text": plain("x"), "value": "v"}] * 101,
        [{"text": plain("x" * 76), "value": "v"}],
        [{"text": mrkdwn("x"), "value": "v"}],
        [{"text": plain("x"), "value": "v" * 76}],
        [{"text": plain("x"), "value": ""}],
        [{"text": plain("x"), "value": "v", "description": plain("x" * 76)}],
        [{"text": plain("x"), "value": "v", "colour": "red"}],
    ],
)
def test_what_slack_would_not_take_of_options_is_found(options: list[dict[str, Any]]) -> None:
    assert options_faults(options) != []
