"""The gallery has every message and modal."""

from gallery.__main__ import draw


async def test_every_drawing_has_a_file_of_its_own() -> None:
    drawn = await draw()
    assert len({drawing.name for drawing in drawn}) == len(drawn)
    assert {drawing.name.rsplit("-", 1)[0].split("-")[1] for drawing in drawn} == {"message", "modal"}


async def test_everything_is_drawn_in_both_languages_under_names_that_tell_them_apart() -> None:
    names = [drawing.name for drawing in await draw()]
    english, norwegian = ({name[3:] for name in names if name.startswith(f"{of}-")} for of in ("en", "nb"))
    assert english == norwegian
    assert len(english) == len(names) / 2
