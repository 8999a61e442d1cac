"""Which direct messages come: what people chose for results, and always what asks them to act."""

from dataclasses import replace

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.policy.policy import RefusalReason
from bot.domain.preferences import Preferences, Results
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import State
from bot.services.preferences import RESULTS, PreferenceService, is_wanted
from bot.slack.messages.direct_texts import DIRECT
from tests.support import samples
from tests.support.service_fixture import ANN, open_office, person

REQUESTER = samples.REQUEST.requester
IN_FULL = replace(samples.snapshot(State.DONE), tally=Tally(10, given=10))
IN_PART = replace(samples.snapshot(State.DONE), tally=Tally(10, given=9, refused=1))


def wanted(results: Results, happened: NotificationType, *, in_full: bool = False, note: str = "") -> bool:
    notification = samples.notification(happened, kind=ChannelKind.DIRECT, note=note)
    notification = replace(notification, to=REQUESTER)
    return is_wanted(notification, IN_FULL if in_full else IN_PART, Preferences(REQUESTER, results))


@pytest.mark.parametrize("happened", sorted(set(DIRECT) - RESULTS))
@pytest.mark.parametrize("results", Results)
def test_what_asks_somebody_to_act_comes_always(results: Results, happened: NotificationType) -> None:
    assert wanted(results, happened)


@pytest.mark.parametrize("happened", sorted(RESULTS))
def test_results_come_always_or_never(happened: NotificationType) -> None:
    assert wanted(Results.ALWAYS, happened)
    assert wanted(Results.ALWAYS, happened, in_full=True)
    assert not wanted(Results.NEVER, happened)


def test_only_problems_leaves_out_what_went_well() -> None:
    problems = {happened for happened in RESULTS if wanted(Results.PROBLEMS, happened)}
    assert RESULTS - problems == {NotificationType.APPROVED}
    assert not wanted(Results.PROBLEMS, NotificationType.DONE, in_full=True)


def test_a_requester_who_must_ask_for_access_hears_of_it() -> None:
    assert wanted(Results.NEVER, NotificationType.CONSENT_VOID, note=RefusalReason.REQUESTER_LEFT)


def test_what_is_meant_for_an_admin_does_not_follow_the_requesters_wish() -> None:
    instead = replace(samples.notification(NotificationType.DONE), to="U0ADMIN")
    assert is_wanted(instead, IN_FULL, Preferences(REQUESTER, Results.NEVER))


async def test_a_language_is_remembered_and_a_new_choice_counts_at_once(repository: SqlRepository) -> None:
    office = await open_office(repository)
    preferences = PreferenceService(repository, office.access, office.clock)
    assert (await preferences.cached.get(ANN)).language == ""
    await preferences.save(person(ANN), Results.ALWAYS, "nb")
    assert (await preferences.cached.get(ANN)).language == "nb"
    assert (await repository.preferences(ANN)).changed_at == office.clock.now()
