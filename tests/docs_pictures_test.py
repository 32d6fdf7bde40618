"""The pictures of the README show what the commands print now."""

from __future__ import annotations

import pytest

from tools.pictures import FOLDER, PICTURES, letters, letters_of_picture, screen


@pytest.mark.parametrize('name', PICTURES)
def test_picture_is_up_to_date(name: str) -> None:
    shown = letters_of_picture((FOLDER / f'{name}.svg').read_text(encoding='utf-8'))
    assert shown == letters(screen(PICTURES[name])), 'run python -m tools.pictures'


def test_there_are_no_other_pictures() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(PICTURES)
