"""`python -m bench.click_path`: lists our files on the way from an approval click to the call to Dintero.

The outbox relay posts messages beside the click, in tasks of its own; its files do not count.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from contextvars import ContextVar
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

from bench.shop_bot import ask, open_approval
from bot.config.log_setup import set_up_logs
from sandbox.dintero import Point
from sandbox.shop import database_in, open_bot, open_shop

ROOT: Final = Path(__file__).parents[1]
OURS: Final = ("bot", "handlers")
MOST_FILES: Final = 45
"""With more, nobody could follow a click in an afternoon; a test holds us to it."""
CLICK_SECONDS: Final = 30.0
BEGINS: Final = ("bot/web/slack_endpoint.py", "bot/giving/start.py")
"""Where the way begins, and where the task goes on that the approval wakes."""
BESIDE: Final = (
    "bot/background/outbox_relay.py",
    "bot/background/progress_updates.py",
    "bot/slack/messages/confirmations.py",
)
"""Files that post messages or answer the person: what their tasks do from then on does not count."""

_on_the_way: ContextVar[bool] = ContextVar("on_the_way", default=False)
"""Whether a task descends from the click. Others are of earlier clicks, or run all the time."""


class Trace:
    """Collects our functions called meanwhile, in the event loop's thread."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._seen: set[CodeType] = set()

    def start(self) -> None:
        """Start collecting."""
        sys.setprofile(self._note)

    def stop(self) -> None:
        """Stop collecting."""
        sys.setprofile(None)

    @property
    def functions(self) -> Counter[str]:
        """Count the functions per file, as paths below the project's folder."""
        paths = (Path(code.co_filename) for code in self._seen)
        below = (path.relative_to(ROOT) for path in paths if path.is_relative_to(ROOT))
        return Counter(str(path) for path in below if path.parts[0] in OURS)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        file = frame.f_code.co_filename
        if file.endswith(BEGINS + BESIDE):
            _on_the_way.set(file.endswith(BEGINS))
        if _on_the_way.get():
            self._seen.add(frame.f_code)


async def trace_click() -> Counter[str]:
    """Trace one approval from the click to the call."""
    trace, given = Trace(), asyncio.Event()

    async def stop(point: Point, _: int) -> None:
        if point is Point.BEFORE:
            trace.stop()
            given.set()

    with tempfile.TemporaryDirectory() as folder:
        async with open_shop() as shop, open_bot(shop, database_in(Path(folder))) as running:
            await running.catalog.refresh()
            card = await ask(shop, {"Rule": "Spar 100,-", "Customer IDs": "c-1, c-2"})
            approval = await open_approval(shop, card)
            shop.dintero.on_call = stop
            trace.start()
            try:
                async with asyncio.timeout(CLICK_SECONDS):
                    await approval.submit()
                    await given.wait()
            finally:
                trace.stop()
    return trace.functions


def main() -> None:
    """Print the files with their number of functions, and the sums."""
    set_up_logs(level="error")
    functions = asyncio.run(trace_click())
    for path, count in sorted(functions.items()):
        sys.stdout.write(f"{count:4}  {path}\n")
    sys.stdout.write(f"{functions.total()} functions in {len(functions)} files\n")


if __name__ == "__main__":
    main()
