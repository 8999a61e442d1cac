"""The schema of Dintero's JSON, and its conversion to domain rules."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.domain.rules.rule import (
    Item,
    ItemBundle,
    ItemValue,
    Limitation,
    Requirement,
    Reward,
    Rule,
    Statistics,
    WeeklyWindow,
)

Path = tuple[str | int, ...]
Domain = TypeVar("Domain")

ACTIVITY: Final[frozenset[Path]] = frozenset({("active",), ("deleted_at",)})


def as_json(value: object) -> str:
    """Write a value as readable JSON that any database can hold, with sorted keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode(errors="backslashreplace").decode()


def _dotted(path: Path) -> str:
    return ".".join(as_json(part)[1:-1] if isinstance(part, str) else str(part) for part in path)


def _number(value: object) -> Decimal:
    """Keep a JSON number as written: 10.5 stays 10.5; neither true nor "10" is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic needs a ValueError
    return Decimal(str(value))


def _whole(value: object) -> int:
    number = _number(value)
    if not number.is_finite() or number != int(number):
        raise ValueError("not a whole number")
    return int(number)


def _moment(value: object) -> datetime:
    """Convert a moment to UTC; without an offset it is ambiguous."""
    if not isinstance(value, str) or (moment := datetime.fromisoformat(value)).tzinfo is None:
        raise ValueError("not a moment")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


Text = Annotated[str, Field(strict=True, pattern=r"^[^\x00]*$")]
"""PostgreSQL cannot hold the character 0."""
Name = Annotated[Text, Field(min_length=1)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Raw = Annotated[str | None, BeforeValidator(lambda value: None if value is None else as_json(value))]
"""Kept as JSON text, so nothing in it can be wrong."""
Ignored = Any


class Schema(BaseModel):
    """An object in Dintero's JSON."""

    model_config = ConfigDict(frozen=True)

    def to(self, domain: type[Domain], **converted: object) -> Domain:
        """Convert to a domain class by its fields' names; null means the same as absent."""
        values = {name: value for name, value in self if name in domain.__annotations__} | converted
        return domain(**{name: value for name, value in values.items() if value is not None})


def _extras(schema: object, sent: Any, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every field that was sent and that no schema names, at any depth."""
    if isinstance(schema, Schema):
        for name, value in sent.items():
            if name in type(schema).model_fields:
                yield from _extras(getattr(schema, name), value, (*path, name))
            else:
                yield (*path, name), value
    elif isinstance(schema, tuple):
        for number, (part, value) in enumerate(zip(schema, sent, strict=True)):
            yield from _extras(part, value, (*path, number))


class ItemSchema(Schema):
    """An item or a group of items that a reward or a requirement names."""

    id: Text | None = None
    group_id: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.id is None and self.group_id is None:
            raise ValueError("neither an item nor a group")
        return self


ItemsSchema = tuple[ItemSchema, ...]


def _items(items: ItemsSchema | None) -> tuple[Item, ...]:
    return tuple(Item(item.id, item.group_id) for item in items or ())


class ItemValueSchema(Schema):
    """A different reward value for some items."""

    items: ItemsSchema
    value: Number


class RewardSchema(Schema):
    """A rule's reward."""

    type: Name
    value: Number
    values: tuple[ItemValueSchema, ...] | None = None
    base: Text | None = None
    effect: Text | None = None

    def reward(self) -> Reward:
        """Convert to the domain."""
        values = tuple(ItemValue(_items(other.items), other.value) for other in self.values or ())
        return self.to(Reward, values=values)


class ItemBundleSchema(Schema):
    """Items that must be bought together."""

    quantity: Number
    reward_eligible: Flag
    items: ItemsSchema | None = None


class ItemRequirementSchema(Schema):
    """The items that must be bought."""

    quantity: Number | None = None
    items: ItemsSchema | None = None
    mixes: tuple[ItemBundleSchema, ...] | None = None


class RequirementSchema(Schema):
    """A purchase's requirements."""

    purchase_from: Moment | None = None
    purchase_to: Moment | None = None
    item: ItemRequirementSchema | None = None
    gross_amount: Whole | None = None
    net_amount: Whole | None = None
    stamp: Whole | None = None
    discount_code: Text | None = None
    store_ids: tuple[Text, ...] | None = None
    store: Raw = None
    customer: Raw = None
    currencies: Raw = None

    def requirement(self) -> Requirement:
        """Convert to the domain."""
        item = self.item or ItemRequirementSchema()
        mixes = (ItemBundle(mix.quantity, mix.reward_eligible, _items(mix.items)) for mix in item.mixes or ())
        return self.to(Requirement, item_quantity=item.quantity, items=_items(item.items), mixes=tuple(mixes))


class ActivationSchema(Schema):
    """A rule that deactivates this one; an unknown type could mean anything."""

    type: Literal["deactivate_if_discount_active"]
    value: Text


class WindowSchema(Schema):
    """A window of the week."""

    day: Text
    start: Text
    end: Text


class HoursSchema(Schema):
    """The hours of the week in which a rule can be used."""

    timezone: Text | None = None
    hours: tuple[WindowSchema, ...] | None = None


class LimitationSchema(Schema):
    """How often and when a rule can be used."""

    dynamic_purchase_to_days: Whole | None = None
    discount_activation: tuple[ActivationSchema, ...] | None = None
    discount_hours: HoursSchema | None = None
    discount_reward_usage: Whole | None = None
    discount_combination: Whole | None = None
    discount_eligible: Text | None = None
    discount_repeat_usage: Whole | None = None
    stamp_expire_days: Whole | None = None
    blacklist: ItemsSchema | None = None

    def limitation(self) -> Limitation:
        """Convert to the domain."""
        hours = self.discount_hours or HoursSchema()
        return self.to(
            Limitation,
            reward_usage=self.discount_reward_usage,
            repeat_usage=self.discount_repeat_usage,
            combination=self.discount_combination,
            eligible=self.discount_eligible,
            hours=tuple(window.to(WeeklyWindow) for window in hours.hours or ()),
            hours_timezone=hours.timezone,
            deactivated_by=tuple(other.value for other in self.discount_activation or ()),
            blacklist=_items(self.blacklist),
        )


class StatisticsSchema(Schema):
    """Totals over all customers; `used` is the deprecated name of `usage`."""

    stamp: Whole | None = None
    used: Whole | None = None
    usage: Whole | None = None
    amount: Whole | None = None
    debit_balance: Whole | None = None

    def statistics(self) -> Statistics:
        """Convert to the domain."""
        return self.to(Statistics, usage=self.used if self.usage is None else self.usage)


class RuleSchema(Schema):
    """A discount rule."""

    id: Name
    reward: RewardSchema
    requirement: RequirementSchema | None = None
    limitation: LimitationSchema | None = None
    statistics: StatisticsSchema | None = None
    name: Text | None = None
    description: Text | None = None
    receipt_text: Text | None = None
    type: Text | None = None
    active: Flag | None = None
    private: Flag | None = None
    campaign_id: Text | None = None
    visible_from: Moment | None = None
    updated_at: Moment | None = None
    deleted_at: Moment | None = None
    created_at: Ignored = None
    created_by: Ignored = None
    updated_by: Ignored = None
    deleted_by: Ignored = None
    links: Ignored = None
    metadata: Ignored = None

    def rule(self, sent: Mapping[str, Any], aside: Mapping[Path, object]) -> Rule:
        """Convert to the domain, with the values that were set aside and the fields that no schema names."""
        unknown = [(_dotted(path), as_json(value)) for path, value in (*aside.items(), *_extras(self, sent))]
        return self.to(
            Rule,
            reward=self.reward.reward(),
            requirement=(self.requirement or RequirementSchema()).requirement(),
            limitation=(self.limitation or LimitationSchema()).limitation(),
            statistics=self.statistics and self.statistics.statistics(),
            active=self.active is not False and aside.keys().isdisjoint(ACTIVITY),
            unknown=tuple(sorted(unknown)),
        )
