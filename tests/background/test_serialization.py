"""Whoever writes the durable engine's tables runs no code in the bot."""

import base64
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from dbos import DBOS
from dbos._serialization import DefaultSerializer
from sqlalchemy import create_engine, text

from bot.background.durable_engine import engine_url
from bot.background.serialization import JSON, refuse_code
from bot.database.address import parse_url
from bot.domain.requests.request import State
from tests.background.test_runner import Bots, either
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["either"]


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def pickled(value: object) -> str:
    return base64.b64encode(pickle.dumps(value)).decode()


def written(url: str, statement: str, **values: object) -> None:
    engine = create_engine(parse_url(engine_url(url)))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET search_path = dbos"))
        connection.execute(text(statement), values)
    engine.dispose()


async def state(workflow: str) -> str:
    (found,) = await DBOS.list_workflows_async(workflow_ids=[workflow], load_input=False, load_output=False)
    return found.status


@pytest.mark.parametrize("where", ["inputs", "output of a step"])
async def test_a_pickle_in_the_engines_tables_runs_no_code(either: Bots, tmp_path: Path, where: str) -> None:
    trap = tmp_path / "sprung"
    request = await approved(either.repository, either.shop, customers(8))
    async with either.bot():
        await either.is_told("Given to 8 of 8")
        while (await state(f"{request}:1")) != "SUCCESS":
            await either.repository.ping()
    evil = pickled(Trap(trap))
    written(either.url, "UPDATE workflow_status SET status = 'PENDING', executor_id = 'discount-bot'")
    if where == "inputs":
        written(either.url, "UPDATE workflow_status SET serialization = 'py_pickle'")
        written(either.url, "UPDATE workflow_input SET inputs = :evil", evil=evil)
    else:
        written(
            either.url, "UPDATE operation_outputs SET output = :evil, serialization = 'py_pickle'", evil=evil
        )
    async with either.bot():
        while (await state(f"{request}:1")) not in {"SUCCESS", "ERROR"}:
            await either.repository.ping()
    assert not trap.exists()
    assert await either.state(request) is State.DONE


async def test_the_engine_stores_json(either: Bots) -> None:
    request = await approved(either.repository, either.shop, customers(8))
    async with either.bot():
        await either.is_told("Given to 8 of 8")
        (workflow,) = await DBOS.list_workflows_async(workflow_id_prefix=f"{request}:")
    engine = create_engine(parse_url(engine_url(either.url)))
    prefix = "dbos." if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        kinds = connection.execute(text(f"SELECT DISTINCT serialization FROM {prefix}workflow_status"))
        assert [kind for (kind,) in kinds] == [JSON.name()]
    engine.dispose()
    assert workflow.input == {"args": (request, 1, 1), "kwargs": {}}


def test_the_rows_of_earlier_versions_are_read_as_plain_data() -> None:
    refuse_code()
    inputs = {"args": ("8f14e45f", 1, 5), "kwargs": {}}
    assert DefaultSerializer().deserialize(pickled(inputs)) == inputs
    assert DefaultSerializer().deserialize(pickled(None)) is None
    with pytest.raises(pickle.UnpicklingError):
        DefaultSerializer().deserialize(pickled(ValueError("no")))
