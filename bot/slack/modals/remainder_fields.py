"""The part of the form that is about the rest of another request: its customers are in the database."""

from typing import Final

from slackblocks import Block

from bot.domain.requests.prior_grants import Remainder
from bot.domain.requests.views import Field, Form
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering import earlier_requests, request_facts
from bot.slack.rendering.blocks import checkboxes, option, sections
from bot.slack.rendering.formatting import Formatter

REFUSED_HINT: Final = N_("Dintero refuses them again unless the cause is fixed.")


def build(
    form: Form, remainder: Remainder, formatter: Formatter, *, generation: int, action: str
) -> list[Block]:
    """Say what the request is for, and offer the customers that Dintero refused."""
    first = remainder.first.short
    rule = [_("*Rule:* same as {request}", request=first)]
    if form.chosen:
        rule = request_facts.rule_lines(form.chosen, formatter)
    lines = [
        *rule,
        _customers(form, remainder),
        _("*Campaign key:* same as {request}, so nobody gets it twice", request=first),
        *earlier_requests.asked_already(remainder, {}),
    ]
    blocks = sections(lines, most=4)
    if remainder.refused:
        label = ngettext(
            "Include the {count} customer Dintero refused",
            "Include the {count} customers Dintero refused",
            remainder.refused,
        )
        offer = option(label, "yes")
        ticked = [offer] if form.form_input.refused_too else []
        boxes = checkboxes(
            _("Refused by Dintero"),
            [offer],
            ticked,
            block_id=f"{Field.REFUSED}:{generation}",
            action=action,
            hint=_(REFUSED_HINT),
            optional=bool(remainder.left),  # without them there is nobody to give it to
        )
        blocks.append(boxes)
    return blocks


def _customers(form: Form, remainder: Remainder) -> str:
    first = remainder.first.short
    has_list = form.form_input.customers or form.form_input.files
    if has_list and not remainder.left:
        return _("*Customers:* those on your list that Dintero refused in {request}", request=first)
    if has_list:
        return _("*Customers:* those on your list that remain in {request}", request=first)
    if remainder.left:
        return ngettext(
            "*Customers:* the {count} remaining customer of {request}",
            "*Customers:* the {count} remaining customers of {request}",
            remainder.left,
            request=first,
        )
    if not remainder.given:
        return _("*Customers:* those that Dintero refused in {request}", request=first)
    return _(
        "*Customers:* those that Dintero refused in {request}. Everyone else already has it.", request=first
    )
