"""Takes the pictures of the README, light and dark: `make screenshots`."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from gallery.browser import MODES, open_browser
from gallery.page_user import PageUser
from sandbox.browser.sandbox import open_sandbox
from sandbox.browser.server import serve_page

FOLDER: Final = Path("docs")


async def take() -> None:
    """Give a discount although the answer is lost, and take a picture of the end."""
    async with open_sandbox() as sandbox, serve_page(sandbox) as served, open_browser() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(served.url)
        visitor = PageUser(page)
        await visitor.ask("50 kr off", customers="kari-1001, ola-1002", reason="Their parcels came late")
        await visitor.button("Cut after, next call").click()
        await visitor.become("Bo")
        await visitor.approve()
        await page.get_by_text("Given to 2 of 2 customers").first.wait_for()
        await page.get_by_text("200, already had it").wait_for()
        await visitor.button("Leave the tour").click()
        await visitor.button("Take the tour").wait_for()
        for mode in MODES:
            await page.emulate_media(color_scheme=mode)
            await page.evaluate("document.getElementById('messages').scrollTop = 0")
            path = FOLDER / f"page-{mode}.png"
            await page.screenshot(path=path)
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    asyncio.run(take())
