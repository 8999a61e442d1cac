"""The page's address: only this machine's browser gets an answer, and only the page changes something."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.errors import ConfigError
from sandbox.browser.main import refuse_credentials
from sandbox.browser.sandbox import Sandbox
from sandbox.browser.server import LOOK_SECONDS, STATIC, PageServer, serve_page
from tests.support.forking import PROGRAM_SECONDS


async def test_the_page_answers_only_its_own_address(
    served_without_bot: PageServer, without_bot: Sandbox
) -> None:
    served, sandbox = served_without_bot, without_bot
    own = f"http://127.0.0.1:{served.port}"
    say = f"{served.url}do/say?as=U0ANN"
    async with aiohttp.ClientSession() as client:
        for method, url, headers, status in (
            ("GET", served.url, {}, 200),
            ("GET", f"{own}/", {}, 404),
            ("GET", f"{own}/guessed/", {}, 404),
            ("GET", served.url, {"Host": f"evil.example:{served.port}"}, 403),
            ("GET", served.url, {"Origin": "https://evil.example"}, 403),
            ("POST", say, {}, 403),
            ("POST", say, {"Origin": "https://evil.example"}, 403),
            ("POST", say, {"Origin": "null"}, 403),
            ("POST", say, {"Origin": own}, 200),
            ("POST", f"{served.url}do/nothing", {"Origin": own}, 404),
            ("POST", f"{served.url}do/fault", {"Origin": own}, 400),
            ("POST", f"{served.url}do/press", {"Origin": own}, 400),
        ):
            async with client.request(method, url, headers=headers, data={"text": "hi"}) as answer:
                assert (url, headers, answer.status) == (url, headers, status)
        async with client.get(served.url) as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [message.text for message in sandbox.shop.support.messages] == ["hi"]


async def test_a_change_at_the_end_of_a_wait_is_drawn(
    served_without_bot: PageServer, without_bot: Sandbox
) -> None:
    """On a busy machine, the wait for a change ends in the same turn of the loop as the change comes."""
    ann, support = without_bot.shop.ann, without_bot.shop.support
    loop = asyncio.get_running_loop()
    async with (
        asyncio.timeout(30),
        aiohttp.ClientSession() as client,
        client.get(f"{served_without_bot.url}events") as events,
    ):
        assert b"messages" in await events.content.readline()
        late = loop.time() + LOOK_SECONDS
        while loop.time() < late:
            pass  # the machine is busy with something else
        await asyncio.sleep(0)
        ann.say("Look here", support)
        while b"Look here" not in await events.content.readline():
            pass  # another part of the page has changed


async def test_a_taken_port_is_an_error_with_advice(
    served_without_bot: PageServer, without_bot: Sandbox
) -> None:
    with pytest.raises(ConfigError, match=r"is taken\. Choose another"):
        async with serve_page(without_bot, port=served_without_bot.port):
            pass


@pytest.mark.parametrize(
    "env",
    [
        {"SLACK_BOT_TOKEN": "xoxb-1"},
        {"SLACK_APP_TOKEN": "xapp-1"},
        {"SLACK_SIGNING_SECRET": "x"},
        {"DINTERO_ACCOUNT_ID": "P12345678"},
    ],
)
def test_it_refuses_to_start_with_real_credentials(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        refuse_credentials(env)
    assert next(iter(env)) in str(refused.value)
    refuse_credentials({"DINTERO_ACCOUNT_ID": "T12345678"})


def test_the_script_of_the_page_stays_small() -> None:
    assert len((STATIC / "page.js").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_command_prints_the_address_serves_on_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "bot", "sandbox"]
    with subprocess.Popen(
        command, env={**env, "TMPDIR": str(tmp_path)}, cwd=tmp_path, stdout=-1, stderr=-1, text=True
    ) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=PROGRAM_SECONDS)
    assert "http://127.0.0.1:" in printed[2]
    assert (process.returncode, errors) == (0, "")
    assert "demo data has been deleted" in rest
    assert list(tmp_path.iterdir()) == []
