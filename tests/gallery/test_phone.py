"""Every message and modal fits a phone: at most sixteen lines of text at 390 pixels, drawn by Chromium."""

import os
import re
from pathlib import Path

import pytest

from gallery.__main__ import draw, write_all
from gallery.browser import browser_path, open_browser

PHONE = 390
MOST = 16
LISTS = re.compile(
    # what a person asked for, as a list
    r"message-(help.*|status(-in-direct-messages)?|rule-of-dintero-s-documentation)"
    r"|modal-(rule-details.*|customers.*)"
    # forms, and the requester's review with texts of thousands of characters
    r"|modal-(form.*|review-longest)"
    # rules, reasons and names of thousands of characters, which Dintero and Slack do not have
    r"|message-(card|summary)-longest"
)
LINES = """
() => {
  const skipped = ".who, .actions, .menu, .scroll, .chart, svg, dialog, textarea, .modal > :not(.content)";
  const lines = main => {
    const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT), rects = [];
    while (texts.nextNode()) {
      if (!texts.currentNode.data.trim() || texts.currentNode.parentElement.closest(skipped)) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      rects.push(...[...range.getClientRects()].filter(rect => rect.width && rect.height));
    }
    const middle = rect => (rect.top + rect.bottom) / 2;
    let count = 0, bottom = -Infinity;
    for (const rect of rects.sort((one, other) => middle(one) - middle(other)))
      if (middle(rect) > bottom) { count += 1; bottom = rect.bottom; }
    return count;
  };
  return Object.fromEntries([...document.querySelectorAll("main")].map(main => [main.id, lines(main)]));
}
"""
"""Counts the lines of text of each drawing, texts beside each other as one.

Buttons, tables and charts do not count.
"""


async def test_every_message_and_modal_fits_a_phone(tmp_path: Path) -> None:
    if browser_path() is None and "CI" not in os.environ:
        pytest.skip("there is no Chromium on this machine")
    page_file = write_all(await draw(), tmp_path)
    async with open_browser() as browser:
        page = await browser.new_page(viewport={"width": PHONE, "height": 844})
        await page.goto(page_file.absolute().as_uri())
        lines: dict[str, int] = await page.evaluate(LINES)
    assert min(lines.values()) > 0
    long = {name: count for name, count in lines.items() if count > MOST}
    assert {name: count for name, count in long.items() if not LISTS.fullmatch(name[3:])} == {}
