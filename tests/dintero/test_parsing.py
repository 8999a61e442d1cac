import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dintero.parsing import SchemaError, read_refs, read_rule, read_rules
from bot.domain.ids import CustomerId, RuleId
from bot.domain.rules.rule import (
    Holder,
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

ANSWER: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "seeds" / "add_customers_answer.json").read_text()
)
LONG_AGO = datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)
BOTH = Item("b714118", "B1")

FieldPath = tuple[str | int, ...]

SMALLEST = {"id": "r1", "reward": {"type": "discount_amount", "value": 100}}
NEEDED: list[FieldPath] = [("id",), ("reward",), ("reward", "type"), ("reward", "value")]
RAW = {"customer", "store", "currencies"}
IGNORED = {"created_at", "created_by", "updated_by", "deleted_by", "links", "metadata"}


def paths_in(node: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    """Yield the path of every value inside the example answer."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in pairs:
        yield (*path, name)
        yield from paths_in(value, (*path, name))


def is_raw(path: FieldPath) -> bool:
    """Return whether a value is kept as JSON text or ignored."""
    return path[0] in IGNORED or (path[0] == "requirement" and len(path) > 1 and path[1] in RAW)


def parent(answer: Any, path: FieldPath) -> Any:
    for step in path[:-1]:
        answer = answer[step]
    return answer


def changed(path: FieldPath, value: object) -> dict[str, Any]:
    answer = deepcopy(ANSWER)
    parent(answer, path)[path[-1]] = value
    return answer


def without(path: FieldPath) -> dict[str, Any]:
    answer = deepcopy(ANSWER)
    del parent(answer, path)[path[-1]]
    return answer


ALL_PATHS = list(paths_in(ANSWER))
UNDERSTOOD = [path for path in ALL_PATHS if not is_raw(path)]
OPTIONAL = [path for path in UNDERSTOOD if path not in NEEDED]


def dotted(path: FieldPath) -> str:
    return ".".join(map(str, path))


def test_the_documented_example_is_read_completely() -> None:
    requirement = ANSWER["requirement"]
    assert read_rule(ANSWER) == Rule(
        id=RuleId("3c90c3cc-0d44-4b50-8888-8dd25736052a"),
        name="Spar 100,-",
        description="Gjør et Stablestol kupp!",
        receipt_text="Mai Salg",
        type="item",
        active=True,
        private=False,
        campaign_id="<string>",
        visible_from=LONG_AGO,
        updated_at=LONG_AGO,
        deleted_at=LONG_AGO,
        reward=Reward(
            type="discount_amount",
            value=Decimal(10000),
            values=(ItemValue((BOTH,), Decimal(123)),),
            base="gross",
            effect="discount",
        ),
        requirement=Requirement(
            purchase_from=LONG_AGO,
            purchase_to=LONG_AGO,
            item_quantity=Decimal(0),
            items=(BOTH,),
            mixes=(ItemBundle(Decimal(1), True, (Item(id="b714118"), Item(group_id="g4"))),),
            gross_amount=0,
            net_amount=0,
            stamp=5,
            discount_code="TACO",
            store_ids=("sc029",),
            store=json.dumps(requirement["store"], ensure_ascii=False, sort_keys=True),
            customer=json.dumps(requirement["customer"], ensure_ascii=False, sort_keys=True),
            currencies='[{"anything-but": ["NOK"]}]',
        ),
        limitation=Limitation(
            reward_usage=1,
            repeat_usage=-1,
            combination=-1,
            eligible="item_eligible_for_discount",
            hours=(WeeklyWindow("mon", "10:00", "20:00"),),
            hours_timezone="Europe/Oslo",
            stamp_expire_days=100,
            dynamic_purchase_to_days=2,
            deactivated_by=("<string>",),
            blacklist=(BOTH,),
        ),
        statistics=Statistics(stamp=123, usage=28, amount=280000, debit_balance=12350),
        unknown=(),
    )


def test_a_rule_needs_only_an_id_and_a_reward() -> None:
    assert read_rule(SMALLEST) == Rule(
        id=RuleId("r1"), reward=Reward(type="discount_amount", value=Decimal(100))
    )


@pytest.mark.parametrize("path", NEEDED, ids=dotted)
@pytest.mark.parametrize("value", [None, [], {}, True, ""])
def test_without_id_or_reward_there_is_no_rule(path: FieldPath, value: object) -> None:
    with pytest.raises(SchemaError):
        read_rule(without(path))
    with pytest.raises(SchemaError):
        read_rule(changed(path, value))


@pytest.mark.parametrize("answer", [None, [], "rule", 7, True, {}, {"error": {"message": "no"}}])
def test_other_json_is_not_a_rule(answer: object) -> None:
    with pytest.raises(SchemaError):
        read_rule(answer)


def test_any_other_field_may_be_missing() -> None:
    assert {path: read_rule(without(path)).id for path in OPTIONAL} == dict.fromkeys(OPTIONAL, ANSWER["id"])


def test_null_means_the_same_as_missing() -> None:
    for path in OPTIONAL:
        if not any(isinstance(step, int) for step in path):
            assert read_rule(changed(path, None)) == read_rule(without(path)), path


@pytest.mark.parametrize("value", [None, 0, "new", [1], {"inner": [None, 10.5]}])
def test_a_new_field_is_kept_word_for_word_at_any_depth(value: object) -> None:
    objects = [path for path in UNDERSTOOD if isinstance(parent({"": ANSWER}, ("", *path, "")), dict)]
    for path in [(), *objects]:
        read = read_rule(changed((*path, "brand_new"), value))
        assert read.unknown == ((dotted((*path, "brand_new")), json.dumps(value)),)


@pytest.mark.parametrize(
    "value", [True, 10.5, "surprise", ["surprise", None], {"surprise": 1}], ids=json.dumps
)
def test_a_value_of_an_unexpected_type_is_neither_guessed_nor_lost(value: object) -> None:
    kept_as = (json.dumps(value), json.dumps("surprise"), "10.5")
    for path in OPTIONAL:
        read, usual = read_rule(changed(path, value)), parent(ANSWER, path)[path[-1]]
        is_understood = type(usual) is type(value) or (type(usual) is int and isinstance(value, float))
        assert is_understood or any(text in kept for _, kept in read.unknown for text in kept_as), path


@pytest.mark.parametrize("value", [None, True, 7, "surprise", [], {}])
def test_raw_and_ignored_fields_may_have_any_shape(value: object) -> None:
    for path in filter(is_raw, ALL_PATHS):
        assert read_rule(changed(path, value)).unknown == (), path


@pytest.mark.parametrize("number", [10.5, 0.1, 33.3, 1e-7, 99999999999.99, 7])
def test_a_number_is_kept_as_written(number: float) -> None:
    assert read_rule({"id": "r", "reward": {"type": "t", "value": number}}).reward.value == Decimal(
        str(number)
    )


@pytest.mark.parametrize("number", [True, "100", float("inf"), float("nan"), None])
def test_nothing_else_is_read_as_a_number(number: object) -> None:
    with pytest.raises(SchemaError):
        read_rule({"id": "r", "reward": {"type": "t", "value": number}})


def test_an_amount_may_have_a_decimal_point_but_no_fraction() -> None:
    read = read_rule(SMALLEST | {"requirement": {"gross_amount": 100.0, "net_amount": 100.5}})
    assert read.requirement == Requirement(gross_amount=100)
    assert read.unknown == (("requirement.net_amount", "100.5"),)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T00:00:00Z", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T00:00:00.123Z", datetime(2026, 5, 1, microsecond=123000, tzinfo=UTC)),
        ("2026-05-01T02:00:00+02:00", datetime(2026, 5, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_converted_to_utc(text: str, moment: datetime) -> None:
    read = read_rule(SMALLEST | {"visible_from": text})
    assert read.visible_from == moment
    assert read.visible_from.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T00:00:00", "2026-05-01", "1714521600", 1714521600, "soon", "", "9999-12-31T23:59:59-01:00"],
)
def test_an_ambiguous_moment_is_not_guessed(text: object) -> None:
    read = read_rule(SMALLEST | {"visible_from": text})
    assert read.visible_from is None
    assert read.unknown == (("visible_from", json.dumps(text)),)


@pytest.mark.parametrize(
    ("statistics", "usage"),
    [
        ({"used": 3}, 3),
        ({"used": 3, "usage": None}, 3),
        ({"used": 3, "usage": 0}, 0),
        ({"used": 3, "usage": 5}, 5),
        ({}, None),
    ],
)
def test_the_deprecated_used_counts_only_without_usage(
    statistics: dict[str, int | None], usage: int | None
) -> None:
    assert read_rule(SMALLEST | {"statistics": statistics}).statistics == Statistics(usage=usage)


def test_a_rule_may_have_no_statistics() -> None:
    assert read_rule(SMALLEST).statistics is None


@pytest.mark.parametrize("name", ["active", "deleted_at"])
def test_a_rule_with_unreadable_activity_is_inactive(name: str) -> None:
    read = read_rule(SMALLEST | {name: "perhaps"})
    assert not read.active
    assert read.unknown == ((name, '"perhaps"'),)


def test_an_unknown_reward_type_is_kept() -> None:
    assert (
        read_rule({"id": "r", "reward": {"type": "discount_moon", "value": 1}}).reward.type == "discount_moon"
    )


def test_an_unknown_activation_is_set_aside_with_its_list() -> None:
    activation = [{"type": "activate_if_full_moon", "value": "r2"}]
    read = read_rule(SMALLEST | {"limitation": {"discount_activation": activation}})
    assert read.unknown == (("limitation.discount_activation", json.dumps(activation)),)


def test_an_item_without_a_name_does_not_mean_every_item() -> None:
    read = read_rule(SMALLEST | {"requirement": {"item": {"items": [{"id": "a"}, {"sku": "b"}]}}})
    assert read.requirement.items == ()
    assert read.unknown == (("requirement.item.items", '[{"id": "a"}, {"sku": "b"}]'),)


def test_half_a_character_is_kept_in_a_form_that_any_database_can_hold() -> None:
    read = read_rule(SMALLEST | {"name": "\ud800", "description": "a\x00b", "new\ud800": "\udfff"})
    assert read.unknown == (
        ("description", '"a\\u0000b"'),
        ("name", '"\\ud800"'),
        ("new\\ud800", '"\\udfff"'),
    )


def test_an_unreadable_rule_does_not_hide_the_others() -> None:
    rules = read_rules([SMALLEST, {"id": "no reward"}, None, SMALLEST | {"id": "r2"}])
    assert [rule.id for rule in rules] == ["r1", "r2"]


@pytest.mark.parametrize("answer", [None, {}, "rules", {"rules": []}])
def test_only_a_list_is_a_list_of_rules(answer: object) -> None:
    with pytest.raises(SchemaError):
        read_rules(answer)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
parts = st.sampled_from([path for path in OPTIONAL if not any(isinstance(step, int) for step in path)])


@given(st.dictionaries(st.sampled_from(sorted({*ANSWER, "other"} - {"id", "reward"})), anything))
def test_id_and_reward_are_read_whatever_the_other_fields_are(extra: dict[str, object]) -> None:
    read = read_rule(SMALLEST | extra)
    assert (read.id, read.reward) == ("r1", Reward(type="discount_amount", value=Decimal(100)))
    "".join(text for field in read.unknown for text in field).encode()


@given(st.lists(st.tuples(parts, anything), min_size=1, max_size=4, unique_by=lambda part: part[0]))
def test_several_unexpected_values_at_once_are_read_too(surprises: list[tuple[FieldPath, object]]) -> None:
    answer = deepcopy(ANSWER)
    for path, value in sorted(surprises, key=lambda surprise: -len(surprise[0])):
        parent(answer, path)[path[-1]] = value
    before = deepcopy(answer)
    assert read_rule(answer).id == ANSWER["id"]
    assert json.dumps(answer) == json.dumps(before)


@given(anything)
def test_any_json_is_a_rule_or_a_schema_error(answer: object) -> None:
    try:
        read = read_rule(answer)
    except SchemaError:
        return
    assert read.id


def test_a_deleted_ref_names_no_customer() -> None:
    taken_back = {"id": "1", "customer_id": "a", "deleted_at": "2026-03-01T12:00:00Z"}
    assert read_refs([taken_back, {"id": "2", "customer_id": "b"}, {"id": "3", "customer_id": 4}]) == (
        Holder("1", None),
        Holder("2", CustomerId("b")),
        Holder("3", None),
    )
