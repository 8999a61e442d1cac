"""`discount-bot status` beside a running bot and without one: whom it asks, and what it makes of it."""

from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.status.parts import bot_part
from bot.status.report import StatusReport, read_status
from bot.web.health import Readiness
from sandbox.dintero import Fault, Operation
from sandbox.shop import Shop, database_in, open_bot, open_shop, settings_for


async def status(shop: Shop, url: str, port: int, **others: str) -> StatusReport:
    return await read_status(Settings.read({**settings_for(shop, url, PORT=str(port)), **others}))


def wrong(report: StatusReport) -> list[str]:
    return [name for name, part in report.parts.items() if not part.ok]


async def test_a_running_bot_is_asked_for_its_own_view(database_url: str) -> None:
    async with open_shop() as shop, open_bot(shop, database_url) as running:
        await running.catalog.refresh()
        asked = shop.slack.faults.calls["auth.test"]
        report = await status(shop, database_url, running.port)
        assert (wrong(report), report.ok) == ([], True)
        assert shop.slack.faults.calls["auth.test"] == asked
        shop.dintero.faults.always(Fault.error(500, "down"), on=Operation.RULES)
        await running.catalog.refresh()
        report = await status(shop, database_url, running.port)
        assert (wrong(report), report.dintero.detail) == (["Dintero"], "Dintero answered 500")
        shop.dintero.faults.clear()
        report = await status(shop, database_url, running.port)
        assert "answers here" in report.dintero.detail or report.ok
        assert report.work
        assert report.work.processes == (None if database_url.startswith("sqlite") else 1)


@pytest.mark.parametrize(
    ("seen", "processes", "ok", "words"),
    [
        (Readiness(database=True, slack=True, dintero="ok"), None, True, "running at here"),
        (Readiness(database=True, slack=True, dintero="ok"), 2, True, "running at here, 2 processes"),
        (Readiness(database=True, slack=True, dintero="ok"), 0, False, "but not on this database"),
        (Readiness(database=True, slack=False, dintero="ok"), 1, False, "1 process, without its Slack"),
        (Readiness(database=False, slack=False, dintero="?"), 1, False, "still starting"),
        (None, 1, True, "1 process on this database, none at here"),
        (None, 0, False, "nothing answers at here"),
        (None, None, False, "nothing answers at here"),
    ],
)
def test_the_bots_own_line_says_where_it_runs(
    seen: Readiness | None, processes: int | None, words: str, *, ok: bool
) -> None:
    part = bot_part("here", seen, processes, can_be_asked=True)
    assert part.ok is ok
    assert words in part.detail


async def test_without_a_bot_slack_and_dintero_are_asked(tmp_path: Path) -> None:
    url = database_in(tmp_path)
    async with open_shop() as shop:
        async with open_bot(shop, url) as running:
            pass
        report = await status(shop, url, running.port)
        assert wrong(report) == ["bot"]
        assert "nothing answers at" in report.bot.detail
        assert "discount-bot in" in report.slack.detail
        shop.slack.faults.outage = True
        report = await status(shop, url, running.port, DINTERO_CLIENT_SECRET="made-up-secret")
        assert wrong(report) == ["bot", "Slack", "Dintero"]
        shop.slack.faults.outage = False
        report = await status(shop, url, running.port, SLACK_BOT_TOKEN="xoxb-revoked")
        assert report.slack.detail == "rejected the token (invalid_auth)"


@pytest.mark.parametrize("url", ["sqlite:///{}/nowhere.db", "postgresql://bot:a-secret@127.0.0.1:9/db"])
async def test_without_a_database_all_else_is_still_shown(tmp_path: Path, url: str) -> None:
    async with open_shop() as shop:
        report = await status(shop, url.format(tmp_path), 0)
    assert wrong(report) == ["database"]
    assert "a-secret" not in report.screen()
    assert [line[:1] for line in report.screen().splitlines()[2:6]] == ["✓", "✓", "✓", "✗"]
    assert "✗ Needs a person: database." in report.screen()
