"""The form of `/discount add`: draws it with its errors, and reads it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from slackblocks import ActionsBlock, Block, Button, ExternalSelectMenu, InputBlock, Option, Text, TextType

from bot.domain.ids import FileId, RequestId
from bot.domain.requests.prior_grants import Remainder
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError, Form
from bot.slack.modals import file_fields
from bot.slack.modals.rule_options import NO_RULE, fits_option, option
from bot.slack.rendering import earlier_requests, pause_banner, request_facts
from bot.slack.rendering.blocks import (
    INPUT,
    checkboxes,
    context,
    modal,
    read_input,
    section,
    sections,
    text_input,
)
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import quoted
from bot.slack.rendering.reasons import refusal, refusal_plain
from bot.slack.reply import Close, View

CALLBACK: Final = "discount_add"
TITLE: Final = "Give a discount"
RULE_ACTION: Final = "discount_add_rule"
MORE_ACTION: Final = "discount_add_more"
TEXT_ACTION: Final = "discount_add_text"
AGAIN_ACTIONS: Final = tuple(f"discount_add_again_{number}" for number in range(5))
MAX_ERRORS_PER_FIELD: Final = 5

CUSTOMERS_HINT: Final = (
    "One on each line, or apart by commas, semicolons or tabs; a space belongs to the id. "
    f"About {INPUT // 37} ids of 36 characters fit, or {INPUT // 9} of 8; "
    "longer lists, up to a million ids, go into File. "
    "A file of up to 100 MB that is shared in this channel can be given by its link."
)
KEY_HINT: Final = (
    "A customer gets the discount once under one key, however often it is asked for. "
    "Left empty, the bot makes one for this request. "
    "Set your own, such as stamp-2020, and whoever already had it under that key gets nothing more."
)
RESERVED_HINT: Final = (
    "Leave Customer IDs empty and tick one, if everybody shall get it. "
    "At least two people have to agree, and each types the rule's name."
)
NEW_KEY_HINT: Final = (
    "Those of them who did get it, although no answer said so, get it twice. "
    "To give it only to those who do not have it, request again."
)
REFUSED_HINT: Final = (
    "Dintero will refuse them again unless something was mended there since; "
    "the list of them says why it did."
)


def build(
    form: Form,
    formatter: Formatter,
    *,
    generation: int = 0,
    files_in_input: frozenset[FileId] = frozenset(),
    close: Close = "Cancel",
) -> Json:
    """Draw the form with its input; `files_in_input` are the files that the file input on screen has.

    While a block keeps its id, Slack keeps the person's input over ours: a new `generation` changes all ids.
    """
    drawing = _Drawing(form, formatter, generation)
    fields = drawing.of_remainder(form.remainder) if form.remainder else drawing.of_draft(files_in_input)
    blocks = [*pause_banner.blocks(form.pause, formatter), *fields]
    return modal(TITLE, blocks, submit="Review", close=close, callback=CALLBACK, metadata=form.request.id)


def read(view: View) -> tuple[RequestId, FormInput]:
    """Read the input from the view of a submission or of a button in the form."""
    rule = read_input(view, Field.RULE)
    form_input = FormInput(
        rule="" if rule == NO_RULE else rule,
        customers=read_input(view, Field.CUSTOMERS),
        reason=read_input(view, Field.REASON),
        once_key=read_input(view, Field.ONCE_KEY),
        reserved=read_input(view, Field.RESERVED),
        more=_block_id(view, Field.ONCE_KEY) is not None,
        files=file_fields.read(view),
        refused_too=bool(read_input(view, Field.REFUSED)),
        new_key=bool(read_input(view, Field.NEW_KEY)),
    )
    return RequestId(str(view.get("private_metadata", ""))), file_fields.with_links_as_files(form_input)


def generation(view: View) -> int:
    """Read the generation of a form; redrawn in the same one, its inputs keep what is in them."""
    drawn = (_block_id(view, Field.RULE) or "").rpartition(":")[2]
    return int(drawn) if drawn.isdecimal() else 0


def errors(field_errors: Iterable[FieldError], view: View, formatter: Formatter) -> dict[str, str]:
    """Answer a submission with all errors at their fields; those of a missing field go to the rule."""
    found: dict[str, list[str]] = {}
    for error in field_errors:
        block_id = _block_id(view, error.field) or _block_id(view, Field.RULE) or f"{Field.RULE}:0"
        found.setdefault(block_id, []).append(refusal_plain(error.refusal, formatter))
    return {block_id: _joined(texts) for block_id, texts in found.items()}


def _joined(texts: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(texts))
    more = len(distinct) - MAX_ERRORS_PER_FIELD
    return " ".join([*distinct[:MAX_ERRORS_PER_FIELD], *([f"… and {more} more."] if more > 0 else [])])


@dataclass(frozen=True, slots=True)
class _Drawing:
    form: Form
    formatter: Formatter
    generation: int

    def of_draft(self, files_in_input: frozenset[FileId]) -> list[Block]:
        """Draw each field below its errors."""
        account = request_facts.stage(self.form.request)
        most = self.formatter.customers(self.form.policy.max_customers)
        fields = {
            Field.RULE: self._rule(),
            Field.CUSTOMERS: self._customers(),
            Field.FILE: [
                *self._own_lists(),
                *file_fields.build(self.form, self.generation, files_in_input=files_in_input),
            ],
            Field.RESERVED: self._reserved(),
            Field.REASON: self._reason(),
            Field.ONCE_KEY: self._more(),
            Field.COUNT: [],
        }
        drawn = [block for field, blocks in fields.items() for block in (*self._errors(field), *blocks)]
        return [context(f"{account} account · up to {most} at once"), *drawn]

    def of_remainder(self, remainder: Remainder) -> list[Block]:
        """Draw the remainder of another request: its customers are in the database."""
        first, count = remainder.first.short, self.formatter.customers
        customers = (
            f"the {count(remainder.left)} whom {first} left out"
            if remainder.left
            else f"those of {first} whom Dintero refused: nobody else is left"
        )
        if self.form.form_input.customers or self.form.form_input.files:
            customers = f"only those on your list, of {customers}"
        rule = [f"*Rule:* that of {first}"]
        if self.form.chosen:
            rule = request_facts.rule_lines(self.form.chosen, self.formatter)
        lines = [
            *rule,
            f"*Customers:* {customers}",
            f"*Campaign key:* that of {first}, so that nobody can get it twice by it",
            *earlier_requests.asked_already(remainder, {}),
        ]
        blocks = [*(block for field in Field for block in self._errors(field)), *sections(lines, most=4)]
        if remainder.refused:
            also = "Also the" if remainder.left else "The"
            offer = _option(f"{also} {count(remainder.refused)} whom Dintero refused", "yes")
            ticked = [offer] if self.form.form_input.refused_too else []
            blocks.append(
                self._checkboxes(Field.REFUSED, "Refused by Dintero", [offer], ticked, REFUSED_HINT)
            )
        return [*blocks, *self._reason()]

    def _errors(self, field: Field) -> list[Block]:
        texts = dict.fromkeys(
            f"⚠ {refusal(error.refusal, self.formatter)}"
            for error in self.form.faults
            if error.field is field
        )
        return [section("\n".join(texts))] if texts else []

    def _rule(self) -> list[Block]:
        chosen = self.form.chosen if self.form.chosen and fits_option(self.form.chosen) else None
        select = InputBlock(
            label="Rule",
            element=ExternalSelectMenu(
                action_id=RULE_ACTION,
                initial_option=option(chosen, self.formatter) if chosen else None,
                min_query_length=0,
                placeholder="Search by name or id",
            ),
            block_id=f"{Field.RULE}:{self.generation}",
        )
        typed = self.form.form_input.rule.strip()
        if chosen or not typed or any(error.field is Field.RULE for error in self.form.faults):
            return [select]
        unknown = f"⚠ {quoted(typed, 80)} is not a rule that can be chosen here. Pick one from the list."
        return [section(unknown), select]

    def _customers(self) -> list[Block]:
        typed, number = self.form.form_input.customers, self.formatter.number
        return self._text(
            Field.CUSTOMERS,
            "Customer IDs",
            typed,
            hint=CUSTOMERS_HINT,
            multiline=True,
            optional=True,  # a file will do
            too_long=f"⚠ The customer ids do not fit: they have {number(len(typed))} characters, "
            f"and the field holds {number(INPUT)}. Nothing of them was kept; ask in several parts.",
        )

    def _own_lists(self) -> list[Block]:
        """Offer to request again under the first key, or else to confirm that this is a new request."""
        ticked, new = self.form.form_input.new_key, _option("Give it to them under a new key", "yes")
        if not (self.form.lists_of or ticked):
            return []
        again = [
            Button(f"Request {short} again", action_id=action, value=short)
            for action, short in zip(AGAIN_ACTIONS, self.form.lists_of, strict=False)
        ]
        confirm = self._checkboxes(
            Field.NEW_KEY, "A new request instead", [new], [new] if ticked else [], NEW_KEY_HINT
        )
        return [*([ActionsBlock([*again], block_id="again")] if again else []), confirm]

    def _reserved(self) -> list[Block]:
        """Offer "everybody" behind More…, and only if the channel's policy allows it."""
        ticked = self.form.form_input.reserved
        if not self.form.policy.reserved or not (self._shows_more or ticked):
            return []
        choices = {
            sign: _option(f"{means[0].upper()}{means[1:]} ({sign})", sign)
            for sign, means in request_facts.EVERYBODY.items()
        }
        initial = [choice for sign, choice in choices.items() if sign in ticked]
        return [
            self._checkboxes(
                Field.RESERVED, "Instead of customer ids", list(choices.values()), initial, RESERVED_HINT
            )
        ]

    def _reason(self) -> list[Block]:
        return self._text(
            Field.REASON,
            "Reason",
            self.form.form_input.reason,
            optional=not self.form.policy.require_reason,
            multiline=True,
        )

    def _more(self) -> list[Block]:
        if not self._shows_more:
            more = Button("More options", action_id=MORE_ACTION, value=self.form.request.id)
            return [ActionsBlock([more], block_id="more")]
        key = self.form.form_input.once_key
        return self._text(Field.ONCE_KEY, "Campaign key", key, hint=KEY_HINT, optional=True)

    @property
    def _shows_more(self) -> bool:
        return (
            self.form.form_input.more
            or bool(self.form.form_input.once_key)
            or any(error.field in {Field.ONCE_KEY, Field.RESERVED} for error in self.form.faults)
        )

    def _text(
        self,
        field: Field,
        label: str,
        value: str,
        *,
        optional: bool,
        multiline: bool = False,
        hint: str = "",
        too_long: str = "",
    ) -> list[Block]:
        """Draw a text field; a value that does not fit is dropped, and the text `too_long` says so."""
        fits = len(value) <= INPUT
        drawn = text_input(
            label,
            block_id=f"{field}:{self.generation}",
            action=TEXT_ACTION,
            hint=hint,
            initial=value if fits else "",
            multiline=multiline,
            optional=optional,
        )
        dropped = too_long or f"⚠ What stood in “{label}” does not fit into the field, and was not kept."
        return [drawn] if fits else [section(dropped), drawn]

    def _checkboxes(
        self, field: Field, label: str, choices: list[Option], ticked: list[Option], hint: str
    ) -> Block:
        block_id = f"{field}:{self.generation}"
        return checkboxes(label, choices, ticked, block_id=block_id, action=TEXT_ACTION, hint=hint)


def _option(text: str, value: str) -> Option:
    return Option(Text(text, TextType.PLAINTEXT), value)


def _block_id(view: View, field: Field) -> str | None:
    """Find a field's block: its id is the field's name and a generation."""
    ids = (str(block.get("block_id", "")) for block in view.get("blocks", []))
    return next((block_id for block_id in ids if block_id.partition(":")[0] == field), None)
