"""The answers to `/discount status`: requests in pages, or one request in full.

An open request is a line that links to its message; those that have ended are a table.
"""

from collections.abc import Sequence
from typing import Final

from slackblocks import (
    ActionsBlock,
    Block,
    Button,
    DataTableBlock,
    RawNumber,
    RawText,
    RichText,
    RichTextBlock,
    RichTextChannel,
    RichTextElement,
    RichTextLink,
    RichTextSection,
    RichTextUser,
)

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Request, State
from bot.services.overview import StatusPage
from bot.slack.language.texts import _
from bot.slack.messages import card
from bot.slack.messages.summary import left_out
from bot.slack.rendering import pause_banner, progress_bar, request_facts
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape, mention, shorten
from bot.slack.rendering.request_state import approved_by, mark, status_lines

NEWER: Final = "discount_status_newer"
OLDER: Final = "discount_status_older"
"""The actions that turn a page; their value is the page."""
PAGES: Final = "discount_status_pages"
NAME: Final = 40
RULE_TITLE: Final = 60
"""How long a name and a rule's title are in a cell."""
Cell = RawText | RawNumber | RichTextBlock


def build(shown: StatusPage, formatter: Formatter, pause: Pause | None = None) -> Message:
    """List requests, open ones first: those of a channel, or what is this person's own."""
    title, listed = _title(shown), _listed(shown, formatter)
    said = [pause_banner.note(pause, formatter)] if pause else []
    if not listed:
        text = "\n".join([*said, title])
        return message(text, [section(text)])
    marks = " · ".join(f"{each.request.short} {mark(each)}" for each in (*shown.waits, *shown.requests))
    return message(
        f"{title} · {marks}",
        [
            *pause_banner.blocks(pause, formatter),
            *listed,
            *_turns(shown),
            context(_("See one in full with `/discount status R-…`.")),
        ],
    )


def one(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Show one request in full, without the buttons of its card."""
    begun = snapshot.request.started_at is not None
    result = status_lines(snapshot, formatter, is_counted=not begun)
    return message(
        card.text(snapshot, formatter),
        [
            *sections([*result, *(left_out(snapshot, formatter) if begun else [])], most=5),
            *pause_banner.of_request(snapshot, formatter),
            *sections(card.lines(snapshot, formatter), most=4),
            context(" · ".join(_footer(snapshot, formatter))),
        ],
    )


def _footer(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Name the request, its people and its account, for the small line."""
    request = snapshot.request
    who, channel = formatter.name(request.requester), mention(request.channel)
    stage = f"{request_facts.stage(request)} ({escape(request.account, 20)})"
    by = _("Requested by {name} in {channel}", name=who, channel=channel)
    at = [formatter.slack_date(request.asked_at)] if request.asked_at else []
    return [linked(request, formatter), stage, by, *at, *approved_by(snapshot, formatter)]


def linked(request: Request, formatter: Formatter) -> str:
    """Write a request's short id as a link to its message, if that can be known."""
    link = formatter.permalink(request.channel, request.card_ts)
    return f"<{link}|{request.short}>" if link else request.short


def line(snapshot: RequestSnapshot, formatter: Formatter, *, is_own: bool = False) -> str:
    """Write a request in one line: its state with the numbers, its rule, and whose it is."""
    request = snapshot.request
    sign, _space, words = mark(snapshot).partition(" ")
    marked = [sign, f"*{linked(request, formatter)}*", words]
    if sign.isalnum():  # a draft has no sign
        marked = [f"*{linked(request, formatter)}*", mark(snapshot)]
    facts = [" ".join(marked)]
    if snapshot.progress:
        facts += [
            progress_bar.percent(snapshot.tally, formatter),
            progress_bar.foretold(snapshot.progress, formatter),
        ]
    elif request.state is not State.DONE:
        facts.append(request_facts.recipients(request, formatter))
    facts.append(request_facts.title(request))
    facts.append(mention(request.channel) if is_own else formatter.name(request.requester))
    facts.append(formatter.slack_date(request.asked_at) if request.asked_at else "")
    return " · ".join(filter(None, facts))


def _title(shown: StatusPage) -> str:
    if shown.page > 1:
        return _("Older requests, page {page}", page=shown.page)
    if shown.is_own:
        return (
            _("*Your requests*")
            if shown.requests
            else _("You have no requests yet. Start one with `/discount add`.")
        )
    return (
        _("*Requests in this channel*")
        if shown.requests
        else _("No requests here yet. Start one with `/discount add`.")
    )


def _listed(shown: StatusPage, formatter: Formatter) -> list[Block]:
    blocks: list[Block] = []
    if shown.waits:
        waiting = _lines(shown.waits, formatter, is_own=False)
        blocks += [section(_("*Waiting for your approval*")), *waiting]
    if shown.requests or blocks:
        still_open = [each for each in shown.requests if not each.request.ended]
        ended = [each for each in shown.requests if each.request.ended]
        blocks += [section(_title(shown)), *_lines(still_open, formatter, is_own=shown.is_own)]
        blocks += _table(ended, formatter, is_own=shown.is_own)
    return blocks


def _table(ended: Sequence[RequestSnapshot], formatter: Formatter, *, is_own: bool) -> list[Block]:
    """Draw requests that have ended as a table, with what their lines would say."""
    if not ended:
        return []
    header: list[Cell] = [RawText(_("Request")), RawText(_("Result"))]
    header += [RawText(_("Discount")), RawText(_("Requested"))]
    rows = [_row(each, formatter, is_own=is_own) for each in ended]
    return [DataTableBlock([header, *rows], caption=_("Ended requests"), page_size=len(rows))]


def _row(snapshot: RequestSnapshot, formatter: Formatter, *, is_own: bool) -> list[Cell]:
    request, result = snapshot.request, mark(snapshot)
    if request.state is not State.DONE:
        result = f"{result} · {request_facts.recipients(request, formatter)}"
    rule = shorten(request.rule.title, RULE_TITLE) if request.rule else _("no rule chosen")
    link = formatter.permalink(request.channel, request.card_ts)
    name = shorten(formatter.names(request.requester), NAME)
    if is_own:
        whose: RichTextElement = RichTextChannel(request.channel)
    else:
        whose = RichText(name) if name else RichTextUser(request.requester)
    when = [RichText(f", {formatter.day(request.asked_at)}")] if request.asked_at else []
    return [
        _cell(RichTextLink(link, request.short) if link else RichText(request.short)),
        RawText(result),
        RawText(rule or _("no rule chosen")),
        _cell(whose, *when),
    ]


def _cell(*elements: RichTextElement) -> RichTextBlock:
    return RichTextBlock(RichTextSection([*elements]))


def _lines(snapshots: Sequence[RequestSnapshot], formatter: Formatter, *, is_own: bool) -> list[Block]:
    return sections([line(each, formatter, is_own=is_own) for each in snapshots], most=8)


def _turns(shown: StatusPage) -> list[Block]:
    buttons = []
    if shown.page > 1:
        buttons.append(Button(_("Newer"), action_id=NEWER, value=str(shown.page - 1)))
    if shown.has_more:
        buttons.append(Button(_("Older"), action_id=OLDER, value=str(shown.page + 1)))
    return [ActionsBlock(list(buttons), block_id=PAGES)] if buttons else []
