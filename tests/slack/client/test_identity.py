"""Who clicked or typed is read from the payload, and a payload that names nobody is nobody's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import TeamId, UserId
from bot.domain.requests.person import Person
from bot.slack.client.identity import person_of

ANN = Person(UserId("U0ANN"), TeamId("T0HOME"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
PARTS = st.fixed_dictionaries({}, optional={"id": JSON, "team_id": JSON})


@pytest.mark.parametrize(
    "body",
    [
        {"command": "/discount", "user_id": "U0ANN", "team_id": "T0HOME"},
        {"type": "block_actions", "user": {"id": "U0ANN", "team_id": "T0HOME"}, "team": {"id": "T0HOME"}},
        {"type": "view_submission", "user": {"id": "U0ANN"}, "team": {"id": "T0HOME"}},
        {"type": "view_submission", "user": {"id": "U0ANN", "team_id": "T0HOME"}, "team": None},
        {
            "type": "block_actions",
            "user": {"id": "U0ANN", "team_id": "T0HOME"},
            "team": {"id": "T0ELSEWHERE"},
        },
    ],
)
def test_a_person_is_known_by_id_and_by_their_own_team(body: dict[str, Any]) -> None:
    assert person_of(body) == ANN


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user": {"id": "U0ANN"}},
        {"user": {"id": "U0ANN"}, "team": None},
        {"user": {"id": "U0ANN"}, "team": "T0HOME"},
        {"user": {"id": ""}, "team": {"id": "T0HOME"}},
        {"user": {"id": 7, "team_id": "T0HOME"}},
        {"user": {"id": "U0ANN", "team_id": ["T0HOME"]}},
        {"user_id": "U0ANN"},
        {"team_id": "T0HOME"},
        {"user_id": None, "team_id": "T0HOME"},
        {"type": "event_callback", "team_id": "T0HOME", "event": {"type": "message", "user": "U0ANN"}},
    ],
)
def test_where_nobody_is_named_there_is_nobody(body: dict[str, Any]) -> None:
    assert person_of(body) is None


@given(
    st.fixed_dictionaries(
        {}, optional={"user": PARTS | JSON, "team": PARTS | JSON, "user_id": JSON, "team_id": JSON}
    )
)
def test_whatever_comes_it_is_somebody_with_both_ids_or_nobody(body: dict[str, Any]) -> None:
    who = person_of(body)
    assert who is None or (isinstance(who.id, str) and isinstance(who.team, str) and who.id and who.team)
