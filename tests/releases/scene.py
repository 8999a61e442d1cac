"""The shop in which a release's database is made and opened again: its policy, and Slack's messages as files keep them."""

import gzip
import json
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from bot.domain.ids import ChannelId, FileId, UserId
from bot.domain.policy.budget import Budget
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.shop import CAREFUL, POLICY, SUPPORT, Shop, with_channel
from sandbox.slack.server import SandboxSlack
from sandbox.slack.state.files import File
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Channel, Edit, Message

RELEASES: Final = Path(__file__).parent
MOMENTS: Final = ("killed", "paused")
DATABASES: Final = ("discount-bot.db", "discount-bot.dbos.db")
SCENE: Final = with_channel(
    with_channel(POLICY, SUPPORT, batch_size=2, concurrency=1, reserved=True, expires_hours=24),
    CAREFUL,
    batch_size=2,
    concurrency=2,
    remind_minutes=60,
    budget=Budget(days=30, customers=150),
)
"""Few customers a batch, so that a giving is killed among many of them."""

Json = dict[str, Any]


def write(folder: Path, name: str, value: Json, *, packed: bool = False) -> None:
    """Write a value as JSON, each of its keys in a line of its own, or packed where nobody will read it."""
    lines = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in value.items()
    )
    text = f"{{\n{lines}\n}}\n".encode()
    if packed:
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(text, mtime=0))
    else:
        (folder / f"{name}.json").write_bytes(text)


def read(folder: Path, name: str) -> Any:
    """Read what `write` wrote."""
    packed = folder / f"{name}.json.gz"
    return json.loads(
        gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / f"{name}.json").read_text()
    )


def slack_as_json(slack: SandboxSlack) -> Json:
    """Write down the channels with all their messages, and the files that people put in."""
    workspace = slack.workspace
    return {
        "channels": [
            {
                "id": channel.id,
                "direct_with": channel.direct_with,
                "messages": [_as_json(message) for message in channel.messages if not message.deleted],
            }
            for channel in workspace.channels.values()
        ],
        "files": [_as_json(file) | {"data": file.data.decode()} for file in workspace.files.values()],
    }


def put_back(slack: SandboxSlack, kept: Json) -> None:
    """Put the messages and files back into a Slack with the same people and channels."""
    workspace = slack.workspace
    for each in kept["channels"]:
        direct = each["direct_with"]
        opened = Channel(
            ChannelId(each["id"]),
            "directmessage",
            {direct, workspace.bot.id},
            private=True,
            direct_with=direct,
        )
        channel = workspace.channels.setdefault(opened.id, opened)
        channel.messages.extend(_message(message) for message in each["messages"])
    for each in kept["files"]:
        shared = [(ChannelId(channel), private) for channel, private in each["shared"]]
        file = File(**each | {"data": each["data"].encode(), "shared": shared})
        workspace.files[FileId(each["id"])] = file


def view_as_json(view: OpenView) -> Json:
    """Write down a modal that stands on somebody's screen, with what was typed into it."""
    return {"who": view.person, "content": view.content, "state": view.state}


def open_again(slack: SandboxSlack, kept: Json) -> None:
    """Put a modal back on its person's screen."""
    view = slack.stacks.push(UserId(kept["who"]), kept["content"], afresh=True)
    view.state = kept["state"]


def grants_as_json(shop: Shop) -> list[Json]:
    """Write down who holds what under which key."""
    grants: dict[tuple[str, str | None], list[str]] = {}
    for grant in shop.dintero.ledger.grants:
        grants.setdefault((grant.rule, grant.key), []).append(grant.customer)
    return [{"rule": rule, "key": key, "customers": customers} for (rule, key), customers in grants.items()]


def grant_again(shop: Shop, kept: list[Json]) -> None:
    """Let Dintero hold the same as before; the calls of then are no calls of now."""
    ledger = shop.dintero.ledger
    for each in kept:
        now = shop.slack.workspace.clock.now()
        ledger.carry_out(ledger.arrived(each["rule"], each["customers"], each["key"], now), now)
    ledger.calls.clear()


def _as_json(value: Message | File) -> Json:
    """Take the fields of a message or a file; of a message's edits only that there is none to look up."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.name not in {"edits", "deleted", "only_for"}
    }


def _message(kept: Json) -> Message:
    edits: list[Edit] = []
    return Message(**kept | {"files": tuple(kept["files"]), "edits": edits})


__all__ = [
    "DATABASES",
    "MOMENTS",
    "RELEASES",
    "SCENE",
    "SEED_RULE",
    "grant_again",
    "grants_as_json",
    "open_again",
    "put_back",
    "read",
    "slack_as_json",
    "view_as_json",
    "write",
]
