"""Every fault of a policy file names its line, its key and the fix."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.policy_file import load_policy
from bot.config.policy_fixes import fix_value
from bot.config.policy_schema import ChannelSchema, PolicySchema
from bot.config.toml_positions import key_lines
from bot.domain.policy.policy import Tier
from bot.errors import ConfigError
from tests.support.policy_files import CHANNEL, EACH_KEY, TOP, UNKNOWN_KEYS, WRONG, channel, faults, toml


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in WRONG for text in texts])
@pytest.mark.parametrize("table", ["defaults", "channels.C1"])
def test_a_wrong_value_has_its_line_its_key_and_the_right_line_written_out(
    tmp_path: Path, table: str, key: str, text: str
) -> None:
    own = {name: given for name, given in CHANNEL.items() if name != key}
    written = toml(TOP, channels__C1=own) + f"\n[{table}]\n{key} = {text}" if table == "defaults" else ""
    written = written or toml(TOP, channels__C1={**own, key: text})
    line = len(written.splitlines())
    (fault,) = faults(tmp_path, written)
    assert fault.startswith(f"policy.toml, line {line}: {table}.{key}: ")
    assert fault.endswith(f". {fix_value(ChannelSchema, key)}")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("currency", "1"),
        ("currency", '"nok"'),
        ("currency", '"ZZZ"'),
        ("timezone", "1"),
        ("timezone", '"Oslo"'),
        ("timezone", '"Europe"'),
        ("timezone", '"../UTC"'),
        ("timezone", '""'),
        ("admins", "[]"),
        ("admins", '["S1"]'),
        ("admins", '"U1"'),
        ("defaults", "1"),
        ("channels", '["C1"]'),
    ],
)
def test_a_wrong_value_at_the_top_is_a_fault(tmp_path: Path, key: str, text: str) -> None:
    (fault,) = faults(tmp_path, toml({**TOP, key: text}))
    assert f": {key}: " in fault
    assert fault.endswith(f". {fix_value(PolicySchema, key)}")


@pytest.mark.parametrize("key", UNKNOWN_KEYS)
@pytest.mark.parametrize("table", ["defaults", "channels__C1"])
def test_an_unknown_channel_key_is_a_fault(tmp_path: Path, table: str, key: str) -> None:
    tables = {"defaults": {}, "channels__C1": CHANNEL}
    (fault,) = faults(tmp_path, toml(TOP, **{**tables, table: {**tables[table], key: "1"}}))
    assert f"{table.replace('__', '.')}.{key}: unknown key. Did you mean " in fault


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("retention_day", "Did you mean retention_days?"),
        ("channel", "Did you mean channels?"),
        ("approvals", "Move it below [defaults] or a [channels.C…]."),
        ("colour", "Remove it; policy.example.toml lists all keys."),
    ],
)
def test_an_unknown_key_at_the_top_names_the_nearest_or_its_place(tmp_path: Path, key: str, fix: str) -> None:
    (fault,) = faults(tmp_path, toml({key: "1", **TOP}))
    assert fault == f"policy.toml, line 1: {key}: unknown key. {fix}"


def test_a_key_of_the_whole_file_in_a_channel_is_sent_to_the_top(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, toml(TOP, channels__C1={**CHANNEL, "currency": '"NOK"'}))
    assert fault.endswith("unknown key. Move it to the top of the file, above every [table].")


def test_a_misspelt_required_key_is_one_fault_and_not_also_missing(tmp_path: Path) -> None:
    own = {"aprovers" if name == "approvers" else name: given for name, given in CHANNEL.items()}
    (fault,) = faults(tmp_path, toml(TOP, channels__C1=own))
    assert fault.endswith("channels.C1.aprovers: unknown key. Did you mean approvers?")


def test_an_id_in_small_letters_is_shown_in_capitals(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, toml(TOP, channels__C1={**CHANNEL, "approvers": '["u0bo", "U1"]'}))
    assert ': channels.C1.approvers: "u0bo" isn\'t valid (did you mean "U0BO"?). Write approvers = ' in fault


@pytest.mark.parametrize("key", [*ChannelSchema.model_fields, *PolicySchema.model_fields])
def test_each_written_out_line_is_right(key: str) -> None:
    model = ChannelSchema if key in ChannelSchema.model_fields else PolicySchema
    (line,) = model.model_fields[key].examples or []
    value = tomllib.loads(line)
    assert [*value] == [key]
    if model is ChannelSchema:
        model.model_validate(value)


@pytest.mark.parametrize("key", TOP)
def test_a_missing_key_at_the_top_is_a_fault(tmp_path: Path, key: str) -> None:
    (fault,) = faults(tmp_path, toml({name: given for name, given in TOP.items() if name != key}))
    assert fault.startswith(f"policy.toml: {key}: missing. Add {key} = ")


@pytest.mark.parametrize("key", CHANNEL)
def test_a_missing_channel_key_is_a_fault_at_its_table(tmp_path: Path, key: str) -> None:
    (fault,) = faults(
        tmp_path, toml(TOP, channels__C1={name: given for name, given in CHANNEL.items() if name != key})
    )
    assert fault.startswith(f"policy.toml, line 3: channels.C1.{key}: missing. Add {key} = ")


@pytest.mark.parametrize("tables", [{"defaults": {"approvals": "0"}}, {}])
def test_a_channel_without_approvals_needs_no_approvers(
    tmp_path: Path, tables: dict[str, dict[str, str]]
) -> None:
    own = {name: given for name, given in CHANNEL.items() if name != "approvers"}
    if not tables:
        own["approvals"] = "0"
    assert channel(tmp_path, toml(TOP, **tables, channels__C1=own)).approvers == ()


def test_a_channel_with_a_tier_needs_approvers(tmp_path: Path) -> None:
    own = {name: given for name, given in CHANNEL.items() if name != "approvers"}
    tiers = "[{above_customers = 1, approvals = 1}]"
    for tables in (
        {"defaults": {"tiers": tiers}, "channels__C1": own},
        {"defaults": {}, "channels__C1": {**own, "tiers": tiers}},
    ):
        tables["channels__C1"] = {**tables["channels__C1"], "approvals": "0"}
        (fault,) = faults(tmp_path, toml(TOP, **tables))
        assert ".approvers: missing. Add approvers = " in fault


def test_a_tier_may_be_a_table_of_its_own(tmp_path: Path) -> None:
    text = toml(TOP, channels__C1=CHANNEL) + "\n[[channels.C1.tiers]]\nabove_customers = 9\napprovals = 2"
    assert channel(tmp_path, text).tiers == (Tier(approvals=2, above_customers=9),)


@pytest.mark.parametrize("approvals", ["2", None])
def test_a_tier_may_never_need_fewer_approvals_than_the_channel(
    tmp_path: Path, approvals: str | None
) -> None:
    least = int(approvals or "1")
    own = {**CHANNEL, **({"approvals": approvals} if approvals else {})}
    assert channel(
        tmp_path, toml(TOP, channels__C1={**own, "tiers": f"[{{above_customers = 1, approvals = {least}}}]"})
    ).tiers
    if approvals:
        written = toml(TOP, channels__C1={**own, "tiers": "[{above_customers = 1, approvals = 1}]"})
        (fault,) = faults(tmp_path, written)
        assert fault.endswith(
            ": channels.C1.tiers: a tier can't need fewer approvals (1) than the channel (2). "
            "Write approvals = 2 or more in the tier."
        )


@pytest.mark.parametrize("name", ["U1", "c1", "loyalty", '"#loyalty"', '"C 1"', '""'])
def test_a_table_that_names_no_channel_is_a_fault(tmp_path: Path, name: str) -> None:
    (fault,) = faults(tmp_path, toml(TOP, **{f"channels__{name}": CHANNEL}))
    assert fault.startswith(f"policy.toml, line 3: channels.{name}: not a channel ID")


def test_a_channel_that_is_not_a_table_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, toml(TOP, channels={"C1": "5"}))
    assert fault.startswith("policy.toml, line 4: channels.C1: 5 isn't a table. Write [channels.")


def test_all_faults_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """currency = "nok"
[defaults]
approvals = 11
tiers = 1

[channels.C1]
rules = [
    "*",    # two faults in one list
    "", 7,
]
max_customers = 0
[[channels.C1.tiers]]
above_customers = 1
[channels."x.y"]
name = \"\"\"
[not.a.table]
key = 1\"\"\"
"""
    assert [
        re.sub(r"^(policy.toml(, line \d+)?: \S+): .*", r"\1", fault) for fault in faults(tmp_path, text)
    ] == [
        "policy.toml: timezone",
        "policy.toml, line 1: currency",
        "policy.toml, line 3: defaults.approvals",
        "policy.toml, line 4: defaults.tiers",
        "policy.toml, line 6: channels.C1.approvers",
        "policy.toml, line 6: channels.C1.requesters",
        "policy.toml, line 7: channels.C1.rules",
        "policy.toml, line 7: channels.C1.rules",
        "policy.toml, line 11: channels.C1.max_customers",
        "policy.toml, line 12: channels.C1.tiers",
        'policy.toml, line 14: channels."x.y"',
        'policy.toml, line 14: channels."x.y".approvers',
        'policy.toml, line 14: channels."x.y".max_customers',
        'policy.toml, line 14: channels."x.y".requesters',
        'policy.toml, line 14: channels."x.y".rules',
        'policy.toml, line 15: channels."x.y".name',
    ]


def test_a_toml_error_has_its_line(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, 'currency = "NOK"\ncurrency = "SEK"')
    assert fault == ('policy.toml, line 2: not valid TOML: currency = "SEK". Cannot overwrite a value.')


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("max_amount = 5,000,000", "Write max_amount = 5_000_000, without separators."),
        ("currency = NOK", 'Write currency = "NOK", in quotation marks.'),
        ("reserved = True  # everyone", "Write reserved = true."),
    ],
)
def test_a_usual_slip_in_toml_has_its_fix_written_out(tmp_path: Path, written: str, fix: str) -> None:
    (fault,) = faults(tmp_path, f"\n{written}")
    assert fault == f"policy.toml, line 2: not valid TOML: {written}. {fix}"


def test_a_file_that_ends_too_early_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, 'currency = ["NOK"')
    assert fault.startswith("policy.toml: not valid TOML: Unclosed array (at end of document). Close the")


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(b'currency = "\xff"')
    with pytest.raises(ConfigError, match="UTF-8"):
        load_policy(tmp_path / "policy.toml")


def test_a_missing_file_is_a_fault_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Is a directory. Let the bot's user read it, or set POLICY_FILE"):
        load_policy(tmp_path)
    with pytest.raises(ConfigError, match=r"not found. Run discount-bot init"):
        load_policy(tmp_path / "policy.toml")


def test_a_file_written_by_notepad_loads(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(b"\xef\xbb\xbf" + toml(TOP).replace("\n", "\r\n").encode())
    assert load_policy(tmp_path / "policy.toml").currency == "NOK"


@given(
    key=st.sampled_from([key for key, *_ in EACH_KEY]),
    added=st.text("abcxyz_", min_size=1, max_size=3),
    end=st.booleans(),
)
def test_any_misspelt_key_is_a_fault(
    tmp_path_factory: pytest.TempPathFactory, key: str, added: str, *, end: bool
) -> None:
    folder = tmp_path_factory.mktemp("policy")
    slip = key + added if end else added + key
    (fault,) = faults(folder, toml(TOP, channels__C1={**CHANNEL, slip: "1"}))
    assert f"channels.C1.{slip}: unknown key" in fault


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["x = 1", "x = [\n1,\n]", 'x = """\n[a]\ny = 2\n"""', "# x = 1", "", "x.y = 1", "x = {y = 1}"]
            )
        )
    )
)
def test_lines_are_found_below_any_statement(above: list[tuple[str]]) -> None:
    text = "\n".join(f"[t{number}]\n{statement}" for number, (statement,) in enumerate(above))
    written = f"{text}\n[last]\nkey = 1"
    assert key_lines(written)["last", "key"] == len(written.splitlines())


@pytest.mark.parametrize(
    ("minutes", "hours", "approvals", "fits"),
    [("59", "1", "1", True), ("60", "1", "1", False), ("1440", "24", "1", False), ("1440", "24", "0", True)],
)
def test_a_hold_is_shorter_than_an_approval_counts(
    tmp_path: Path, minutes: str, hours: str, approvals: str, *, fits: bool
) -> None:
    keys = {"hold_minutes": minutes, "expires_hours": hours, "approvals": approvals}
    text = toml(TOP, channels__C1={**CHANNEL, **keys})
    if fits:
        assert channel(tmp_path, text).hold_minutes == int(minutes)
    else:
        assert any("hold_minutes: " in fault for fault in faults(tmp_path, text))


@pytest.mark.parametrize(
    ("retention", "days", "fits"),
    [("30", "30", True), ("30", "31", False), ("", "90", True), ("", "91", False)],
)
def test_repeat_days_may_not_exceed_the_retention(
    tmp_path: Path,
    retention: str,
    days: str,
    fits: bool,  # noqa: FBT001
) -> None:
    top = {**TOP, **({"retention_days": retention} if retention else {})}
    text = toml(top, channels__C1={**CHANNEL, "repeat_days": days})
    if fits:
        assert channel(tmp_path, text).repeat_days == int(days)
    else:
        assert any("repeat_days: " in fault for fault in faults(tmp_path, text))
