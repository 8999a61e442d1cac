"""Draws docs/journey.svg, the README's picture, from the sandbox's demo: `python docs/draw_journey.py`."""

import asyncio
import io
import re
import tempfile
from pathlib import Path

from rich.console import Console

from bot.config.log_setup import set_up_logs
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.terminal.activity import Watch
from sandbox.terminal.demo import play
from sandbox.terminal.main import PATIENCE
from sandbox.terminal.screen import Screen

SHOWN = frozenset({2, 4, 6, 7})
PICTURE = Path(__file__).with_name("journey.svg")


class Painter(Screen):
    """A screen that records some steps."""

    def __init__(self, console: Console) -> None:
        """Record the drawing."""
        super().__init__(console)
        self._recording = console
        self._silent = Console(file=io.StringIO(), width=console.width)

    def step(self, number: int, text: str) -> None:
        """Print the next step if it is shown."""
        self._console = self._recording if number in SHOWN else self._silent
        super().step(number, text)


async def draw() -> None:
    """Play the demo and write the picture."""
    set_up_logs(level="error")
    console = Console(file=io.StringIO(), record=True, width=108, highlight=False, markup=False, emoji=False)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_shop() as shop,
            open_bot(shop, database_in(Path(folder)), patience=PATIENCE) as running,
        ):
            await running.rules.refresh()
            await play(shop, Painter(console), Watch(shop.slack.workspace))
    # without the fonts that it would fetch from elsewhere
    PICTURE.write_text(
        re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="discount-bot"), flags=re.DOTALL),
        encoding="utf-8",
    )


if __name__ == "__main__":
    asyncio.run(draw())
