"""The page in a real browser: a journey by clicking, errors in place, a file, faults, phone and dark."""

from pathlib import Path

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from gallery.page_user import PageUser
from sandbox.browser.bot import BotState
from sandbox.browser.sandbox import Sandbox
from sandbox.dintero.ordinary import ordinary_rules
from tests.sandbox.browser.conftest import PATIENCE

RULE = "50 kr off"

expect.set_options(timeout=PATIENCE)


def held(sandbox: Sandbox, customer: str) -> int:
    rules = ordinary_rules(sandbox.clock.now())
    rule = next(rule["id"] for rule in rules if rule["name"] == RULE)
    return sandbox.shop.dintero.ledger.held(rule, customer)


async def finds_nothing(page: Page) -> None:
    """Axe finds nothing that keeps people out."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_a_discount_is_requested_approved_and_given_by_clicking(
    page: Page, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The tour: errors in place, a file, and a lost answer that nobody notices."""
    ann, dintero = PageUser(page), page.get_by_label("Dintero", exact=True)
    await ann.send("/discount add")
    form = ann.dialog("Give a discount")
    await expect(form.get_by_role("combobox", name="Rule")).to_be_focused()
    await ann.button("Review", form).click()
    await expect(form.get_by_role("alert")).to_have_text("This field is required")
    await ann.choose(RULE)
    list_ = tmp_path / "kampanje.csv"
    list_.write_text("customer_id\nkari-1001\nola-1002\n")
    await form.get_by_label("File").set_input_files(list_)
    await expect(form.get_by_text("kampanje.csv")).to_be_visible()
    await finds_nothing(page)
    await form.get_by_label("Customer IDs").fill("liv-1003")
    await ann.button("Review", form).click()
    await expect(ann.dialog("Review request")).to_contain_text("for 3 customers")
    await ann.button("Request approval").click()
    await ann.dialog("Review request").wait_for(state="detached")
    await ann.button("Cut after, next call").click()
    await ann.become("Bo")
    await ann.approve()
    await expect(page.get_by_role("log")).to_contain_text("Given to 3 of 3 customers")
    await expect(dintero).to_contain_text("cut off, gave it to 3")
    await expect(dintero).to_contain_text("200, already had it")
    await expect(page.get_by_label("Guided tour")).to_contain_text("Done:")
    assert [held(sandbox, customer) for customer in ("kari-1001", "ola-1002", "liv-1003")] == [1, 1, 1]
    await finds_nothing(page)


async def test_a_killed_bot_gives_the_rest_once_it_runs_again(page: Page, sandbox: Sandbox) -> None:
    visitor, dintero = PageUser(page), page.get_by_label("Dintero", exact=True)
    await visitor.ask(RULE, customers="kari-1001", reason="Late")
    await visitor.button("Cut before, every call").click()
    await visitor.become("Bo")
    await visitor.approve()
    await expect(dintero).to_contain_text("cut off, nothing given")
    await visitor.button("Kill the bot").click()
    await expect(visitor.button("Start the bot")).to_be_visible()
    await visitor.send("/discount status")
    await expect(page.locator("#note")).to_contain_text("dispatch_failed")
    await visitor.button("Fix Dintero").click()
    await visitor.button("Start the bot").click()
    await expect(page.get_by_role("log")).to_contain_text("Given to 1 of 1 customers")
    assert sandbox.bot.state is BotState.RUNNING
    assert held(sandbox, "kari-1001") == 1


async def test_it_works_at_a_phone_in_the_dark_and_by_keyboard(page: Page, sandbox: Sandbox) -> None:
    visitor = PageUser(page)
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.locator("#text").focus()
    await page.keyboard.type("/discount a")
    await expect(page.get_by_role("option").first).to_contain_text("/discount add")
    await page.keyboard.press("Escape")
    await page.keyboard.type("dd")
    await page.keyboard.press("Enter")
    form = visitor.dialog("Give a discount")
    reason = form.get_by_label("Reason")
    await reason.click()
    await page.keyboard.type("Late pcels")
    for _ in "cels":
        await page.keyboard.press("ArrowLeft")
    sandbox.shop.cleo.say("Look here", sandbox.shop.support)
    await expect(page.get_by_role("log", include_hidden=True)).to_contain_text("Look here")
    await page.keyboard.type("ar")  # the redraw has not moved the caret
    await expect(reason).to_have_value("Late parcels")
    await visitor.button("More options", form).click()
    await expect(form.get_by_label("Campaign key")).to_be_visible()
    await expect(reason).to_have_value("Late parcels")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await form.evaluate("form => getComputedStyle(form).backgroundColor") == "rgb(34, 37, 41)"
    await finds_nothing(page)
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await expect(page.locator("#text")).to_be_focused()


async def test_an_action_of_the_menu_asks_first_and_can_be_left(page: Page, sandbox: Sandbox) -> None:
    visitor, asked = PageUser(page), page.get_by_role("dialog")
    await visitor.ask(RULE, customers="kari-1001", reason="Late")
    await page.keyboard.press("Escape")
    await page.get_by_label("More actions").click()
    await visitor.button("Cancel request…").click()
    await finds_nothing(page)
    await asked.get_by_text("Keep request").click()
    await page.get_by_label("More actions").click()
    await visitor.button("Cancel request…").click()
    await visitor.button("Cancel request", asked).click()
    await expect(page.get_by_role("log")).to_contain_text("Cancelled by Ann")
    await page.keyboard.press("Escape")  # the confirmation
    await visitor.send("/discount nothing")
    await expect(page.get_by_text("Only visible to you").last).to_be_visible()
    await page.get_by_label("Channels").get_by_role("link", name="Discount bot").click()
    await expect(page.get_by_label("Message Discount bot")).to_be_visible()
    assert not sandbox.shop.dintero.ledger.calls


async def test_an_answer_comes_into_view_at_a_phone_and_at_a_desk(page: Page, sandbox: Sandbox) -> None:
    visitor, seen = PageUser(page), page.locator(".ephemeral")
    for number in range(30):
        sandbox.shop.cleo.say(f"Line {number}", sandbox.shop.support)
    for times, width in enumerate((390, 1400)):
        await page.set_viewport_size({"width": width, "height": 800})
        await expect(page.get_by_text("Line 29")).to_have_count(1)
        await page.get_by_text("Line 0").scroll_into_view_if_needed()
        await visitor.send("/discount help")
        await expect(seen).to_have_count(times + 1)
        await expect(seen.last).to_be_in_viewport()
        sandbox.shop.cleo.say("News", sandbox.shop.careful)
        await expect(page.locator("#channels .unread").first).to_be_attached()
        assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_a_rule_that_is_typed_out_is_chosen_when_the_field_is_left(page: Page) -> None:
    visitor = PageUser(page)
    await visitor.send("/discount add")
    form = visitor.dialog("Give a discount")
    rule = form.get_by_role("combobox", name="Rule")
    await rule.press_sequentially("no such rule")
    await expect(form.get_by_role("option")).to_have_text("No results")
    await rule.press("Enter")
    await form.get_by_label("Reason").click()
    await expect(rule).to_have_value("")
    await rule.fill(RULE)
    await form.get_by_label("Customer IDs").fill("kari-1001")
    await form.get_by_label("Reason").fill("Late")
    await visitor.button("Review", form).click()
    await expect(visitor.dialog("Review request")).to_contain_text(RULE)


async def test_a_changed_rule_stays_chosen_in_the_list(page: Page) -> None:
    rules, worth = page.get_by_label("Change or delete a rule"), page.get_by_label("Its new value")
    await rules.select_option(RULE)
    await worth.fill("75")
    await page.get_by_role("button", name="Change").click()
    await expect(worth).to_have_value("")
    await expect(rules.locator("option:checked")).to_have_text(RULE)
