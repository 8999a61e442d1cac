"""The check of HOST and PORT listens for a moment; a bot that runs there already is no fault."""

import asyncio

import pytest

from bot.check.address import check_address
from bot.check.result import CheckFailed
from bot.errors import ConfigError
from bot.web.health import Readiness
from bot.web.server import build_web, serve

HOST = "127.0.0.1"


class Other(asyncio.Protocol):
    """A program that answers nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


async def ready() -> Readiness:
    return Readiness(database=True, slack=True, dintero="ok")


async def start(port: int, host: str = HOST) -> None:
    async with serve(build_web(slack=None, ready=ready), host=host, port=port):
        raise AssertionError


async def test_a_free_port_is_fine_and_still_free_afterwards() -> None:
    async with serve(build_web(slack=None, ready=ready), host=HOST, port=0) as port:
        pass
    for _ in range(2):
        assert await check_address(HOST, port) == f"{HOST}:{port} is free"


async def test_a_running_bot_is_named_and_is_no_fault() -> None:
    async with serve(build_web(slack=None, ready=ready), host=HOST, port=0) as port:
        assert "a discount-bot is already running at" in await check_address(HOST, port)
        assert "a discount-bot is already running at" in await check_address("0.0.0.0", port)  # noqa: S104


async def test_a_port_of_another_program_is_a_fault() -> None:
    async with await asyncio.get_running_loop().create_server(Other, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CheckFailed, match="can't listen at") as failed:
            await check_address(HOST, port)
        assert "Set PORT to a free port" in failed.value.advice
        with pytest.raises(ConfigError) as refused:
            await start(port)
        assert str(refused.value) == f"HOST, PORT: can't listen at {HOST}:{port} (Address already in use)"
        assert refused.value.advice == failed.value.advice


async def test_a_second_bot_is_told_that_another_one_runs() -> None:
    async with serve(build_web(slack=None, ready=ready), host=HOST, port=0) as port:
        with pytest.raises(
            ConfigError, match=f"a discount-bot is already running at {HOST}:{port}"
        ) as refused:
            await start(port)
        assert refused.value.advice.startswith("Stop it first")


async def test_an_address_of_another_machine_is_a_fault() -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(CheckFailed, match="can't listen at") as failed:
            await check_address(host, 4321)
        assert "Set HOST" in failed.value.advice
        assert "Unknown" not in str(failed.value)
        with pytest.raises(ConfigError) as refused:
            await start(4321, host)
        assert (str(refused.value), refused.value.advice) == (
            f"HOST, PORT: {failed.value}",
            failed.value.advice,
        )
