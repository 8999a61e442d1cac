"""The program's commands: each reads its settings, says what is wrong with them, and starts one thing."""

import typer

from bot.cli.audit import audit, purge
from bot.cli.runner import FAILED, UNUSABLE, report_errors, run_async

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
    with report_errors():
        from bot.config.loader import load_config
        from bot.config.log_setup import set_up_logs
        from bot.config.settings import LogFormat, environment
        from bot.lifecycle import run as run_bot

        settings, policy = load_config(environment()).usable()
        set_up_logs(
            level=settings.log_level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets
        )
        run_async(run_bot(settings, policy))


@main.command()
def check() -> None:
    """Check settings, policy, Slack and Dintero: one line each, with what to do."""
    with report_errors():
        from bot.check.runner import CheckStatus, check_everything
        from bot.config.settings import environment

        verdict = run_async(check_everything(environment(), tell=typer.echo))
    raise typer.Exit(
        {CheckStatus.FINE: 0, CheckStatus.FAILED: FAILED, CheckStatus.UNUSABLE: UNUSABLE}[verdict]
    )


@main.command()
def sandbox() -> None:
    """Try it all out on this machine, with stand-ins for Slack and Dintero; needs no credentials."""
    with report_errors():
        from sandbox.terminal.main import try_out

        run_async(try_out())


@main.command()
def migrate() -> None:
    """Bring the database to the present schema; `run` does so too."""
    with report_errors():
        from bot.config.settings import environment, read_basics
        from bot.database.migrate import migrate as bring_up_to_date

        basics = read_basics(environment())
        changed = run_async(bring_up_to_date(basics.database_url.get_secret_value()))
        typer.echo(
            "The database was brought to the present schema."
            if changed
            else "The database has the present schema already."
        )


main.add_typer(audit, name="audit")
main.command()(purge)
