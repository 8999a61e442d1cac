"""The report of `discount-bot status`: gathered, and written as a screen or as JSON."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from textwrap import wrap
from typing import Any, Final

from bot.config.settings import Settings
from bot.database.schema import VERSION
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.request import OPEN, State
from bot.errors import DatabaseUnavailable
from bot.slack.rendering.formatting import duration
from bot.slack.rendering.pause_banner import BOTS_REASONS
from bot.status.parts import Part, bot_part, dintero_part, slack_part
from bot.status.work import Work, read_work
from bot.web.health import ask_readiness

LATE: Final = timedelta(minutes=10)
"""A message that waits for longer needs a person: the bot tries each one again within ten minutes."""
WIDTH: Final = 80
HEIGHT: Final = 24
MOST_LINES: Final = 3
"""The lines of a part, which say the whole cause in ordinary cases."""
PAGE: Final = "docs/operations.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """How a bot is; without `work` its database could not be read, or no bot has started on it."""

    at: datetime
    account: str
    bot: Part
    slack: Part
    dintero: Part
    database: Part
    work: Work | None

    @property
    def parts(self) -> dict[str, Part]:
        """Every part that is well or needs a person, in the order of the screen."""
        known = {"bot": self.bot, "Slack": self.slack, "Dintero": self.dintero, "database": self.database}
        return {**known, **(self._parts_of(self.work) if self.work else {})}

    @property
    def ok(self) -> bool:
        """Whether nothing needs a person."""
        return all(part.ok for part in self.parts.values())

    def screen(self) -> str:
        """Write lines of 80 characters, and 24 at most unless nearly all parts have a long cause."""
        top, bottom = list(self._top_lines()), list(self._bottom_lines())
        stopped = self._stopped_lines(self.work, HEIGHT - len(top) - len(bottom)) if self.work else ()
        return "\n".join([*top, *stopped, *bottom])

    def as_json(self) -> str:
        """Write the keys that docs/operations.md lists."""
        said: dict[str, Any] = {
            "ok": self.ok,
            "at": self.at.isoformat(timespec="seconds"),
            "version": version("discount-bot"),
            "account": self.account,
        }
        for name, part in self.parts.items():
            said[name.lower()] = {"ok": part.ok, "detail": part.detail}
        return json.dumps({**said, **_facts(self.work, self.at)}, ensure_ascii=False, indent=2)

    def _parts_of(self, work: Work) -> dict[str, Part]:
        stopped = work.requests.get(State.STOPPED, 0)
        late = _age(work, self.at) >= LATE
        return {
            "pause": Part(work.pause is None, _pause_words(work, self.at)),
            "restored": Part(not work.lost, _lost_words(work.lost)),
            "messages": Part(not late, _messages_words(work, self.at)),
            "requests": Part(True, _requests_words(work)),
            "stopped": Part(not stopped, f"{stopped}" if stopped else "none"),
        }

    def _top_lines(self) -> Iterator[str]:
        kind = "production" if self.account.startswith("P") else "test"
        yield f"discount-bot {version('discount-bot')}, {kind} account {self.account}, {_when(self.at)}"
        yield ""
        for name, part in self.parts.items():
            yield from _wrapped(part.detail, f"{'✓' if part.ok else '✗'} {name:<9} ", 12, MOST_LINES)

    def _bottom_lines(self) -> Iterator[str]:
        yield ""
        wrong = ", ".join(name for name, part in self.parts.items() if not part.ok)
        if wrong:
            yield from _wrapped(f"{wrong}.", "✗ Needs a person: ", 2, 2)
            yield f"  See {PAGE}."
        else:
            yield "✓ All is well."

    def _stopped_lines(self, work: Work, room: int) -> Iterator[str]:
        shown = 0
        for request in work.stopped:
            since = f" since {_when(request.since, self.at)}" if request.since else ""
            lines = _wrapped(f"{request.short}{since}: {request.why}", " " * 4, 12, 2)
            room -= len(lines)
            if room < 1:  # the last line counts the others
                break
            yield from lines
            shown += 1
        if shown and (more := work.requests.get(State.STOPPED, 0) - shown) > 0:
            yield f"    and {more} more"


async def read_status(settings: Settings) -> StatusReport:
    """Gather the report; the running bot is asked, and else Slack and Dintero themselves."""
    at = datetime.now(UTC)
    reading = asyncio.create_task(_read_database(settings.database_url.get_secret_value(), at))
    seen = await ask_readiness(settings.host, settings.port) if settings.port else None
    started = seen if seen and (seen.database or seen.slack) else None
    slack, dintero = await asyncio.gather(slack_part(settings, started), dintero_part(settings, started))
    database, work = await reading
    if started and database.ok and not started.database:
        database = Part(False, f"{database.detail}; the bot can't write to it")
    address = f"{settings.host}:{settings.port}"
    processes = work.processes if work else None
    bot = bot_part(address, seen, processes, can_be_asked=bool(settings.port))
    return StatusReport(
        at=at,
        account=settings.dintero_account_id,
        bot=bot,
        slack=slack,
        dintero=dintero,
        database=database,
        work=work,
    )


async def _read_database(url: str, at: datetime) -> tuple[Part, Work | None]:
    try:
        work = await asyncio.to_thread(read_work, url, at)
    except DatabaseUnavailable as error:
        return Part(False, str(error)), None
    if work is None:
        return Part(False, "no bot has used it yet"), None
    other = "" if work.schema == VERSION else f" (this program has {VERSION})"
    return Part(True, f"readable, schema {work.schema}{other}"), work


def _wrapped(text: str, first: str, indent: int, most: int) -> list[str]:
    """Break a text from outside into lines, and cut it after the most."""
    return wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )


def _facts(work: Work | None, at: datetime) -> dict[str, Any]:
    """Give the figures beside the words; null where the database could not be read."""
    if work is None:
        return dict.fromkeys(("processes", "paused", "unsent", "counts", "stopped_requests"))
    return {
        "processes": work.processes,
        "paused": _paused(work.pause) if work.pause else None,
        "unsent": {
            "count": work.unsent,
            "oldest_seconds": round(_age(work, at).total_seconds()) if work.unsent else None,
        },
        "counts": {
            **{state.value: work.requests.get(state, 0) for state in sorted(OPEN)},
            "on_hold": work.on_hold,
            "waiting_for_service": work.waiting_for_service,
            "lost": work.lost,
        },
        "stopped_requests": [
            {
                "request": one.short,
                "since": one.since.isoformat() if one.since else None,
                "reason": one.reason,
                "why": one.why,
            }
            for one in work.stopped
        ],
    }


def _paused(pause: Pause) -> dict[str, Any]:
    """Describe a pause; what a person wrote stays in the database."""
    reason = None if pause.by else pause.why
    return {"since": pause.since.isoformat(), "by": pause.by, "reason": reason}


def _age(work: Work, at: datetime) -> timedelta:
    """Count the time since the event that the oldest unsent message is about."""
    return max(at - work.oldest_unsent, timedelta()) if work.oldest_unsent else timedelta()


def _pause_words(work: Work, now: datetime) -> str:
    pause = work.pause
    if pause is None:
        return "not paused"
    if pause.by:
        return f"since {_when(pause.since, now)}, by {pause.by}"
    why = BOTS_REASONS.get(pause.why, BOTS_REASONS[PausedFor.FAULTS])
    return f"since {_when(pause.since, now)}, by the bot itself: {why}"


def _messages_words(work: Work, at: datetime) -> str:
    if not work.unsent:
        return "all sent"
    return f"{work.unsent} unsent, the oldest for {duration(_age(work, at))}"


def _lost_words(count: int) -> str:
    if not count:
        return "nothing to settle"
    return f"{count} request{'' if count == 1 else 's'} in Slack but not in the backup, not settled"


def _requests_words(work: Work) -> str:
    counts = {
        "to approve": work.requests.get(State.WAITING, 0),
        "approved": work.requests.get(State.APPROVED, 0),
        "on hold": work.on_hold,
        "sending": work.requests.get(State.GIVING, 0),
        "delayed": work.waiting_for_service,
    }
    return ", ".join(f"{count} {words}" for words, count in counts.items() if count) or "none open"


def _when(moment: datetime, now: datetime | None = None) -> str:
    """Write a time by the machine's time zone, without the year if it is this one."""
    at = moment.astimezone()
    year = "" if now and at.year == now.astimezone().year else f" {at.year}"
    return f"{at:%-d %b}{year} {at:%H:%M}"
