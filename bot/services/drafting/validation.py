"""What is wrong with a form, each fault beside the field that it is about."""

from collections.abc import Sequence
from typing import Final

from bot.domain.customers.parsing import RESERVED, CustomerList, read_customers
from bot.domain.customers.uploads import Reading
from bot.domain.ids import CustomerId, UserId
from bot.domain.policy.policy import ChannelPolicy, Reason, Refusal
from bot.domain.requests.request import Typed
from bot.domain.requests.views import Fault, Field

LONGEST_ONCE_KEY: Final = 255
"""Dintero documents no limit of `offering_constraint_id`; this is that of its customer ids."""

FIELD_OF: Final = {
    Reason.NO_CUSTOMERS: Field.CUSTOMERS,
    Reason.ID_TOO_LONG: Field.CUSTOMERS,
    Reason.ID_UNREADABLE: Field.CUSTOMERS,
    Reason.RESERVED_ID: Field.CUSTOMERS,
    Reason.LINK: Field.CUSTOMERS,
    Reason.RESERVED_BESIDE: Field.RESERVED,
    Reason.RESERVED_BUDGET: Field.RESERVED,
    Reason.TOO_MANY_CUSTOMERS: Field.CUSTOMERS,
    Reason.TOO_EXPENSIVE: Field.CUSTOMERS,
    Reason.BUDGET_CUSTOMERS: Field.CUSTOMERS,
    Reason.BUDGET_AMOUNT: Field.CUSTOMERS,
    Reason.BAD_FILE: Field.FILE,
    Reason.WHICH_COLUMN: Field.FILE,
    Reason.REASON_MISSING: Field.REASON,
    Reason.BAD_ONCE_KEY: Field.ONCE_KEY,
}
"""Where each fault is shown; what is about no field stands at the first, the rule."""


def faults_of_ids(customers: CustomerList) -> tuple[Fault, ...]:
    """Say which ids cannot be given anything."""
    faults = []
    for reason, too_long in ((Reason.ID_TOO_LONG, True), (Reason.ID_UNREADABLE, False)):
        lines = ", ".join(str(each.line) for each in customers.unreadable if each.too_long is too_long)
        if lines:
            faults.append(Fault(Field.CUSTOMERS, Refusal(reason, lines)))
    if customers.reserved:
        faults.append(Fault(Field.CUSTOMERS, Refusal(Reason.RESERVED_ID, " ".join(customers.reserved))))
    if customers.links:
        faults.append(Fault(Field.CUSTOMERS, Refusal(Reason.LINK, customers.links[0])))
    return tuple(faults)


def customers_of(typed: Typed) -> CustomerList:
    """Read whom a form is for: the ids that were typed, or the one reserved id that was ticked in their place."""
    if typed.reserved in RESERVED and not typed.customers.strip() and not typed.files:
        return CustomerList(ids=(CustomerId(typed.reserved),))
    return read_customers(typed.customers)


def faults_of_reserved(typed: Typed, policy: ChannelPolicy, admins: tuple[UserId, ...]) -> tuple[Fault, ...]:
    """Say whether what was ticked may be, and stands alone: with no id beside it, and not with the other one."""
    if not typed.reserved:
        return ()
    if not policy.reserved:
        return (Fault(Field.RESERVED, Refusal(Reason.RESERVED_ID, "", admins)),)
    if typed.reserved not in RESERVED or typed.customers.strip() or typed.files:
        return (Fault(Field.RESERVED, Refusal(Reason.RESERVED_BESIDE)),)
    return ()


def faults_of_files(reading: Reading) -> tuple[Fault, ...]:
    """Say which files cannot be read, and of which it has to be asked what is meant."""
    bad = (Refusal(Reason.BAD_FILE, f"{file.why}/{file.name}") for file in reading.bad)
    unclear = (Refusal(Reason.WHICH_COLUMN, file.upload.name) for file in reading.unclear)
    return tuple(Fault(Field.FILE, refusal) for refusal in (*bad, *unclear))


def faults_of_key(typed: Typed) -> tuple[Fault, ...]:
    """Say whether the once-only key can be one."""
    key = typed.once_key.strip()
    if len(key) <= LONGEST_ONCE_KEY and key.isprintable():
        return ()
    return (Fault(Field.ONCE_KEY, Refusal(Reason.BAD_ONCE_KEY, str(LONGEST_ONCE_KEY))),)


def as_faults(refusals: tuple[Refusal, ...], *, but: Sequence[Fault]) -> tuple[Fault, ...]:
    """Put refusals beside their fields; "no customers" is not said where unreadable ones are the reason."""
    faulty = {fault.field for fault in but}
    faults = (Fault(FIELD_OF.get(refusal.reason, Field.RULE), refusal) for refusal in refusals)
    unread = faulty & {Field.CUSTOMERS, Field.FILE}
    return tuple(fault for fault in faults if not (fault.refusal.reason is Reason.NO_CUSTOMERS and unread))
