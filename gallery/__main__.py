"""Writes build/gallery/: a page and four pictures of each message and modal in each language; an index."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from markupsafe import Markup
from playwright.async_api import Browser

from bot.slack.language.texts import ENGLISH, NORWEGIAN, use_language
from gallery import drawings
from gallery.browser import MODES, WIDTHS, browser_path, open_browser
from sandbox.browser.blocks import PAGE, draw_message, draw_view
from sandbox.shop import Shop, open_shop

FOLDER: Final = Path("build/gallery")
LANGUAGES: Final = (ENGLISH, NORWEGIAN)
SHOW: Final = "name => { for (const one of document.querySelectorAll('main')) one.hidden = one.id !== name; }"
"""Shows one drawing of the page with all of them, which is quicker than to open another page."""
STYLE: Final = Path("sandbox/browser/static/slack.css")


class GalleryItem(NamedTuple):
    """A message or a modal as HTML, with its language and the name of its files."""

    language: str
    name: str
    title: str
    html: Markup


async def draw() -> list[GalleryItem]:
    """Draw everything in the shop's workspace, for its names, in each language."""
    async with open_shop() as shop:
        for name in ("Boss", "Admin"):
            shop.slack.add_person(name)
        drawn: list[GalleryItem] = []
        for language in LANGUAGES:
            with use_language(language):
                drawn += _draw_all(shop, language.texts)
        return drawn


def _draw_all(shop: Shop, language: str) -> Iterator[GalleryItem]:
    """Draw everything in the language of this context."""
    slack, ann = shop.slack, shop.ann.id
    for title, message in drawings.all_messages():
        sent = slack.workspace.post(shop.support, text=message.text, blocks=message.blocks)
        html = draw_message(sent, slack.workspace)
        yield GalleryItem(language, _file(language, "message", title), title, html)
    for title, view in drawings.all_views():
        html = draw_view(slack.stacks.push(ann, view), slack.workspace)
        yield GalleryItem(language, _file(language, "modal", title), title, html)
        slack.stacks.clear(ann)


def write_all(drawn: list[GalleryItem], folder: Path) -> Path:
    """Write one page with all drawings, and its styles."""
    (folder / "slack.css").write_text(STYLE.read_text(encoding="utf-8"), encoding="utf-8")
    page = folder / "all.html"
    page.write_text(PAGE.get_template("drawings.html").render(drawn=drawn), encoding="utf-8")
    return page


async def picture(drawn: list[GalleryItem]) -> None:
    """Take a picture of each drawing at each width, light and dark, from one page with all of them."""
    async with open_browser() as browser:
        names = [drawing.name for drawing in drawn]
        kinds = [(width, mode) for width in WIDTHS for mode in MODES]
        await asyncio.gather(*(_picture_all(browser, names, width, mode) for width, mode in kinds))


async def _picture_all(
    browser: Browser, names: list[str], width: int, mode: Literal["light", "dark"]
) -> None:
    page = await browser.new_page(color_scheme=mode, viewport={"width": width, "height": 400})
    await page.goto((FOLDER / "all.html").absolute().as_uri())
    for name in names:
        await page.evaluate(SHOW, name)
        await page.screenshot(path=FOLDER / f"{name}-{width}-{mode}.png", full_page=True)
    await page.close()


def main(*, pictures: bool) -> None:
    """Write the pages, then the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn = asyncio.run(draw())
    write_all(drawn, FOLDER)
    for drawing in drawn:
        html = PAGE.get_template("drawing.html").render(item=drawing)
        (FOLDER / f"{drawing.name}.html").write_text(html, encoding="utf-8")
    index = PAGE.get_template("gallery.html").render(
        drawn=drawn, widths=WIDTHS, modes=MODES, pictures=pictures
    )
    (FOLDER / "index.html").write_text(index, encoding="utf-8")
    if pictures:
        asyncio.run(picture(drawn))
    without = "" if pictures else ", without pictures: there is no Chromium"
    sys.stdout.write(f"{len(drawn)} drawings of messages and modals: {FOLDER}/index.html{without}\n")


def _file(language: str, kind: str, title: str) -> str:
    return f"{language}-{kind}-{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}"


if __name__ == "__main__":
    main(pictures=browser_path() is not None)
