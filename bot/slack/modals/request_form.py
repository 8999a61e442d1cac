"""The form of `/discount add`: draws it, reads it back, and says what is wrong beside each field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from slackblocks import Block, CheckboxGroup, ExternalSelectMenu, InputBlock, Option, Text, TextType

from bot.domain.ids import FileId, RequestId
from bot.domain.requests.prior_grants import Remainder
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError, Form
from bot.slack.modals import file_fields
from bot.slack.modals.file_links import with_links_as_files
from bot.slack.modals.rule_options import fits_a_list, option, options
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import INPUT, actions, button, context, modal, section, sections, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import quoted
from bot.slack.rendering.reasons import refusal, refusal_plain

__all__ = ["CALLBACK", "MORE_ACTION", "RULE_ACTION", "TITLE", "build", "errors", "options", "read"]

CALLBACK: Final = "discount_add"
TITLE: Final = "Give a discount"
RULE_ACTION: Final = "discount_add_rule"
MORE_ACTION: Final = "discount_add_more"
TEXT_ACTION: Final = "discount_add_text"
SUBMIT: Final = "Review"
UUID_WITH_NEW_LINE: Final = 37
FAULTS_SAID: Final = 5

CUSTOMERS_HINT: Final = (
    "One on each line, or apart by commas, semicolons or tabs; a space belongs to the id. "
    f"About {INPUT // UUID_WITH_NEW_LINE} ids of 36 characters fit, or {INPUT // 9} of 8; longer lists, up to a million ids, go into File. "
    "A file of up to 100 MB that is shared in this channel can be given by its link."
)
KEY_HINT: Final = (
    "A customer gets the discount once under one key, however often it is asked for. Left empty, the bot makes one for this request. "
    "Set your own, such as stamp-2020, and whoever already had it under that key gets nothing more."
)
RESERVED_HINT: Final = "Leave Customer IDs empty and tick one, if everybody shall get it. At least two people have to agree, and each types the rule's name."
REFUSED_HINT: Final = "Dintero will refuse them again unless something was mended there since; the list of them says why it did."
Drawn = Mapping[str, Any]


NO_FILES_IN_INPUT: Final[frozenset[FileId]] = frozenset()


def build(
    form: Form,
    formatter: Formatter,
    *,
    external_id: str,
    generation: int = 0,
    files_in_input: frozenset[FileId] = NO_FILES_IN_INPUT,
) -> Json:
    """Draw the form with what was typed; `standing` are the files that its input still holds.

    Slack keeps what stands in an input over a redraw, rather than our value, as long as its block keeps its id: a new `generation` makes
    our values stand.
    """
    form_input = form.form_input
    blocks = [
        *pause_banner.blocks(form.pause, formatter),
        context(
            f"{request_facts.stage(form.request)} account · up to {formatter.customers(form.policy.max_customers)} at once"
        ),
        *_beside(form, Field.RULE, formatter),
        *_rule(form, formatter, generation),
        *_beside(form, Field.CUSTOMERS, formatter),
        *_customers(form, formatter, generation),
        *_beside(form, Field.FILE, formatter),
        *file_fields.build(form, generation, files_in_input=files_in_input),
        *_beside(form, Field.RESERVED, formatter),
        *_reserved(form, generation),
        *_beside(form, Field.REASON, formatter),
        *_text(
            Field.REASON,
            form_input.reason,
            generation,
            label="Reason",
            optional=not form.policy.require_reason,
            multiline=True,
        ),
        *_beside(form, Field.ONCE_KEY, formatter),
        *_more(form, generation),
        *_beside(form, Field.COUNT, formatter),
    ]
    if form.remainder:
        blocks = _of_rest(form, form.remainder, formatter, generation)
    return modal(
        TITLE, blocks, external_id=external_id, submit=SUBMIT, callback=CALLBACK, metadata=form.request.id
    )


def _of_rest(form: Form, remainder: Remainder, formatter: Formatter, generation: int) -> list[Block]:
    """Draw what the rest of another request is: all of it stands in the books."""
    those = f"the {formatter.customers(remainder.left)} whom {remainder.first.short} left out"
    whom = (
        those
        if remainder.left
        else f"those of {remainder.first.short} whom Dintero refused: nobody else is left"
    )
    rule = [
        *(
            request_facts.rule_lines(form.chosen, formatter)
            if form.chosen
            else [f"*Rule:* that of {remainder.first.short}"]
        )
    ]
    key = f"*Once-only key:* that of {remainder.first.short}, so that nobody can get it twice by it"
    already = request_facts.rest(remainder, formatter, {})[1:]
    return [
        *pause_banner.blocks(form.pause, formatter),
        *(block for field in Field for block in _beside(form, field, formatter)),
        *sections([*rule, f"*Customers:* {whom}", key, *already], most=4),
        *_refused(form, remainder, formatter, generation),
        *_text(
            Field.REASON,
            form.form_input.reason,
            generation,
            label="Reason",
            optional=not form.policy.require_reason,
            multiline=True,
        ),
    ]


def _refused(form: Form, remainder: Remainder, formatter: Formatter, generation: int) -> list[Block]:
    """Offer those whom Dintero refused: off, unless nobody else is left."""
    if not remainder.refused:
        return []
    offer = Option(
        Text(
            f"{'Also the' if remainder.left else 'The'} {formatter.customers(remainder.refused)} whom Dintero refused",
            TextType.PLAINTEXT,
        ),
        "yes",
    )
    group = CheckboxGroup(
        action_id=TEXT_ACTION,
        options=[offer],
        initial_options=[offer] if form.form_input.refused_too else None,
    )
    block_id = f"{Field.REFUSED}:{generation}"
    return [
        InputBlock(
            label="Refused by Dintero", element=group, block_id=block_id, hint=REFUSED_HINT, optional=True
        )
    ]


def read(view: Drawn) -> tuple[RequestId, FormInput]:
    """Read what was typed, from a submission's view or from that of a click on a button in the form."""
    form_input = FormInput(
        rule=_typed(view, Field.RULE),
        customers=_typed(view, Field.CUSTOMERS),
        reason=_typed(view, Field.REASON),
        once_key=_typed(view, Field.ONCE_KEY),
        reserved=_typed(view, Field.RESERVED),
        more=_block_id(view, Field.ONCE_KEY) is not None,
        files=file_fields.read(view),
        refused_too=bool(_typed(view, Field.REFUSED)),
    )
    return RequestId(str(view.get("private_metadata", ""))), with_links_as_files(form_input)


def generation(view: Drawn) -> int:
    """Say in which generation a form was drawn: drawn anew in the same one, its inputs keep what stands in them."""
    drawn = (_block_id(view, Field.RULE) or "").rpartition(":")[2]
    return int(drawn) if drawn.isdecimal() else 0


def errors(faults: Iterable[FieldError], view: Drawn, formatter: Formatter) -> dict[str, str]:
    """Say every fault in its field, as the answer to a submission; one whose field is not drawn stands at the rule."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        block_id = _block_id(view, fault.field) or _block_id(view, Field.RULE) or f"{Field.RULE}:0"
        found.setdefault(block_id, []).append(refusal_plain(fault.refusal, formatter))
    return {block_id: _together(said) for block_id, said in found.items()}


def _together(said: Sequence[str]) -> str:
    several = list(dict.fromkeys(said))
    more = len(several) - FAULTS_SAID
    return " ".join([*several[:FAULTS_SAID], *([f"… and {more} more."] if more > 0 else [])])


def _beside(form: Form, field: Field, formatter: Formatter) -> list[Block]:
    faults = [fault for fault in form.faults if fault.field is field]
    said = dict.fromkeys(f"⚠ {refusal(fault.refusal, formatter)}" for fault in faults)
    return [section("\n".join(said))] if said else []


def _rule(form: Form, formatter: Formatter, generation: int) -> list[Block]:
    chosen = form.chosen if form.chosen and fits_a_list(form.chosen) else None
    field = InputBlock(
        label="Rule",
        element=ExternalSelectMenu(
            action_id=RULE_ACTION,
            initial_option=option(chosen, formatter) if chosen else None,
            min_query_length=0,
            placeholder="Search by name or id",
        ),
        block_id=f"{Field.RULE}:{generation}",
    )
    typed = form.form_input.rule.strip()
    if chosen or not typed or any(fault.field is Field.RULE for fault in form.faults):
        return [field]
    return [
        section(f"⚠ {quoted(typed, 80)} is not a rule that can be chosen here. Pick one from the list."),
        field,
    ]


def _offers_reserved(form: Form) -> bool:
    """Only behind More…, and only where the channel may ask for it."""
    return form.policy.reserved and (_shows_more(form) or bool(form.form_input.reserved))


def _shows_more(form: Form) -> bool:
    return (
        form.form_input.more
        or bool(form.form_input.once_key)
        or any(fault.field in {Field.ONCE_KEY, Field.RESERVED} for fault in form.faults)
    )


def _reserved(form: Form, generation: int) -> list[Block]:
    if not _offers_reserved(form):
        return []
    options = [
        Option(Text(f"{means[0].upper()}{means[1:]} ({sign})", TextType.PLAINTEXT), sign)
        for sign, means in request_facts.EVERYBODY.items()
    ]
    ticked = [
        option
        for option, sign in zip(options, request_facts.EVERYBODY, strict=True)
        if sign in form.form_input.reserved
    ]
    group = CheckboxGroup(action_id=TEXT_ACTION, options=options, initial_options=ticked or None)
    block_id = f"{Field.RESERVED}:{generation}"
    return [
        InputBlock(
            label="Instead of customer ids",
            element=group,
            block_id=block_id,
            hint=RESERVED_HINT,
            optional=True,
        )
    ]


def _customers(form: Form, formatter: Formatter, generation: int) -> list[Block]:
    form_input = form.form_input
    too_long = len(form_input.customers) > INPUT
    field = text_input(
        "Customer IDs",
        block_id=f"{Field.CUSTOMERS}:{generation}",
        action=TEXT_ACTION,
        hint=CUSTOMERS_HINT,
        initial="" if too_long else form_input.customers,
        multiline=True,
        optional=True,  # a file will do
    )
    if not too_long:
        return [field]
    much = f"{formatter.number(len(form_input.customers))} characters, and the field holds {formatter.number(INPUT)}"
    return [
        section(
            f"⚠ The customer ids do not fit: they have {much}. Nothing of them was kept; ask in several parts."
        ),
        field,
    ]


def _more(form: Form, generation: int) -> list[Block]:
    if _shows_more(form):
        return _text(
            Field.ONCE_KEY,
            form.form_input.once_key,
            generation,
            label="Once-only key",
            optional=True,
            hint=KEY_HINT,
        )
    return [actions("more", button("More…", action=MORE_ACTION, value=form.request.id))]


def _text(
    field: Field,
    value: str,
    generation: int,
    *,
    label: str,
    optional: bool,
    multiline: bool = False,
    hint: str = "",
) -> list[Block]:
    too_long = len(value) > INPUT
    drawn = text_input(
        label,
        block_id=f"{field}:{generation}",
        action=TEXT_ACTION,
        hint=hint,
        initial="" if too_long else value,
        multiline=multiline,
        optional=optional,
    )
    return (
        [section(f"⚠ What stood in “{label}” does not fit into the field, and was not kept."), drawn]
        if too_long
        else [drawn]
    )


def _block_id(view: Drawn, field: Field) -> str | None:
    """Find a field's block: its id is the field's name and the generation it was drawn in."""
    ids = (str(block.get("block_id", "")) for block in view.get("blocks", []))
    return next((block_id for block_id in ids if block_id.partition(":")[0] == field), None)


def _typed(view: Drawn, field: Field) -> str:
    values: Mapping[str, Mapping[str, Any]] = (view.get("state") or {}).get("values") or {}
    for block_id, answers in values.items():
        if block_id.partition(":")[0] == field:
            return next((_value(answer) for answer in answers.values()), "")
    return ""


def _value(answer: Mapping[str, Any]) -> str:
    if ticked := answer.get("selected_options"):
        return "".join(str(option["value"]) for option in ticked)
    chosen = answer.get("selected_option")
    return str(chosen["value"]) if chosen else str(answer.get("value") or "")
