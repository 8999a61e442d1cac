"""What has begun under a workflow's name must be able to go on in the next version: its steps are written down here, by name."""

import asyncio

from dbos import DBOS, SetWorkflowID

from bot.background.workflows import started_here
from bot.domain.requests.request import State
from tests.background.test_runner import World, resources
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["resources"]

PORTIONS = 5
STEPS = {"give_2": (("request", "round", "portions"), [*["portion"] * PORTIONS, "finish"])}
"""By the name of the workflow, what it is started with, and its steps in the order of their numbers.

A row never changes. Does this test fail, then what is under way in the old version could not go on in this one: give the changed workflow a
new name, add a row, and keep the old function registered until it has drained (docs/replicas.md tells how to see that).
"""


async def test_a_workflows_steps_stay_what_they_are_under_its_name(resources: World) -> None:
    request = await approved(resources.repository, resources.shop, customers(8 * PORTIONS))
    async with resources.bot():
        await resources.is_told("Given to 40 of 40")
        async with asyncio.timeout(60):
            while await resources.state(request) is not State.DONE:
                await resources.repository.ping()
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


async def test_only_what_begins_by_being_started_has_begun(resources: World) -> None:
    async with resources.bot():

        @DBOS.workflow(name="nothing")
        async def nothing() -> None:
            """Do nothing."""

        begun = []
        for _ in range(2):
            with SetWorkflowID("nothing:1"):
                handle = await DBOS.start_workflow_async(nothing)
            begun.append(started_here(handle))
            await handle.get_result()
    assert begun == [True, False]
