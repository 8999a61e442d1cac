"""Where a request that is too large for its channel can go."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from bot.domain.requests.person import Person
from bot.domain.requests.request import FormInput, Request
from bot.domain.requests.views import FieldError
from bot.domain.rules.rule import Rule
from bot.services.access import AccessControl
from bot.services.drafting.validation import customers_of

PLACES_SECONDS: Final = 0.5
"""How long an ack waits to name other channels."""


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
