"""The program's commands: each reads its settings, says what is wrong with them, and starts one thing."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import typer

from bot.errors import DiscountBotError, UnusableSettings

Result = TypeVar("Result")

FAILED: Final = 1
UNUSABLE: Final = 2

main = typer.Typer(
    help="Give customers a Dintero discount from Slack: asked for, approved by a second person, given exactly once.",
    no_args_is_help=True,
    add_completion=False,
    # they print the values of variables, and with them secrets
    pretty_exceptions_enable=False,
)


@main.command()
def run() -> None:
    """Run the bot with the credentials that are set, until it is told to stop."""
    with _explained():
        from bot import app
        from bot.logs import set_up_logs
        from bot.settings import LogFormat, environment
        from bot.surroundings import look_around

        settings, policy = look_around(environment()).usable()
        set_up_logs(level=settings.log_level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets)
        _finish(app.run(settings, policy))


@main.command()
def check() -> None:
    """Check settings, policy, Slack and Dintero: one line each, with what to do."""
    with _explained():
        from bot.check.everything import Verdict, check_everything
        from bot.settings import environment

        verdict = _finish(check_everything(environment(), tell=typer.echo))
    raise typer.Exit({Verdict.FINE: 0, Verdict.FAILED: FAILED, Verdict.UNUSABLE: UNUSABLE}[verdict])


@main.command()
def sandbox() -> None:
    """Try it all out on this machine, with stand-ins for Slack and Dintero; needs no credentials."""
    with _explained():
        from bot.tryout.main import try_out

        _finish(try_out())


@main.command()
def migrate() -> None:
    """Bring the database to the present schema; `run` does so too."""
    with _explained():
        from bot.settings import environment, read_basics
        from bot.store.migration import migrate as bring_up_to_date

        basics = read_basics(environment())
        changed = _finish(bring_up_to_date(basics.database_url.get_secret_value()))
        typer.echo("The database was brought to the present schema." if changed else "The database has the present schema already.")


def _finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, on the faster loop where there is one."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def _explained() -> Iterator[None]:
    """Tell people what went wrong and what to do, in place of a traceback."""
    try:
        yield
    except DiscountBotError as wrong:
        from rich.console import Console

        unusable = isinstance(wrong, UnusableSettings)
        # neither Rich's markup nor its colours for numbers and paths: what is told may hold anything
        console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        console.print(str(wrong), style="red")
        console.print(wrong.advice)
        raise typer.Exit(UNUSABLE if unusable else FAILED) from None
