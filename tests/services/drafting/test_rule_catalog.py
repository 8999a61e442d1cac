from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import ChannelId, CustomerId, OnceKey, RuleId
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.rules.rule import Availability, Holder, Requirement, Reward, Rule, Statistics
from bot.errors import DinteroError, OutcomeUnknownError, RateLimitedError, RuleNotFound, TokenRefused
from bot.services.drafting.rule_catalog import RULES_RETRY_SECONDS, RULES_SECONDS, RuleCatalog, plain

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANYTHING = ChannelPolicy(id=ChannelId("C1"), rules=frozenset({"*"}), requesters=("*",), max_customers=1)


@dataclass
class Shelf:
    """Dintero's rules in a dictionary, which can be out of reach."""

    of: dict[RuleId, Rule] = field(default_factory=dict)
    down: bool = False
    failure: DinteroError = field(default_factory=lambda: RateLimitedError("busy"))
    asked: list[str] = field(default_factory=list)

    async def rules(self) -> tuple[Rule, ...]:
        self.asked.append("*")
        if self.down:
            raise self.failure
        return tuple(self.of.values())

    async def rule(self, rule: RuleId) -> Rule:
        self.asked.append(rule)
        if self.down:
            raise self.failure
        if rule not in self.of:
            raise RuleNotFound(rule)
        return self.of[rule]

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        raise AssertionError((rule, after))

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        raise DinteroError(f"nothing is given here: {rule} {customers} {once}")


def rule(name: str, id_: str | None = None) -> Rule:
    return Rule(id=RuleId(id_ or name), name=name, reward=Reward(type="discount_amount", value=Decimal(1)))


def ends(of: Rule, at: datetime) -> Rule:
    return replace(of, requirement=Requirement(purchase_to=at))


async def book_of(*rules: Rule) -> tuple[RuleCatalog, Shelf]:
    shelf = Shelf({each.id: each for each in rules})
    book = RuleCatalog(shelf)
    await book.refresh()
    shelf.asked.clear()
    return book, shelf


def found(book: RuleCatalog, text: str, allowed: ChannelPolicy = ANYTHING) -> list[str]:
    return [each.title for each, _ in book.search(text, allowed=allowed, at=NOW)]


# reading


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (None, RULES_SECONDS),
        (OutcomeUnknownError("Dintero answered 503"), RULES_RETRY_SECONDS),
        (RateLimitedError("rate limited by Dintero"), RULES_SECONDS),
        (TokenRefused("Dintero does not accept the client"), RULES_SECONDS),
    ],
)
async def test_rules_are_read_each_minute_and_sooner_in_an_outage(
    failure: DinteroError | None, seconds: float
) -> None:
    shelf = Shelf(down=True, failure=failure) if failure else Shelf()
    book = RuleCatalog(shelf, ticks=iter([100.0, 99.0 + seconds, 100.0 + seconds]).__next__)
    reads = []
    for _ in range(3):
        await book.refresh_if_due()
        reads.append(len(shelf.asked))
    assert reads == [1, 1, 2]


async def test_it_is_ready_once_all_rules_were_read() -> None:
    book = RuleCatalog(Shelf({RuleId("a"): rule("a")}))
    assert not book.ready
    assert found(book, "") == []
    assert await book.refresh()
    assert book.ready
    assert found(book, "") == ["a"]


async def test_when_reading_fails_the_old_rules_stay_and_the_reason_is_kept() -> None:
    shelf = Shelf({RuleId("a"): rule("a")})
    book = RuleCatalog(shelf)
    await book.refresh()
    shelf.down = True
    assert not await book.refresh()
    assert book.ready
    assert isinstance(book.failed, RateLimitedError)
    assert found(book, "") == ["a"]
    shelf.down = False
    assert await book.refresh()
    assert book.failed is None


async def test_a_refresh_forgets_missing_rules_and_finds_renamed_ones() -> None:
    book, shelf = await book_of(rule("Spar", "a"), rule("Jul", "b"))
    shelf.of = {RuleId("b"): rule("Påske", "b")}
    await book.refresh()
    assert found(book, "") == ["Påske"]
    assert found(book, "jul") == []
    assert found(book, "paske") == ["Påske"]


async def test_a_known_rule_needs_no_call_to_dintero() -> None:
    book, shelf = await book_of(rule("a"))
    assert book.known(RuleId("a")) == rule("a")
    assert shelf.asked == []


async def test_a_rule_that_was_read_is_remembered() -> None:
    shelf = Shelf({RuleId("a"): rule("a")})
    book = RuleCatalog(shelf)
    assert book.known(RuleId("a")) is None
    assert await book.read(RuleId("a")) == book.known(RuleId("a")) == rule("a")
    assert shelf.asked == ["a"]
    assert found(book, "a") == ["a"]
    assert not book.ready


async def test_reading_a_rule_asks_dintero_and_updates_the_catalog() -> None:
    book, shelf = await book_of(rule("a"), rule("b"))
    shelf.of[RuleId("a")] = replace(rule("Z", "a"), statistics=Statistics(usage=3))
    assert await book.read(RuleId("a")) == shelf.of[RuleId("a")] == book.known(RuleId("a"))
    assert shelf.asked == ["a"]
    assert found(book, "") == ["b", "Z"]


async def test_new_statistics_are_kept_if_the_name_stays() -> None:
    book, shelf = await book_of(rule("a"))
    shelf.of[RuleId("a")] = replace(rule("a"), statistics=Statistics(usage=3))
    await book.refresh()
    assert book.known(RuleId("a")) == shelf.of[RuleId("a")]
    assert book.search("a", allowed=ANYTHING, at=NOW) == [(shelf.of[RuleId("a")], Availability.NOW)]


async def test_a_rule_that_is_gone_is_forgotten() -> None:
    book, shelf = await book_of(rule("a"), rule("b"))
    del shelf.of[RuleId("a")]
    assert await book.read(RuleId("a"), "the rule") == Refusal(RefusalReason.RULE_GONE, "the rule")
    assert book.known(RuleId("a")) is None
    assert found(book, "") == ["b"]


async def test_a_failed_reading_keeps_the_known_rule() -> None:
    book, shelf = await book_of(rule("a"))
    shelf.down = True
    failed = await book.read(RuleId("a"))
    assert isinstance(failed, Refusal)
    assert failed.reason is RefusalReason.RULE_UNREADABLE
    assert book.known(RuleId("a")) == rule("a")


# searching


@pytest.mark.parametrize(
    "typed",
    [
        "spar",
        "SPAR",
        "100 spar",
        " spar  100 ",
        "pÅsKe",
        "paske",
        "påske spar",
        "ol",
        "øl",
        "aere",
        "9F2C",
        "9f2c-41",
        "2c-4 øl",
    ],
)
async def test_a_rule_is_found_by_words_of_name_or_id_in_any_order_with_or_without_accents(
    typed: str,
) -> None:
    book, _ = await book_of(rule("Spar 100  Påske-Øl Ære", "9f2c-41aa"), rule("Kaffe", "b"))
    assert found(book, typed) == ["Spar 100  Påske-Øl Ære"]


async def test_every_word_has_to_be_there() -> None:
    book, _ = await book_of(rule("Spar 100"), rule("Spar 200"))
    assert found(book, "spar 200") == ["Spar 200"]
    assert found(book, "spar 300") == []


async def test_matches_at_the_beginning_come_first_then_words_then_names() -> None:
    book, _ = await book_of(rule("Julekampanje"), rule("Ny kampanje"), rule("Kampanje B"), rule("kampanje A"))
    assert found(book, "kampanje") == ["kampanje A", "Kampanje B", "Ny kampanje", "Julekampanje"]


async def test_what_cannot_be_given_now_comes_last_and_says_why() -> None:
    gone, off, over = (
        replace(rule("Spar 1"), deleted_at=NOW),
        replace(rule("Spar 2"), active=False),
        ends(rule("Spar 3"), NOW - DAY),
    )
    soon, now = replace(rule("Spar 4"), requirement=Requirement(purchase_from=NOW + DAY)), rule("A spar")
    book, _ = await book_of(gone, off, over, soon, now)
    assert book.search("spar", allowed=ANYTHING, at=NOW) == [
        (soon, Availability.SCHEDULED),
        (now, Availability.NOW),
        (gone, Availability.DELETED),
        (off, Availability.INACTIVE),
        (over, Availability.EXPIRED),
    ]


async def test_whether_a_rule_can_be_given_is_said_for_the_moment_of_the_search() -> None:
    book, _ = await book_of(ends(rule("a"), NOW + DAY))
    assert [state for _, state in book.search("", allowed=ANYTHING, at=NOW + 2 * DAY)] == [
        Availability.EXPIRED
    ]


async def test_only_rules_that_the_channel_may_give_are_found() -> None:
    book, _ = await book_of(rule("Spar", "r1"), rule("Spar", "r2"))
    assert book.search("spar", allowed=replace(ANYTHING, rules=frozenset({"r2"})), at=NOW) == [
        (rule("Spar", "r2"), Availability.NOW)
    ]
    assert book.search("", allowed=replace(ANYTHING, rules=frozenset()), at=NOW) == []


async def test_no_more_are_found_than_a_select_can_show_and_the_best_are_among_them() -> None:
    old = [ends(rule(f"A{number:03}"), NOW - DAY) for number in range(150)]
    book, _ = await book_of(*old, *[rule(f"B{number:03}") for number in range(150)])
    assert len(found(book, "")) == 100
    assert found(book, "")[0] == "B000"
    assert [each.title for each, _ in book.search("1", allowed=ANYTHING, at=NOW, limit=2)] == ["B001", "B010"]
    assert found(book, "a")[-1] == "A099"


async def test_a_rule_without_a_name_is_found_and_sorted_by_its_id() -> None:
    book, _ = await book_of(rule("Zebra", "1"), rule("", "m-1"), rule("Apple", "2"))
    assert found(book, "") == ["Apple", "m-1", "Zebra"]
    assert found(book, "m-") == ["m-1"]


@given(
    names=st.lists(st.text(st.sampled_from("aåÅeéøÆs 1-"), max_size=8), max_size=12),
    typed=st.text(st.sampled_from("aåeøs 1"), max_size=4),
)
async def test_a_search_finds_exactly_the_rules_with_every_word(names: list[str], typed: str) -> None:
    rules = [rule(name, f"id{number}") for number, name in enumerate(names)]
    book, _ = await book_of(*rules)
    words = plain(typed).split()
    holding = {
        each.id
        for each in rules
        if all(any(word in line for line in (" ".join(plain(each.name).split()), each.id)) for word in words)
    }
    assert {each.id for each, _ in book.search(typed, allowed=ANYTHING, at=NOW)} == holding


# what a person means


async def test_an_id_means_its_rule_even_if_others_contain_it() -> None:
    book, _ = await book_of(rule("One", "r1"), rule("Ten", "r10"), rule("r1", "r2"))
    assert book.by_words("r1") == rule("One", "r1")


async def test_a_whole_name_means_its_rule_even_if_others_begin_with_it() -> None:
    book, _ = await book_of(rule("Spar 100", "a"), rule("Spar 1000", "b"), rule("Påske", "c"))
    assert book.by_words("spar  100") == rule("Spar 100", "a")
    assert book.by_words("PASKE") == rule("Påske", "c")


async def test_an_exact_name_beats_similar_names() -> None:
    book, _ = await book_of(rule("Kåre", "a"), rule("Kare", "b"))
    assert book.by_words("Kåre") == rule("Kåre", "a")
    assert book.by_words("kare") == [rule("Kåre", "a"), rule("Kare", "b")]


async def test_words_mean_the_only_rule_with_them_or_all_of_them() -> None:
    book, _ = await book_of(rule("Spar 100", "a"), rule("Spar 200", "b"))
    assert book.by_words("200") == rule("Spar 200", "b")
    assert book.by_words("spar") == [rule("Spar 100", "a"), rule("Spar 200", "b")]
    assert book.by_words("kaffe") == []


NAMES = ("Spar 100", "Spar 100 sommer 2026", "Kaffe, te og 10% av", "Ten off", "Vår 2026 kampanje", "500")


@pytest.mark.parametrize(
    ("typed", "many"),
    [
        ("Spar 100 c-1", 2),
        ("spar  100 1001 1002", 2),
        ("Spar 100", 2),
        ("Spar 100 sommer 2026 c-1", 4),
        ("Kaffe te og 10% av c-1", 5),
        ("Kaffe, te c-1", 2),
        ("ten c-1", 1),
        ("TEN OFF c-1", 2),
        ("var 2026 kampanje c-1", 3),
        ("500 c-1", 1),
        ("id-3 c-1", 1),
        ("nothing", 1),
        ("", 1),
    ],
)
async def test_the_longest_name_of_a_rule_wins(typed: str, many: int) -> None:
    book, _ = await book_of(*(rule(name, f"id-{number}") for number, name in enumerate(NAMES)))
    assert book.words_of_name(typed.split() or [""]) == many


@pytest.mark.parametrize(
    "typed",
    [
        *("Spar 100 2026", "Spar 100 s c-1", "Spar 1 c-1", "Spar c-1 100", "spar 2026 1001", "100 spar c-1"),
        *(
            "Kaffe 10% c-1",
            "Vår kampanje c-1",
            "kampanje 2026",
            "off ten 1001",
            "Ten c-1 off",
            "Sper 100 c-1",
        ),
    ],
)
async def test_a_word_that_may_belong_to_the_name_is_no_customer(typed: str) -> None:
    book, _ = await book_of(*(rule(name, f"id-{number}") for number, name in enumerate(NAMES)))
    assert book.words_of_name(typed.split()) is None


def test_before_the_rules_are_read_no_word_is_a_customer() -> None:
    assert RuleCatalog(Shelf({})).words_of_name(["Spar", "100", "c-1"]) is None


@given(
    names=st.lists(
        st.text(st.sampled_from("aå1 ,"), min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=5
    ),
    later=st.lists(st.text(st.sampled_from("aå1"), min_size=1, max_size=3), max_size=3),
)
async def test_no_word_of_a_name_becomes_a_customer(names: list[str], later: list[str]) -> None:
    book, _ = await book_of(*(rule(name, f"id{number}") for number, name in enumerate(names)))
    own = names[0].replace(",", " ").split()
    if own:
        many = book.words_of_name([*own, *later])
        assert many is None or many >= len(own)


@pytest.mark.parametrize("nothing", ["", "  "])
async def test_an_empty_text_means_no_rule(nothing: str) -> None:
    book, _ = await book_of(rule("a"), rule("", "b"))
    assert book.by_words(nothing) == []


async def test_only_rules_that_the_channel_may_give_are_meant() -> None:
    book, _ = await book_of(rule("Spar", "r1"), rule("Spar", "r2"))
    only = replace(ANYTHING, rules=frozenset({"r2"}))
    assert book.by_words("spar", allowed=only) == rule("Spar", "r2")
    assert book.by_words("r1", allowed=only) == []


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("ÅÄÖ", "aao"),
        ("Æøœ", "aeooe"),
        ("Straße", "strasse"),
        ("éÈ", "ee"),
        ("ﬁx²", "fix2"),
        ("Łódź", "lodz"),
    ],
)
def test_letters_match_without_case_and_accents(typed: str, same: str) -> None:
    assert plain(typed) == same
