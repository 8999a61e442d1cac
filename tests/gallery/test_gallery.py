"""The gallery has every message and modal."""

from gallery.__main__ import draw


async def test_every_drawing_has_a_file_of_its_own() -> None:
    drawn = await draw()
    assert len({drawing.name for drawing in drawn}) == len(drawn)
    assert {drawing.name.partition("-")[0] for drawing in drawn} == {"message", "modal"}
