"""Uses the page as a visitor does, by labels and buttons."""

from playwright.async_api import Locator, Page


class PageUser:
    """Somebody at the page."""

    def __init__(self, page: Page) -> None:
        """Sit down at an open page."""
        self.page = page

    def dialog(self, name: str) -> Locator:
        """Find a modal by its title."""
        return self.page.get_by_role("dialog", name=name)

    def button(self, name: str, within: Locator | None = None) -> Locator:
        """Find a button by its text."""
        return (within or self.page).get_by_role("button", name=name, exact=True)

    async def become(self, name: str) -> None:
        """Act as another person."""
        await self.page.get_by_label("People").get_by_role("link", name=name).click()
        await self.page.get_by_label("People").locator("[aria-current]", has_text=name).wait_for()

    async def send(self, text: str) -> None:
        """Send a command or a message."""
        composer = self.page.locator("#text")
        await composer.fill(text)
        await composer.press("Enter")

    async def choose(self, typed: str) -> None:
        """Search for a rule and choose the first that is found, with Enter."""
        form = self.dialog("Give a discount")
        rule = form.get_by_role("combobox", name="Rule")
        await rule.click()
        await rule.press_sequentially(typed)
        await rule.press("Enter")
        await form.locator(f"[data-search][value^='{typed}']").wait_for()

    async def ask(self, rule: str, *, customers: str, reason: str) -> None:
        """Request a discount, up to the confirmation."""
        await self.send("/discount add")
        await self.choose(rule)
        form = self.dialog("Give a discount")
        await form.get_by_label("Customer IDs").fill(customers)
        await form.get_by_label("Reason").fill(reason)
        await self.button("Review", form).click()
        await self.button("Request approval").click()
        await self.dialog("Review request").wait_for(state="detached")

    async def approve(self) -> None:
        """Approve the request in the channel, and close the confirmation."""
        await self.page.get_by_role("log").get_by_text("Approve…", exact=True).click()
        await self.button("Approve", self.page.get_by_role("dialog")).click()
        await self.dialog("Approved").wait_for()
        await self.page.keyboard.press("Escape")
        await self.dialog("Approved").wait_for(state="detached")
