"""`discount-bot sandbox`: serves the page until a signal ends it."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from bot.config.log_setup import set_up_logs
from bot.errors import ConfigError
from sandbox.browser.sandbox import open_sandbox
from sandbox.browser.server import serve_page

TOKENS: Final = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
INSTEAD: Final = "Unset it, or start the sandbox in a folder without .env."
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


async def serve(env: Mapping[str, str], *, port: int = 0) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Raises:
        ConfigError: there are credentials of a real Slack or of a production account.
    """
    refuse_credentials(env)
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    set_up_logs(level="error")
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    _say("Starting a demo shop on your machine …")
    async with open_sandbox() as sandbox, serve_page(sandbox, port=port) as page:
        _say(f"\n  The sandbox is at  {page.url}\n")
        _say("Slack and Dintero are simulated; the bot is real. Nothing leaves this computer.")
        _say("Ctrl-C stops it. Without a browser: discount-bot sandbox --terminal")
        if _has_display(env):
            await asyncio.to_thread(webbrowser.open, page.url)
        await ended.wait()
    _say("\nDone. The demo data has been deleted.")


def refuse_credentials(env: Mapping[str, str]) -> None:
    """Keep real credentials away from the page.

    Raises:
        ConfigError: some are set.
    """
    found = [
        f"{name}: is set, but the sandbox takes no real tokens. {INSTEAD}" for name in TOKENS if env.get(name)
    ]
    if env.get("DINTERO_ACCOUNT_ID", "").startswith("P"):
        found.append(f"DINTERO_ACCOUNT_ID: is a production account. {INSTEAD}")
    if found:
        raise ConfigError(found)


def _has_display(env: Mapping[str, str]) -> bool:
    """Tell whether a browser could open a window here."""
    return sys.stdout.isatty() and (
        sys.platform in {"darwin", "win32"} or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
    )


def _say(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
