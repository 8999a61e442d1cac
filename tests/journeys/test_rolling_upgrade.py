"""The next version beside this one on one PostgreSQL: it finishes this one's work unnoticed."""

import asyncio
import shutil
from pathlib import Path

import psycopg

import bot
import handlers
from sandbox.dintero import Point
from sandbox.shop import open_shop
from tests.journeys.process import RULE, BotProcess, a_process
from tests.journeys.steps import Steps
from tests.journeys.test_replicas import Two

NEXT_MIGRATION = '''
"""What the version before can do without: a table, and a column with a default."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.create_table("news", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("requests", sa.Column("news", sa.Text, nullable=False, server_default=""))
'''
NEXT_WORKFLOW = """
        async def give_3(request: str, round_: int, portions: int) -> None:
            async def new() -> None:
                log.info("a step that the version before does not have")

            await DBOS.run_step_async({**STEP, "name": "new"}, new)
            await give(request, round_, portions)

        self._workflow = DBOS.workflow(name="give_3", max_recovery_attempts=UNLIMITED)(give_3)
        DBOS.launch()
"""
NAMES = "SELECT workflow_uuid, name, status FROM dbos.workflow_status ORDER BY created_at"


def next_version(folder: Path) -> None:
    """Write the next version into a process's folder: one more migration and one more workflow step."""
    for package in (bot, handlers):
        name, where = package.__name__, Path(str(package.__file__)).parent
        shutil.copytree(where, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    schema = folder / "bot" / "database" / "schema.py"
    text = schema.read_text()
    head = text.split('VERSION: Final = "')[1][:4]
    schema.write_text(text.replace(f'VERSION: Final = "{head}"', 'VERSION: Final = "9999"'))
    (folder / "bot" / "database" / "migrations" / "versions" / "v9999_news.py").write_text(
        NEXT_MIGRATION.replace("{head}", head)
    )
    workflow = folder / "bot" / "background" / "giving_workflow.py"
    before, launch, after = workflow.read_text().partition("        DBOS.launch()\n")
    assert launch
    workflow.write_text(before + NEXT_WORKFLOW + after)


async def clicks(two: Two, people: Steps, process: BotProcess, customers: str) -> None:
    """Ask, approve and complete a request while one of the bots takes the clicks."""
    async with two.clicks_go_to(process):
        await people.approve(await people.ask(customers))
    await two.is_told(f"Given to {len(customers.split(','))} of")


async def test_the_new_version_finishes_the_old_ones_work_and_both_take_clicks(
    tmp_path: Path, postgres_url: str
) -> None:
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    next_version(folders[1])
    held, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 5):
            held.set()
            await goes_on.wait()

    async with (
        open_shop() as shop,
        a_process(shop, folders[0], postgres_url) as old,
        a_process(shop, folders[1], postgres_url) as new,
    ):
        two, people = Two(postgres_url, shop, old, new), Steps(shop)
        await old.start()
        await old.ready()
        shop.dintero.on_call = hold
        request = await two.is_asked()
        await asyncio.wait_for(held.wait(), 60)
        await new.start()
        await new.ready()
        await clicks(two, people, old, "by-the-old, beside-the-new")
        stopping = asyncio.ensure_future(old.stop())
        await old.closing.wait()
        goes_on.set()
        assert await stopping == 0
        await two.is_told("Given to 60 of 60")
        await clicks(two, people, new, "one, by, the-new")
        await two.is_told("✅ Given to 60 of 60")
        await two.stop()
        async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
            workflows = await (await connection.execute(NAMES)).fetchall()
        assert workflows[0] == (f"{request}:1", "give_2", "SUCCESS")
        assert [name for _, name, _ in workflows[1:]] == ["give_2", "give_3"]
        assert not shop.dintero.ledger.more_than_once(RULE)
        assert len(shop.dintero.ledger.holders(RULE)) == 65
