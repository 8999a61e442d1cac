"""`discount-bot status`."""

from typing import Annotated

import typer

from bot.cli.runner import FAILED, report_errors, run_async


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
