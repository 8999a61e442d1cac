"""What is wrong with a form, each fault beside the field that it is about."""

from collections.abc import Sequence
from typing import Final

from bot.domain.customers.parsing import RESERVED, CustomerList, read_customers
from bot.domain.customers.uploads import ReadResult
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError

LONGEST_ONCE_KEY: Final = 255
"""Dintero documents no limit of `offering_constraint_id`; this is that of its customer ids."""

FIELD_OF: Final = {
    RefusalReason.NO_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.ID_TOO_LONG: Field.CUSTOMERS,
    RefusalReason.ID_UNREADABLE: Field.CUSTOMERS,
    RefusalReason.RESERVED_ID: Field.CUSTOMERS,
    RefusalReason.LINK: Field.CUSTOMERS,
    RefusalReason.RESERVED_BESIDE: Field.RESERVED,
    RefusalReason.RESERVED_BUDGET: Field.RESERVED,
    RefusalReason.TOO_MANY_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.TOO_EXPENSIVE: Field.CUSTOMERS,
    RefusalReason.BUDGET_CUSTOMERS: Field.CUSTOMERS,
    RefusalReason.BUDGET_AMOUNT: Field.CUSTOMERS,
    RefusalReason.BAD_FILE: Field.FILE,
    RefusalReason.WHICH_COLUMN: Field.FILE,
    RefusalReason.REASON_MISSING: Field.REASON,
    RefusalReason.BAD_ONCE_KEY: Field.ONCE_KEY,
}
"""Where each fault is shown; what is about no field stands at the first, the rule."""


def faults_of_ids(customers: CustomerList) -> tuple[FieldError, ...]:
    """Say which ids cannot be given anything."""
    faults = []
    for reason, too_long in ((RefusalReason.ID_TOO_LONG, True), (RefusalReason.ID_UNREADABLE, False)):
        lines = ", ".join(str(each.line) for each in customers.unreadable if each.too_long is too_long)
        if lines:
            faults.append(FieldError(Field.CUSTOMERS, Refusal(reason, lines)))
    if customers.reserved:
        faults.append(
            FieldError(Field.CUSTOMERS, Refusal(RefusalReason.RESERVED_ID, " ".join(customers.reserved)))
        )
    if customers.links:
        faults.append(FieldError(Field.CUSTOMERS, Refusal(RefusalReason.LINK, customers.links[0])))
    return tuple(faults)


def customers_of(form_input: FormInput) -> CustomerList:
    """Read whom a form is for: the ids that were typed, or the one reserved id that was ticked in their place."""
    if form_input.reserved in RESERVED and not form_input.customers.strip() and not form_input.files:
        return CustomerList(ids=(CustomerId(form_input.reserved),))
    return read_customers(form_input.customers)


def faults_of_reserved(form_input: FormInput, policy: ChannelPolicy) -> tuple[FieldError, ...]:
    """Say whether what was ticked may be, and stands alone: with no id beside it, and not with the other one."""
    if not form_input.reserved:
        return ()
    if not policy.reserved:
        return (FieldError(Field.RESERVED, Refusal(RefusalReason.RESERVED_ID)),)
    if form_input.reserved not in RESERVED or form_input.customers.strip() or form_input.files:
        return (FieldError(Field.RESERVED, Refusal(RefusalReason.RESERVED_BESIDE)),)
    return ()


def faults_of_files(read_result: ReadResult) -> tuple[FieldError, ...]:
    """Say which files cannot be read, and of which it has to be asked what is meant."""
    bad = (Refusal(RefusalReason.BAD_FILE, f"{file.why}/{file.name}") for file in read_result.bad)
    unclear = (Refusal(RefusalReason.WHICH_COLUMN, file.upload.name) for file in read_result.unclear)
    return tuple(FieldError(Field.FILE, refusal) for refusal in (*bad, *unclear))


def faults_of_key(form_input: FormInput) -> tuple[FieldError, ...]:
    """Say whether the once-only key can be one."""
    key = form_input.once_key.strip()
    if len(key) <= LONGEST_ONCE_KEY and key.isprintable():
        return ()
    return (FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY, str(LONGEST_ONCE_KEY))),)


def as_faults(refusals: tuple[Refusal, ...], *, but: Sequence[FieldError]) -> tuple[FieldError, ...]:
    """Put refusals beside their fields; "no customers" is not said where unreadable ones are the reason."""
    faulty = {fault.field for fault in but}
    faults = (FieldError(FIELD_OF.get(refusal.reason, Field.RULE), refusal) for refusal in refusals)
    unread = faulty & {Field.CUSTOMERS, Field.FILE}
    return tuple(
        fault for fault in faults if not (fault.refusal.reason is RefusalReason.NO_CUSTOMERS and unread)
    )
