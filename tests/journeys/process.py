"""The bot as a real process that tests can kill."""

import asyncio
import json
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Thread

from bot.cli.main import main
from bot.dintero.connection import open_dintero
from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId, RequestId, RuleId
from bot.domain.policy.policy import ChannelPolicy, Policy
from bot.domain.ports import Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import (
    Approval,
    FormInput,
    Request,
    State,
    digest,
    new_once_key,
    new_request_id,
    new_short_id,
)
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET
from sandbox.shop import POLICY, SUPPORT, Shop, settings_for, with_channel
from tests.support.digests import digest_of
from tests.support.forking import FORKING

RULE = RuleId(SEED_RULE)
START = 150
"""Seconds within which a process has to be ready, on a busy machine too."""
SMALL = with_channel(POLICY, SUPPORT, batch_size=4, concurrency=2)
"""Few customers a call, so that there are many moments at which to be killed."""


def as_toml(policy: Policy) -> str:
    """Write a policy as a policy file; JSON strings, numbers and lists are valid TOML."""
    lines = [
        f"currency = {json.dumps(policy.currency)}",
        f"timezone = {json.dumps(policy.timezone)}",
        f"admins = {json.dumps(policy.admins)}",
    ]
    for channel in policy.channels.values():
        lines += [f"[channels.{channel.id}]", *_keys(channel)]
    return "\n".join(lines)


def _keys(channel: ChannelPolicy) -> list[str]:
    kept = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asdict(channel).items()
        if name != "id"
    }
    return [f"{name} = {_value(value)}" for name, value in kept.items() if value not in (None, (), "")]


def _value(value: object) -> str:
    """Write a value; a table is inline, without unset keys."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{name} = {_value(one)}" for name, one in value.items() if one is not None) + "}"
        )
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def leave_room(process: int, *, any_: bool) -> None:
    """Make all of a process's file writes fail, as on a full disk, or none."""
    with suppress(ProcessLookupError):
        resource.prlimit(
            process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if any_ else 0, resource.RLIM_INFINITY)
        )


def become(output: Connection, folder: Path, settings: Mapping[str, str]) -> None:
    """Give this forked process its output, folder and environment, and end it with the test run."""
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    output.close()
    Thread(target=_end_with_the_run, daemon=True).start()
    os.chdir(folder)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    os.environ.clear()
    os.environ.update({**kept, **settings})


def _end_with_the_run() -> None:
    if run := multiprocessing.parent_process():
        run.join()
        os.kill(os.getpid(), signal.SIGKILL)


def run_bot(output: Connection, folder: Path, settings: Mapping[str, str]) -> None:
    """Run `discount-bot run` in this forked process; a copy of the bot in the folder goes before this one."""
    become(output, folder, settings)
    if (folder / "bot").exists():
        os.execv(sys.executable, [sys.executable, "-m", "bot", "run"])  # noqa: S606 - a copy of our own module
    main(["run"])


@asynccontextmanager
async def lines_of(output: Connection) -> AsyncIterator[asyncio.StreamReader]:
    """Read what a process prints, until it ends."""
    stream = asyncio.StreamReader(limit=2**24)
    file = os.fdopen(os.dup(output.fileno()), "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), file
    )
    try:
        yield stream
    finally:
        transport.close()
        output.close()


@dataclass(slots=True)
class BotProcess:
    """`discount-bot run` in its own folder."""

    folder: Path
    settings: Mapping[str, str]
    starts: int = 0
    log: str = ""
    port: int = 0
    """Where it listens, once it is ready."""
    replica: str = ""
    """What it is called among those that share its database, once it is ready."""
    _process: ForkServerProcess | None = None
    _reading: asyncio.Task[None] | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has received the stop."""
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _said: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def start(self) -> None:
        """Start it without waiting until it is ready."""
        self.starts += 1
        self._ready.clear()
        self.closing.clear()
        reading, writing = FORKING.Pipe(duplex=False)
        process = FORKING.Process(target=run_bot, args=(writing, self.folder, self.settings), daemon=True)
        await asyncio.to_thread(process.start)
        writing.close()
        self._process = process
        self._reading = asyncio.ensure_future(self._read(reading))

    async def ready(self) -> None:
        """Wait until it is ready.

        Raises:
            TimeoutError: it did not become ready.
        """
        await asyncio.wait_for(self._ready.wait(), START)

    async def has_logged(self, words: str) -> None:
        """Wait until its log contains this text.

        Raises:
            TimeoutError: it did not.
        """
        async with asyncio.timeout(START), self._said:
            await self._said.wait_for(lambda: words in self.log)

    async def kill(self) -> None:
        """Kill it, as in a crash."""
        self._send(signal.SIGKILL)
        await self._ended()

    def suspend(self) -> None:
        """Suspend it: it answers nobody and keeps its locks."""
        self._send(signal.SIGSTOP)

    def wake(self) -> None:
        """Resume it."""
        self._send(signal.SIGCONT)

    def fill_disk(self, *, full: bool = True) -> None:
        """Make its file writes fail, or work again."""
        leave_room(self.pid, any_=not full)

    async def stop(self) -> int:
        """Ask it to stop, wait for its end, and return its exit code."""
        self._send(signal.SIGTERM)
        return await self._ended()

    @property
    def pid(self) -> int:
        assert self._process
        assert self._process.pid
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def _send(self, sign: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, sign)

    async def _ended(self) -> int:
        assert self._process
        assert self._reading
        await self._reading
        await asyncio.to_thread(self._process.join)
        assert self._process.exitcode is not None
        return self._process.exitcode

    async def _read(self, output: Connection) -> None:
        async with lines_of(output) as lines:
            async for line in lines:
                async with self._said:
                    self.log += line.decode()
                    self._said.notify_all()
                if b'"event": "ready"' in line:
                    self.port, self.replica = (json.loads(line)[name] for name in ("port", "replica"))
                    self._ready.set()
                if b'"event": "closing"' in line:
                    self.closing.set()


@asynccontextmanager
async def a_process(
    shop: Shop, folder: Path, database_url: str, *, policy: Policy = SMALL, **others: str
) -> AsyncIterator[BotProcess]:
    """Prepare a bot without starting it; kill it at the end if it runs."""
    (folder / "policy.toml").write_text(as_toml(policy))
    process = BotProcess(folder, {**settings_for(shop, database_url), "LOG_FORMAT": "json", **others})
    try:
        yield process
    finally:
        if process.alive:
            await process.kill()


async def approved(
    repository: Repository, shop: Shop, who: tuple[CustomerId, ...], *, size: int = 4, concurrency: int = 2
) -> RequestId:
    """Save an approved request of Ann's without a run; two lines and a direct message say so."""
    async with open_dintero(shop.dintero.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as dintero:
        rule = await dintero.rule(RULE)
    now, request = datetime.now(UTC), new_request_id()
    draft = Request(
        id=request,
        short=new_short_id(),
        team=shop.slack.team,
        account=ACCOUNT,
        channel=SUPPORT,
        requester=shop.ann.id,
        created_at=now,
        rule=rule,
        customers=len(who),
        customers_digest=digest_of(who),
        first_customer=who[0],
        last_customer=who[-1],
        once_key=new_once_key(),
        approvals=1,
        batch_size=size,
        batches_per_portion=2,
        concurrency=concurrency,
    )
    await repository.open_draft(draft, FormInput())
    async with repository.unit_of_work(request) as unit:
        assert unit
        await unit.put_packed(pack(who, portion=size * 2))
        await unit.vote(Approval(request, 1, shop.bo.id, now, digest(draft)))
        yes = replace(draft, state=State.APPROVED, asked_at=now, decided_by=shop.bo.id, decided_at=now)
        await unit.save(yes)
        last = Notification(
            kind=ChannelKind.LINE,
            happened=NotificationType.APPROVED,
            at=now,
            by=shop.bo.id,
            facts={"yeses": "2", "approvals": "2"},
        )
        await unit.enqueue(
            Notification(kind=ChannelKind.CARD, happened=NotificationType.ASKED, at=now, by=shop.ann.id),
            replace(last, happened=NotificationType.AGREED, facts={"yeses": "1", "approvals": "2"}),
            replace(last, kind=ChannelKind.CARD),
            last,
            replace(last, kind=ChannelKind.DIRECT, to=shop.ann.id),
        )
    return request
