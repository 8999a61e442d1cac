"""What is learnt of how large a batch may be."""

from bot.giving.batch_size import Sizes


def test_a_size_that_was_learnt_only_shrinks() -> None:
    sizes = Sizes()
    assert sizes.largest is None
    assert sizes.learn(250)
    assert not sizes.learn(400)
    assert sizes.learn(125)
    assert sizes.largest == 125


def test_what_another_process_learnt_counts_too() -> None:
    sizes = Sizes()
    sizes.hear(None)
    assert sizes.largest is None
    sizes.hear(100)
    assert sizes.largest == 100


def test_a_refusal_that_both_halves_disprove_is_a_whim_once_and_a_size_twice() -> None:
    sizes = Sizes()
    assert sizes.suspect(250) is None
    assert sizes.suspect(200) == 200
