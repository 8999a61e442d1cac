"""The whole check against the sandbox: all lines good when all is well, and the right one bad, with its cure, when something is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bot.check.runner import Verdict, check_everything
from bot.domain.requests.person import Kind
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.slack import Credentials, SandboxSlack
from sandbox.slack.server import SCOPES

SIGNING: Final = "signing-secret-of-the-tests"
CREDENTIALS: Final = Credentials("xoxb-of-the-tests", "xapp-of-the-tests", SIGNING)
CLIENT_SECRET: Final = "client-secret-of-the-tests"
POLICY: Final = """
currency = "NOK"
timezone = "Europe/Oslo"
admins = ["U0ANN"]

[channels.C0LOYALTY]
name = "loyalty"
rules = ["*"]
requesters = ["*"]
approvers = ["S0LEADS"]
max_customers = 5
notify = ["C0NEWS"]
"""


@dataclass
class World:
    """A workspace and a shop where all is well, until a test changes something."""

    slack: SandboxSlack
    dintero: SandboxDintero
    env: dict[str, str]
    folder: Path
    lines: list[str] = field(default_factory=list)

    def write_policy(self, text: str) -> None:
        self.folder.joinpath("policy.toml").write_text(text)

    async def check(self) -> Verdict:
        return await check_everything(self.env, tell=self.lines.append)

    @property
    def bad(self) -> list[str]:
        return [line for line in self.lines if not line.startswith("✓ ")]

    @property
    def all(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def slack() -> SandboxSlack:
    return SandboxSlack(credentials=CREDENTIALS)


@pytest.fixture
async def world(slack: SandboxSlack, tmp_path: Path) -> AsyncIterator[World]:
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    slack.add_group("Leads", [ann, bo])
    slack.add_channel("loyalty", [ann, bo])
    slack.add_channel("news", [ann])
    async with slack, SandboxDintero(client_secret=CLIENT_SECRET) as dintero:
        env = {
            "SLACK_BOT_TOKEN": CREDENTIALS.bot_token,
            "SLACK_APP_TOKEN": CREDENTIALS.app_token,
            "SLACK_API_URL": slack.api_url,
            "DINTERO_ACCOUNT_ID": dintero.tokens.account,
            "DINTERO_CLIENT_ID": dintero.tokens.client_id,
            "DINTERO_CLIENT_SECRET": CLIENT_SECRET,
            "DINTERO_API_URL": dintero.url,
            "POLICY_FILE": str(tmp_path / "policy.toml"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/books.db",
        }
        made = World(slack, dintero, env, tmp_path)
        made.write_policy(POLICY)
        yield made


async def test_where_all_is_well_every_line_says_so(world: World) -> None:
    assert await world.check() is Verdict.FINE
    assert world.bad == []
    for what in (
        "settings – Socket Mode, test account",
        "policy – 1 channel",
        "database – answers",
        "Slack bot token – discount-bot in sandbox",
        "Slack scopes – all",
        "Slack app-level token",
        "channel C0LOYALTY (loyalty)",
        "channel C0NEWS",
        "people whom the policy names – all are full members",
        "approvers of C0LOYALTY (loyalty) – 2 people",
        "Dintero token",
        "Dintero scope read:discounts",
        "Dintero scope write:discounts",
        "Dintero rules – ",
    ):
        assert f"✓ {what}" in world.all


async def test_checking_gives_nobody_anything(world: World) -> None:
    await world.check()
    assert all(not world.dintero.ledger.holders(rule) for rule in world.dintero.rules)


async def test_over_http_no_app_level_token_is_asked_for(world: World) -> None:
    del world.env["SLACK_APP_TOKEN"]
    world.env["SLACK_SIGNING_SECRET"] = SIGNING
    assert await world.check() is Verdict.FINE
    assert "app-level" not in world.all


async def test_every_fault_of_settings_and_policy_has_its_line_and_nothing_is_asked(world: World) -> None:
    world.env |= {"PORT": "many", "DINTERO_ACCOUNT_ID": "12"}
    world.write_policy(POLICY.replace("max_customers = 5", "max_customers = 0\ntiers = 1"))
    assert await world.check() is Verdict.UNUSABLE
    assert [
        word for word in ("PORT", "DINTERO_ACCOUNT_ID", "max_customers", "tiers") if word not in world.all
    ] == []
    assert len(world.bad) == len(world.lines) == 4
    assert world.dintero.tokens.issued == 0


async def test_a_policy_that_cannot_be_used_hides_nothing_else(world: World) -> None:
    world.write_policy("currency = 3")
    assert await world.check() is Verdict.UNUSABLE
    assert "✓ Slack bot token" in world.all
    assert "✓ Dintero token" in world.all


async def test_no_secret_comes_out(world: World) -> None:
    world.env |= {"SLACK_BOT_TOKEN": "xoxb-quite-another", "DINTERO_CLIENT_SECRET": "quite-another"}
    await world.check()
    assert [
        secret
        for secret in (*world.env.values(), CLIENT_SECRET)
        if "another" in secret and secret in world.all
    ] == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxb-another"},
            "✗ Slack bot token – Slack says invalid_auth. Copy the Bot User OAuth Token",
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-another"},
            "✗ Slack app-level token – Slack says invalid_auth. Make one with the scope connections:write",
        ),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "✗ Slack bot token – Slack could not be reached"),
        (
            {"DINTERO_CLIENT_SECRET": "another"},
            "✗ Dintero token – Dintero does not accept the API client's id and secret. In Dintero's",
        ),
        ({"DINTERO_API_URL": "http://127.0.0.1:9/v1"}, "✗ Dintero token – Dintero could not be reached"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/books.db"}, "✗ database – "),
    ],
)
async def test_one_wrong_setting_has_its_line_with_the_cure(
    world: World, changed: dict[str, str], line: str
) -> None:
    world.env |= changed
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith(line), world.all


@pytest.mark.parametrize(
    "slack", [SandboxSlack(credentials=CREDENTIALS, scopes=SCOPES - {"im:history", "usergroups:read"})]
)
async def test_missing_scopes_are_named(world: World) -> None:
    assert await world.check() is Verdict.FAILED
    assert "✗ Slack scopes – usergroups:read, im:history missing. Add them as in manifest.yml" in world.all


async def test_a_channel_without_the_bot_is_named_with_the_invitation(world: World) -> None:
    world.slack.channel("C0NEWS").members.remove(world.slack.bot.id)
    assert await world.check() is Verdict.FAILED
    assert world.bad == [
        "✗ channel C0NEWS – the bot cannot post there. Write /invite @discount-bot in it, or correct its id in the policy."
    ]


async def test_a_channel_that_does_not_exist_is_named(world: World) -> None:
    world.write_policy(POLICY.replace("C0NEWS", "C0NOWHERE"))
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith("✗ channel C0NOWHERE")


async def test_an_empty_approver_group_is_named(world: World) -> None:
    world.slack.add_group("Nobody", [])
    world.write_policy(POLICY.replace('["S0LEADS"]', '["S0NOBODY", "U0ANN", "U0BO"]'))
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith(
        "✗ approvers of C0LOYALTY (loyalty) – nobody is in the user group S0NOBODY"
    )


async def test_an_empty_group_to_escalate_to_is_named(world: World) -> None:
    world.slack.add_group("Nobody", [])
    world.write_policy(
        POLICY.replace('approvers = ["S0LEADS"]', 'approvers = ["S0LEADS"]\nescalate_to = ["S0NOBODY"]')
    )
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith("✗ user group S0NOBODY – nobody is in it")


@pytest.mark.parametrize("approvers", ['["S0ALONE"]', '["U0ANN"]', '["S0ALONE", "U0ANN"]'])
async def test_a_single_approver_is_too_few(world: World, approvers: str) -> None:
    world.slack.add_group("Alone", [world.slack.add_person("Ann", id="U0ANN")])
    world.write_policy(POLICY.replace('["S0LEADS"]', approvers))
    assert await world.check() is Verdict.FAILED
    assert world.bad == [
        "✗ approvers of C0LOYALTY (loyalty) – only one person. Name a second one: nobody approves their own request."
    ]


async def test_too_few_approvers_for_a_tier_are_named_beforehand(world: World) -> None:
    world.write_policy(POLICY + "tiers = [{above_customers = 2, approvals = 2}]")
    assert await world.check() is Verdict.FAILED
    too_few = "only 2 people. Name at least 3: up to 2 have to agree, and nobody approves their own request."
    assert world.bad == [f"✗ approvers of C0LOYALTY (loyalty) – {too_few}"]


async def test_approvers_who_may_not_ask_are_never_missing_for_their_own_request(world: World) -> None:
    world.slack.add_person("Cleo")
    world.write_policy(
        POLICY.replace('requesters = ["*"]', 'requesters = ["U0CLEO"]').replace(
            "max_customers", "approvals = 2\nmax_customers"
        )
    )
    assert await world.check() is Verdict.FINE


@pytest.mark.parametrize("kind", [Kind.DEACTIVATED, Kind.GUEST, Kind.BOT])
async def test_approvers_who_are_no_full_members_do_not_count(world: World, kind: Kind) -> None:
    world.slack.add_group("Pair", [world.slack.add_person("Dee"), world.slack.add_person("Eve", kind=kind)])
    world.write_policy(POLICY.replace("S0LEADS", "S0PAIR"))
    assert await world.check() is Verdict.FAILED
    assert "only one person. Name a second one" in world.all


async def test_where_nobody_has_to_approve_no_approvers_are_looked_at(world: World) -> None:
    world.write_policy(POLICY.replace('approvers = ["S0LEADS"]', "approvals = 0"))
    assert await world.check() is Verdict.FINE
    assert "approvers of" not in world.all


async def test_people_who_may_do_nothing_are_named(world: World) -> None:
    world.slack.add_person("Guest", kind=Kind.GUEST)
    world.write_policy(POLICY.replace('["U0ANN"]', '["U0ANN", "U0GUEST", "U0NOBODY"]'))
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith(
        "✗ people whom the policy names – no full members: U0GUEST (guest), U0NOBODY (stranger)."
    )


@pytest.mark.parametrize(
    ("has", "lacks"), [("read:discounts", "write:discounts"), ("write:discounts", "read:discounts")]
)
async def test_the_scope_that_the_api_client_lacks_is_named(world: World, has: str, lacks: str) -> None:
    world.dintero.tokens.scopes = frozenset({has})
    assert await world.check() is Verdict.FAILED
    assert [line.split(" is missing")[0] for line in world.bad] == [f"✗ Dintero scope {lacks} –"]
    assert f"✓ Dintero scope {has}" in world.all


async def test_dintero_without_a_rule_is_said(world: World) -> None:
    world.dintero.rules.clear()
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith("✗ Dintero rules – there are none. Make a discount rule")


async def test_a_rule_that_cannot_be_read_is_said(world: World) -> None:
    world.dintero.faults.always(Fault.broken(), on=Operation.RULE)
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith("✗ Dintero rules – Dintero answered 502")


async def test_rules_of_the_policy_that_dintero_does_not_have_are_named(world: World) -> None:
    known = next(iter(world.dintero.rules))
    world.write_policy(POLICY.replace('["*"]', f'["{known}", "no-such-rule"]', 1))
    assert await world.check() is Verdict.FAILED
    assert world.bad[0].startswith("✗ rules that the policy names – Dintero has no rule no-such-rule.")


async def test_each_finding_is_one_line(world: World) -> None:
    world.dintero.faults.always(Fault.error(400, "two\nlines"), on=Operation.RULES)
    await world.check()
    assert all(len(line.splitlines()) == 1 for line in world.lines)
