"""Writes build/gallery/: a page and four pictures of each message and modal, and an index."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

from markupsafe import Markup

from gallery import drawings
from gallery.browser import MODES, WIDTHS, browser_path, open_browser
from sandbox.browser.blocks import PAGE, draw_message, draw_view
from sandbox.shop import open_shop

FOLDER: Final = Path("build/gallery")
STYLE: Final = Path("sandbox/browser/static/slack.css")


class GalleryItem(NamedTuple):
    """A message or a modal as HTML, with the name of its files."""

    name: str
    title: str
    html: Markup


async def draw() -> list[GalleryItem]:
    """Draw everything in the shop's workspace, for its names."""
    drawn: list[GalleryItem] = []
    async with open_shop() as shop:
        slack, ann = shop.slack, shop.ann.id
        for name in ("Boss", "Admin"):
            slack.add_person(name)
        for title, message in drawings.all_messages():
            sent = slack.workspace.post(shop.support, text=message.text, blocks=message.blocks)
            drawn.append(GalleryItem(_file("message", title), title, draw_message(sent, slack.workspace)))
        for title, view in drawings.all_views():
            html = draw_view(slack.stacks.push(ann, view), slack.workspace)
            drawn.append(GalleryItem(_file("modal", title), title, html))
            slack.stacks.clear(ann)
    return drawn


async def picture(drawn: list[GalleryItem]) -> None:
    """Take a picture of each drawing at each width, light and dark."""
    async with open_browser() as browser:
        for mode in MODES:
            page = await browser.new_page(color_scheme=mode)
            for drawing in drawn:
                await page.goto((FOLDER / f"{drawing.name}.html").absolute().as_uri())
                for width in WIDTHS:
                    await page.set_viewport_size({"width": width, "height": 400})
                    await page.screenshot(path=FOLDER / f"{drawing.name}-{width}-{mode}.png", full_page=True)
            await page.close()


def main(*, pictures: bool) -> None:
    """Write the pages, then the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn = asyncio.run(draw())
    (FOLDER / "slack.css").write_text(STYLE.read_text(encoding="utf-8"), encoding="utf-8")
    for drawing in drawn:
        html = PAGE.get_template("drawing.html").render(title=drawing.title, drawing=drawing.html)
        (FOLDER / f"{drawing.name}.html").write_text(html, encoding="utf-8")
    index = PAGE.get_template("gallery.html").render(
        drawn=drawn, widths=WIDTHS, modes=MODES, pictures=pictures
    )
    (FOLDER / "index.html").write_text(index, encoding="utf-8")
    if pictures:
        asyncio.run(picture(drawn))
    without = "" if pictures else ", without pictures: there is no Chromium"
    sys.stdout.write(f"{len(drawn)} messages and modals: {FOLDER}/index.html{without}\n")


def _file(kind: str, title: str) -> str:
    return f"{kind}-{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}"


if __name__ == "__main__":
    main(pictures=browser_path() is not None)
