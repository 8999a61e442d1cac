"""Dintero's side of the page: its switches, and what it shows of calls and holders."""

from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import UserId
from sandbox.browser import tour
from sandbox.browser.acts import Acts
from sandbox.browser.bot import BotState
from sandbox.browser.controls import SLOW_SECONDS, Controls
from sandbox.browser.parts import ALL, SHOWN_HOLDERS, draw_parts
from sandbox.browser.sandbox import Sandbox
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.faults import Kind, Operation
from sandbox.slack.state.elements import Json
from sandbox.slack.user.reactions import CannotDo
from tests.support.samples import NOW


def part(sandbox: Sandbox, name: str, person: str = "U0ANN") -> str:
    return str(draw_parts(sandbox.visit(person, ""), frozenset({name}))[name])


async def test_a_fault_is_for_the_next_call_or_for_every_call_until_it_is_mended(
    without_bot: Sandbox,
) -> None:
    controls, faults = Controls(without_bot), without_bot.shop.dintero.faults
    await controls.fault({"fault": "cut_after"})
    assert "The next call to add customers fails: Cut after" in part(without_bot, "dintero")
    first, second = faults.take(Operation.ADD), faults.take(Operation.ADD)
    assert first is not None
    assert (first.kind, first.after, second) == (Kind.CUT, True, None)
    await controls.fault({"fault": "busy", "every": "1"})
    assert faults.take(Operation.ADD) == faults.take(Operation.ADD) is not None
    assert "Every call to add customers fails: 429" in part(without_bot, "dintero")
    await controls.slow({})
    assert without_bot.shop.dintero.latency == SLOW_SECONDS
    await controls.down({})
    assert "Dintero is down: every call is cut" in part(without_bot, "dintero")
    assert faults.take(Operation.TOKEN) is not None
    await controls.mend({})
    assert not any(map(faults.take, Operation))
    assert "Dintero works" in part(without_bot, "dintero")


async def test_a_rule_is_changed_and_deleted_and_a_customer_refused(without_bot: Sandbox) -> None:
    controls, dintero = Controls(without_bot), without_bot.shop.dintero
    await controls.change({"rule": SEED_RULE, "worth": "75,5"})
    assert dintero.rules[SEED_RULE]["reward"]["value"] == 7550
    with pytest.raises(CannotDo):
        await controls.change({"rule": SEED_RULE, "worth": "a lot"})
    await controls.delete({"rule": SEED_RULE})
    assert dintero.rules[SEED_RULE]["deleted_at"]
    await controls.refuse({"customer": " bad-1 "})
    assert "Refused: bad-1" in part(without_bot, "dintero")
    with pytest.raises(CannotDo):
        await controls.refuse({"customer": " "})
    await controls.accept({"customer": "bad-1"})
    assert dintero.refuses == set()


async def test_slack_goes_away_and_time_passes_for_everybody(without_bot: Sandbox) -> None:
    controls, shop = Controls(without_bot), without_bot.shop
    await controls.slack({})
    assert shop.slack.faults.outage
    await controls.slack({})
    assert not shop.slack.faults.outage
    before = shop.slack.workspace.clock.now()
    await controls.later({"minutes": "1440"})
    assert shop.slack.workspace.clock.now() - before >= timedelta(days=1)
    assert without_bot.bot.state is BotState.DEAD
    await controls.tour({})
    assert "Take the tour" in part(without_bot, "tour")


def test_the_ledger_shows_how_often_each_customer_has_it(without_bot: Sandbox) -> None:
    ledger = without_bot.shop.dintero.ledger
    for key in ("one", "two"):
        ledger.carry_out(ledger.arrived(SEED_RULE, ["kari"], key, NOW), NOW)
    assert "Ledger: 1 customer with a discount" in part(without_bot, "dintero")
    assert '<td class="bad">2×</td>' in part(without_bot, "dintero")
    others = [f"c{number}" for number in range(SHOWN_HOLDERS)]
    ledger.carry_out(ledger.arrived(SEED_RULE, others, "three", NOW), NOW)
    assert "and 1 more" in part(without_bot, "dintero")


async def test_several_boxes_are_ticked_and_a_hostile_text_stays_text(without_bot: Sandbox) -> None:
    shop = without_bot.shop
    options: list[Json] = [
        {"text": {"type": "plain_text", "text": text}, "value": text} for text in ("one", "two", "three")
    ]
    title = {"type": "plain_text", "text": "Boxes"}
    boxes = {"type": "checkboxes", "action_id": "a", "options": options}
    block = {"type": "input", "block_id": "b", "label": title, "element": boxes}
    shop.slack.stacks.push(
        UserId("U0ANN"), {"type": "modal", "title": title, "submit": title, "blocks": [block]}
    )
    visit = without_bot.visit("U0ANN", "")
    assert visit.view is not None
    await Acts(visit).fill({"view": visit.view.id, "label": "Boxes", "value": "one\nthree"})
    assert part(without_bot, "modal").count(" checked") == 2
    await Acts(visit).say({"text": "<script>*x*</script> <!channel>"})
    assert "&lt;script&gt;<strong>x</strong>" in part(without_bot, "messages")
    assert "●" in part(without_bot, "people", person="U0BO")


async def test_what_is_gone_is_said_and_not_done(without_bot: Sandbox) -> None:
    acts = Acts(without_bot.visit("U0ANN", ""))
    assert "Try /discount help" in await acts.say({"text": "/giphy cat"})
    assert await acts.press({"ts": "1.2", "label": "Approve…"}) == "This message is gone."
    with pytest.raises(CannotDo, match="no longer open"):
        await acts.submit({"view": "V1"})
    assert "dispatch_failed" in await acts.say({"text": "/discount help"})
    assert set(draw_parts(without_bot.visit("nobody", "nowhere"), ALL)) == ALL


def done(sandbox: Sandbox) -> list[bool]:
    return [step.done for step in tour.steps(sandbox)]


async def test_the_tour_asks_for_another_request_if_nothing_broke_and_starts_over(
    without_bot: Sandbox,
) -> None:
    ledger, controls, clock = without_bot.shop.dintero.ledger, Controls(without_bot), without_bot.clock
    ledger.arrived(SEED_RULE, ["ola"], "fine", clock.now()).status = 200
    assert done(without_bot) == [True, True, False, False, False]
    assert "request another discount" in part(without_bot, "tour")
    ledger.arrived(SEED_RULE, ["kari"], "cut", clock.now())
    assert done(without_bot) == [True, True, True, True, False]
    ledger.arrived(SEED_RULE, ["kari"], "cut", clock.now()).status = 200
    ledger.arrived(SEED_RULE, ["liv"], "later", clock.now())
    assert "Done:" in part(without_bot, "tour")
    await controls.tour({})
    await controls.tour({})
    assert done(without_bot) == [False] * 5


async def test_a_persons_slack_is_read_in_norwegian_and_in_english_again(without_bot: Sandbox) -> None:
    shop, controls = without_bot.shop, Controls(without_bot)
    client = AsyncWebClient(token=shop.slack.credentials.bot_token, base_url=shop.slack.api_url)
    before = without_bot.clock.now()
    for language, locale in (("nb", "nb-NO"), ("en", "en-GB")):
        await controls.locale({"person": shop.ann.id, "language": language})
        answer = await client.users_info(user=shop.ann.id, include_locale=True)
        assert answer["user"]["locale"] == locale
        assert (">In English</button>" in part(without_bot, "people")) is (language == "nb")
    assert without_bot.clock.now() - before >= timedelta(minutes=2)  # the bot's cache of people is over
