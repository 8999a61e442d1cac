"""The steps of each workflow name never change, so that the next version can end what this one began."""

import asyncio

from dbos import DBOS

from bot.domain.requests.request import State
from tests.background.test_runner import Bots, bots
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["bots"]

PORTIONS = 5
STEPS = {"give_2": (("request", "round", "portions"), [*["portion"] * PORTIONS, "finish"])}
"""The inputs of each workflow name, and its steps in order.

A row never changes. If this test fails, givings of the old version could not go on in this one: give the
changed workflow a new name, add a row, and keep the old function registered until it has drained
(docs/replicas.md).
"""


async def test_the_steps_under_a_workflows_name_never_change(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(8 * PORTIONS))
    async with bots.bot():
        await bots.is_told("Given to 40 of 40")
        async with asyncio.timeout(60):
            while await bots.state(request) is not State.DONE:
                await bots.repository.ping()
        (workflow,) = await DBOS.list_workflows_async(workflow_id_prefix=f"{request}:")
        steps = await DBOS.list_workflow_steps_async(workflow.workflow_id)
    inputs, names = STEPS[workflow.name]
    assert workflow.input
    assert dict(zip(inputs, workflow.input["args"], strict=True)) == {
        "request": request,
        "round": 1,
        "portions": PORTIONS,
    }
    assert [step["function_name"] for step in sorted(steps, key=lambda step: step["function_id"])] == names
