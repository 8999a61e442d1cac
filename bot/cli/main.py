"""The program's commands; each reads its settings and starts one thing."""

import os
import sys
from typing import Annotated, Final

import typer

from bot.cli.audit import audit, purge
from bot.cli.backup import backup, restore
from bot.cli.runner import FAILED, report_errors, run_async

PR_SET_DUMPABLE: Final = 4
"""Of Linux, for `prctl`."""

main = typer.Typer(
    help="Discounts from Dintero, requested and approved in Slack.",
    no_args_is_help=True,
    # these print the values of variables, and so secrets
    pretty_exceptions_enable=False,
    # Rich takes as long to load as all the rest of --help
    rich_markup_mode=None,
)


def _show_version(*, is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"discount-bot {version('discount-bot')}")
        raise typer.Exit


@main.callback()
def protect(
    *,
    version: Annotated[  # noqa: ARG001 - its callback shows it
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Keep files, memory and environment from others; the umask is for all files that a command makes."""
    os.umask(0o077)
    if sys.platform == "linux":  # not even other processes of the same user
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


@main.command()
def run() -> None:
    """Run the bot until it is stopped."""
    with report_errors():
        from bot.config.loader import load_usable
        from bot.config.log_setup import set_up_logs
        from bot.config.settings import environment
        from bot.lifecycle import run as run_bot

        settings, policy = load_usable(environment())
        as_json = settings.log_format == "json"
        set_up_logs(level=settings.log_level, as_json=as_json, secrets=settings.secrets)
        run_async(run_bot(settings, policy))


@main.command()
def check() -> None:
    """Check settings, policy, database, Slack and Dintero."""
    with report_errors():
        from bot.check.runner import check_everything
        from bot.config.settings import environment, value_sources

        checking = check_everything(environment(), sources=value_sources(), report=typer.echo)
        status = run_async(checking)
    raise typer.Exit(status)


@main.command()
def init() -> None:
    """Ask for tokens and IDs, and write the bot's files."""
    with report_errors():
        from bot.cli.init import write_starter_files

        write_starter_files()


@main.command()
def sandbox(
    *,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Play a demo in the terminal instead.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The page's port; 0 = any free one.")] = 0,
) -> None:
    """Try a demo in the browser; no credentials needed."""
    with report_errors():
        if terminal:
            from sandbox.terminal.main import play_journey

            run_async(play_journey())
            return
        from bot.config.settings import environment
        from sandbox.browser.main import serve

        run_async(serve(environment(), port=port))


@main.command()
def migrate() -> None:
    """Update the database schema (run does this too)."""
    with report_errors():
        from bot.config.settings import environment, read_basics
        from bot.database.migrate import migrate as migrate_database

        changed = run_async(migrate_database(read_basics(environment()).database_url.get_secret_value()))
        from bot.database.schema import VERSION
    typer.echo(f"Database updated to schema {VERSION}." if changed else "Database is already up to date.")


@main.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False
) -> None:
    """Show what is running, waiting and stopped.

    Exits with 1 if something needs a person.
    """
    with report_errors():
        from bot.config.settings import Settings, environment
        from bot.status.report import read_status

        report = run_async(read_status(Settings.read(environment())))
        typer.echo(report.as_json() if as_json else report.screen())
    if not report.ok:
        raise typer.Exit(FAILED)


main.add_typer(audit, name="audit")
main.command()(purge)
main.command()(backup)
main.command()(restore)
