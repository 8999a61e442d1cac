"""The keys that the policy file may hold: each with its type, its bounds, and the words for what is allowed."""

import re
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

from babel.core import get_global
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.domain.ids import ChannelId, UserId

CHANNEL_ID: Final = "[CG][A-Z0-9]+"
USER_ID: Final = "[UW][A-Z0-9]+"
GROUP_ID: Final = "S[A-Z0-9]+"
A_YEAR: Final = 8760
"""In hours."""
A_WEEK: Final = 10_080
"""In minutes."""
MOST_APPROVALS: Final = 10
MOST_CUSTOMERS: Final = 10_000_000
MOST_AMOUNT: Final = 10**15
MOST_DAYS: Final = 366
BUDGET: Final = "a table { days, customers, amount } of whole numbers: days from 1 to 366, and customers, amount (minor units) or both"
TIERS: Final = (
    "one or more tables, [[…tiers]], each with approvals (a whole number from 1 to 10, no fewer than without the tier) "
    "and above_customers, above_amount (whole numbers from 0) or both"
)


def _like(pattern: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return AfterValidator(check)


def _currency(code: str) -> str:
    if code not in get_global("all_currencies"):
        raise ValueError(code)
    return code


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as unknown:
        raise ValueError(name) from unknown
    return name


SOME: Final = Field(min_length=1)
Rules = Annotated[list[Annotated[str, _like(r"\S(.{0,253}\S)?")]], SOME]
Requesters = Annotated[list[Annotated[str, _like(rf"\*|{USER_ID}|{GROUP_ID}")]], SOME]
Approvers = Annotated[list[Annotated[str, _like(rf"{USER_ID}|{GROUP_ID}")]], SOME]
Channels = Annotated[list[Annotated[ChannelId, _like(CHANNEL_ID)]], SOME]
Admins = Annotated[list[Annotated[UserId, _like(USER_ID)]], SOME]


class TierSchema(BaseModel):
    """What may be said of one tier: how many agree, and above what."""

    model_config = ConfigDict(strict=True, extra="forbid")

    approvals: int = Field(ge=1, le=MOST_APPROVALS)
    above_customers: int = Field(0, ge=0, le=MOST_CUSTOMERS)
    above_amount: int = Field(0, ge=0, le=MOST_AMOUNT)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if not self.model_fields_set & {"above_customers", "above_amount"}:
            raise ValueError("neither bound is there")
        return self


class BudgetSchema(BaseModel):
    """What may be said of a budget: over how many days, and how much."""

    model_config = ConfigDict(strict=True, extra="forbid")

    days: int = Field(ge=1, le=MOST_DAYS)
    customers: int = Field(0, ge=0, le=MOST_CUSTOMERS)
    amount: int = Field(0, ge=0, le=MOST_AMOUNT)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if not self.model_fields_set & {"customers", "amount"}:
            raise ValueError("neither bound is there")
        return self


class ChannelSchema(BaseModel):
    """What may be said of one channel. Only what stands in the file counts: the defaults are those of `ChannelPolicy`."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Annotated[str, _like(r"\S(.{0,78}\S)?")] = Field(
        "", description="a text of 1 to 80 characters on one line"
    )
    rules: Rules = Field([], description='a list of one or more rule ids, or ["*"] for every rule')
    requesters: Requesters = Field(
        [],
        description='a list of one or more user ids (U…, W…) and user group ids (S…), or ["*"] for every full member',
    )
    approvers: Approvers = Field(
        [], description="a list of one or more user ids (U…, W…) and user group ids (S…)"
    )
    max_customers: int = Field(0, ge=1, le=10_000_000, description="a whole number from 1 to 10,000,000")
    max_amount: int = Field(0, ge=0, le=10**15, description="a whole number of minor units, from 0 to 10^15")
    allow_unpriced: bool = Field(False, description="true or false")
    notify: Channels = Field([], description="a list of one or more channel ids (C…, G…)")
    require_reason: bool = Field(False, description="true or false")
    approvals: int = Field(
        0, ge=0, le=MOST_APPROVALS, description=f"a whole number from 0 to {MOST_APPROVALS}"
    )
    expires_hours: float = Field(
        0, gt=0, le=A_YEAR, allow_inf_nan=False, description="a number of hours, above 0 and at most 8760"
    )
    batch_size: int = Field(0, ge=1, le=100_000, description="a whole number from 1 to 100,000")
    concurrency: int = Field(0, ge=1, le=64, description="a whole number from 1 to 64")
    hold_minutes: float = Field(
        0, ge=0, le=A_WEEK, allow_inf_nan=False, description="a number of minutes, from 0 to 10,080 (a week)"
    )
    remind_minutes: float = Field(
        0, ge=1, le=A_WEEK, allow_inf_nan=False, description="a number of minutes, from 1 to 10,080 (a week)"
    )
    escalate_to: Approvers = Field(
        [], description="a list of one or more user ids (U…, W…) and user group ids (S…)"
    )
    reserved: bool = Field(False, description="true or false")
    repeat_days: int = Field(
        0, ge=0, le=MOST_DAYS, description=f"a whole number of days from 0 (never) to {MOST_DAYS}"
    )
    budget: BudgetSchema | None = Field(None, description=BUDGET)
    tiers: Annotated[list[TierSchema], SOME] = Field([], description=TIERS)


class PolicySchema(BaseModel):
    """What is said once, for all channels."""

    model_config = ConfigDict(strict=True, extra="forbid")

    currency: Annotated[str, AfterValidator(_currency)] = Field(
        description='an ISO 4217 code in capitals, such as "NOK"'
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        description='a time zone of the IANA database, such as "Europe/Oslo"'
    )
    admins: Admins = Field([], description="a list of one or more user ids (U…, W…)")
    retention_days: int = Field(90, ge=1, le=36_500, description="a whole number of days from 1 to 36,500")
    defaults: dict[str, Any] = Field({}, description="a table, [defaults], of what may be said of a channel")
    channels: dict[str, Any] = Field({}, description="tables, [channels.C…], one a channel")
