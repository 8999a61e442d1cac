from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.dintero.parsing import read_rules
from bot.domain.rules.rule import Availability, RewardType, usable
from sandbox.dintero.catalogue import SEED_RULE, SHOPS, SIZE, catalogue, seed_rule
from sandbox.dintero.seed import ANSWER
from tests.dintero.test_parsing import ANSWER as PAGE

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_seed_is_the_answer_on_dinteros_page() -> None:
    assert ANSWER == PAGE


@pytest.mark.parametrize(
    "now", [NOW, datetime(2024, 2, 29, tzinfo=UTC), datetime(2030, 12, 31, 23, 59, tzinfo=UTC)]
)
def test_dinteros_own_rule_can_be_given_whenever_it_is(now: datetime) -> None:
    [rule] = read_rules([seed_rule(now)])
    assert (rule.id, rule.name) == (SEED_RULE, "Spar 100,-")
    assert usable(rule, now) is Availability.NOW
    assert usable(rule, now + timedelta(days=364)) is Availability.NOW


def test_making_it_usable_leaves_the_page_as_it_is() -> None:
    seed_rule(NOW)
    assert PAGE == ANSWER


def test_every_reward_type_is_there_and_so_is_every_reason_not_to_give_one() -> None:
    rules = read_rules(catalogue(NOW))
    assert len(rules) == SIZE
    assert rules[0].id == SEED_RULE
    assert {rule.reward.type for rule in rules} == {str(kind) for kind in RewardType}
    assert {usable(rule, NOW) for rule in rules} == set(Availability)
    assert Counter(usable(rule, NOW) for rule in rules)[Availability.NOW] > SIZE // 2


def test_all_of_it_is_understood() -> None:
    assert not [rule.unknown for rule in read_rules(catalogue(NOW)) if rule.unknown]


@pytest.mark.parametrize("size", [0, 1, SIZE, 10_000])
def test_there_are_as_many_as_one_likes_each_with_a_name_and_an_id_of_its_own(size: int) -> None:
    rules = catalogue(NOW, size)
    assert len({rule["id"] for rule in rules}) == len({rule["name"] for rule in rules}) == size


def test_they_are_the_same_ones_every_day() -> None:
    def names(now: datetime) -> list[tuple[str, str]]:
        return [(rule["id"], rule["name"]) for rule in catalogue(now)]

    assert names(NOW) == names(NOW + timedelta(days=400))
    assert catalogue(NOW) == catalogue(NOW + timedelta(hours=3))
    assert all(any(shop in name for _, name in names(NOW)) for shop in SHOPS)


def test_changing_one_rule_changes_no_other() -> None:
    rules = catalogue(NOW)
    rules[1]["reward"]["value"] = -1
    assert all(rule["reward"]["value"] > 0 for rule in [*rules[2:], *catalogue(NOW)])
