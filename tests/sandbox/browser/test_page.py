"""The page in a real browser: a journey by clicking, errors in place, a file, faults, phone and dark."""

from pathlib import Path

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Locator, Page, expect

from sandbox.browser.bot import BotState
from sandbox.browser.rules import ordinary_rules
from sandbox.browser.sandbox import Sandbox
from tests.sandbox.browser.conftest import PATIENCE

expect.set_options(timeout=PATIENCE)


def rule_id(sandbox: Sandbox, name: str) -> str:
    return next(str(rule["id"]) for rule in ordinary_rules(sandbox.clock.now()) if rule["name"] == name)


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def become(page: Page, name: str) -> None:
    await page.get_by_label("People").get_by_role("link", name=name).click()
    await expect(page).to_have_title(f"discount-bot sandbox: {name}")


async def send(page: Page, text: str) -> None:
    composer = page.locator("#text")
    await composer.fill(text)
    await composer.press("Enter")


async def choose(form: Locator, typed: str) -> None:
    rule = form.get_by_role("combobox", name="Rule")
    await rule.click()
    await rule.press_sequentially(typed)
    await form.get_by_role("option").first.filter(has_text=typed).wait_for()
    await rule.press("ArrowDown")
    await rule.press("Enter")


async def ask(page: Page, *, customers: str) -> None:
    await send(page, "/discount add")
    form = dialog(page, "Give a discount")
    await choose(form, "50 kr off")
    await form.get_by_label("Customer IDs").fill(customers)
    await form.get_by_label("Reason").fill("Late parcels")
    await button(form, "Review").click()
    await button(page, "Ask for approval").click()
    await expect(dialog(page, "Asked for approval")).to_be_visible()


async def approve(page: Page) -> None:
    await button(page, "Approve…").click()
    await button(dialog(page, "Approve this discount"), "Approve").click()
    await dialog(page, "Approved").wait_for()
    await page.keyboard.press("Escape")


async def finds_nothing(page: Page) -> None:
    """Axe finds nothing that keeps people out."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_a_discount_is_requested_approved_and_given_by_clicking(
    page: Page, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The tour: errors in place, a file, and a lost answer that nobody notices."""
    held = sandbox.shop.dintero.ledger.held
    await send(page, "/discount add")
    form = dialog(page, "Give a discount")
    await expect(form.get_by_role("combobox", name="Rule")).to_be_focused()
    await button(form, "Review").click()
    await expect(form.get_by_role("alert")).to_have_text("This field is required")
    await choose(form, "50 kr off")
    list_ = tmp_path / "kampanje.csv"
    list_.write_text("customer_id\nkari-1001\nola-1002\n")
    await form.get_by_label("File").set_input_files(list_)
    await expect(form.get_by_text("kampanje.csv")).to_be_visible()
    await finds_nothing(page)
    await form.get_by_label("Customer IDs").fill("liv-1003")
    await button(form, "Review").click()
    await expect(dialog(page, "Look it over")).to_contain_text("Customers: 3")
    await button(page, "Ask for approval").click()
    await dialog(page, "Asked for approval").wait_for()
    await button(page, "Cut after, next call").click()
    await become(page, "Bo")
    await approve(page)
    await expect(page.get_by_role("log")).to_contain_text("Given to 3 of 3 customers")
    await expect(page.get_by_label("Dintero", exact=True)).to_contain_text("cut off, gave it to 3")
    await expect(page.get_by_label("Dintero", exact=True)).to_contain_text("200, they had it already")
    await expect(page.get_by_label("Guided tour")).to_contain_text("Done:")
    rule = rule_id(sandbox, "50 kr off")
    assert [held(rule, customer) for customer in ("kari-1001", "ola-1002", "liv-1003")] == [1, 1, 1]
    await finds_nothing(page)


async def test_a_killed_bot_gives_the_rest_once_it_runs_again(page: Page, sandbox: Sandbox) -> None:
    await ask(page, customers="kari-1001")
    await button(page, "Cut before, every call").click()
    await become(page, "Bo")
    await approve(page)
    await expect(page.get_by_label("Dintero", exact=True)).to_contain_text("cut off, nothing given")
    await button(page, "Kill the bot").click()
    await expect(button(page, "Start the bot")).to_be_visible()
    await send(page, "/discount status")
    await expect(page.locator("#note")).to_contain_text("dispatch_failed")
    await button(page, "Mend Dintero").click()
    await button(page, "Start the bot").click()
    await expect(page.get_by_role("log")).to_contain_text("Given to 1 of 1 customers")
    assert sandbox.bot.state is BotState.RUNNING
    assert sandbox.shop.dintero.ledger.held(rule_id(sandbox, "50 kr off"), "kari-1001") == 1


async def test_it_works_at_a_phone_in_the_dark_and_by_keyboard(page: Page, sandbox: Sandbox) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.locator("#text").focus()
    await page.keyboard.type("/discount a")
    await expect(page.get_by_role("option").first).to_contain_text("/discount add")
    await page.keyboard.press("Escape")
    await page.keyboard.type("dd")
    await page.keyboard.press("Enter")
    form = dialog(page, "Give a discount")
    reason = form.get_by_label("Reason")
    await reason.click()
    await page.keyboard.type("Late pcels")
    for _ in "cels":
        await page.keyboard.press("ArrowLeft")
    sandbox.shop.cleo.say("Look here", sandbox.shop.support)
    await expect(page.get_by_role("log", include_hidden=True)).to_contain_text("Look here")
    await page.keyboard.type("ar")  # the redraw has not moved the caret
    await expect(reason).to_have_value("Late parcels")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    ground = await form.evaluate("form => getComputedStyle(form).backgroundColor")
    assert ground == "rgb(34, 37, 41)"
    await finds_nothing(page)
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await expect(page.locator("#text")).to_be_focused()


async def test_a_button_that_asks_first_shows_slacks_own_dialog(page: Page, sandbox: Sandbox) -> None:
    await ask(page, customers="kari-1001")
    await button(page, "Close").last.click()
    await button(page, "Cancel request").click()
    asked = page.get_by_role("dialog")
    await finds_nothing(page)
    await button(asked, "Keep it").click()
    await expect(button(page, "Approve…")).to_be_visible()
    await button(page, "Cancel request").click()
    await button(asked, "Cancel request").click()
    await expect(page.get_by_role("log")).to_contain_text("Cancelled by @Ann")
    await send(page, "/discount nothing")
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await page.get_by_label("Channels").get_by_role("link", name="Discount bot").click()
    await expect(page.get_by_label("Message Discount bot")).to_be_visible()
    assert not sandbox.shop.dintero.ledger.calls
