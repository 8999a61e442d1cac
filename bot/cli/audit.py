"""`discount-bot audit` and `discount-bot purge`."""

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import typer

from bot.cli.runner import FAILED, report_errors, run_async

audit = typer.Typer(help="Check or export the audit log.", no_args_is_help=True)

DATE_FORMATS: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")
MOMENT: Final = "DATE[THH:MM:SS[ZONE]]"


def _head(value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[0-9a-f]{8,}", value):
        raise typer.BadParameter("must be 8 or more hex characters (0-9, a-f)")
    return value


def _moment(value: str) -> datetime:
    for form in DATE_FORMATS:
        with suppress(ValueError):
            moment = datetime.strptime(value, form)  # noqa: DTZ007 - the next line gives it a zone
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise typer.BadParameter(
        "must be a date like 2026-11-30, or a time like 2026-11-30T08:00:00 or 2026-11-30T08:00:00+01:00"
    )


@audit.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="Checkpoint from an admin message.", callback=_head)
    ] = None,
) -> None:
    """Check that no row of the audit was changed, added or deleted."""
    with report_errors():
        from bot.audit.commands import verified
        from bot.config.settings import environment, read_basics

        basics = read_basics(environment())
        result = run_async(verified(basics.database_url.get_secret_value(), basics.key, head=head))
    if result.fine:
        end = f", ends with {result.head.hash}" if result.head.hash else ""
        typer.echo(f"✓ Audit intact: {_rows(result.rows)}{end}")
        return
    typer.echo(f"✗ {_rows(result.rows)} intact, then: {result.fault}.")
    typer.echo("Don't change this database; compare it with a backup.")
    raise typer.Exit(FAILED)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


@audit.command()
def export(
    since: Annotated[
        datetime | None, typer.Option(parser=_moment, metavar=MOMENT, help="Start (UTC, or with an offset).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=_moment, metavar=MOMENT, help="End, not included.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Only requests in this channel (ID).")] = None,
    customer: Annotated[str | None, typer.Option(help="Only requests for this customer (ID).")] = None,
    form: Annotated[
        Literal["csv", "jsonl"], typer.Option("--format", help="csv for spreadsheets, jsonl for programs.")
    ] = "jsonl",
) -> None:
    """Print the audit, oldest row first."""
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
        typer.echo(f"{unknown:,} requests used another AUDIT_KEY, so they can't be searched.", err=True)
        raise typer.Exit(FAILED)


def purge() -> None:
    """Delete customer data older than retention_days.

    The bot does this daily. An older database is updated first, as by migrate. Counts and the audit are kept.
    """
    with report_errors():
        from bot.config.loader import read_policy
        from bot.config.settings import environment, read_basics

        env = environment()
        basics, policy = read_basics(env), read_policy(env)
        work = _purge(basics.database_url.get_secret_value(), basics.key, policy.retention_days)
        purged, erased = run_async(work)
    typer.echo(
        f"Deleted customer data of {purged:,} requests (older than {policy.retention_days} days). "
        "Counts and the audit are kept."
    )
    if not erased:
        typer.echo(
            "Another program is reading the database, so its log still has this data. Run this again.",
            err=True,
        )
        raise typer.Exit(FAILED)


async def _purge(url: str, audit_key: str | None, days: int) -> tuple[int, bool]:
    """Purge a database and count the requests; False if its files still have what was deleted."""
    from bot.audit.commands import existing_repository
    from bot.background.durable_engine import engine_url
    from bot.background.workflow_records import workflows_from_outside
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
