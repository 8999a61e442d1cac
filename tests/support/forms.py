"""Ann's forms, filled in or reviewed, and their faults by field."""

from dataclasses import replace
from typing import Any

from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError, Form, Review
from tests.support.service_fixture import ANN, POLICY, SPAR, SUPPORT, Office, person

Found = dict[Field, list[RefusalReason]]


def policy_with(channel: ChannelId, **changes: Any) -> Policy:
    return replace(
        POLICY, channels={**POLICY.channels, channel: replace(POLICY.channels[channel], **changes)}
    )


async def fill_in(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Found:
    """Submit a form of Ann's, and return its faults by field."""
    draft = await office.draft(channel=channel)
    filled = FormInput(**{"rule": SPAR, "customers": "c-1", **typed})
    faults = await office.drafts.save_input(draft, person(ANN), filled)
    assert not isinstance(faults, Refusal)
    assert await office.repository.load_input(draft) == filled
    return by_field(faults)


def by_field(faults: tuple[FieldError, ...]) -> Found:
    found: Found = {}
    for fault in faults:
        found.setdefault(fault.field, []).append(fault.refusal.reason)
    return found


async def review(
    office: Office, channel: ChannelId = SUPPORT, who: UserId = ANN, **typed: Any
) -> Review | Form | Refusal:
    return await office.drafts.review(await office.draft(who, channel, **typed), person(who))


async def reviewed(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Review:
    found = await review(office, channel, **typed)
    assert isinstance(found, Review), found
    return found


async def brought_back(office: Office, channel: ChannelId = SUPPORT, **typed: Any) -> Found:
    """Review a draft, and return the faults of its form."""
    form = await review(office, channel, **typed)
    assert isinstance(form, Form), form
    return by_field(form.faults)
