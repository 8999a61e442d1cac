from bot.domain.ids import ChannelId, RuleId
from bot.domain.policy.policy import ChannelPolicy, Policy


def channel_with(*rules: str) -> ChannelPolicy:
    return ChannelPolicy(id=ChannelId("C1"), rules=frozenset(rules), requesters=("*",), max_customers=1)


def test_a_channel_may_give_only_the_rules_it_lists() -> None:
    assert channel_with("r1", "r2").may_give(RuleId("r1"))
    assert not channel_with("r1", "r2").may_give(RuleId("r3"))
    assert not channel_with().may_give(RuleId("r1"))


def test_a_star_lists_every_rule() -> None:
    assert channel_with("*").may_give(RuleId("r3"))


def test_an_empty_policy_allows_nothing() -> None:
    policy = Policy(currency="NOK", timezone="Europe/Oslo")
    assert not policy.channels
    assert not policy.admins


def test_a_short_channel_policy_gets_strict_defaults() -> None:
    channel = channel_with("*")
    assert channel.approvals == 1
    assert channel.approvers == ()
    assert not channel.allow_unpriced
    assert (channel.expires_hours, channel.batch_size, channel.concurrency) == (24, 500, 8)
