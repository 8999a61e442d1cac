"""The form of `/discount add`: draws it with its errors, and reads it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from slackblocks import ActionsBlock, Block, Button, ExternalSelectMenu, InputBlock, Option

from bot.domain.ids import FileId, RequestId
from bot.domain.requests.prior_grants import Remainder
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError, Form
from bot.domain.rules.rule import Availability, Rule
from bot.slack.language.texts import N_, _, joined, ngettext
from bot.slack.modals import draft_offer, file_fields, remainder_fields
from bot.slack.modals.rule_options import NO_RULE, fits_option, option
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import INPUT, checkboxes, context, modal, read_input, section, text_input
from bot.slack.rendering.blocks import option as choice
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import mention, quoted
from bot.slack.rendering.reasons import refusal, refusal_plain
from bot.slack.reply import Close, View

CALLBACK: Final = "discount_add"
TITLE: Final = N_("Give a discount")
RULE_ACTION: Final = "discount_add_rule"
MORE_ACTION: Final = "discount_add_more"
TEXT_ACTION: Final = "discount_add_text"
AGAIN_ACTIONS: Final = tuple(f"discount_add_again_{number}" for number in range(5))
MAX_ERRORS_PER_FIELD: Final = 5

CUSTOMERS_PLACEHOLDER: Final = N_("One per line, or separated by commas")
CUSTOMERS_HINT: Final = N_("Paste ids, upload a file, or both.")
REASON_PLACEHOLDER: Final = N_("Shown to approvers and in the channel")
KEY_PLACEHOLDER: Final = N_("Empty, or a name such as stamp-2020")
KEY_HINT: Final = N_("Skips customers who got this discount under the same key.")
RESERVED_HINT: Final = N_("Leave Customer IDs empty. Needs at least two approvals.")
RESERVED_OPTIONS: Final = {
    "*": N_("Every customer, now and in the future (*)"),
    "/": N_("Every purchase without a customer, now and in the future (/)"),
}
NEW_KEY_HINT: Final = N_("Unconfirmed customers may then get it twice.")


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
    view = modal(
        _(TITLE), blocks, submit=_("Review"), close=_(close), callback=CALLBACK, metadata=form.request.id
    )
    return view | {"notify_on_close": True}


def shows_other_rule_faults(view: View, drawn: View) -> bool:
    """Tell whether a form says something else of its rule than the one on screen."""
    return _texts(view) != _texts(drawn)


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
    shown, more = distinct[:MAX_ERRORS_PER_FIELD], len(distinct) - MAX_ERRORS_PER_FIELD
    if more > 0:
        shown.append(ngettext("{count} more problem.", "{count} more problems.", more))
    return " ".join(shown)


@dataclass(frozen=True, slots=True)
class _Drawing:
    form: Form
    formatter: Formatter
    generation: int

    def of_draft(self, files_in_input: frozenset[FileId]) -> list[Block]:
        """Draw each field below its errors."""
        fields = {
            Field.RULE: self._rule(),
            Field.CUSTOMERS: self._customers(),
            Field.REASON: self._reason(),
            Field.FILE: [
                *self._own_lists(),
                *file_fields.build(self.form, self.generation, files_in_input=files_in_input),
            ],
            Field.RESERVED: self._reserved(),
            Field.ONCE_KEY: self._more(),
            Field.COUNT: [],
        }
        drawn = [block for field, blocks in fields.items() for block in (*self._errors(field), *blocks)]
        unfinished = self.form.unfinished
        offer = draft_offer.build(unfinished, self.formatter) if unfinished else []
        return [*offer, context(self._limits()), *drawn]

    def of_remainder(self, remainder: Remainder) -> list[Block]:
        """Draw the remainder of another request."""
        return [
            *(block for field in Field for block in self._errors(field)),
            *remainder_fields.build(
                self.form, remainder, self.formatter, generation=self.generation, action=TEXT_ACTION
            ),
            *self._reason(),
        ]

    def _limits(self) -> str:
        """Name the channel, and promise no more than its limits allow."""
        policy, budget = self.form.policy, self.form.policy.budget
        counts = (policy.max_customers, budget.customers if budget else None)
        amounts = (policy.max_amount, budget.amount if budget else None)
        most = min(count for count in counts if count is not None)
        money = min((amount for amount in amounts if amount is not None), default=None)
        limits = [self.formatter.customers(most)]
        if money is not None:
            limits.append(self.formatter.amount(money))
        text = N_("{channel} · {account} account · up to {limits} per request")
        if budget:
            text = N_(
                "{channel} · {account} account · up to {limits} per request, while the channel's budget lasts"
            )
        channel, account = mention(self.form.request.channel), request_facts.stage(self.form.request)
        return _(text, channel=channel, account=account, limits=joined(limits))

    def _errors(self, field: Field) -> list[Block]:
        texts = dict.fromkeys(
            f"⚠️ {refusal(error.refusal, self.formatter)}"
            for error in self.form.faults
            if error.field is field
        )
        return [section("\n".join(texts))] if texts else []

    def _rule(self) -> list[Block]:
        chosen = self.form.chosen if self.form.chosen and fits_option(self.form.chosen) else None
        initial = option(chosen, self.formatter, self.form.usable or Availability.NOW) if chosen else None
        select = InputBlock(
            label=_("Rule"),
            element=ExternalSelectMenu(
                action_id=RULE_ACTION,
                initial_option=initial,
                min_query_length=0,
                placeholder=_("Search by name or id"),
            ),
            block_id=f"{Field.RULE}:{self.generation}",
            dispatch_action=True,  # the bot says at once what is wrong with a rule
        )
        if any(error.field is Field.RULE for error in self.form.faults):
            return [select]
        doubt = self._doubt_about_rule(chosen)
        return [section(f"⚠️ {doubt}"), select] if doubt else [select]

    def _doubt_about_rule(self, chosen: Rule | None) -> str:
        typed = quoted(self.form.form_input.rule.strip(), 80)
        if chosen and self.form.usable is Availability.SCHEDULED and chosen.requirement.purchase_from:
            day = self.formatter.day(chosen.requirement.purchase_from)
            return _("{rule} can't be used before {day}.", rule=quoted(chosen.title, 80), day=day)
        if chosen or not self.form.form_input.rule.strip():
            return ""
        if self.form.candidates > 1:
            return _("{rule} matches several rules. Choose one below.", rule=typed)
        return _("There's no rule called {rule} in this channel. Choose one below.", rule=typed)

    def _customers(self) -> list[Block]:
        typed = self.form.form_input.customers
        too_long = _(
            "That's too many ids to paste ({count} characters, max {most}). Upload them as a file instead.",
            count=len(typed),
            most=INPUT,
        )
        return self._text(
            Field.CUSTOMERS,
            _("Customer IDs"),
            typed,
            placeholder=_(CUSTOMERS_PLACEHOLDER),
            hint=_(CUSTOMERS_HINT),
            multiline=True,
            optional=True,  # a file will do
            too_long=too_long,
        )

    def _own_lists(self) -> list[Block]:
        """Offer to request again under the first key, or else to confirm that this is a new request."""
        ticked, new = self.form.form_input.new_key, choice(_("Send as a new request"), "yes")
        if not (self.form.lists_of or ticked):
            return []
        again = [
            Button(_("Request {request} again", request=short), action_id=action, value=short)
            for action, short in zip(AGAIN_ACTIONS, self.form.lists_of, strict=False)
        ]
        confirm = self._checkboxes(
            Field.NEW_KEY, _("Not a repeat?"), [new], [new] if ticked else [], _(NEW_KEY_HINT)
        )
        return [*([ActionsBlock([*again], block_id="again")] if again else []), confirm]

    def _reserved(self) -> list[Block]:
        """Offer "everybody" behind **More options**, and only if the channel's policy allows it."""
        ticked = self.form.form_input.reserved
        if not self.form.policy.reserved or not (self._shows_more or ticked):
            return []
        choices = {sign: choice(_(text), sign) for sign, text in RESERVED_OPTIONS.items()}
        initial = [one for sign, one in choices.items() if sign in ticked]
        label, hint = _("Give to everyone instead"), _(RESERVED_HINT)
        return [self._checkboxes(Field.RESERVED, label, list(choices.values()), initial, hint)]

    def _reason(self) -> list[Block]:
        return self._text(
            Field.REASON,
            _("Reason"),
            self.form.form_input.reason,
            placeholder=_(REASON_PLACEHOLDER),
            optional=not self.form.policy.require_reason,
            multiline=True,
        )

    def _more(self) -> list[Block]:
        if not self._shows_more:
            more = Button(_("More options"), action_id=MORE_ACTION, value=self.form.request.id)
            return [ActionsBlock([more], block_id="more")]
        return self._text(
            Field.ONCE_KEY,
            _("Campaign key"),
            self.form.form_input.once_key,
            placeholder=_(KEY_PLACEHOLDER),
            hint=_(KEY_HINT),
            optional=True,
        )

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
        placeholder: str = "",
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
            placeholder=placeholder,
            initial=value if fits else "",
            multiline=multiline,
            optional=optional,
        )
        if fits:
            return [drawn]
        dropped = too_long or _(
            "“{field}” was too long (max {most} characters) and wasn't saved.", field=label, most=INPUT
        )
        return [section(f"⚠️ {dropped}"), drawn]

    def _checkboxes(
        self, field: Field, label: str, choices: list[Option], ticked: list[Option], hint: str
    ) -> Block:
        block_id = f"{field}:{self.generation}"
        return checkboxes(label, choices, ticked, block_id=block_id, action=TEXT_ACTION, hint=hint)


def _texts(view: View) -> list[str]:
    return [block["text"]["text"] for block in view.get("blocks", []) if block.get("type") == "section"]


def _block_id(view: View, field: Field) -> str | None:
    """Find a field's block: its id is the field's name and a generation."""
    ids = (str(block.get("block_id", "")) for block in view.get("blocks", []))
    return next((block_id for block_id in ids if block_id.partition(":")[0] == field), None)
