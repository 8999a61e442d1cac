"""The parts of the page that change, as HTML by the id of their element."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Any, Final

from markupsafe import Markup

from sandbox.browser import texts, tour
from sandbox.browser.blocks import PAGE, draw_message, draw_view
from sandbox.browser.bot import BotState
from sandbox.browser.controls import FAULTS, TIMES
from sandbox.browser.sandbox import DIRECT, Visit
from sandbox.dintero.faults import Operation
from sandbox.dintero.ledger import AccessEntry
from sandbox.slack.state.elements import elements
from sandbox.slack.state.workspace import Channel

SHOWN_CALLS: Final = 12
SHOWN_HOLDERS: Final = 40
CALLED: Final = {
    Operation.TOKEN: "Sign in",
    Operation.RULES: "List rules",
    Operation.RULE: "Read rule",
    Operation.ADD: "Add customers",
    Operation.REFS: "List holders",
}
LOADING: Final = "One moment"
"""How the bot's loading modals begin."""


def draw_parts(visit: Visit, names: frozenset[str]) -> dict[str, Markup]:
    """Draw some parts for a visit."""
    return {
        name: Markup(PAGE.get_template(f"part_{name}.html").render(visit=visit, texts=texts, **facts(visit)))  # noqa: S704
        for name, facts in PARTS.items()
        if name in names
    }


def places(visit: Visit) -> list[tuple[str, Channel]]:
    """List the channels in the sidebar, as in an address."""
    shop = visit.sandbox.shop
    channels = (shop.support, shop.quick, shop.careful, shop.campaigns)
    return [*((str(channel.id), channel) for channel in channels), (DIRECT, visit.who.direct)]


def _people(visit: Visit) -> dict[str, Any]:
    sandbox = visit.sandbox
    people = [
        (
            person,
            any(sandbox.has_news(person, channel) for _, channel in places(sandbox.visit(person.id, ""))),
        )
        for person in sandbox.shop.people
    ]
    return {"people": people, "norwegian": visit.who.account.locale.startswith("n")}


def _channels(visit: Visit) -> dict[str, Any]:
    sandbox = visit.sandbox
    return {"places": [(place, one, sandbox.has_news(visit.who, one)) for place, one in places(visit)]}


def _messages(visit: Visit) -> dict[str, Any]:
    visit.sandbox.mark_seen(visit.who, visit.where)
    workspace = visit.sandbox.shop.slack.workspace
    return {"drawn": [draw_message(one, workspace, replies=replies) for one, replies in visit.messages]}


def _modal(visit: Visit) -> dict[str, Any]:
    view = visit.view
    if view is None:
        return {"drawn": None}
    drawn = draw_view(view, visit.sandbox.shop.slack.workspace)
    only_tells = not any(elements(view.content["blocks"])) and LOADING not in drawn
    return {"drawn": drawn, "only_tells": only_tells}


def _tour(visit: Visit) -> dict[str, Any]:
    steps = tour.steps(visit.sandbox)
    return {
        "steps": steps,
        "now": next((number for number, step in enumerate(steps) if not step.done), len(steps)),
    }


def _dintero(visit: Visit) -> dict[str, Any]:
    shop, names = visit.sandbox.shop, visit.sandbox.shop.rule_names
    fault = shop.dintero.faults.current(Operation.ADD)
    held = Counter((grant.customer, grant.rule) for grant in shop.dintero.ledger.grants)
    return {
        "dintero": shop.dintero,
        "holders": [(who, names.get(rule, rule), times) for (who, rule), times in held.items()][
            -SHOWN_HOLDERS:
        ],
        "more": max(0, len(held) - SHOWN_HOLDERS),
        "customers": len({who for who, _ in held}),
        "calls": list(islice(_grouped(reversed(shop.dintero.ledger.access_log)), SHOWN_CALLS)),
        "faults": FAULTS,
        "fault": fault,
        "broken_by": next(
            (f": {one.label} ({one.about})" for one in FAULTS.values() if one.fault == fault), ""
        ),
        "down": all(shop.dintero.faults.current(operation) for operation in Operation),
        "every": shop.dintero.faults.lined_up(Operation.ADD) == 0,
        "outage": shop.slack.faults.outage,
        "bot": visit.sandbox.bot.state,
        "dead": visit.sandbox.bot.state is BotState.DEAD,
        "times": TIMES,
        "rules": list(names.items())[:20],
        "now": visit.sandbox.clock.now().astimezone(shop.slack.workspace.timezone),
        "ahead": bool(visit.sandbox.clock.ahead),
    }


def _grouped(calls: Iterable[AccessEntry]) -> Iterator[tuple[str, int, AccessEntry, str]]:
    """Yield the name, the number, the newest and the result of equal calls in a row, the newest first.

    Calls that add customers stand alone.
    """
    for (operation, told, _), row in groupby(calls, lambda call: (call.operation, _told(call), id(call.add))):
        same = list(row)
        yield CALLED[Operation(operation)], len(same), same[0], told


def _told(call: AccessEntry) -> str:
    """Tell what a call did, and what the bot heard of it."""
    if call.seconds is None:
        return "no answer"
    heard = str(call.status) if call.status else "cut off"
    if call.add is None:
        return heard
    if not call.add.carried_out:
        return f"{heard}, nothing given"
    if call.add.granted:
        return f"{heard}, gave it to {call.add.granted}"
    return f"{heard}, already had it"


PARTS: Final[Mapping[str, Callable[[Visit], dict[str, Any]]]] = {
    "people": _people,
    "channels": _channels,
    "messages": _messages,
    "modal": _modal,
    "tour": _tour,
    "dintero": _dintero,
}
ALL: Final = frozenset(PARTS)
NOT_SLACK: Final = frozenset({"tour", "dintero"})
"""The parts that change without a change in Slack."""
