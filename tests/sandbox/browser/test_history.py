"""The sandbox's shop has been open for a week: its rules have a picture of their use from the start."""

from sandbox.browser.sandbox import Sandbox


async def test_a_rule_shows_its_use_of_the_last_week(sandbox: Sandbox) -> None:
    ann, support = sandbox.shop.ann, sandbox.shop.support
    await ann.command("/discount rule 50 kr off", support)
    told = await ann.is_told("Used and given")
    assert "used 24 times by everyone." in ann.read(told)
    (chart,) = [block for block in told.blocks if block["type"] == "data_visualization"]
    (used,) = chart["chart"]["series"]
    assert [point["value"] for point in used["data"]] == [0, 4, 4, 7, 12, 18, 19, 24]
