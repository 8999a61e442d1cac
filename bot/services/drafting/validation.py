"""Form validation: each fault belongs to the field it is about."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from bot.domain.customers.parsing import RESERVED
from bot.domain.customers.pasted import CustomerList, read_customers
from bot.domain.customers.uploads import ReadResult, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.requests.authorization import violations
from bot.domain.requests.person import Person
from bot.domain.requests.request import KEY_PREFIX, FormInput, Request, is_bots_key
from bot.domain.requests.views import Field, FieldError
from bot.domain.rules.rule import Rule, usable
from bot.services.access import AccessControl

MAX_ONCE_KEY_LENGTH: Final = 255
"""Dintero documents no limit of `offering_constraint_id`; this is the limit of its customer ids."""
KEPT_INPUTS: Final = 64
PLACES_SECONDS: Final = 0.5
"""How long an ack waits to name other channels."""

FIELD_OF: Final = {
    RefusalReason.NO_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.NOT_AN_ID: Field.CUSTOMERS,
    RefusalReason.PASTED_COLUMNS: Field.CUSTOMERS,
    RefusalReason.RESERVED_ID: Field.CUSTOMERS,
    RefusalReason.LINK: Field.CUSTOMERS,
    RefusalReason.RESERVED_BESIDE: Field.RESERVED,
    RefusalReason.RESERVED_BUDGET: Field.RESERVED,
    RefusalReason.TOO_MANY_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.TOO_EXPENSIVE: Field.CUSTOMERS,
    RefusalReason.BUDGET_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.BUDGET_AMOUNT: Field.CUSTOMERS,
    RefusalReason.BAD_FILE: Field.FILE,
    RefusalReason.NO_ROOM: Field.FILE,
    RefusalReason.WHICH_COLUMN: Field.FILE,
    RefusalReason.IS_IT_THE_COLUMN: Field.FILE,
    RefusalReason.HIDDEN_ROWS: Field.FILE,
    RefusalReason.ONLY_REFUSED: Field.REFUSED,
    RefusalReason.REASON_MISSING: Field.REASON,
    RefusalReason.BAD_ONCE_KEY: Field.ONCE_KEY,
}
"""The field of each fault; a fault without one is shown at the first field, the rule."""


@lru_cache(KEPT_INPUTS)
def customers_of(form_input: FormInput) -> CustomerList:
    """Read the typed ids, or the one reserved id ticked in their place.

    The ack and the review of one submission need the same list, so the last few results are kept.
    """
    if form_input.reserved in RESERVED and not form_input.customers.strip() and not form_input.files:
        return CustomerList(ids=(CustomerId(form_input.reserved),))
    return read_customers(form_input.customers)


def faults_of_form(
    form_input: FormInput, draft: Request, policy: ChannelPolicy, rule: Rule | None, now: datetime
) -> tuple[FieldError, ...]:
    """Report all faults that memory can tell; the review reads files, and a rule not known yet."""
    customers = customers_of(form_input)
    faults = (*faults_of_ids(customers), *faults_of_reserved(form_input, policy), *faults_of_key(form_input))
    request = replace(
        draft,
        rule=rule,
        customers=len(customers.ids),
        first_customer=next(iter(customers.ids), ""),
        reason=form_input.reason,
    )
    left_to_review = {RefusalReason.NO_CUSTOMERS} if form_input.files else set()
    if form_input.rule and rule is None:
        left_to_review.add(RefusalReason.NO_RULE)
    refusals = violations(request, policy, usable(rule, now) if rule else None)
    return (*faults, *as_faults([one for one in refusals if one.reason not in left_to_review], faults))


def faults_of_ids(customers: CustomerList) -> tuple[FieldError, ...]:
    """Report what is no id, by kind and line, and a table in which several columns could hold the ids."""
    found: dict[RowProblem, list[UnreadableRow]] = {}
    for row in customers.unreadable:
        found.setdefault(row.why, []).append(row)
    unclear = [Refusal(RefusalReason.PASTED_COLUMNS)] if customers.unclear else []
    return as_faults((*unclear, *(_not_ids(why, rows) for why, rows in found.items())))


def _not_ids(why: RowProblem, rows: Sequence[UnreadableRow]) -> Refusal:
    match why:
        case RowProblem.RESERVED:
            return Refusal(RefusalReason.RESERVED_ID, " ".join(dict.fromkeys(row.text for row in rows)))
        case RowProblem.LINK:
            return Refusal(RefusalReason.LINK, rows[0].text)
    lines = ", ".join(str(line) for line in dict.fromkeys(row.row for row in rows))
    return Refusal(RefusalReason.NOT_AN_ID, f"{why}/{lines}")


def faults_of_reserved(form_input: FormInput, policy: ChannelPolicy) -> tuple[FieldError, ...]:
    """Report a ticked reserved id that the channel does not allow, or that is not the only customer."""
    if not form_input.reserved:
        return ()
    if not policy.reserved:
        return (FieldError(Field.RESERVED, Refusal(RefusalReason.RESERVED_ID)),)
    if form_input.reserved not in RESERVED or form_input.customers.strip() or form_input.files:
        return (FieldError(Field.RESERVED, Refusal(RefusalReason.RESERVED_BESIDE)),)
    return ()


def faults_of_files(read_result: ReadResult) -> tuple[FieldError, ...]:
    """Report files that cannot be read, and files about which the person has to choose."""
    bad = (Refusal(RefusalReason.BAD_FILE, f"{file.why}/{file.name}") for file in read_result.bad)
    questions = (RefusalReason.HIDDEN_ROWS, RefusalReason.IS_IT_THE_COLUMN, RefusalReason.WHICH_COLUMN)
    unclear = (
        Refusal(questions[min(len(file.columns), 2)], file.upload.name) for file in read_result.unclear
    )
    return as_faults((*bad, *unclear))


def faults_of_key(form_input: FormInput) -> tuple[FieldError, ...]:
    """Report an idempotency key that cannot be used."""
    key = form_input.once_key.strip()
    if is_bots_key(key):
        return as_faults((Refusal(RefusalReason.BAD_ONCE_KEY, KEY_PREFIX),))
    if len(key) <= MAX_ONCE_KEY_LENGTH and key.isprintable():
        return ()
    return as_faults((Refusal(RefusalReason.BAD_ONCE_KEY, str(MAX_ONCE_KEY_LENGTH)),))


def as_faults(refusals: Sequence[Refusal], others: Sequence[FieldError] = ()) -> tuple[FieldError, ...]:
    """Put refusals beside their fields; drop "no customers" if the other faults already explain it."""
    explained = {Field.CUSTOMERS, Field.FILE} & {fault.field for fault in others}
    return tuple(
        FieldError(FIELD_OF.get(refusal.reason, Field.RULE), refusal)
        for refusal in refusals
        if not (explained and refusal.reason is RefusalReason.NO_CUSTOMERS)
    )


async def with_places(
    faults: Sequence[FieldError],
    access: AccessControl,
    who: Person,
    form: FormInput,
    draft: Request,
    rule: Rule | None,
) -> tuple[FieldError, ...]:
    """Name the channels that take larger requests, if Slack says in time who may use them."""
    customers = len(customers_of(form).ids)
    request = replace(draft, rule=rule, customers=customers, reason=form.reason)
    with suppress(TimeoutError):
        async with asyncio.timeout(PLACES_SECONDS):
            named = await access.with_places([fault.refusal for fault in faults], who, request)
            return tuple(FieldError(fault.field, one) for fault, one in zip(faults, named, strict=True))
    return tuple(faults)
