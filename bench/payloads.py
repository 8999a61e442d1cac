"""Slack's signed requests, prepared before measuring."""

import json
import time
from typing import Any, Final
from urllib.parse import urlencode

from bench.constants import CHANNEL, PEOPLE, SIGNING_SECRET, TEAM
from bot.slack.modals.request_form import RULE_ACTION
from bot.web.signature import sign

SECRET: Final = SIGNING_SECRET.encode()


def commands(count: int, *, series: str) -> list[tuple[str, bytes]]:
    """Build `/discount add` of fifty people in turn, each with its trigger."""
    return [
        (trigger := f"{series}.{number}", _post(_command(PEOPLE[number % len(PEOPLE)], trigger)))
        for number in range(count)
    ]


def suggestion(view: dict[str, Any], who: str, typed: str) -> bytes:
    """Build the form's options request."""
    payload = {
        "type": "block_suggestion",
        "team": {"id": TEAM, "domain": "bench"},
        "user": {"id": who, "name": who.lower(), "team_id": TEAM},
        "api_app_id": "A0BENCH",
        "token": "bench",
        "container": {"type": "view", "view_id": "V0BENCH"},
        "view": {"id": "V0BENCH", "team_id": TEAM, "hash": "1.a", "state": {"values": {}}, **view},
        "action_id": RULE_ACTION,
        "block_id": next(
            block["block_id"]
            for block in view["blocks"]
            if block.get("element", {}).get("action_id") == RULE_ACTION
        ),
        "value": typed,
    }
    return _post({"payload": json.dumps(payload)})


def _command(who: str, trigger: str) -> dict[str, str]:
    return {
        "token": "bench",
        "team_id": TEAM,
        "team_domain": "bench",
        "channel_id": CHANNEL,
        "channel_name": "loyalty-support",
        "user_id": who,
        "user_name": who.lower(),
        "command": "/discount",
        "text": "add",
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T0BENCH/1/bench",
        "trigger_id": trigger,
    }


def _post(form: dict[str, str]) -> bytes:
    body, now = urlencode(form).encode(), str(int(time.time()))
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        "Accept-Encoding: gzip,deflate\r\nAccept: application/json,*/*\r\n"
        f"X-Slack-Signature: {sign(body, now, SECRET)}\r\nX-Slack-Request-Timestamp: {now}\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    return head.encode() + body
