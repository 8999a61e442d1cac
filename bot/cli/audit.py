"""`discount-bot audit` and `discount-bot purge`."""

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import typer

from bot.cli.runner import FAILED, report_errors, run_async

audit = typer.Typer(help="Verify the audit's hash chain, or export the audit.", no_args_is_help=True)

DATE_FORMATS: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")
MOMENT: Final = "DATE[THH:MM:SS[ZONE]]"


def _head(value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[0-9a-f]{8,}", value):
        raise typer.BadParameter("must be a hash that the bot reported, or at least its first 8 characters")
    return value


def _moment(value: str) -> datetime:
    for form in DATE_FORMATS:
        with suppress(ValueError):
            moment = datetime.strptime(value, form)  # noqa: DTZ007 - the next line gives it a zone
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise typer.BadParameter(
        "must be a date such as 2026-11-30, or a moment such as 2026-11-30T08:00:00 "
        "or 2026-11-30T08:00:00+01:00"
    )


@audit.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="A chain end that was reported to the admins.", callback=_head)
    ] = None,
) -> None:
    """Follow the hash chain from its first row to its end; name the first row that does not fit."""
    with report_errors():
        from bot.audit.commands import verified
        from bot.config.settings import environment, read_basics

        basics = read_basics(environment())
        result = run_async(verified(basics.database_url.get_secret_value(), basics.key, head=head))
    if result.fine:
        end = result.head.hash or "nothing yet"
        typer.echo(f"✓ {result.rows} rows, each linked to the one before it; the chain ends with {end}")
        return
    typer.echo(f"✗ {result.rows} rows fit, then: {result.fault}")
    typer.echo("Compare with an earlier backup, and keep this database unchanged for the investigation.")
    raise typer.Exit(FAILED)


@audit.command()
def export(
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=_moment, metavar=MOMENT, help="From this moment on; in UTC unless it names another zone."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=_moment, metavar=MOMENT, help="Before this moment; a date means its start."),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only entries of this channel ID.")] = None,
    customer: Annotated[
        str | None, typer.Option(help="Only entries of requests that named this customer ID.")
    ] = None,
    form: Annotated[
        Literal["csv", "jsonl"], typer.Option("--format", help="csv for a spreadsheet, jsonl for programs.")
    ] = "jsonl",
) -> None:
    """Write the audit to standard output, oldest entry first; its size does not matter."""
    with report_errors():
        from bot.audit.commands import existing_audit
        from bot.audit.export import export as export_rows
        from bot.config.settings import environment, read_basics
        from bot.domain.ids import CustomerId

        basics = read_basics(environment())

        async def export_selected() -> int:
            async with existing_audit(basics.database_url.get_secret_value(), basics.key) as audit:
                named = None if customer is None else CustomerId(customer)
                rows = audit.rows(since=since, until=until, channel=channel, customer=named)
                await export_rows(rows, sys.stdout, form)
                return 0 if named is None else await audit.other_keys()

        unknown = run_async(export_selected())
    if unknown:
        typer.echo(
            f"{unknown} requests were hashed with another AUDIT_KEY: "
            "whether they named this customer cannot be checked.",
            err=True,
        )
        raise typer.Exit(FAILED)


def purge() -> None:
    """Delete customer IDs and texts of requests past retention_days. Counts and the audit remain.

    An older database is updated to the current schema first, as by `migrate`.
    """
    with report_errors():
        from bot.config.loader import read_policy
        from bot.config.settings import environment, read_basics

        env = environment()
        basics, policy = read_basics(env), read_policy(env)
        work = _purge(basics.database_url.get_secret_value(), basics.key, policy.retention_days)
        purged, erased = run_async(work)
    typer.echo(
        f"Deleted the customer IDs, reasons and notes of {purged} requests. Counts and the audit remain."
    )
    if not erased:
        typer.echo(
            "Another program reads the database, so its write-ahead log still has them: run this again.",
            err=True,
        )
        raise typer.Exit(FAILED)


async def _purge(url: str, audit_key: str | None, days: int) -> tuple[int, bool]:
    """Purge a database and count the requests; False if its files still have what was deleted."""
    from bot.audit.commands import existing_repository
    from bot.background.workflows import engine_url, workflows_from_outside
    from bot.clock import SystemClock
    from bot.services.retention import RetentionService

    clock = SystemClock()
    async with (
        existing_repository(url, audit_key) as repository,
        workflows_from_outside(engine_url(url)) as elsewhere,
    ):
        await clock.sync(repository.time)
        retention = RetentionService(repository=repository, clock=clock, days=days, elsewhere=elsewhere)
        return await retention.purge(), await retention.erase()
