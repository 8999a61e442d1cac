"""Block Kit as HTML: every type that the bot uses is drawn, and no text becomes HTML of its own."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from gallery import drawings
from gallery.__main__ import draw
from sandbox.browser.blocks import BLOCKS, ELEMENTS, BlockRenderer, UnknownBlock, draw_view
from sandbox.browser.mrkdwn import to_html
from sandbox.slack import SandboxSlack
from sandbox.slack.state import limits
from sandbox.slack.state.elements import Json
from sandbox.slack.state.newer_blocks import CHARTS

NEW_TAB = 'target="_blank" rel="noopener noreferrer"'
VOID = frozenset({"input", "hr", "br", "img", "meta", "link"})
# fmt: off
TAGS = frozenset((
    "a", "article", "blockquote", "button", "caption", "code", "dialog", "details", "div", "em", "fieldset",
    "figcaption", "figure", "footer", "form", "h2", "h3", "h4", "header", "hr", "input", "label", "legend",
    "li", "ol", "option", "p", "pre", "rect", "s", "section", "select", "small", "span", "strong", "summary",
    "svg", "table", "tbody", "td", "textarea", "th", "thead", "time", "title", "tr", "ul",
))
# fmt: on


class Reader(HTMLParser):
    """Reads HTML, and fails at tags that nobody draws and at tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def types(thing: object) -> Iterator[str]:
    if isinstance(thing, dict):
        if "type" in thing:
            yield thing["type"]
        for value in thing.values():
            yield from types(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from types(value)


def office() -> SandboxSlack:
    slack = SandboxSlack()
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    slack.add_channel("loyalty", [ann, bo])
    slack.add_group("leads", [bo])
    return slack


def read(mrkdwn: str) -> str:
    return str(to_html(mrkdwn, office().workspace))


async def test_every_message_and_modal_of_the_gallery_is_whole_html() -> None:
    for drawing in await draw():
        Reader(drawing.html)


TEXTS = frozenset(
    {
        "plain_text",
        "mrkdwn",
        "raw_text",
        "raw_number",
        "rich_text",
        "rich_text_section",
        "text",
        "link",
        "user",
        "channel",
    }
)
CELL = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "link", "url": "https://a.example/", "text": "R-7K2QF"},
                {"type": "text", "text": " <b>", "style": {"bold": True}},
            ],
        }
    ],
}


def test_every_type_that_the_bot_uses_has_a_drawing() -> None:
    used = {kind for _, message in drawings.all_messages() for kind in types(message.blocks)}
    used |= {kind for _, view in drawings.all_views() for kind in types(view["blocks"])}
    assert used <= BLOCKS | ELEMENTS | TEXTS | set(CHARTS)


def test_a_table_has_its_cells_with_their_links() -> None:
    cell: Json = {"type": "raw_text", "text": "*Request*"}
    block: Json = {"type": "table", "rows": [[cell], [CELL]], "block_id": "b"}
    html = str(BlockRenderer(office().workspace, "m1").block(block))
    assert '<th scope="col">*Request*</th>' in html
    assert f'<td><a href="https://a.example/" {NEW_TAB}>R-7K2QF</a><strong> &lt;b&gt;</strong></td>' in html
    assert "<caption>" not in html


def test_a_data_table_has_a_caption_and_a_header_in_each_row() -> None:
    cell: Json = {"type": "raw_text", "text": "x"}
    block: Json = {
        "type": "data_table",
        "rows": [[cell, cell], [cell, CELL]],
        "caption": "Requests",
        "block_id": "b",
        "row_header_column_index": 1,
    }
    html = str(BlockRenderer(office().workspace, "m1").block(block))
    assert "<caption>Requests</caption>" in html
    assert "<td>x</td>" in html
    assert '<th scope="row"><a href="https://a.example/"' in html


@pytest.mark.parametrize(
    ("more", "tag"),
    [
        ({}, "<div"),
        ({"is_collapsible": True, "default_collapsed": True}, "<details"),
    ],
)
def test_a_container_draws_what_is_in_it(more: Json, tag: str) -> None:
    child: Json = {"type": "section", "block_id": "c", "text": {"type": "mrkdwn", "text": "*Mondays*"}}
    title: Json = {"type": "plain_text", "text": "When it can be used"}
    block: Json = {"type": "container", "block_id": "b", "title": title, "child_blocks": [child], **more}
    html = str(BlockRenderer(office().workspace, "m1").block(block))
    Reader(html)
    assert html.strip().startswith(f'{tag} class="container"')
    assert "<strong>Mondays</strong>" in html
    assert " open" not in html


def test_a_chart_has_a_bar_for_each_value_and_says_it() -> None:
    days = ["3 Nov", "4 Nov"]
    series = [
        {
            "name": name,
            "data": [{"label": day, "value": value} for day, value in zip(days, values, strict=True)],
        }
        for name, values in (("Used", (10, 20)), ("Given", (0, 5)))
    ]
    drawn: Json = {"type": "line", "series": series, "axis_config": {"categories": days}}
    block: Json = {"type": "data_visualization", "block_id": "b", "title": "Since 3 Nov", "chart": drawn}
    html = str(BlockRenderer(office().workspace, "m1").block(block))
    Reader(html)
    assert 'aria-label="4 Nov, Used: 20, Given: 5"' in html
    assert html.count("<rect") == 4
    assert 'height="50.0"' in html
    assert "style=" not in html  # the page's policy would not apply it


def test_an_alert_names_its_level() -> None:
    block: Json = {"type": "alert", "level": "warning", "text": {"type": "mrkdwn", "text": "⚠️ Paused"}}
    assert 'class="alert warning"' in str(BlockRenderer(office().workspace, "m1").block(block))


def test_an_overflow_menu_lists_its_actions() -> None:
    option: Json = {"text": {"type": "plain_text", "text": "View customers"}, "value": "v"}
    menu: Json = {"type": "overflow", "action_id": "a", "options": [option]}
    html = str(
        BlockRenderer(office().workspace, "m1").block(
            {"type": "actions", "block_id": "b", "elements": [menu]}
        )
    )
    Reader(html)
    assert 'data-press="View customers"' in html


@pytest.mark.parametrize(
    "block", [{"type": "rich_text"}, {"type": "section", "accessory": {"type": "image"}}]
)
def test_an_unknown_type_is_an_error(block: Json) -> None:
    with pytest.raises(UnknownBlock):
        BlockRenderer(office().workspace, "m1").block(block)


@pytest.mark.parametrize(
    ("mrkdwn", "html"),
    [
        ("*bold* _it_ ~gone~ `c`", "<strong>bold</strong> <em>it</em> <s>gone</s> <code>c</code>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("*<!date^1795440780^{time}|14:33>*", "<strong><time>14:33</time></strong>"),
        ("<@U0ANN> &lt;@U0ANN&gt;", '<span class="mention">@Ann</span> &lt;@U0ANN&gt;'),
        ("<!subteam^S0LEADS>", '<span class="mention">@leads</span>'),
        (
            '<https://a.example/?a=1&amp;b="|the *card*>',
            f'<a href="https://a.example/?a=1&amp;b=&#34;" {NEW_TAB}>the *card*</a>',
        ),
        ("<javascript:alert(1)|x>", "x"),
        (
            "<https://sandbox.slack.com/archives/C0LOYALTY/p1795435200000001|the card>",
            '<a href="#m1795435200.000001" data-in="C0LOYALTY">the card</a>',
        ),
        ("&gt; one\n&gt; two\nthree", "<blockquote>one</blockquote><blockquote>two</blockquote>three"),
        ("\u2060*\u2060no\u2060*\u2060 a*b*c", "\u2060*\u2060no\u2060*\u2060 a*b*c"),
        ("`*no* &lt;b&gt;`", "<code>*no* &lt;b&gt;</code>"),
        ("```\na *b*\n```", "<pre>a *b*</pre>"),
        (
            "<b>bold</b> &amp;amp; &#57344;0&#57345; \ue0000\ue001",
            "bbold/b &amp;amp; &amp;#57344;0&amp;#57345; 0",
        ),
    ],
)
def test_mrkdwn_becomes_html(mrkdwn: str, html: str) -> None:
    assert read(mrkdwn) == html


def test_an_input_shows_its_value_its_hint_and_its_error() -> None:
    slack = office()
    person = next(iter(slack.workspace.people))
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": "a", "initial_value": "<late>"}
    block = {
        "type": "input",
        "block_id": "reason",
        "label": {"type": "plain_text", "text": "Reason"},
        "hint": {"type": "plain_text", "text": "Everybody reads it"},
        "element": element,
        "optional": True,
    }
    title = {"type": "plain_text", "text": "Ask"}
    view = slack.stacks.push(person, {"type": "modal", "title": title, "submit": title, "blocks": [block]})
    view.errors = {"reason": "Too short"}
    html = str(draw_view(view, slack.workspace))
    for part in (
        'value="&lt;late&gt;"',
        'aria-invalid="true"',
        'role="alert">Too short<',
        ">Everybody reads it<",
        "(optional)",
    ):
        assert part in html


def test_the_drawn_types_are_those_that_the_stand_in_accepts() -> None:
    assert set(limits.BLOCKS) >= BLOCKS
    assert set(limits.ELEMENTS) >= ELEMENTS
