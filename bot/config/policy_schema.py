"""The keys of the policy file: type, bounds, and the text that says what is expected."""

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.localedata import exists
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.domain.ids import ChannelId, UserId

CHANNEL_ID: Final = "[CG][A-Z0-9]+"
USER_ID: Final = "[UW][A-Z0-9]+"
GROUP_ID: Final = "S[A-Z0-9]+"
YEAR_HOURS: Final = 8760
WEEK_MINUTES: Final = 10_080
MAX_APPROVALS: Final = 10
MAX_CUSTOMERS: Final = 10_000_000
MAX_AMOUNT: Final = 10**15
MAX_DAYS: Final = 366
LANGUAGES: Final = ("en", "nb")
FLAG: Final = "true or false"
APPROVERS: Final = "user IDs U…, W… and user group IDs S…"
BUDGET: Final = "days from 1 to 366, and customers, amount in øre or cents, or both"
TIERS: Final = "approvals from 1 to 10, and above_customers, above_amount in øre or cents, or both"


def _check(is_valid: Callable[[str], object]) -> AfterValidator:
    def validate(text: str) -> str:
        if not is_valid(text):
            raise ValueError(text)
        return text

    return AfterValidator(validate)


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _is_locale(name: str) -> bool:
    return re.fullmatch(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?", name) is not None and exists(name)


NOT_EMPTY: Final = Field(min_length=1)
RuleName = Annotated[str, _check(re.compile(r"\S(.{0,253}\S)?").fullmatch)]
Requester = Annotated[str, _check(re.compile(rf"\*|{USER_ID}|{GROUP_ID}").fullmatch)]
Approver = Annotated[str, _check(re.compile(rf"{USER_ID}|{GROUP_ID}").fullmatch)]
Channel = Annotated[ChannelId, _check(re.compile(CHANNEL_ID).fullmatch)]
Minutes = Annotated[float, Field(le=WEEK_MINUTES, allow_inf_nan=False)]
Admin = Annotated[UserId, _check(re.compile(USER_ID).fullmatch)]


def _key(allowed: str, example: str, **bounds: Any) -> Any:
    """Make a key that a table may leave out."""
    return Field(None, description=allowed, examples=[example], **bounds)


class TableSchema(BaseModel):
    """A table whose keys and types are checked strictly; of the keys in `one_of` it needs at least one."""

    model_config = ConfigDict(strict=True, extra="forbid")
    one_of: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _has_one_of(self) -> Self:
        if self.one_of and not self.model_fields_set & self.one_of:
            raise ValueError("no bound is set")
        return self


class TierSchema(TableSchema):
    """A tier: how many approvals it needs, and above which size."""

    one_of: ClassVar[frozenset[str]] = frozenset({"above_customers", "above_amount"})

    approvals: int = Field(ge=1, le=MAX_APPROVALS)
    above_customers: int = Field(0, ge=0, le=MAX_CUSTOMERS)
    above_amount: int = Field(0, ge=0, le=MAX_AMOUNT)


class BudgetSchema(TableSchema):
    """A budget: how much may be given within how many days."""

    one_of: ClassVar[frozenset[str]] = frozenset({"customers", "amount"})

    days: int = Field(ge=1, le=MAX_DAYS)
    customers: int = Field(0, ge=0, le=MAX_CUSTOMERS)
    amount: int = Field(0, ge=0, le=MAX_AMOUNT)


class ChannelSchema(TableSchema):
    """A channel's keys. Only keys that the file sets are used; `ChannelPolicy` has the real defaults."""

    name: Annotated[str, _check(re.compile(r"\S(.{0,78}\S)?").fullmatch)] = _key(
        "one line of 1 to 80 characters", 'name = "loyalty-support"'
    )
    rules: Annotated[list[RuleName], NOT_EMPTY] = _key('rule IDs, or "*" for every rule', 'rules = ["*"]')
    requesters: Annotated[list[Requester], NOT_EMPTY] = _key(
        f'{APPROVERS}, or "*" for every full member', 'requesters = ["*"]'
    )
    approvers: Annotated[list[Approver], NOT_EMPTY] = _key(
        APPROVERS, 'approvers = ["U0123456789", "S0123456789"]'
    )
    max_customers: int = _key(
        "a whole number from 1 to 10,000,000", "max_customers = 500", ge=1, le=MAX_CUSTOMERS
    )
    max_amount: int = _key(
        "øre or cents: 1_000_000 is 10,000.00", "max_amount = 5_000_000", ge=0, le=MAX_AMOUNT
    )
    allow_unpriced: bool = _key(FLAG, "allow_unpriced = true")
    notify: Annotated[list[Channel], NOT_EMPTY] = _key("channel IDs C…, G…", 'notify = ["C0123456789"]')
    require_reason: bool = _key(FLAG, "require_reason = true")
    approvals: int = _key("a whole number from 0 to 10", "approvals = 1", ge=0, le=MAX_APPROVALS)
    expires_hours: float = _key(
        "hours, above 0 and at most 8760", "expires_hours = 24", gt=0, le=YEAR_HOURS, allow_inf_nan=False
    )
    batch_size: int = _key("a whole number from 1 to 100,000", "batch_size = 500", ge=1, le=100_000)
    concurrency: int = _key("a whole number from 1 to 64", "concurrency = 8", ge=1, le=64)
    hold_minutes: Minutes = _key("minutes, from 0 to 10,080 (a week)", "hold_minutes = 10", ge=0)
    remind_minutes: Minutes = _key("minutes, from 1 to 10,080 (a week)", "remind_minutes = 60", ge=1)
    escalate_to: Annotated[list[Approver], NOT_EMPTY] = _key(APPROVERS, 'escalate_to = ["U0123456789"]')
    reserved: bool = _key(FLAG, "reserved = false")
    language: Annotated[str, _check(LANGUAGES.__contains__)] = _key(
        '"en" or "nb" (Norwegian bokmål)', 'language = "nb"'
    )
    locale: Annotated[str, _check(_is_locale)] = _key(
        "how numbers, money and dates are written", 'locale = "nb_NO"'
    )
    repeat_days: int = _key("days, from 0 (never) to 366", "repeat_days = 7", ge=0, le=MAX_DAYS)
    tier_hours: float = _key(
        "hours, from 0 to 8760", "tier_hours = 24", ge=0, le=YEAR_HOURS, allow_inf_nan=False
    )
    budget: BudgetSchema | None = _key(BUDGET, "budget = { days = 30, customers = 5000 }")
    tiers: Annotated[list[TierSchema], NOT_EMPTY] = _key(
        TIERS, "tiers = [{ above_customers = 100, approvals = 2 }]"
    )


class PolicySchema(TableSchema):
    """The keys at the top of the file, which hold for all channels."""

    currency: Annotated[str, _check(get_global("all_currencies").__contains__)] = Field(
        description="an ISO 4217 code in capitals", examples=['currency = "NOK"']
    )
    timezone: Annotated[str, _check(_is_timezone)] = Field(
        description="a time zone of the IANA database", examples=['timezone = "Europe/Oslo"']
    )
    admins: Annotated[list[Admin], NOT_EMPTY] = Field(
        [], description="user IDs U…, W…", examples=['admins = ["U0123456789"]']
    )
    retention_days: int = Field(
        90, ge=1, le=36_500, description="days, from 1 to 36,500", examples=["retention_days = 90"]
    )
    defaults: dict[str, Any] = Field(
        {}, description="a table of keys for all channels", examples=["[defaults]"]
    )
    channels: dict[str, Any] = Field(
        {}, description="one table for each channel", examples=["[channels.C0123456789]"]
    )
