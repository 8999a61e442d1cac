"""What messages and modals look like as plain lines."""

from datetime import UTC, datetime

import pytest

from sandbox.slack import SandboxSlack
from sandbox.slack.state.workspace import Json
from sandbox.slack.user.mrkdwn import plain
from tests.support.clock import HandClock

NOON = int(datetime(2030, 7, 1, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("mrkdwn", "read"),
    [
        ("<@U0ANN> in <#C0LOYALTY> for <!subteam^S0LEADS>", "@Ann in #loyalty for @leads"),
        ("<!channel> and &lt;!channel&gt;", "@channel and <!channel>"),
        ("*Given to 98 of 100 customers*", "Given to 98 of 100 customers"),
        ("_until_ `c-1` ~no~ a*b*c and * and 2 * 3 * 4", "until c-1 no a*b*c and * and 2 * 3 * 4"),
        ("*<@U0ANN>* asks", "@Ann asks"),
        ("<https://example.com/a|the card>", "the card"),
        ("<https://example.com/a>", "https://example.com/a"),
        (f"<!date^{NOON}^{{date_short}} at {{time}}|later>", "1 Jul 2030 at 14:00"),
        (f"<!date^{NOON}^{{date_num}} {{time_secs}} {{strange}}|later>", "2030-07-01 14:00:00 {strange}"),
        ("<!date^soon^{date}|some day>", "some day"),
        ("```\na\nb\n```", "a\nb"),
        ("<@U0GONE>", "@U0GONE"),
        ("A &amp; B", "A & B"),
    ],
)
def test_mrkdwn_is_read_as_people_read_it(mrkdwn: str, read: str) -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    slack.add_channel("loyalty", [ann])
    slack.add_group("leads", [ann])
    assert plain(mrkdwn, slack.workspace) == read


@pytest.mark.parametrize(
    ("days", "read"), [(-1, "yesterday"), (0, "today"), (1, "tomorrow"), (2, "3 Jul 2030")]
)
def test_a_day_near_today_is_named_as_slack_does(days: int, read: str) -> None:
    token = f"<!date^{NOON + days * 86_400}^{{date_short_pretty}} at {{time}}|later>"
    slack = SandboxSlack(clock=HandClock(datetime(2030, 7, 1, 12, tzinfo=UTC)))
    assert plain(token, slack.workspace) == f"{read} at 14:00"


def test_a_card_and_its_thread_are_drawn_with_numbered_buttons() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    channel = slack.add_channel("loyalty", [ann])
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": label}} for label in ("Approve…", "Reject…")
    ]
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "R-7KQ2M"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Spar 100*\nfor 2 customers"},
            "fields": [{"type": "mrkdwn", "text": "Cost: 200"}],
            "accessory": {"type": "button", "text": {"type": "plain_text", "text": "More…"}},
        },
        {
            "type": "context",
            "elements": [
                {"type": "mrkdwn", "text": "asked by <@U0ANN>"},
                {"type": "plain_text", "text": "*TEST*"},
            ],
        },
        {"type": "divider"},
        {"type": "markdown", "text": "# as it is"},
        {"type": "actions", "elements": buttons},
        {"type": "video"},
    ]
    card = slack.workspace.post(channel, text="short", blocks=blocks)
    slack.workspace.post(channel, text="said below", thread_ts=card.ts, by=ann.id)
    slack.workspace.post(channel, text="next")
    assert slack.transcript(channel).splitlines() == [
        "Discount bot",
        "  R-7KQ2M",
        "  Spar 100",
        "  for 2 customers",
        "  Cost: 200",
        "  [1] More…",
        "  asked by @Ann  *TEST*",
        "  " + "─" * 40,
        "  # as it is",
        "  [2] Approve…  [3] Reject…",
        "  (video)",
        "    Ann",
        "      said below",
        "Discount bot",
        "  next",
    ]


async def test_a_modal_is_drawn_with_what_was_typed() -> None:
    slack = SandboxSlack()
    ann = slack.add_person("Ann")
    text = {"type": "plain_text_input", "action_id": "why", "initial_value": "a start"}
    options = [
        {"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("Yes", "No")
    ]
    select = {"type": "static_select", "action_id": "sure", "options": options}
    slack.stacks.push(
        ann.id,
        {
            "type": "modal",
            "title": {"type": "plain_text", "text": "Reject"},
            "submit": {"type": "plain_text", "text": "Send"},
            "close": {"type": "plain_text", "text": "Back"},
            "blocks": [
                {
                    "type": "input",
                    "block_id": "why",
                    "optional": True,
                    "label": {"type": "plain_text", "text": "Why"},
                    "hint": {"type": "plain_text", "text": "in a word"},
                    "element": text,
                },
                {
                    "type": "input",
                    "block_id": "sure",
                    "label": {"type": "plain_text", "text": "Sure"},
                    "element": select,
                },
            ],
        },
    )
    modal = await ann.sees_view("Reject", submit="Send", label="Why", text="in a word")
    await modal.fill({"Sure": "no"})
    assert modal.values == {"Why": "a start", "Sure": "No"}
    await modal.fill({"Why": "", "Sure": ""})
    assert (await modal.submit()).errors == {"Sure": "This field is required"}
    expected = [
        "Reject",
        "Why (optional): ",
        "  in a word",
        "Sure: ",
        "  ✗ This field is required",
        "(Back)  (Send)",
    ]
    assert modal.text.splitlines() == expected
