"""The program's commands: each reads its settings, says what is wrong with them, and starts one thing."""

import typer

from bot.cli.audit import audit, purge
from bot.cli.runner import FAILED, UNUSABLE, explained, finish

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
    with explained():
        from bot.config.loader import look_around
        from bot.config.log_setup import set_up_logs
        from bot.config.settings import LogFormat, environment
        from bot.lifecycle import run as run_bot

        settings, policy = look_around(environment()).usable()
        set_up_logs(
            level=settings.log_level, as_json=settings.log_format is LogFormat.JSON, secrets=settings.secrets
        )
        finish(run_bot(settings, policy))


@main.command()
def check() -> None:
    """Check settings, policy, Slack and Dintero: one line each, with what to do."""
    with explained():
        from bot.check.runner import Verdict, check_everything
        from bot.config.settings import environment

        verdict = finish(check_everything(environment(), tell=typer.echo))
    raise typer.Exit({Verdict.FINE: 0, Verdict.FAILED: FAILED, Verdict.UNUSABLE: UNUSABLE}[verdict])


@main.command()
def sandbox() -> None:
    """Try it all out on this machine, with stand-ins for Slack and Dintero; needs no credentials."""
    with explained():
        from sandbox.terminal.main import try_out

        finish(try_out())


@main.command()
def migrate() -> None:
    """Bring the database to the present schema; `run` does so too."""
    with explained():
        from bot.config.settings import environment, read_basics
        from bot.database.migrate import migrate as bring_up_to_date

        basics = read_basics(environment())
        changed = finish(bring_up_to_date(basics.database_url.get_secret_value()))
        typer.echo(
            "The database was brought to the present schema."
            if changed
            else "The database has the present schema already."
        )


main.add_typer(audit, name="audit")
main.command()(purge)
