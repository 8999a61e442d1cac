"""The starter files: the repository's own bytes, and what the answers make of them."""

import tomllib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.policy_file import load_policy
from bot.config.settings import environment
from bot.starter_files.filling import PolicyAnswers, env_text, has_example_ids, policy_text

FOLDER: Final = Path("bot/starter_files")
SOURCES: Final = {"env.example": ".env.example", "policy.example.toml": "policy.example.toml"}
NOTHING: Final = PolicyAnswers(currency="NOK", timezone="Europe/Oslo", channel="", admins=(), approvers=())


def answers(*approvers: str) -> PolicyAnswers:
    return PolicyAnswers(
        currency="SEK", timezone="Europe/Stockholm", channel="C0SHOP", admins=["U0ANN"], approvers=approvers
    )


def test_each_is_a_link_to_the_file_at_the_top_and_goes_into_the_wheel() -> None:
    links = {path.name: path.resolve() for path in FOLDER.iterdir() if path.suffix not in {".py", ""}}
    assert links == {name: Path(SOURCES.get(name, name)).resolve() for name in (*SOURCES, "manifest.yml")}
    setuptools = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["setuptools"]
    assert set(setuptools["package-data"]["bot.starter_files"]) == set(links)


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f\x85"), min_size=1)
)
def test_env_gives_back_every_value(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / ".env").write_text(env_text({"DINTERO_CLIENT_SECRET": value}), encoding="utf-8")
    assert environment(folder, {}).get("DINTERO_CLIENT_SECRET", "") == value.strip()


@pytest.mark.parametrize(
    ("approvers", "tiers"), [(("U0ANN", "U0BO"), 0), (("U0ANN", "U0BO", "U0CAL"), 1), (("S0LEADERS",), 1)]
)
def test_a_new_policy_has_ones_own_ids_and_no_tier_that_could_not_be_approved(
    tmp_path: Path, approvers: tuple[str, ...], tiers: int
) -> None:
    text = policy_text(answers(*approvers))
    (tmp_path / "policy.toml").write_text(text)
    policy = load_policy(tmp_path / "policy.toml")
    (channel,) = policy.channels.values()
    assert (policy.currency, policy.timezone, policy.admins) == ("SEK", "Europe/Stockholm", ("U0ANN",))
    assert (channel.id, channel.approvers, len(channel.tiers)) == ("C0SHOP", approvers, tiers)
    assert (channel.name, channel.notify, channel.escalate_to) == ("", (), ())
    assert not has_example_ids(text)


def test_an_answer_that_is_left_out_leaves_the_examples_id() -> None:
    assert has_example_ids(policy_text(NOTHING))


def test_a_written_file_does_not_ask_to_copy_it() -> None:
    for text, example in ((env_text({}), ".env.example"), (policy_text(NOTHING), "policy.example.toml")):
        assert Path(example).read_text().startswith("# Copy this file to ")
        assert "Copy this file" not in text
