"""`discount-bot audit` and `discount-bot purge`: reads their arguments, and says how it went."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from bot.audit.formats import Format
from bot.cli.runner import FAILED, report_errors, run_async

audit = typer.Typer(help="Verify the audit's chain, or write the audit out.", no_args_is_help=True)

DATES: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
SHORTEST_HEAD: Final = 8
HEX: Final = frozenset("0123456789abcdef")


def _head(value: str | None) -> str | None:
    if value is not None and (len(value) < SHORTEST_HEAD or not HEX.issuperset(value)):
        raise typer.BadParameter("must be a hash as the bot told it, or at least its first 8 characters")
    return value


@audit.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="An end of the chain that the admins were told.", callback=_head)
    ] = None,
) -> None:
    """Follow the chain from its first row to its end; name the first row that does not fit."""
    with report_errors():
        from bot.audit.commands import verified
        from bot.config.settings import environment, read_basics

        basics = read_basics(environment())
        verdict = run_async(verified(basics.database_url.get_secret_value(), basics.key, head=head))
    if verdict.fine:
        typer.echo(
            f"✓ {verdict.rows} rows, each follows the one before it; the chain ends with {verdict.head.hash or 'nothing yet'}"
        )
        return
    typer.echo(f"✗ {verdict.rows} rows fit, then: {verdict.fault}")
    typer.echo(
        "Compare with a back-up from before, and keep this database as it is for whoever looks into it."
    )
    raise typer.Exit(FAILED)


@audit.command()
def export(
    since: Annotated[
        datetime | None,
        typer.Option(formats=DATES, help="From this moment on, in UTC unless it says another zone."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DATES, help="Before this moment; a date means its beginning.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only of this channel, by its id.")] = None,
    customer: Annotated[
        str | None, typer.Option(help="Only of the requests that named this customer id.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="csv for a spreadsheet, jsonl for machines.")
    ] = Format.JSONL,
) -> None:
    """Write the audit to standard output, oldest first; of any size."""
    with report_errors():
        from bot.audit.commands import exported
        from bot.config.settings import environment, read_basics

        basics = read_basics(environment())
        within = {"since": _aware(since), "until": _aware(until)}
        other = run_async(
            exported(
                basics.database_url.get_secret_value(),
                basics.key,
                sys.stdout,
                form,
                **within,
                channel=channel,
                customer=customer,
            )
        )
    if other:
        typer.echo(
            f"{other} requests were hashed with another AUDIT_KEY: whether they named this customer cannot be said.",
            err=True,
        )
        raise typer.Exit(FAILED)


def purge() -> None:
    """Forget customer ids, reasons and notes of requests that ended more than the policy's retention_days ago; the bot does so daily."""
    with report_errors():
        from bot.audit.commands import existing_repository
        from bot.background.workflows import engine_url, workflows_from_outside
        from bot.clock import SharedClock
        from bot.config.loader import read_policy
        from bot.config.settings import environment, read_basics
        from bot.services.retention import RetentionService

        env = environment()
        basics, policy = read_basics(env), read_policy(env)
        url = basics.database_url.get_secret_value()

        async def forget() -> int:
            clock = SharedClock()
            async with (
                existing_repository(url, basics.key) as repository,
                workflows_from_outside(engine_url(url)) as elsewhere,
            ):
                await clock.sync(repository.time)
                return await RetentionService(
                    repository=repository, clock=clock, days=policy.retention_days, elsewhere=elsewhere
                ).purge()

        forgotten = run_async(forget())
    typer.echo(
        f"Forgotten of {forgotten} requests: who the customers are, and what was written. The numbers and the audit stay."
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
