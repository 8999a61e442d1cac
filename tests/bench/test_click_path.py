"""A click can be followed: from the HTTP request to the call to Dintero it runs through few files."""

from bench.click_path import MOST_FILES, trace_click


async def test_an_approval_click_runs_through_at_most_45_files() -> None:
    files = await trace_click()
    assert {"bot/web/slack_endpoint.py", "bot/giving/engine.py", "bot/dintero/client.py"} <= set(files)
    assert len(files) <= MOST_FILES, sorted(files)
