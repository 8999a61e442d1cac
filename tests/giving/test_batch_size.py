"""What is learnt of how large a batch may be."""

from bot.giving.batch_size import BatchSizeLimit


def test_a_size_that_was_learnt_only_shrinks() -> None:
    size_limit = BatchSizeLimit()
    assert size_limit.largest is None
    assert size_limit.learn(250)
    assert not size_limit.learn(400)
    assert size_limit.learn(125)
    assert size_limit.largest == 125


def test_what_another_process_learnt_counts_too() -> None:
    size_limit = BatchSizeLimit()
    size_limit.hear(None)
    assert size_limit.largest is None
    size_limit.hear(100)
    assert size_limit.largest == 100


def test_a_refusal_that_both_halves_disprove_is_a_whim_once_and_a_size_twice() -> None:
    size_limit = BatchSizeLimit()
    assert size_limit.suspect(250) is None
    assert size_limit.suspect(200) == 200
